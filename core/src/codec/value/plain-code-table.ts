import { CorruptDataError, UnsupportedValueError } from '../errors.js';
import type { CodeTable } from '../code-table.js';
import type { AnyFunction, ValueCode } from './value-code.js';

/** What a function is called in messages. */
export function functionName(value: AnyFunction): string {
  return value.name === '' ? 'a function without a name' : `the function ${value.name}`;
}

/** Knows no user code: for tests and for data of the engine itself. */
export const plainCodeTable: CodeTable & ValueCode = {
  kind: 'plain',
  exact: false,
  writeFunction(_encoder, value) {
    throw new UnsupportedValueError(`${functionName(value)} cannot travel as data`);
  },
  writeObject: () => false,
  knowsClass: () => false,
  readPrivates: () => undefined,
  writePrivates: () => {
    throw new CorruptDataError('private fields of a class that is unknown here');
  },
  construct: (ofClass, base, baseArguments) =>
    Reflect.construct(base as unknown as new () => object, baseArguments, ofClass) as object,
  skipsField: () => false,
  readExtension: () => {
    throw new CorruptDataError('it names code of a program, and there is none here');
  },
};
