import type { Scope, ScopeManager } from 'eslint-scope';
import type * as acorn from 'acorn';

import type { ImportNumbers } from './analyze.js';
import {
  childrenOf,
  isClassNode,
  isFunctionNode,
  namesOfPattern,
  type Node,
  isPresent,
} from './ast.js';
import type { CellScopes } from './cell-scopes.js';
import type { Cell, MadeConstant } from './program-model.js';
import { IMPORT_META_NAME } from './units.js';

/** Globals that mean the same in every process; others have state or handles of their own. */
const PURE_GLOBALS = new Set([
  'AggregateError',
  'Array',
  'ArrayBuffer',
  'Atomics',
  'BigInt',
  'BigInt64Array',
  'BigUint64Array',
  'Boolean',
  'Buffer',
  'DataView',
  'Date',
  'Error',
  'EvalError',
  'Float32Array',
  'Float64Array',
  'Function',
  'Infinity',
  'Int16Array',
  'Int32Array',
  'Int8Array',
  'Intl',
  'Iterator',
  'JSON',
  'Map',
  'Math',
  'NaN',
  'Number',
  'Object',
  'Proxy',
  'RangeError',
  'ReferenceError',
  'Reflect',
  'RegExp',
  'Set',
  'String',
  'Symbol',
  'SyntaxError',
  'TextDecoder',
  'TextEncoder',
  'TypeError',
  'URIError',
  'URL',
  'URLSearchParams',
  'Uint16Array',
  'Uint32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'WeakMap',
  'WeakRef',
  'WeakSet',
  'WebAssembly',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'isFinite',
  'isNaN',
  'parseFloat',
  'parseInt',
  'structuredClone',
  'undefined',
]);

/**
 * Module-level constants that somebody captures, with their initialisers: a task thread can make
 * them again when their value cannot travel (a schema, a compiled template).
 */
export function findConstants(
  program: acorn.Program,
  manager: ScopeManager,
  scopes: CellScopes,
  imports: ImportNumbers,
): MadeConstant[] {
  const moduleScope = manager.scopes.find((scope) => scope.type === 'module')!;
  const candidates: { constant: MadeConstant; cells: Cell[] }[] = [];
  const declarations = program.body.filter((node) => node.type === 'VariableDeclaration');
  const references = new ReferenceIndex(manager);

  // Initialisers capture too: constants may pull in others, so take them until nothing is new.
  const pending = new Map<acorn.VariableDeclarator, readonly string[]>();
  for (const declaration of declarations) {
    for (const declarator of declaration.declarations) {
      const { init } = declarator;
      if (isPresent(init) && makesSomething(init))
        pending.set(declarator, namesOfPattern(declarator.id));
    }
  }
  for (let progress = true; progress;) {
    progress = false;
    const captured = new Map(
      scopes.moduleScope.cells.map((cell) => [cell.variable, cell] as const),
    );
    for (const [declarator, names] of pending) {
      const cells = names
        .map((name) => captured.get(moduleScope.set.get(name)))
        .filter((cell) => cell !== undefined);
      if (cells.length === 0 && refusalOfSyntax(declarator.init!) !== undefined) continue;
      pending.delete(declarator);
      progress = true;
      for (const name of cells.length === 0 ? names : []) {
        const variable = moduleScope.set.get(name);
        const cell = variable === undefined ? undefined : scopes.cellOf(variable, undefined);
        if (cell !== undefined) cells.push(cell);
      }
      const constant: MadeConstant = {
        id: candidates.length,
        declarator: { start: declarator.start, end: declarator.end },
        pattern: declarator.id,
        init: declarator.init!,
        names,
        cells: new Set(),
        refusal: refusalOfSyntax(declarator.init!),
      };
      if (cells.some((cell) => cell.reassigned)) constant.refusal ??= 'it is assigned again';
      collectReferences(constant, references, moduleScope, scopes, imports);
      for (const cell of cells) cell.make = constant;
      candidates.push({ constant, cells });
    }
  }
  return candidates.map(({ constant }) => constant);
}

/** Whether an initialiser calls something: else it only passes on what is there already. */
function makesSomething(init: Node): boolean {
  if (isFunctionNode(init) || isClassNode(init)) return false;
  return (
    init.type === 'CallExpression' ||
    init.type === 'NewExpression' ||
    init.type === 'TaggedTemplateExpression' ||
    childrenOf(init).some(makesSomething)
  );
}

class ReferenceIndex {
  readonly #sorted: { readonly at: number; readonly reference: Scope['references'][number] }[];

  constructor(manager: ScopeManager) {
    this.#sorted = manager.scopes
      .flatMap((scope) => scope.references)
      .map((reference) => ({ at: (reference.identifier as unknown as Node).start, reference }))
      .sort((a, b) => a.at - b.at);
  }

  within(start: number, end: number): Scope['references'][number][] {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.at < start) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (; low < this.#sorted.length && this.#sorted[low]!.at < end; low++) {
      found.push(this.#sorted[low]!.reference);
    }
    return found;
  }
}

function collectReferences(
  constant: MadeConstant,
  references: ReferenceIndex,
  moduleScope: Scope,
  scopes: CellScopes,
  imports: ImportNumbers,
): void {
  const { start } = constant.declarator;
  const { end } = constant.init;
  for (const reference of references.within(start, end)) {
    const variable = reference.resolved;
    if (variable === null) {
      const { name } = reference.identifier;
      if (!PURE_GLOBALS.has(name)) constant.refusal ??= `its initialiser uses ${name}`;
      continue;
    }
    if (variable.scope !== moduleScope || constant.names.includes(variable.name)) continue;
    const cell = scopes.cellOf(variable, undefined);
    if (cell === undefined) continue;
    constant.cells.add(cell);
    if (cell.import !== undefined && imports.isNodeBuiltin(cell.import.index)) {
      constant.refusal ??= `its initialiser uses ${variable.name} of one of Node's own modules`;
    } else if (cell.reassigned) {
      constant.refusal ??= `its initialiser uses ${variable.name}, which is assigned more than once`;
    }
  }
}

function refusalOfSyntax(node: Node): string | undefined {
  switch (node.type) {
    case 'AwaitExpression':
      return 'its initialiser uses await';
    case 'MetaProperty':
      return 'its initialiser uses import.meta';
    case 'ImportExpression':
      return 'its initialiser uses import()';
    case 'Identifier':
      return node.name.startsWith(IMPORT_META_NAME)
        ? 'its initialiser uses import.meta'
        : undefined;
    default:
  }
  if (isFunctionNode(node)) return undefined;
  for (const child of childrenOf(node)) {
    const refusal = refusalOfSyntax(child);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
