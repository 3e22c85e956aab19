/** Consecutive records as two columns of one length; valid until the source is asked again. */
export interface PairColumns {
  readonly keys: Float64Array | readonly unknown[];
  readonly values: Float64Array | readonly unknown[];
  readonly length: number;
}

/** Keyed records of one reduce partition, in map order, pulled in columns. Never gives empty ones. */
export interface PairSource {
  next(): PairColumns | undefined;
  /** Idempotent. */
  close(): void;
}
