import { isPresent } from './pass/ast.js';
import { originalPositionFor, sourceContentFor, TraceMap } from '@jridgewell/trace-mapping';

/** From offsets of the flat program to the user's files. */
export class FlatPositions {
  readonly #map: TraceMap;
  readonly #lines: readonly number[];
  readonly #sourceLines = new Map<string, readonly string[]>();

  constructor(text: string, map: string) {
    this.#map = new TraceMap(map);
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lines = starts;
  }

  sourceOf(offset: number): { file: string; line: number; column: number } | undefined {
    const found = this.#original(offset);
    if (!isPresent(found?.source)) return undefined;
    return { file: found.source, line: found.line, column: found.column + 1 };
  }

  /** The user's own text from the position on that an offset comes from, to the end of its line. */
  sourceTextAt(offset: number): string | undefined {
    const found = this.#original(offset);
    if (!isPresent(found?.source)) return undefined;
    let lines = this.#sourceLines.get(found.source);
    if (lines === undefined) {
      lines = (sourceContentFor(this.#map, found.source) ?? '').split('\n');
      this.#sourceLines.set(found.source, lines);
    }
    return lines[found.line - 1]?.slice(found.column);
  }

  #original(offset: number): ReturnType<typeof originalPositionFor> | undefined {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#lines[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return originalPositionFor(this.#map, { line: low + 1, column: offset - this.#lines[low]! });
  }
}
