/** How near a task runs to its data, nearest first. Source: Spark 4.0 `TaskLocality`. */
export const LOCALITY_NAMES = [
  'PROCESS_LOCAL',
  'NODE_LOCAL',
  'NO_PREF',
  'RACK_LOCAL',
  'ANY',
] as const;

export type LocalityName = (typeof LOCALITY_NAMES)[number];

/** Index into `LOCALITY_NAMES`: smaller is nearer. */
export type Locality = 0 | 1 | 2 | 3 | 4;

export const PROCESS_LOCAL = 0;
export const NODE_LOCAL = 1;
export const NO_PREF = 2;
export const RACK_LOCAL = 3;
export const ANY = 4;

/** Where a task would rather run: on an executor that holds its block, or on a host. */
export interface TaskLocation {
  readonly host: string;
  readonly executorId?: string;
}

/** Longest time that a slot stays idle for the sake of each level, in milliseconds. */
export interface LocalityWaits {
  readonly processMs: number;
  readonly nodeMs: number;
  readonly rackMs: number;
}
