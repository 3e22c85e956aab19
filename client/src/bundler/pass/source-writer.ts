/** A change of the flat program's text: [start, end) becomes `text`; an insertion when both are equal. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Edits of one text, nested wrappers among them. At one offset: first what closes there (inner
 * before outer), then insertions (in the order they were added), then what opens (outer before inner).
 */
export class EditList {
  readonly #edits: (Edit & {
    readonly rank: number;
    readonly span: number;
    readonly order: number;
  })[] = [];

  insert(at: number, text: string): void {
    this.#add(at, at, text, 1, 0);
  }

  replace(start: number, end: number, text: string): void {
    this.#add(start, end, text, 3, 0);
  }

  /** `before` ahead of [start, end) and `after` behind it. */
  wrap(start: number, end: number, before: string, after: string): void {
    this.#add(start, start, before, 2, end);
    this.#add(end, end, after, 0, start);
  }

  sorted(): readonly Edit[] {
    return this.#edits.sort(
      (a, b) =>
        a.start - b.start ||
        a.rank - b.rank ||
        b.span - a.span ||
        (a.rank === 0 ? b.order - a.order : a.order - b.order),
    );
  }

  #add(start: number, end: number, text: string, rank: number, span: number): void {
    this.#edits.push({ start, end, text, rank, span, order: this.#edits.length });
  }
}

/** Writes generated text out of pieces of the flat program, and remembers which piece stands where. */
export class SourceWriter {
  readonly #source: string;
  readonly #parts: string[] = [];
  /** Triples: offset in the generated text, offset in the flat program, length. */
  readonly segments: number[] = [];
  #length = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get length(): number {
    return this.#length;
  }

  add(text: string): this {
    this.#parts.push(text);
    this.#length += text.length;
    return this;
  }

  copy(start: number, end: number): this {
    if (end <= start) return this;
    this.segments.push(this.#length, start, end - start);
    return this.add(this.#source.slice(start, end));
  }

  /** Copies [start, end) with those of the sorted edits that lie in it. */
  copyEdited(start: number, end: number, edits: readonly Edit[]): this {
    let at = start;
    for (const edit of edits) {
      if (edit.start < at || edit.end > end) continue;
      this.copy(at, edit.start).add(edit.text);
      at = edit.end;
    }
    return this.copy(at, end);
  }

  toString(): string {
    return this.#parts.join('');
  }
}
