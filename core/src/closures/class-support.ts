import { CorruptDataError } from '../codec/errors.js';
import { privatesKey, type CodeFunction } from './program-metadata.js';

/** What raw construction needs to know of a class. */
export interface ClassTraits {
  /** Its instances have private fields, or public ones that hold functions of their own. */
  readonly needsConstruction: boolean;
  /** Parameters of its constructor. */
  readonly parameters: number;
}

type Constructor = new (...args: unknown[]) => object;
type PrivateAccessor = (object: object, values?: readonly unknown[]) => unknown[];

/** Stands for any argument: every property of it is itself, and it has no elements. */
const anything: unknown = new Proxy(
  function anything() {
    return undefined;
  },
  {
    get: (_target, key) => {
      if (key === Symbol.iterator) return () => [][Symbol.iterator]();
      if (key === Symbol.toPrimitive) return () => '';
      return anything;
    },
    apply: () => anything,
  },
);

/** Classes from the given one up to, and without, the first that is not the program's. */
function ownChain(ofClass: CodeFunction, traitsOf: TraitsOf): CodeFunction[] {
  const chain: CodeFunction[] = [];
  for (let at: unknown = ofClass; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (traitsOf(at as CodeFunction) === undefined) break;
    chain.push(at as CodeFunction);
  }
  return chain;
}

type TraitsOf = (ofClass: CodeFunction) => ClassTraits | undefined;

/** Built-in classes whose instances are complete without arguments. */
const EMPTY_BASES = new Set<unknown>([Object, Array, Map, Set, Error]);

/**
 * An instance that no constructor of the program has worked on: with private fields in place, and
 * with the built-in's inner state that `baseArguments` give.
 *
 * @param setRaw switches the guards that the build put into constructors and field initialisers
 */
export function constructRaw(
  ofClass: CodeFunction,
  base: CodeFunction,
  baseArguments: readonly unknown[],
  traitsOf: TraitsOf,
  setRaw: (on: boolean) => void,
): object {
  const chain = ownChain(ofClass, traitsOf);
  const stamping = chain.filter((one) => traitsOf(one)!.needsConstruction);
  if (stamping.length === 0) return construct(base, baseArguments, ofClass);
  const root: unknown = Object.getPrototypeOf(chain.at(-1)!);
  const parameters = Math.max(...chain.map((one) => traitsOf(one)!.parameters));
  const isPlainChain =
    root === Function.prototype || (root === base && EMPTY_BASES.has(base) && parameters === 0);
  setRaw(true);
  try {
    if (isPlainChain) {
      return construct(ofClass, new Array(parameters).fill(anything), ofClass);
    }
    const target = construct(base, baseArguments, ofClass);
    for (const one of stamping.reverse()) stamp(one, target, traitsOf(one)!.parameters);
    return target;
  } finally {
    setRaw(false);
  }
}

function construct(of: CodeFunction, args: readonly unknown[], newTarget: CodeFunction): object {
  const made: unknown = Reflect.construct(
    of as unknown as Constructor,
    args,
    newTarget as unknown as Constructor,
  );
  return made as object;
}

/** Puts the fields that one derived class declares on an existing object. */
function stamp(ofClass: CodeFunction, target: object, parameters: number): void {
  const parent: unknown = Object.getPrototypeOf(ofClass);
  Object.setPrototypeOf(ofClass, function give() {
    return target;
  });
  try {
    construct(ofClass, new Array(parameters).fill(anything), ofClass);
  } finally {
    Object.setPrototypeOf(ofClass, parent as object);
  }
}

function accessorsOf(ofClass: CodeFunction): PrivateAccessor[] {
  const accessors: PrivateAccessor[] = [];
  for (let at: unknown = ofClass; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(at, privatesKey);
    if (descriptor !== undefined) accessors.push(descriptor.value as PrivateAccessor);
  }
  return accessors;
}

/** Private fields of an instance: those of its class first, then of the parents. */
export function readPrivates(object: object, ofClass: CodeFunction): unknown[] | undefined {
  const accessors = accessorsOf(ofClass);
  if (accessors.length === 0) return undefined;
  return accessors.flatMap((accessor) => accessor(object));
}

export function writePrivates(
  object: object,
  ofClass: CodeFunction,
  values: readonly unknown[],
): void {
  let at = 0;
  for (const accessor of accessorsOf(ofClass)) {
    const count = accessor(object).length;
    if (at + count > values.length) throw new CorruptDataError('private fields are missing');
    accessor(object, values.slice(at, at + count));
    at += count;
  }
}
