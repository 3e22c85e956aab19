import { readOptionalSetting, settings, type ConfigSource } from '@heddle/common';
import {
  containerBytes,
  planExecutorMemory,
  stockShuffleSecret,
  type AttemptKey,
  type ExecutorLaunchSpec,
  type NetworkAddress,
} from '@heddle/executor';
import {
  encodeCredentials,
  encodeTokenToUrl,
  tokenKinds,
  withoutKind,
  type Container,
  type ContainerLaunchContext,
  type Credentials,
  type Resource,
} from '@heddle/hadoop-rpc';
import { shuffleServiceName } from '../cluster/node-managers.js';
import { attemptKeyAlias, type ApplicationDescription } from '../launch/application-description.js';
import {
  environmentOf,
  executorEnvironmentPrefix,
  masterEnvironmentPrefix,
} from '../launch/environment-settings.js';
import { toLocalResource, type StagedResource } from '../launch/local-resources.js';
import { nodeCommand } from '../launch/node-command.js';

/** Variable with the specification of an executor, as base64 of JSON; it holds no secret. */
export const executorSpecVariable = 'HEDDLE_EXECUTOR';
/** File of the engine's bundle that an executor's container starts. */
export const executorMain = 'yarn-executor-main.js';
/**
 * Node takes so much address space that an executor in less, with its heap full, is killed by YARN's
 * check of virtual memory before the task that fills it is ended.
 */
const leastContainerMiB = 768;
const mib = 2 ** 20;
const defaultMemoryBytes = 1_024 * mib;

/** Size of executors on YARN, from the application's settings. */
export interface ExecutorSize {
  readonly slots: number;
  /** `heddle.executor.memory`. */
  readonly memoryBytes: number;
  readonly overheadBytes: number;
  /** What one container is asked to have. */
  readonly containerMiB: number;
}

/** The size of executors that an application's settings ask for. @throws ConfigError */
export function executorSize(source: ConfigSource): ExecutorSize {
  const memoryBytes = readOptionalSetting(source, settings.executorMemory) ?? defaultMemoryBytes;
  const overhead = readOptionalSetting(source, settings.executorMemoryOverhead);
  const total = containerBytes(memoryBytes, overhead);
  const containerMiB = Math.max(leastContainerMiB, Math.ceil(total / mib));
  return {
    slots: readOptionalSetting(source, settings.executorCores) ?? 1,
    memoryBytes,
    overheadBytes: containerMiB * mib - memoryBytes,
    containerMiB,
  };
}

/** How many executors an application asks for when nothing else decides. */
export function executorInstances(source: ConfigSource): number {
  return readOptionalSetting(source, settings.executorInstances) ?? 2;
}

/** The resource of one executor's container. */
export function executorResource(size: ExecutorSize): Resource {
  return { memoryMiB: size.containerMiB, virtualCores: size.slots, others: new Map() };
}

/** What all executors of an attempt have in common. */
export interface ExecutorLaunchOptions {
  readonly description: ApplicationDescription;
  readonly applicationId: string;
  readonly attemptId: string;
  readonly key: AttemptKey;
  /** The control hub, asked for when the first executor is started. */
  readonly hub: () => NetworkAddress;
  readonly credentials: Credentials;
  readonly resources: readonly StagedResource[];
  /** The application's settings, the program's own included. */
  readonly settings: ReadonlyMap<string, string>;
}

/** An executor as its container's main program gets it: the node's own directories are added there. */
export type RemoteExecutorSpec = Omit<ExecutorLaunchSpec, 'localDirectories' | 'filesDirectory'>;

/** Makes the launch contexts of executors. */
export class ExecutorLaunch {
  readonly #options: ExecutorLaunchOptions;
  readonly #size: ExecutorSize;
  readonly #credentials: Uint8Array;
  readonly #serviceData: ReadonlyMap<string, Uint8Array>;
  readonly #environment: ReadonlyMap<string, string>;
  readonly #settings: Readonly<Record<string, string>>;

  constructor(options: ExecutorLaunchOptions) {
    this.#options = options;
    this.#size = executorSize(options.settings);
    // With the AMRM token an executor, which runs code of the user, could act as this ApplicationMaster.
    const own = withoutKind(options.credentials, tokenKinds.amRm);
    const secrets = new Map([[attemptKeyAlias, options.key.bytes()]]);
    this.#credentials = encodeCredentials({ tokens: own.tokens, secrets });
    this.#serviceData = new Map([[shuffleServiceName, shuffleSecret(options.key)]]);
    this.#environment = environmentOf(options.settings, executorEnvironmentPrefix);
    this.#settings = Object.fromEntries(
      // What an ApplicationMaster's environment holds is for it alone.
      [...options.settings].filter(([key]) => !key.startsWith(masterEnvironmentPrefix)),
    );
  }

  /** @param announcesShuffle whether the node's own shuffle service is told our secret */
  context(
    container: Container,
    executorId: string,
    announcesShuffle: boolean,
  ): ContainerLaunchContext {
    const spec = this.#spec(container, executorId);
    const { mainHeapMb } = planExecutorMemory(spec.memoryBytes, spec.slots);
    return {
      localResources: new Map(
        this.#options.resources.map((one) => [one.link, toLocalResource(one)]),
      ),
      credentials: this.#credentials,
      serviceData: announcesShuffle ? this.#serviceData : new Map(),
      environment: new Map([
        ...this.#environment,
        [executorSpecVariable, Buffer.from(JSON.stringify(spec)).toString('base64')],
      ]),
      commands: [nodeCommand({ main: executorMain, heapMb: mainHeapMb })],
      acls: new Map(),
    };
  }

  #spec(container: Container, executorId: string): RemoteExecutorSpec {
    const { applicationId, attemptId, hub, description } = this.#options;
    const { host } = container.nodeId;
    const { memoryBytes, overheadBytes, slots } = this.#size;
    const { taskFile, hash, files } = description.program;
    return {
      formatVersion: 1,
      executorId,
      host,
      bindHost: host,
      applicationId,
      applicationAttemptId: attemptId,
      driver: hub(),
      slots,
      // YARN may grant more than was asked for.
      memoryBytes: Math.max(memoryBytes, container.resource.memoryMiB * mib - overheadBytes),
      program: { taskFile, hash, fileHash: files[taskFile] ?? '' },
      ownedDirectories: [],
      settings: this.#settings,
    };
  }
}

/** The secret as `mapreduce_shuffle` wants to be told: a Hadoop token whose password it is. */
function shuffleSecret(key: AttemptKey): Uint8Array {
  const token = {
    identifier: new Uint8Array(0),
    password: stockShuffleSecret(key),
    kind: 'mapreduce.job',
    service: '',
  };
  // The same bytes as the text form carries.
  return Buffer.from(encodeTokenToUrl(token), 'base64url');
}
