/** V8 makes a slice of 13 characters or more a view into its parent, which it keeps alive. */
const SHORTEST_VIEW = 13;

let sink = 0;

/**
 * The same string in memory of its own, so that keeping a word does not keep the whole chunk of text
 * that it was cut from (`split` and `slice` return views).
 *
 * A concatenation is a tree of two parts until a character of it is read; reading flattens it into
 * one copy and lets go of the parts. About 90 ns, where a round trip through a Buffer takes 400.
 * The character is kept in `sink`, since V8 drops reads whose result is unused.
 */
export function flatString(text: string): string {
  if (text.length < SHORTEST_VIEW) return text;
  const copy = text.slice(0, 7) + text.slice(7);
  sink = copy.charCodeAt(sink & 7);
  return copy;
}
