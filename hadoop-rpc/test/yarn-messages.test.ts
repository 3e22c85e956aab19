import { hadoop } from '#protocol';
import { expect } from 'chai';

import { readDelimited } from '../src/wire/protobuf.js';
import {
  allocateRequestTo,
  allocateResponseFrom,
  registerResponseFrom,
} from '../src/yarn/application-master-client.js';
import { applicationReportFrom, submissionTo } from '../src/yarn/application-client.js';
import {
  containerStatusesFrom,
  startContainersRequestTo,
  startContainersResponseFrom,
} from '../src/yarn/container-management-client.js';
import {
  formatApplicationAttemptId,
  formatContainerId,
  parseApplicationId,
  parseContainerId,
} from '../src/yarn/ids.js';
import { fromHex, recorded, recordedFrames, toHex } from './support/recorded-frames.js';

const yarn = hadoop.yarn;

/** The n-th message of a frame: 0 is the RPC header. */
function part(frame: Uint8Array, index: number): Uint8Array {
  let end = 4;
  let bytes = frame;
  for (let i = 0; i <= index; i += 1) ({ bytes, end } = readDelimited(frame, end));
  return bytes;
}

const types: Readonly<
  Record<string, { decode(b: Uint8Array): unknown; encode(m: never): { finish(): Uint8Array } }>
> = {
  registerApplicationMaster: yarn.RegisterApplicationMasterRequestProto,
  allocate: yarn.AllocateRequestProto,
  finishApplicationMaster: yarn.FinishApplicationMasterRequestProto,
  startContainers: yarn.StartContainersRequestProto,
  stopContainers: yarn.StopContainersRequestProto,
  getContainerStatuses: yarn.GetContainerStatusesRequestProto,
  signalToContainer: yarn.SignalContainerRequestProto,
};

