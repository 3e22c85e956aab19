import type { Token } from '../credentials/token.js';
import type {
  KnownNameOf,
  NameOf,
  accessTypes,
  containerStates,
  containerSubStates,
  localResourceTypes,
  localResourceVisibilities,
  nodeStates,
} from './enums.js';
import type { ContainerId, NodeId } from './ids.js';

/** `ResourceProto`. */
export interface Resource {
  readonly memoryMiB: number;
  readonly virtualCores: number;
  /** Further types (`yarn.io/gpu`) by name, without memory and cores. */
  readonly others: ReadonlyMap<string, number>;
}

/** `ContainerProto`: a container granted by the ResourceManager. */
export interface Container {
  readonly id: ContainerId;
  readonly nodeId: NodeId;
  readonly nodeHttpAddress: string;
  /** What was granted; may be more than asked. */
  readonly resource: Resource;
  /** Lower numbers are more urgent. */
  readonly priority: number;
  /** Passed on to the NodeManager unchanged. */
  readonly token: Token | undefined;
  readonly allocationRequestId: bigint;
}

/** `ContainerStatusProto`. */
export interface ContainerStatus {
  readonly id: ContainerId;
  /** From a NodeManager `running` from the start call on; see `subState`. */
  readonly state: NameOf<typeof containerStates>;
  /** `scheduled` until the process runs, also while files come; absent when the ResourceManager made the status. */
  readonly subState?: NameOf<typeof containerSubStates>;
  readonly diagnostics: string;
  /** Process exit code, or a negative `ContainerExitStatus`; -1000 while it runs. */
  readonly exitStatus: number;
}

/** `NMTokenProto`. */
export interface NodeManagerToken {
  readonly nodeId: NodeId;
  readonly token: Token;
}

/** `NodeReportProto`. */
export interface NodeReport {
  readonly nodeId: NodeId;
  readonly httpAddress: string;
  readonly rack: string;
  readonly state: NameOf<typeof nodeStates>;
  readonly capability: Resource;
  readonly used: Resource;
  readonly containers: number;
  readonly labels: readonly string[];
}

/** `SerializedExceptionProto` of one container in a call that succeeded as a whole. */
export interface ContainerFailure {
  readonly id: ContainerId;
  readonly className: string;
  readonly message: string;
  readonly trace: string;
}

/** `ResourceRequestProto`: an absolute count for one name; unsent names keep their value. */
export interface ResourceRequest {
  readonly priority: number;
  /** A host, a rack or `*`. */
  readonly resourceName: string;
  readonly capability: Resource;
  readonly containers: number;
  readonly relaxLocality: boolean;
  readonly nodeLabelExpression?: string;
  /** @default -1, none */
  readonly allocationRequestId?: bigint;
}

/** `LocalResourceProto`: a file that the NodeManager fetches before the start. */
export interface LocalResource {
  readonly url: ResourceUrl;
  readonly sizeBytes: number;
  /** Exactly as the file system reports it. */
  readonly modificationTimeMs: number;
  readonly type: KnownNameOf<typeof localResourceTypes>;
  readonly visibility: KnownNameOf<typeof localResourceVisibilities>;
  readonly pattern?: string;
}

/** `URLProto`. */
export interface ResourceUrl {
  readonly scheme: string;
  readonly host: string;
  /** Undefined for name services and default ports; sent as -1. */
  readonly port: number | undefined;
  /** Unescaped. */
  readonly path: string;
}

/** `ContainerLaunchContextProto`. */
export interface ContainerLaunchContext {
  readonly localResources: ReadonlyMap<string, LocalResource>;
  /** An encoded credentials file; see `encodeCredentials`. */
  readonly credentials?: Uint8Array;
  readonly serviceData: ReadonlyMap<string, Uint8Array>;
  readonly environment: ReadonlyMap<string, string>;
  readonly commands: readonly string[];
  readonly acls: ReadonlyMap<KnownNameOf<typeof accessTypes>, string>;
}
