import type * as acorn from 'acorn';

import { isClassNode, type ClassNode } from './ast.js';
import { classShape, isConstantKey, isDropped } from './class-shape.js';
import { guardConstruction, privateAccessors } from './driver-copy.js';
import type { Cell, CellScope, ProgramModel, Unit } from './program-model.js';
import { EditList, SourceWriter, type Edit } from './source-writer.js';

/**
 * The copy for tasks: one function expression. Called, it makes an instance of the module scope,
 * an object with
 *
 * - `set` and `get`: by number of a cell,
 * - `fns`: by number of a function, what makes it in this scope (classes take their parent and keys),
 * - `kids`: by number of a scope, what makes an instance of it inside this one,
 * - `make` (module scope only): by number, initialisers of constants,
 * - `raw` (module scope only): switches raw construction.
 *
 * Nothing of the program's top level runs.
 */
export function writeTaskCopy(model: ProgramModel, edits: readonly Edit[]): SourceWriter {
  const copy = new TaskCopy(model, edits);
  copy.program();
  return copy.writer;
}

class TaskCopy {
  readonly writer: SourceWriter;
  readonly #model: ProgramModel;
  readonly #p: string;
  /** Edits that every copy of a piece of text needs, sorted. */
  readonly #common: readonly Edit[];
  readonly #unitsOf = new Map<CellScope, Unit[]>();
  readonly #childrenOf = new Map<CellScope, CellScope[]>();

  constructor(model: ProgramModel, common: readonly Edit[]) {
    this.#model = model;
    this.#p = model.prefix;
    this.#common = common;
    this.writer = new SourceWriter(model.text);
    for (const unit of model.units) {
      if (unit.refusal === undefined) push(this.#unitsOf, unit.scope, unit);
    }
    for (const scope of model.scopes) {
      if (scope.parent !== undefined) push(this.#childrenOf, scope.parent, scope);
    }
  }

  program(): void {
    const p = this.#p;
    this.writer.add(
      `(function(${p}rt){"use strict";const ${p}d=${p}rt.dynamicImport,${p}q=${p}rt.require,${p}P=${p}rt.P,${p}Q=${p}rt.Q;let ${p}raw=false;`,
    );
    this.#scopeBody(this.#model.moduleScope, () => {
      this.writer.add(`raw:v=>{${p}raw=v},make:{`);
      for (const constant of this.#model.constants) {
        if (constant.refusal !== undefined) continue;
        this.writer.add(`${constant.id}:()=>{const `);
        this.#copy(constant.pattern.start, constant.init.end);
        this.writer.add(`;return[${constant.names.join(',')}]},`);
      }
      this.writer.add('},');
    });
    this.writer.add('})');
  }

  #scopeBody(scope: CellScope, more?: () => void): void {
    const { writer } = this;
    const names = scope.cells.map((cell) => cell.name);
    const p = this.#p;
    if (names.length > 0) writer.add(`let ${names.join(',')};`);
    writer.add('return{set:[');
    writer.add(names.map((name) => `${p}v=>{${name}=${p}v}`).join(','));
    writer.add('],get:[');
    writer.add(names.map((name) => `()=>${name}`).join(','));
    writer.add('],fns:{');
    for (const unit of this.#unitsOf.get(scope) ?? []) {
      writer.add(`\n${unit.id}:`);
      this.#unit(unit);
      writer.add(',');
    }
    writer.add('},kids:{');
    for (const child of this.#childrenOf.get(scope) ?? []) {
      writer.add(`\n${child.id}:()=>{`);
      this.#scopeBody(child);
      writer.add('},');
    }
    writer.add('},');
    more?.();
    writer.add('};');
  }

  #unit(unit: Unit): void {
    const { node, property } = unit;
    if (isClassNode(node)) {
      this.#class(node);
      return;
    }
    const own = ownEdits(unit);
    if (property?.computed === true) {
      this.writer.add('()=>({');
      const key = { start: property.key.start, end: property.key.end, text: '"method"' };
      this.#copy(property.start, property.end, [key]);
      this.writer.add('}).method');
      return;
    }
    if (property === undefined) {
      this.writer.add('()=>(');
      this.#copy(node.start, node.end, own);
      this.writer.add(')');
      return;
    }
    const key = this.#model.text.slice(property.key.start, property.key.end);
    const name = property.key.type === 'Identifier' ? JSON.stringify(key) : key;
    if (unit.kind === 'method') {
      this.writer.add('()=>({');
      this.#copy(property.start, property.end, own);
      this.writer.add(`})[${name}]`);
    } else {
      this.writer.add('()=>Object.getOwnPropertyDescriptor({');
      this.#copy(property.start, property.end, own);
      this.writer.add(`},${name}).${unit.kind === 'getter' ? 'get' : 'set'}`);
    }
  }

  /** A class without what only the driver evaluates: parent, computed keys, static data. */
  #class(node: ClassNode): void {
    const p = this.#p;
    const shape = classShape(node);
    const edits = new EditList();
    if (shape.hasParent) edits.replace(node.superClass!.start, node.superClass!.end, `${p}parent`);
    shape.computedKeys.forEach((key, i) => edits.replace(key.start, key.end, `${p}keys[${i}]`));
    edits.insert(node.body.start + 1, privateAccessors(shape, p));
    guardConstruction(shape, p, edits);
    for (const member of node.body.body) {
      if (member.type === 'StaticBlock') edits.replace(member.start, member.end, ';');
      else if (isDropped(member)) this.#dropStatic(member as acorn.PropertyDefinition, edits);
    }
    this.writer.add(`(${p}parent,${p}keys)=>(`);
    this.#copy(node.start, node.end, edits.sorted());
    this.writer.add(')');
  }

  #dropStatic(member: acorn.PropertyDefinition, edits: EditList): void {
    const isPrivate = member.key.type === 'PrivateIdentifier';
    edits.replace(
      member.start,
      member.end,
      isPrivate ? `static #${(member.key as acorn.PrivateIdentifier).name};` : ';',
    );
  }

  #copy(start: number, end: number, own: readonly Edit[] = []): void {
    const common = this.#common.filter((edit) => edit.start >= start && edit.end <= end);
    const replaced = (edit: Edit): boolean =>
      own.some((one) => one.end > one.start && one.start <= edit.start && edit.end <= one.end);
    const edits =
      common.length === 0
        ? own
        : mergeEdits(own, common.filter((edit) => !replaced(edit)));
    this.writer.copyEdited(start, end, edits);
  }
}

/** In an arrow function taken out of its place `this` and its like are cells. */
function ownEdits(unit: Unit): Edit[] {
  return unit.outerThis
    .map(({ start, end, cell }) => ({ start, end, text: cell.name }))
    .sort((a, b) => a.start - b.start);
}

function mergeEdits(a: readonly Edit[], b: readonly Edit[]): Edit[] {
  const merged: Edit[] = [];
  let j = 0;
  for (const edit of a) {
    while (j < b.length && b[j]!.start < edit.start) merged.push(b[j++]!);
    merged.push(edit);
  }
  while (j < b.length) merged.push(b[j++]!);
  return merged;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

export { isConstantKey, type Cell };
