import { formatSize } from '@heddle/common';
import type { LocalityName } from '../tasks/locality.js';
import type { Listener, ListenerEvent } from './events.js';

/** Bytes of input files, by how near they were to the tasks that read them. */
export interface InputLocality {
  /** On the task's own node. */
  readonly nodeLocalBytes: number;
  /** On another node of its rack. */
  readonly rackLocalBytes: number;
  /** Farther away. */
  readonly remoteBytes: number;
}

const kinds: Readonly<Record<LocalityName, keyof InputLocality | undefined>> = {
  PROCESS_LOCAL: 'nodeLocalBytes',
  NODE_LOCAL: 'nodeLocalBytes',
  RACK_LOCAL: 'rackLocalBytes',
  ANY: 'remoteBytes',
  // Nobody knows where such input is.
  NO_PREF: undefined,
};

/**
 * How much of the input files was read near its data, over all successful tasks of an application:
 * what stage pages of Spark show as "Locality Level Summary", by bytes in place of tasks.
 */
export class LocalitySummary implements Listener {
  readonly #bytes: { -readonly [K in keyof InputLocality]: InputLocality[K] } = {
    nodeLocalBytes: 0,
    rackLocalBytes: 0,
    remoteBytes: 0,
  };

  onEvent(event: ListenerEvent): void {
    if (event.kind !== 'taskEnd' || event.failure !== undefined) return;
    const kind = kinds[event.task.locality];
    if (kind !== undefined) this.#bytes[kind] += event.metrics?.inputBytes ?? 0;
  }

  get bytes(): InputLocality {
    return this.#bytes;
  }

  /** One line; undefined when nothing was read whose place is known. */
  get text(): string | undefined {
    const { nodeLocalBytes, rackLocalBytes, remoteBytes } = this.#bytes;
    const sum = nodeLocalBytes + rackLocalBytes + remoteBytes;
    if (sum === 0) return undefined;
    const part = (bytes: number, name: string): string =>
      `${formatSize(bytes)} ${name} (${Math.round((100 * bytes) / sum)} %)`;
    return `input read: ${part(nodeLocalBytes, 'node-local')}, ${part(rackLocalBytes, 'rack-local')}, ${part(remoteBytes, 'remote')}`;
  }
}
