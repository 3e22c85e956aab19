import { inspect } from 'node:util';

const maxLength = 200;

/** A short text of a record for an error message; never throws, runs no getter and no `toString`. */
export function showRecord(record: unknown): string {
  let text: string;
  try {
    text = inspect(record, {
      depth: 2,
      maxArrayLength: 10,
      maxStringLength: maxLength,
      breakLength: Infinity,
      customInspect: false,
      getters: false,
    });
  } catch {
    text = `a value of type ${typeof record} whose text cannot be taken`;
  }
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}
