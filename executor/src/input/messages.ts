import type { FilePiece } from 'heddle/internal';
import type { OutputMessage } from '../output/messages.js';

/**
 * What a task thread asks its host for. The thread posts it as it is (`port.postMessage(message)`),
 * the host gives it to that thread's `FileService.handle` (`new FileService(fileSystems)`, one for
 * each thread, closed when the thread has ended). Everything else goes through the message's
 * `buffer`: bytes, errors, back-pressure and the end.
 */
export type FileMessage = OpenInputMessage | OutputMessage;

/** Opens a sequence of pieces, which the host reads ahead one after another into `buffer`. */
export interface OpenInputMessage {
  readonly kind: 'openInput';
  /** Laid out as `InputRing` says; the thread's own until the host has marked it released. */
  readonly buffer: SharedArrayBuffer;
  readonly slotCount: number;
  readonly slotBytes: number;
  readonly pieces: readonly FilePiece[];
  readonly reading: PieceReading;
}

/**
 * `lines`: from one byte before the piece (is it the start of a line?) and on behind its end while
 * the thread asks for more. `whole`: the piece and nothing else.
 */
export type PieceReading = 'lines' | 'whole';
