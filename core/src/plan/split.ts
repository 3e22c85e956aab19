/** What one partition of a source reads. */
export type SourceSplit =
  /** Encoded record batches (`encodeBatches`). */
  | { readonly kind: 'parallelize'; readonly batches: Uint8Array; readonly count: number }
  /** `start + step * i` for `i` in `0 … count-1`. */
  | {
      readonly kind: 'range';
      readonly start: number;
      readonly step: number;
      readonly count: number;
    }
  | { readonly kind: 'file'; readonly pieces: readonly FilePiece[] }
  /** Encoded record batches in frames, written by a checkpoint. */
  | { readonly kind: 'checkpoint'; readonly piece: FilePiece; readonly records: number };

/** A byte range of a file. Lines that start in it belong to it. */
export interface FilePiece {
  /** Absolute URI or local path, taken literally. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  /** Size of the whole file when it was listed. */
  readonly fileSizeBytes: number;
  /** Set for compressed files, which are one piece each. */
  readonly codec?: 'gzip' | 'zstd' | 'brotli' | 'deflate';
  /** Hosts that hold the bytes, best first; empty when nothing is known. */
  readonly hosts: readonly string[];
}

/**
 * What one partition of a node reads. Nodes that pass their partition one to one to their only
 * input have no entry: their split is the input's. So a split tree has one level for each source,
 * shuffle, union, coalesce and multi-input node on the way, and none for map or filter.
 */
export interface Split {
  /** Logical partition index of the RDD that this split belongs to. */
  readonly index: number;
  /** Only on sources. */
  readonly source?: SourceSplit;
  /** Only on union (one), coalesce (any number) and multi-input nodes (one for each narrow input). */
  readonly parents?: readonly ParentSplit[];
}

export interface ParentSplit {
  /** Position in `OperatorNode.inputs`. */
  readonly input: number;
  readonly split: Split;
}
