import type { Scope, ScopeManager, Variable } from 'eslint-scope';

import type { ImportNumbers } from './analyze.js';
import { afterArrow, isFunctionNode, type Node } from './ast.js';
import type { Cell, CellKind, CellScope, ScopeEntry, Unit } from './program-model.js';

/** Turns scopes of the language into scopes with cells, as captures ask for them. */
export class CellScopes {
  readonly moduleScope: CellScope;
  readonly prefix: string;
  readonly #text: string;
  readonly #manager: ScopeManager;
  readonly #imports: ImportNumbers;
  readonly #byScope = new Map<Scope, MutableCellScope>();
  readonly #byVariable = new Map<Variable, Map<CellScope, Cell>>();
  readonly #byOwner = new Map<CellScope, Map<CellKind, Cell>>();
  readonly #moduleOf: Scope;

  constructor(text: string, manager: ScopeManager, prefix: string, imports: ImportNumbers) {
    this.#text = text;
    this.#manager = manager;
    this.#imports = imports;
    this.prefix = prefix;
    this.#moduleOf = manager.scopes.find((scope) => scope.type === 'module')!;
    const moduleScope: MutableCellScope = {
      id: -1,
      parent: undefined,
      cells: [],
      entry: { kind: 'declared', at: 0, to: text.length },
    };
    this.moduleScope = moduleScope;
    this.#byScope.set(this.#moduleOf, moduleScope);
  }

  /** All of them, parents first; gives numbers and parents, so that depths can be compared. */
  settle(): readonly CellScope[] {
    const scopes = [...this.#byScope].sort(([a], [b]) => depthOf(a) - depthOf(b));
    scopes.forEach(([scope, cellScope], id) => {
      cellScope.id = id;
      cellScope.parent = this.#parentOf(scope);
    });
    return scopes.map(([, cellScope]) => cellScope);
  }

  /**
   * Cell of a variable. `innermost` is the function scope through which a class's own name is
   * reached: that name has no statement of its own to be read from.
   */
  cellOf(variable: Variable, innermost: Scope | undefined): Cell | undefined {
    let holder: Scope | undefined = variable.scope;
    if (holder.type === 'class') holder = innermost;
    else if (holder.type === 'function-expression-name') holder = this.#functionScopeOf(holder);
    if (holder === undefined) return undefined;
    const scope = this.#cellScope(holder);
    const known = this.#byVariable.get(variable)?.get(scope);
    if (known !== undefined) return known;
    const isArguments = variable.name === 'arguments' && variable.defs.length === 0;
    const cell: Cell = {
      scope,
      index: scope.cells.length,
      kind: isArguments ? 'arguments' : 'variable',
      name: isArguments ? `${this.prefix}arguments` : variable.name,
      declaredAt: (variable.identifiers[0] as unknown as Node | undefined)?.start ?? 0,
      reassigned: isReassigned(variable),
      variable,
      ofClass: undefined,
      import: this.#importOf(variable),
      make: undefined,
      isShared: false,
    };
    scope.cells.push(cell);
    const byScope = this.#byVariable.get(variable) ?? new Map<CellScope, Cell>();
    byScope.set(scope, cell);
    this.#byVariable.set(variable, byScope);
    return cell;
  }

  /** Cell of `this` or `new.target` of a function, field initialiser or static block. */
  ownerCell(owner: Node, kind: 'this' | 'newTarget'): Cell {
    const scope = this.#cellScope(this.#scopeOfOwner(owner));
    const cells = this.#byOwner.get(scope) ?? new Map<CellKind, Cell>();
    this.#byOwner.set(scope, cells);
    const known = cells.get(kind);
    if (known !== undefined) return known;
    const cell: Cell = {
      scope,
      index: scope.cells.length,
      kind,
      name: `${this.prefix}${kind}`,
      declaredAt: owner.start,
      reassigned: false,
      variable: undefined,
      ofClass: undefined,
      import: undefined,
      make: undefined,
      isShared: false,
    };
    scope.cells.push(cell);
    cells.set(kind, cell);
    return cell;
  }

  /**
   * Cell of the class around a method, field initialiser or static block; undefined when its name
   * means something else there.
   */
  classCell(holder: Node, ofClass: Unit): Cell | undefined {
    const holderScope = this.#scopeOfOwner(holder);
    const name = ofClass.node.id?.name;
    if (name !== undefined && holderScope.set.has(name)) return undefined;
    const scope = this.#cellScope(holderScope);
    const known = scope.cells.find((cell) => cell.ofClass === ofClass);
    if (known !== undefined) return known;
    const cell: Cell = {
      scope,
      index: scope.cells.length,
      kind: 'class',
      name: `${this.prefix}A${ofClass.id}`,
      declaredAt: ofClass.node.start,
      reassigned: false,
      variable: undefined,
      ofClass,
      import: undefined,
      make: undefined,
      isShared: false,
    };
    scope.cells.push(cell);
    return cell;
  }

  #functionScopeOf(nameScope: Scope): Scope | undefined {
    return nameScope.childScopes.find((child) => child.block === nameScope.block);
  }

