import type { TextWriter } from './text-writer.js';

/**
 * A record on its way through a loop's text: one variable, or a pair that has not been allocated, so
 * that `keyBy → mapValues → shuffle` makes no arrays.
 */
export type RecordText =
  | { readonly kind: 'whole'; readonly name: string; readonly isPair: boolean }
  | { readonly kind: 'pair'; readonly key: string; readonly value: string };

/** A record in a variable, of which nothing is known. */
export function wholeOf(name: string): RecordText {
  return { kind: 'whole', name, isPair: false };
}

/** The record as one value; allocates a pair that so far was two variables. */
export function asWhole(text: TextWriter, record: RecordText): string {
  if (record.kind === 'whole') return record.name;
  const name = text.name('r');
  text.line(`const ${name} = [${record.key}, ${record.value}];`);
  return name;
}

/** Key and value of the record, after a check that it is a pair where that is not known. */
export function asPair(
  text: TextWriter,
  record: RecordText,
  step: number,
): { readonly key: string; readonly value: string } {
  if (record.kind === 'pair') return record;
  const { name } = record;
  if (!record.isPair) {
    text.block(`if (!Array.isArray(${name}) || ${name}.length !== 2) {`, () => {
      text.line(`at = ${step};`);
      text.line(`h.notAPair(${name}, ${step});`);
    });
  }
  const key = text.name('k');
  const value = text.name('v');
  text.line(`const ${key} = ${name}[0], ${value} = ${name}[1];`);
  return { key, value };
}
