import { hadoop } from '#protocol';

import type { CallOptions, RpcCaller } from '../client/rpc-caller.js';
import type { RpcProtocol } from '../connection/rpc-connection.js';
import type { Token } from '../credentials/token.js';
import { RpcMessageError } from '../errors.js';
import { bigIntToInt64 } from '../wire/int64.js';
import { decodeMessage, encodeMessage, presentField } from '../wire/protobuf.js';
import { applicationStates, finalStatuses, type NameOf } from './enums.js';
import {
  applicationIdFrom,
  applicationIdTo,
  attemptIdFrom,
  type ApplicationAttemptId,
  type ApplicationId,
} from './ids.js';
import { launchContextTo, optionalTokenFrom, resourceFrom, resourceTo } from './record-codecs.js';
import type { ContainerLaunchContext, Resource } from './records.js';

const {
  GetApplicationReportRequestProto,
  GetApplicationReportResponseProto,
  GetNewApplicationRequestProto,
  GetNewApplicationResponseProto,
  KillApplicationRequestProto,
  KillApplicationResponseProto,
  SubmitApplicationRequestProto,
} = hadoop.yarn;

/** `ApplicationClientProtocolPB`, Hadoop 3.4.3: client to ResourceManager, port 8032. */
export const applicationClientProtocol: RpcProtocol = {
  name: 'org.apache.hadoop.yarn.api.ApplicationClientProtocolPB',
  version: 1,
};

/** What REST does not say or cannot take is the reason for this client; see each field. */
export interface ApplicationReport {
  readonly id: ApplicationId;
  readonly attemptId: ApplicationAttemptId;
  readonly state: NameOf<typeof applicationStates>;
  readonly finalStatus: NameOf<typeof finalStatuses>;
  readonly diagnostics: string;
  readonly host: string;
  readonly rpcPort: number;
  readonly trackingUrl: string;
  /** To the owner of an unmanaged attempt that waits for its AM; REST never gives it. */
  readonly amRmToken: Token | undefined;
  /** Only on secure clusters. */
  readonly clientToAmToken: Token | undefined;
}

export interface NewApplication {
  readonly id: ApplicationId;
  readonly maximumCapability: Resource;
}

/** `ApplicationSubmissionContextProto`; unlike REST it takes resource types and patterns. */
export interface Submission {
  readonly id: ApplicationId;
  readonly name: string;
  readonly queue: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly priority?: number;
  /** 0 for the cluster's default. */
  readonly maxAttempts: number;
  /** Failures older than this do not count. @default -1: all count */
  readonly attemptFailuresValidityMs?: number;
  readonly resource: Resource;
  /** True when the caller itself runs the AM. */
  readonly isUnmanaged: boolean;
  readonly keepContainers: boolean;
  readonly context: ContainerLaunchContext;
  readonly nodeLabelExpression?: string;
}

/** The few calls of ApplicationClientProtocol that REST lacks or cuts short. All may be repeated. */
export class ApplicationClient {
  readonly #caller: RpcCaller;

  /** @param caller speaks `applicationClientProtocol`: SIMPLE, a delegation token or Kerberos */
  constructor(caller: RpcCaller) {
    this.#caller = caller;
  }

  async getNewApplication(options?: CallOptions): Promise<NewApplication> {
    const bytes = encodeMessage(GetNewApplicationRequestProto, {});
    const answer = await this.#caller.call('getNewApplication', bytes, true, options);
    const what = 'the answer of getNewApplication';
    const proto = decodeMessage(GetNewApplicationResponseProto, answer, what);
    return {
      id: applicationIdFrom(proto.application_id),
      maximumCapability: resourceFrom(proto.maximumCapability),
    };
  }

  async submitApplication(submission: Submission, options?: CallOptions): Promise<void> {
    const bytes = submissionTo(submission);
    await this.#caller.call('submitApplication', bytes, true, options);
  }

  async getApplicationReport(id: ApplicationId, options?: CallOptions): Promise<ApplicationReport> {
    const bytes = encodeMessage(GetApplicationReportRequestProto, {
      application_id: applicationIdTo(id),
    });
    const answer = await this.#caller.call('getApplicationReport', bytes, true, options);
    return applicationReportFrom(answer);
  }

  /** @returns whether the application has ended, or is an unmanaged one, whose end comes soon; otherwise ask again */
  async forceKillApplication(
    id: ApplicationId,
    diagnostics: string,
    options?: CallOptions,
  ): Promise<boolean> {
    const bytes = encodeMessage(KillApplicationRequestProto, {
      application_id: applicationIdTo(id),
      diagnostics,
    });
    const answer = await this.#caller.call('forceKillApplication', bytes, true, options);
    const what = 'the answer of forceKillApplication';
    return decodeMessage(KillApplicationResponseProto, answer, what).is_kill_completed;
  }
}

/** @internal */
export function submissionTo(submission: Submission): Uint8Array {
  const { priority, nodeLabelExpression } = submission;
  return encodeMessage(SubmitApplicationRequestProto, {
    application_submission_context: {
      application_id: applicationIdTo(submission.id),
      application_name: submission.name,
      queue: submission.queue,
      ...(priority === undefined ? {} : { priority: { priority } }),
      am_container_spec: launchContextTo(submission.context),
      unmanaged_am: submission.isUnmanaged,
      maxAppAttempts: submission.maxAttempts,
      resource: resourceTo(submission.resource),
      applicationType: submission.type,
      keep_containers_across_application_attempts: submission.keepContainers,
      applicationTags: [...submission.tags],
      attempt_failures_validity_interval: bigIntToInt64(
        BigInt(submission.attemptFailuresValidityMs ?? -1),
      ),
      ...(nodeLabelExpression === undefined ? {} : { node_label_expression: nodeLabelExpression }),
    },
  });
}

/** @internal */
export function applicationReportFrom(bytes: Uint8Array): ApplicationReport {
  const what = 'the answer of getApplicationReport';
  const proto = decodeMessage(GetApplicationReportResponseProto, bytes, what).application_report;
  if (proto === null || proto === undefined) throw new RpcMessageError(what, 'it is empty');
  return {
    id: applicationIdFrom(proto.applicationId),
    attemptId: attemptIdFrom(proto.currentApplicationAttemptId),
    state: applicationStates.from(presentField(proto, 'yarn_application_state')),
    finalStatus: finalStatuses.from(presentField(proto, 'final_application_status')),
    diagnostics: proto.diagnostics ?? '',
    host: proto.host ?? '',
    rpcPort: proto.rpc_port ?? -1,
    trackingUrl: proto.trackingUrl ?? '',
    amRmToken: optionalTokenFrom(proto.am_rm_token),
    clientToAmToken: optionalTokenFrom(proto.client_to_am_token),
  };
}
