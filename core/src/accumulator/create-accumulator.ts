import { ArgumentError } from '@heddle/common';
import { captureCallSite, captureClosure } from '../closures/index.js';
import type { DriverCore } from '../context/driver-core.js';
import { checkFinite, checkFunction } from '../rdd/arguments.js';
import { DriverAccumulator, type AccumulatorInit } from './accumulator.js';
import { collectionParam, sumParam, type AccumulatorParam } from './accumulator-param.js';

/** What an accumulator starts from: a number, a list, or the program's own param. */
export type AccumulatorStart = number | 'collection' | AccumulatorParam<unknown, unknown>;

/** Makes an accumulator and registers it with the application. @throws ArgumentError, ClosureError */
export function createAccumulator(
  core: DriverCore,
  operator: string,
  start: AccumulatorStart,
  name: string | undefined,
): DriverAccumulator<unknown, unknown> {
  core.checkRunning();
  if (name !== undefined && typeof name !== 'string') {
    throw new ArgumentError(`${operator}: name must be a text, and is ${String(name)}`);
  }
  const init = initOf(operator, start);
  const accumulator = new DriverAccumulator({
    id: core.accumulators.nextId(),
    name,
    ...init,
    checkRunning: () => core.checkRunning(),
  });
  core.accumulators.add(accumulator);
  return accumulator;
}

function initOf(
  operator: string,
  start: AccumulatorStart,
): Omit<AccumulatorInit<unknown, unknown>, 'id' | 'name' | 'checkRunning'> {
  if (start === 'collection') {
    const param = collectionParam as AccumulatorParam<unknown, unknown>;
    return { kind: 'collection', param };
  }
  if (typeof start === 'number') {
    const param = sumParam as AccumulatorParam<unknown, unknown>;
    return { kind: 'sum', param, initial: checkFinite(start, operator, 'initial') };
  }
  checkParam(operator, start);
  const closure = captureClosure([start], captureCallSite(operator));
  return { kind: 'custom', param: start, closure };
}

/** @throws ArgumentError */
function checkParam(operator: string, param: unknown): void {
  if (typeof param !== 'object' || param === null || !('zero' in param)) {
    throw new ArgumentError(
      `${operator}: give a number to begin with, or { zero, add, merge }, not ${String(param)}`,
    );
  }
  for (const name of ['add', 'merge'] as const) {
    checkFunction(Reflect.get(param, name), operator, name);
  }
}
