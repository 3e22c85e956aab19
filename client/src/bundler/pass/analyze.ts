import * as acorn from 'acorn';
import { analyze as analyzeScopes, type Reference, type Scope, type Variable } from 'eslint-scope';

import { isClassNode, type ClassNode, type Node, isPresent } from './ast.js';
import { CellScopes } from './cell-scopes.js';
import { findConstants } from './constants.js';
import { judgeWrites } from './lost-writes.js';
import type { Cell, CellScope, ProgramModel, Unit } from './program-model.js';
import type { OwnerReference, PrivateReference, SuperReference } from './unit-references.js';
import { collectUnits } from './units.js';

/** What the flat program's import declarations stand for. */
export interface ImportNumbers {
  /** Number of an import specifier in the import table; undefined for others. */
  numberOf(specifier: string): number | undefined;
  isNodeBuiltin(index: number): boolean;
}

export interface Analysis {
  readonly model: ProgramModel;
  /** What the program may not contain; `at` is an offset in the flat program. */
  readonly problems: readonly { readonly text: string; readonly at: number }[];
}

/**
 * Finds functions, classes and captured bindings of the flat program (all of the user's modules in
 * one text, imports of packages left in place).
 */
export function analyzeProgram(text: string, imports: ImportNumbers): Analysis {
  const ast = acorn.parse(text, { ecmaVersion: 'latest', sourceType: 'module', ranges: true });
  const manager = analyzeScopes(ast as never, { ecmaVersion: 2025, sourceType: 'module' });
  const found = collectUnits(ast, text);
  const scopes = new CellScopes(text, manager, freePrefix(text), imports);

  for (const scope of manager.scopes) {
    for (const reference of scope.references) {
      if (reference.resolved !== null) {
        resolveReference(reference, reference.resolved, found.unitOf, scopes);
      }
    }
  }
  for (const reference of found.ownerReferences) resolveOwner(reference, scopes);
  for (const reference of found.privateReferences) resolvePrivate(reference, scopes);
  for (const reference of found.superReferences) resolveSuper(reference, scopes);
  judgeWrites(found);
  scopes.settle();
  for (const unit of found.units) chooseScope(unit, scopes.moduleScope);
  const constants = findConstants(ast, manager, scopes, imports);
  spreadThreadHome(found.units);
  return {
    model: {
      text,
      units: found.units,
      unitOf: found.unitOf,
      scopes: scopes.settle(),
      moduleScope: scopes.moduleScope,
      constants,
      body: ast.body,
      declarations: found.declarations,
      moduleCalls: found.moduleCalls,
      prefix: scopes.prefix,
    },
    problems: found.problems,
  };
}

/** Adds the variable to what every function between the reference and the declaration captures. */
function resolveReference(
  reference: Reference,
  variable: Variable,
  unitOf: ReadonlyMap<Node, Unit>,
  scopes: CellScopes,
): void {
  const declaring = variable.scope;
  const at = (reference.identifier as unknown as Node).start;
  const capturing: Unit[] = [];
  let innermost: Scope | undefined;
  for (
    let scope: Scope | null = reference.from;
    scope !== null && scope !== declaring;
    scope = scope.upper
  ) {
    if (scope.type === 'function-expression-name') continue;
    if (isHolder(scope)) innermost = scope;
    const unit = unitOf.get(scope.block as unknown as Node);
    if (unit === undefined || (scope.type !== 'function' && scope.type !== 'class')) continue;
    // A function's own name is bound inside it: it does not capture itself.
    if (declaring.type === 'function-expression-name' && declaring.block === scope.block) continue;
    if (unit.kind === 'class' && isDroppedFromClass(unit, at)) continue;
    capturing.push(unit);
  }
  if (capturing.length === 0) return;
  const cell = scopes.cellOf(variable, innermost);
  if (cell === undefined) {
    for (const unit of capturing)
      unit.refusal ??= `it refers to the class ${variable.name} while that is being made`;
    return;
  }
  for (const unit of capturing) {
    unit.captured.add(cell);
    if (cell.kind === 'arguments') {
      unit.outerThis.push({ start: at, end: (reference.identifier as unknown as Node).end, cell });
    }
    if (reference.isWrite() && !reference.init) {
      unit.writes.push({ cell, at, isRead: false, readers: new Set() });
    }
    if (unit.kind === 'class' && isConstruction(unit.node as ClassNode, at))
      unit.constructs.add(cell);
  }
}

