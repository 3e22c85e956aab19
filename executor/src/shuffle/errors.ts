import { HeddleError } from '@heddle/common';

/** Which map output a failed read was about. */
export interface MapOutputIdentity {
  readonly shuffleId: number;
  readonly mapPartition: number;
  readonly mapId: string;
  readonly generation: number;
}

/** How much of the map outputs is lost with one that cannot be read. */
export type LostScope = 'output' | 'executor' | 'host';

/** What is known of a failed read beside its reason. */
export interface FetchErrorOptions extends ErrorOptions {
  /** @default 'output' */
  readonly scope?: LostScope;
  readonly damaged?: boolean;
  readonly gone?: boolean;
}

/**
 * A map output is missing, of another generation, or its bytes are not what was written. The
 * scheduler runs the map stage again; the reading attempt does not count as failed.
 *
 * Follows Spark's `FetchFailedException` (3.5).
 */
export class ShuffleFetchError extends HeddleError {
  readonly code = 'SHUFFLE_FETCH';
  readonly shuffleId: number;
  readonly mapPartition: number;
  readonly mapId: string;
  readonly generation: number;
  /** How much cannot be read any more: this output, all of its executor, or all of its host. */
  readonly scope: LostScope;
  /** The bytes came and are not those that were written: reading them again may help. */
  readonly damaged: boolean;
  /** The file is not there: another way to the part may help. */
  readonly gone: boolean;

  constructor(
    identity: MapOutputIdentity,
    readonly reducePartition: number,
    readonly reason: string,
    options: FetchErrorOptions = {},
  ) {
    super(
      `partition ${reducePartition} of map output ${identity.mapId} (shuffle ${identity.shuffleId}, map partition ` +
        `${identity.mapPartition}, generation ${identity.generation}) could not be read: ${reason}. ` +
        `The map task runs again; when this repeats, look at the disks and the network of that host.`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.scope = options.scope ?? 'output';
    this.damaged = options.damaged ?? false;
    this.gone = options.gone ?? false;
    this.shuffleId = identity.shuffleId;
    this.mapPartition = identity.mapPartition;
    this.mapId = identity.mapId;
    this.generation = identity.generation;
  }
}

/** A spill file or a block on disk is not what was written; the attempt fails and is tried again. */
export class CorruptSpillError extends HeddleError {
  readonly code = 'CORRUPT_SPILL';

  constructor(
    readonly path: string,
    reason: string,
  ) {
    super(
      `the temporary file ${path} is damaged: ${reason}. The task is tried again; when this repeats, look at that disk.`,
    );
  }
}
