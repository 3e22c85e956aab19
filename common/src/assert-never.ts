import { InternalError } from './errors.js';

/** Ends a switch over a closed union: a new member without a case does not compile. */
export function assertNever(value: never, what = 'case'): never {
  throw new InternalError(`unexpected ${what}: ${JSON.stringify(value)}`);
}
