/** Lines of generated text, and names that are used once. */
export class TextWriter {
  readonly #lines: string[] = [];
  #indent: number;
  #names = 0;

  constructor(indent: number) {
    this.#indent = indent;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#indent) + text);
  }

  block(open: string, fill: () => void, close = '}'): void {
    this.line(open);
    this.#indent++;
    fill();
    this.#indent--;
    this.line(close);
  }

  /** A new variable's name. */
  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }
}
