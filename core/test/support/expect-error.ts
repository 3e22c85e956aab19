import { AssertionError } from 'chai';

/** What the promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error;
  }
  throw new AssertionError(`expected a rejection, and it resolved to ${String(value)}`);
}

/** What the call throws at once; fails when it does not. */
export function thrown(call: () => unknown): Error {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return error as Error;
  }
  throw new AssertionError(`expected an error, and the call returned ${String(value)}`);
}