/** Scopes in which a runtime scope object can be made. */
function isHolder(scope: Scope): boolean {
  return (
    scope.type === 'function' ||
    scope.type === 'class-field-initializer' ||
    scope.type === 'class-static-block'
  );
}

/**
 * Parts of a class that its copy for tasks does not have: initialisers of static fields and static
 * blocks (static data travels by value), computed keys (they travel too).
 */
function isDroppedFromClass(unit: Unit, at: number): boolean {
  if (!isClassNode(unit.node)) return false;
  for (const member of unit.node.body.body) {
    if (at < member.start || at >= member.end) continue;
    if (member.type === 'StaticBlock') return true;
    if (member.computed && at >= member.key.start && at < member.key.end) return true;
    return (
      member.type === 'PropertyDefinition' &&
      member.static &&
      isPresent(member.value) &&
      at >= member.value.start
    );
  }
  return false;
}

/** Whether a place in a class is part of what makes its instances. */
function isConstruction(node: ClassNode, at: number): boolean {
  const member = node.body.body.find((one) => at >= one.start && at < one.end);
  if (member?.type === 'MethodDefinition') return member.kind === 'constructor';
  return member?.type === 'PropertyDefinition' && !member.static;
}

function resolveOwner(reference: OwnerReference, scopes: CellScopes): void {
  const cell = scopes.ownerCell(reference.owner, reference.kind);
  for (const unit of reference.through) {
    unit.captured.add(cell);
    unit.outerThis.push({ start: reference.start, end: reference.end, cell });
  }
}

function resolvePrivate(reference: PrivateReference, scopes: CellScopes): void {
  const { node, ofClass, holder, through } = reference;
  const cell = scopes.classCell(holder, ofClass);
  if (cell === undefined) {
    for (const unit of through) {
      unit.refusal ??= 'it uses private names of a class whose own name is hidden where it stands';
    }
    return;
  }
  ofClass.givesAccess = true;
  for (const unit of through) {
    unit.captured.add(cell);
    unit.privateUses.push({ node, cell });
  }
}

function resolveSuper(reference: SuperReference, scopes: CellScopes): void {
  const { node, ofClass, holder, through } = reference;
  const cell = scopes.classCell(holder, ofClass);
  const receiver = scopes.ownerCell(holder, 'this');
  for (const unit of through) {
    if (cell === undefined) {
      unit.refusal ??= 'it uses super of a class whose own name is hidden where it stands';
      continue;
    }
    unit.captured.add(cell).add(receiver);
    unit.superUses.push({ node, cell, receiver });
  }
  ofClass.givesAccess = true;
}

function chooseScope(unit: Unit, moduleScope: CellScope): void {
  unit.scope = moduleScope;
  let depth = 0;
  for (const { scope } of unit.captured) {
    const own = depthOf(scope);
    if (own > depth) {
      depth = own;
      unit.scope = scope;
    }
  }
}

function depthOf(scope: CellScope): number {
  let depth = 0;
  for (let at = scope.parent; at !== undefined; at = at.parent) depth++;
  return depth;
}

/**
 * Classes are made once per thread, other functions once per pipeline step. A reassigned binding
 * must exist once, so whatever touches one that a class touches lives with the class.
 */
function spreadThreadHome(units: readonly Unit[]): void {
  const shared = new Set<Cell>();
  const adopt = (unit: Unit): void => {
    unit.threadHome = true;
    for (const cell of unit.captured) if (cell.reassigned) shared.add(cell);
  };
  for (const unit of units) if (unit.kind === 'class') adopt(unit);
  for (const cell of shared) cell.isShared = true;
  for (let before = -1; before !== shared.size;) {
    before = shared.size;
    for (const unit of units) {
      if (!unit.threadHome && [...unit.captured].some((cell) => shared.has(cell))) adopt(unit);
    }
  }
}

function freePrefix(text: string): string {
  for (let i = 0; ; i++) {
    const prefix = i === 0 ? '$h_' : `$h${i}_`;
    if (!text.includes(prefix)) return prefix;
  }
}
