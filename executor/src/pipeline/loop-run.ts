import type { BatchSource } from '../task-environment.js';
import type { Loop } from './compiled-loop.js';
import type { LoopHelpers } from './loop-helpers.js';
import type { SinkForm, StepForm } from './loop-shape.js';
import { initialState, type LoopState } from './loop-state.js';
import type { PieceSource } from './pieces.js';
import { PulledLoop } from './sources.js';

/** What takes the records of a loop of a push form. */
export interface LoopSink {
  readonly form: Exclude<SinkForm, 'pull' | 'generate'>;
  /** The action, for error messages: `reduce at app.ts:12`. */
  readonly label: string;
  /** The object or function that the loop's text calls. */
  readonly target: unknown;
  /** Sets what the loop starts from: a zero element, a limit. */
  prepare?(state: LoopState): void;
  /** Takes what the loop's variables held at the end of the partition. */
  complete?(state: LoopState): void;
}

/** One run of one generated loop over one partition. As a `BatchSource` it is the `pull` form. */
export class LoopRun implements BatchSource {
  readonly #loop: Loop;
  readonly #helpers: LoopHelpers;
  readonly #pieces: PieceSource;
  readonly #parameters: readonly unknown[];
  readonly #check: () => void;
  readonly #state: LoopState;
  readonly #hasGlom: boolean;
  #ended = false;

  constructor(
    loop: Loop,
    helpers: LoopHelpers,
    pieces: PieceSource,
    steps: readonly StepForm[],
    parameters: readonly unknown[],
    check: () => void,
  ) {
    this.#loop = loop;
    this.#helpers = helpers;
    this.#pieces = pieces;
    this.#parameters = parameters;
    this.#check = check;
    this.#state = initialState(steps.length);
    this.#hasGlom = steps.includes('glom');
    steps.forEach((step, index) => {
      if (step === 'zipWithIndex') this.#state.indexes[index] = parameters[index] as number;
    });
  }

  /** Runs all pieces into the sink. */
  push(sink: LoopSink): void {
    const state = this.#state;
    sink.prepare?.(state);
    try {
      if (!this.#pushPieces(sink.target) && this.#hasGlom) this.#call(undefined, 0, 0, sink.target);
    } catch (error) {
      this.#abandon();
      throw error;
    }
    this.close();
    sink.complete?.(state);
  }

  /** As `push`, over a source that has to be waited for: `fill` resolves when it has records, or none more. */
  async pushAsync(sink: LoopSink, fill: () => Promise<void>): Promise<void> {
    const state = this.#state;
    sink.prepare?.(state);
    try {
      let isEnough = false;
      while (!isEnough) {
        await fill();
        const piece = this.#next();
        if (piece === undefined) break;
        this.#check();
        isEnough = this.#call(piece.source, piece.from, piece.to, sink.target) === true;
      }
      if (!isEnough && this.#hasGlom) this.#call(undefined, 0, 0, sink.target);
    } catch (error) {
      this.#abandon();
      throw error;
    }
    this.close();
    sink.complete?.(state);
  }

  /** True when the sink had enough. */
  #pushPieces(target: unknown): boolean {
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) {
      this.#check();
      if (this.#call(piece.source, piece.from, piece.to, target) === true) return true;
    }
    return false;
  }

  next(): unknown[] | undefined {
    const state = this.#state;
    while (!this.#ended) {
      state.out = [];
      const piece = this.#next();
      this.#check();
      if (piece !== undefined) {
        this.#call(piece.source, piece.from, piece.to, undefined);
      } else {
        this.#ended = true;
        if (this.#hasGlom) this.#call(undefined, 0, 0, undefined);
      }
      if (state.out.length > 0) return state.out;
    }
    this.close();
    return undefined;
  }

  /** The `generate` form: the loop's text reads the pieces itself. */
  generate(): BatchSource {
    const pieces = {
      next: () => {
        const piece = this.#next();
        this.#check();
        return piece;
      },
    };
    const batches = this.#call(pieces, 0, 0, undefined) as Generator<unknown[], void>;
    return new PulledLoop(batches, () => this.close());
  }

  close(): void {
    this.#ended = true;
    this.#pieces.close();
  }

  /** Closes after an error, which another one must not replace. */
  #abandon(): void {
    try {
      this.close();
    } catch {
      // The first error is the one to report, as in a `for…of`.
    }
  }

  #next(): { source: unknown; from: number; to: number } | undefined {
    try {
      return this.#pieces.next();
    } catch (error) {
      throw this.#helpers.located(error, -1);
    }
  }

  #call(source: unknown, from: number, to: number, target: unknown): unknown {
    return this.#loop(this.#helpers, source, from, to, this.#state, target, ...this.#parameters);
  }
}
