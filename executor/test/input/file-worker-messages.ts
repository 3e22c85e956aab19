import type { CommittedFile, FilePiece, TextOutputSpec } from 'heddle/internal';
import type { SharedInputOptions } from '../../src/input/shared-input.js';

export type FileWorkerRequest =
  | { readonly kind: 'configure'; readonly options: SharedInputOptions }
  | {
      readonly kind: 'read';
      readonly operator: 'textFile' | 'wholeTextFiles';
      readonly pieces: readonly FilePiece[];
      /** Stops after the batch that reaches it. */
      readonly limit: number;
    }
  | { readonly kind: 'readTogether'; readonly pieces: readonly FilePiece[] }
  | {
      readonly kind: 'readUntilKilled';
      readonly pieces: readonly FilePiece[];
      readonly control: SharedArrayBuffer;
    }
  | {
      readonly kind: 'write';
      readonly spec: TextOutputSpec;
      readonly partition: number;
      readonly records: readonly unknown[];
      readonly repeat: number;
      readonly end: 'finish' | 'abort' | 'leave';
    };

export interface FileWorkerReply {
  readonly kind: 'reply';
  readonly records?: unknown[];
  readonly inputBytes?: number;
  readonly outputBytes?: number;
  readonly file?: CommittedFile;
  readonly error?: {
    readonly className: string;
    readonly isError: boolean;
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
    readonly cause: string | undefined;
    readonly stack: string | undefined;
  };
}