describe('messages of YARN', () => {
  it('decodes every recorded request and encodes it to the same bytes', () => {
    let seen = 0;
    for (const frame of recordedFrames) {
      const method = frame.note.split(' ')[0]!;
      const type = types[method];
      if (frame.dir !== '>' || type === undefined || frame.conn === 'rm-garbage-request') continue;
      const bytes = part(frame.bytes, 2);
      expect(toHex(type.encode(type.decode(bytes) as never).finish()), frame.note).to.equal(
        toHex(bytes),
      );
      seen += 1;
    }
    expect(seen).to.be.greaterThan(30);
  });

  it('encodes the recorded asks for a host, its rack and any', () => {
    const capability = { memoryMiB: 768, virtualCores: 1, others: new Map<string, number>() };
    const ask = (resourceName: string): Parameters<typeof allocateRequestTo>[0]['asks'][0] => ({
      priority: 1,
      resourceName,
      capability,
      containers: 1,
      relaxLocality: true,
    });
    const bytes = allocateRequestTo({
      responseId: 0,
      asks: ['w3.mini', '/rack-b', '*'].map(ask),
      releases: [],
      blacklistAdditions: [],
      blacklistRemovals: [],
      progress: 0.1,
    });
    expect(toHex(bytes)).to.equal(toHex(part(recorded('main', 'rm', '>', 'allocate call 2'), 2)));
  });

  it('reads the recorded answer of registerApplicationMaster', () => {
    const answer = registerResponseFrom(part(recorded('main', 'rm', '<', 'response call 0'), 1));
    expect(answer).to.deep.include({
      maximumCapability: { memoryMiB: 4096, virtualCores: 8, others: new Map() },
      queue: 'root.default',
      schedulerResourceTypes: ['memory', 'cpu'],
      previousContainers: [],
    });
  });

  it('reads the recorded allocation with container, tokens and headroom', () => {
    const answer = allocateResponseFrom(part(recorded('main', 'rm', '<', 'response call 3'), 1));
    expect(answer).to.deep.include({
      responseId: 2,
      clusterNodes: 3,
      command: undefined,
      completed: [],
    });
    const [container] = answer.allocated;
    expect(container?.nodeId).to.deep.equal({ host: 'w3.mini', port: 21_041 });
    expect(container?.resource.memoryMiB).to.equal(768);
    expect(container?.allocationRequestId).to.equal(-1n);
    expect(container?.token).to.deep.include({
      kind: 'ContainerToken',
      service: '127.0.1.3:21041',
    });
    expect(formatContainerId(container!.id)).to.equal('container_e02_1795193415025_0007_01_000002');
    expect(answer.nodeTokens[0]?.token.kind).to.equal('NMToken');
    expect(answer.amRmToken).to.equal(undefined);
  });

  it('reads statuses and failures of single containers inside calls that succeeded', () => {
    const statuses = containerStatusesFrom(
      part(recorded('main', 'nm-w3.mini', '<', 'response call 3'), 1),
    );
    expect(statuses.statuses[0]).to.deep.include({
      state: 'running',
      diagnostics: '',
      exitStatus: -1000,
    });
    const unknown = containerStatusesFrom(
      part(recorded('wrong-cases', 'nm-status-before-start', '<', 'response call 0'), 1),
    );
    expect(unknown.failed[0]?.message).to.match(/is not handled by this NodeManager$/);
    const start = startContainersResponseFrom(
      part(recorded('main', 'nm-w3.mini', '<', 'response call 0'), 1),
    );
    expect(start.failed[0]?.message).to.equal('The auxService:nope_service does not exist');
    expect(start.failed[0]?.className).to.match(/InvalidAuxServiceException$/);
    expect(toHex(start.serviceMetaData.get('mapreduce_shuffle')!)).to.equal('0000543b');
    const good = startContainersResponseFrom(
      part(recorded('main', 'nm-w3.mini', '<', 'response call 2'), 1),
    );
    expect(good.succeeded.map(formatContainerId)).to.deep.equal([
      'container_e02_1795193415025_0007_01_000002',
    ]);
  });

  it('encodes a launch as recorded: resource with port, service data, environment, command', () => {
    const bytes = part(recorded('main', 'nm-w3.mini', '>', 'startContainers call 2'), 2);
    const proto = yarn.StartContainersRequestProto.decode(bytes).start_container_request[0]!;
    const context = proto.container_launch_context!;
    const ours = startContainersRequestTo([
      {
        context: {
          localResources: new Map(
            (context.localResources ?? []).map(({ key, value }) => [
              key!,
              {
                url: {
                  scheme: 'hdfs',
                  host: 'nn.mini',
                  port: 21_020,
                  path: value!.resource!.file!,
                },
                sizeBytes: Number(String(value!.size)),
                modificationTimeMs: Number(String(value!.timestamp)),
                type: 'file',
                visibility: 'application',
              },
            ]),
          ),
          serviceData: new Map(
            (context.service_data ?? []).map(({ key, value }) => [key!, value!]),
          ),
          environment: new Map((context.environment ?? []).map(({ key, value }) => [key!, value!])),
          commands: context.command ?? [],
          acls: new Map(),
          ...(context.tokens === null || context.tokens === undefined
            ? {}
            : { credentials: context.tokens }),
        },
        containerToken: proto.container_token!,
      },
    ]);
    const decoded = yarn.StartContainersRequestProto.decode(ours).start_container_request[0]!;
    const url = decoded.container_launch_context!.localResources![0]!.value!.resource!;
    expect(url).to.deep.equal(context.localResources![0]!.value!.resource);
    expect(toHex(decoded.container_token!.identifier)).to.equal(
      toHex(proto.container_token!.identifier),
    );
    expect(decoded.container_launch_context!.command).to.deep.equal(context.command);
    expect(decoded.container_launch_context!.environment).to.deep.equal(context.environment);
  });

  it('sends -1 for a URL without port, which an absent field would not say', () => {
    const context = {
      localResources: new Map([
        [
          'a',
          {
            url: { scheme: 'hdfs', host: 'prod', port: undefined, path: '/a' },
            sizeBytes: 1,
            modificationTimeMs: 1_700_000_000_000,
            type: 'archive' as const,
            visibility: 'public' as const,
          },
        ],
      ]),
      serviceData: new Map<string, Uint8Array>(),
      environment: new Map<string, string>(),
      commands: [],
      acls: new Map([['view' as const, '*']]),
    };
    const bytes = submissionTo({
      id: { clusterTimestamp: 1_700_000_000_000, id: 7 },
      name: 'n',
      queue: 'default',
      type: 'HEDDLE',
      tags: ['t'],
      maxAttempts: 2,
      resource: { memoryMiB: 1024, virtualCores: 1, others: new Map([['yarn.io/gpu', 2]]) },
      isUnmanaged: true,
      keepContainers: false,
      context,
    });
    const proto = yarn.SubmitApplicationRequestProto.decode(bytes).application_submission_context!;
    const resource = proto.am_container_spec!.localResources![0]!.value!;
    expect(resource.resource!.port).to.equal(-1);
    expect(String(resource.timestamp)).to.equal('1700000000000');
    expect(proto.resource!.resource_value_map![0]!.key).to.equal('yarn.io/gpu');
    expect(proto.unmanaged_am).to.equal(true);
  });

  it('reads an application report, with states that it does not know as unknown', () => {
    const report = applicationReportFrom(
      yarn.GetApplicationReportResponseProto.encode({
        application_report: {
          applicationId: { id: 3, cluster_timestamp: 5 },
          yarn_application_state: 99 as never,
        },
      }).finish(),
    );
    expect(report).to.deep.include({
      id: { id: 3, clusterTimestamp: 5 },
      state: 'unknown',
      finalStatus: 'unknown',
    });
    expect(() => applicationReportFrom(fromHex(''))).to.throw('it is empty');
  });

  it('prints and parses ids in Hadoop’s form, also with an epoch and beyond four digits', () => {
    for (const text of [
      'container_1700000000000_0007_01_000002',
      'container_e17_1700000000000_12345_01_1000002',
      'container_e123456_1700000000000_0007_11_000001',
    ]) {
      expect(formatContainerId(parseContainerId(text)!)).to.equal(text);
    }
    expect(parseContainerId('container_1_2_3')).to.equal(undefined);
    const applicationId = parseApplicationId('application_1700000000000_0007')!;
    expect(formatApplicationAttemptId({ applicationId, attempt: 1 })).to.equal(
      'appattempt_1700000000000_0007_000001',
    );
  });
});