  #scopeOfOwner(owner: Node): Scope {
    const scopes = this.#manager.scopes.filter((scope) => (scope.block as unknown) === owner);
    const found = scopes.find(
      (scope) => scope.type === 'class-field-initializer' || scope.type === 'class-static-block',
    );
    return found ?? scopes.find((scope) => scope.type === 'function')!;
  }

  #cellScope(scope: Scope): MutableCellScope {
    const known = this.#byScope.get(scope);
    if (known !== undefined) return known;
    const made: MutableCellScope = {
      id: -1,
      parent: undefined,
      cells: [],
      entry: this.#entryOf(scope),
    };
    this.#byScope.set(scope, made);
    return made;
  }

  #parentOf(scope: Scope): CellScope | undefined {
    for (let at = scope.upper; at !== null; at = at.upper) {
      const parent = this.#byScope.get(at);
      if (parent !== undefined) return parent;
    }
    return undefined;
  }

  #entryOf(scope: Scope): ScopeEntry {
    const block = scope.block as unknown as Node;
    switch (scope.type) {
      case 'function': {
        if (!isFunctionNode(block)) break;
        if (block.body.type === 'BlockStatement') {
          return { kind: 'declared', at: block.body.start + 1, to: block.body.end };
        }
        const at = afterArrow(this.#text, block as never);
        return { kind: 'declared', at, to: block.end };
      }
      case 'block':
        return { kind: 'declared', at: block.start + 1, to: block.end };
      case 'for':
        if ('body' in block && !Array.isArray(block.body)) {
          const body = block.body as Node;
          const at = body.type === 'BlockStatement' ? body.start + 1 : body.start;
          return { kind: 'declared', at, to: body.end };
        }
        break;
      case 'catch':
        if (block.type === 'CatchClause') {
          return { kind: 'declared', at: block.body.start + 1, to: block.end };
        }
        break;
      case 'class-static-block':
        return { kind: 'declared', at: this.#text.indexOf('{', block.start) + 1, to: block.end };
      case 'switch':
        return { kind: 'lazy', at: block.start, to: block.end };
      default:
    }
    return { kind: 'inline' };
  }

  #importOf(variable: Variable): Cell['import'] {
    if (variable.scope !== this.#moduleOf) return undefined;
    const definition = variable.defs[0];
    if (definition?.type !== 'ImportBinding') return undefined;
    const declaration = definition.parent as unknown as { source: { value: string } };
    const index = this.#imports.numberOf(declaration.source.value);
    if (index === undefined) return undefined;
    const specifier = definition.node as unknown as {
      type: string;
      imported?: { name?: string; value?: string };
    };
    if (specifier.type === 'ImportNamespaceSpecifier') return { index, exportName: '*' };
    if (specifier.type === 'ImportDefaultSpecifier') return { index, exportName: 'default' };
    return { index, exportName: specifier.imported?.name ?? specifier.imported?.value ?? '' };
  }
}

interface MutableCellScope extends CellScope {
  id: number;
  parent: CellScope | undefined;
}

function depthOf(scope: Scope): number {
  let depth = 0;
  for (let at = scope.upper; at !== null; at = at.upper) depth++;
  return depth;
}

function isReassigned(variable: Variable): boolean {
  if (variable.defs.length > 1) return true;
  return variable.references.some((reference) => reference.isWrite() && reference.init !== true);
}
