/** The part of `process.stderr` that is used. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
}

/** Back to the start of a terminal's line, and erase it. */
export const eraseLine = '\r\u001b[K';

/**
 * A terminal whose last line is a status (the progress bar) and above it what scrolls away. Lines
 * take the status off, stand where it was, and the next drawing puts it below them.
 */
export class Terminal {
  readonly #stream: TerminalStream;
  readonly #write: (text: string) => void;
  #shown = '';

  constructor(stream: TerminalStream) {
    this.#stream = stream;
    this.#write = stream.write.bind(stream);
  }

  get isInteractive(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    const { columns } = this.#stream;
    // Terminals of recorders have none, or 0.
    return columns === undefined || columns === 0 ? 80 : columns;
  }

  writeLine(line: string): void {
    this.clearStatus();
    this.#write(`${line}\n`);
  }

  /** Draws the status over the one before. Does nothing when the stream is no terminal. */
  showStatus(text: string): void {
    if (!this.isInteractive || text === this.#shown) return;
    this.#write(eraseLine + text);
    this.#shown = text;
  }

  clearStatus(): void {
    if (this.#shown === '') return;
    this.#write(eraseLine);
    this.#shown = '';
  }

  /**
   * Lets whatever is written to these streams take the status off first; the program's own output
   * then never stands behind a bar. @returns a function that undoes it
   */
  guard(streams: readonly { write: TerminalStream['write'] }[]): () => void {
    if (!this.isInteractive) return () => undefined;
    const originals = streams.map((stream) => stream.write);
    streams.forEach((stream, i) => {
      const original = originals[i]!;
      stream.write = (...args: [string]) => {
        this.clearStatus();
        return original.apply(stream, args);
      };
    });
    return () => streams.forEach((stream, i) => (stream.write = originals[i]!));
  }
}
