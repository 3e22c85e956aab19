/** What the promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error(`expected a rejection, and it resolved to ${String(value)}`);
}

/** The error of the task that made the job fail. */
export async function taskError(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  const failure = await rejection(promise);
  if (failure.code !== 'JOB_FAILED' || !(failure.cause instanceof Error)) {
    throw new Error(`expected a JobFailedError with a cause, and it is ${String(failure)}`, {
      cause: failure,
    });
  }
  return failure.cause;
}

/** What the call throws at once; fails when it does not. */
export function thrown(call: () => unknown): Error & { code?: unknown } {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return error as Error;
  }
  throw new Error(`expected an error, and the call returned ${String(value)}`);
}
