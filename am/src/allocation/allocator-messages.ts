import type { Container, ContainerStatus } from '@heddle/hadoop-rpc';
import type { AskChange } from './ask-table.js';
import type { ContainerEnd } from './container-end.js';
import type { WeightedHost } from './spread-over-hosts.js';

/** A node as the ResourceManager reports it. */
export interface ClusterNode {
  readonly host: string;
  readonly rack: string;
  /** False for lost, unhealthy and decommissioned ones. */
  readonly isUsable: boolean;
}

/** What happens to the allocator. Times are monotonic milliseconds. */
export type AllocatorEvent =
  /** How many executors there shall be, and where their data is. Absolute: a repetition changes nothing. */
  | {
      readonly kind: 'wished';
      readonly target: number;
      readonly hosts: readonly WeightedHost[];
      readonly nowMs: number;
    }
  | { readonly kind: 'nodesChanged'; readonly nodes: readonly ClusterNode[] }
  /** It is time for an allocate call. */
  | { readonly kind: 'beat'; readonly nowMs: number }
  | {
      readonly kind: 'answered';
      readonly allocated: readonly Container[];
      readonly completed: readonly ContainerStatus[];
      readonly nowMs: number;
    }
  /** The ResourceManager was restarted: it knows the running containers and nothing else of ours. */
  | { readonly kind: 'resynced' }
  | { readonly kind: 'started'; readonly container: Container }
  /** Its NodeManager could not be told to stop it. */
  | { readonly kind: 'stopFailed'; readonly container: Container }
  | {
      readonly kind: 'startFailed';
      readonly container: string;
      readonly reason: string;
      /** False when the failure says nothing about program or node. */
      readonly counts: boolean;
      readonly nowMs: number;
    }
  | { readonly kind: 'registered'; readonly executorId: string }
  /** The executor's owner wants it to end, or has given it up. */
  | { readonly kind: 'endWanted'; readonly executorId: string };

/** What the shell of the allocator does. */
export type AllocatorInstruction =
  | {
      readonly kind: 'allocate';
      readonly asks: readonly AskChange[];
      readonly releases: readonly Container[];
      readonly exclusions: readonly string[];
      readonly readmissions: readonly string[];
    }
  | { readonly kind: 'launch'; readonly container: Container; readonly executorId: string }
  | { readonly kind: 'stop'; readonly container: Container }
  /** An executor's container is gone. `wasRegistered` is false when nobody has heard of it yet. */
  | {
      readonly kind: 'ended';
      readonly executorId: string;
      readonly host: string;
      readonly end: ContainerEnd;
      readonly exitStatus: number;
      readonly wasRegistered: boolean;
    }
  /** Too many executors failed: the application cannot go on. */
  | { readonly kind: 'giveUp'; readonly failures: number; readonly lastReason: string }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn'; readonly text: string };
