export const SNAPSHOT_VERSION = 2;

/** Nodes of the value encoding that stand for code, scopes and references. */
export const Extension = {
  /** unit, scope; later: cells, properties. */
  FUNCTION: 0,
  /** unit, identity, scope, parent, keys; later: cells, statics. */
  CLASS: 1,
  /** scope number, home, thread id, parent. */
  SCOPE: 2,
  /** class, place, key. */
  MEMBER: 3,
  /** import, path of names. */
  IMPORT: 4,
  BROADCAST: 5,
  ACCUMULATOR: 6,
  /** id, function. */
  EXECUTOR_LOCAL: 7,
  /** constant, place. */
  CONSTANT: 8,
  /** class. */
  PROTOTYPE: 9,
  /** unit, identity, state as bytes: a class named by a record. */
  CLASS_NAME: 10,
  /** later: cells. */
  CONSTANT_INPUTS: 11,
  /** name, arguments: a function of the engine. */
  ENGINE_FUNCTION: 12,
} as const;

/** Where an instance of a scope lives in a task thread. */
export const Home = {
  /** One per closure and pipeline step: functions. */
  STEP: 0,
  /** One per thread: classes, and what shares reassigned bindings with them. */
  THREAD: 1,
} as const;

/** How a cell arrives: with a value, without one, or with what its first use throws. */
export const CellState = { VALUE: 0, UNINITIALISED: 1, WITHHELD: 2 } as const;

/** Flags of the content of a function or class. */
export const FunctionContent = {
  PROPERTIES: 1,
  PROTOTYPE: 2,
  PARENT: 4,
  STATIC_PRIVATES: 8,
} as const;

/** Place of a member of a class. */
export const MemberPlace = { STATIC: 1, GETTER: 2, SETTER: 4 } as const;

/** Which of a property's three parts a member is. */
export function memberKindOf(place: number): 'value' | 'get' | 'set' {
  if ((place & MemberPlace.GETTER) !== 0) return 'get';
  return (place & MemberPlace.SETTER) !== 0 ? 'set' : 'value';
}
