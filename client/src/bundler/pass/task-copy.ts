import { Script } from 'node:vm';

import type * as acorn from 'acorn';

import { isClassNode, type ClassNode } from './ast.js';
import { classShape, isDropped } from './class-shape.js';
import { guardConstruction, privateAccessors } from './driver-copy.js';
import type { Cell, CellScope, PrivateUse, ProgramModel, SuperUse, Unit } from './program-model.js';
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

/**
 * The task copy, compiled once to see that it can be. One function that cannot stand outside its
 * place would spoil all: such functions are found one by one, and refused if they are captured.
 */
export function writeCheckedTaskCopy(model: ProgramModel, edits: readonly Edit[]): SourceWriter {
  const whole = writeTaskCopy(model, edits);
  if (syntaxErrorOf(whole.toString()) === undefined) return whole;
  for (const unit of model.units) {
    if (unit.refusal !== undefined) continue;
    const copy = new TaskCopy(model, edits);
    copy.unit(unit);
    const error = syntaxErrorOf(`(function(){"use strict";({\n0:${copy.writer.toString()}})})`);
    if (error !== undefined)
      unit.refusal = `it cannot stand outside of the code around it (${error})`;
  }
  return writeTaskCopy(model, edits);
}

function syntaxErrorOf(text: string): string | undefined {
  try {
    new Script(text);
    return undefined;
  } catch (error) {
    return error instanceof SyntaxError ? error.message : undefined;
  }
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
      `(function(${p}rt){"use strict";const ${p}d=${p}rt.dynamicImport,${p}q=${p}rt.require,${p}P=${p}rt.P,${p}Q=${p}rt.Q,${p}W=${p}rt.W;let ${p}raw=false;const ${p}access=c=>{const W=c[${p}W],access=o=>o==null?o:new W(o);access.owner=c;return access};`,
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
    if (names.length > 0) writer.add(`var ${names.join(',')};`);
    writer.add('return{set:[');
    writer.add(
      scope.cells
        .map(
          ({ kind, name }) =>
            `${p}v=>{${name}=${kind === 'class' ? `${p}access(${p}v)` : `${p}v`}}`,
        )
        .join(','),
    );
    writer.add('],get:[');
    writer.add(
      scope.cells
        .map(({ kind, name }) => (kind === 'class' ? `()=>${name}.owner` : `()=>${name}`))
        .join(','),
    );
    writer.add('],fns:{');
    for (const unit of this.#unitsOf.get(scope) ?? []) {
      writer.add(`\n${unit.id}:`);
      this.unit(unit);
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

  unit(unit: Unit): void {
    const { node, property } = unit;
    if (isClassNode(node)) {
      this.#class(node, unit);
      return;
    }
    const own = ownEdits(unit, this.#model.text);
    if (property === undefined) {
      this.writer.add('()=>(');
      this.#copy(node.start, node.end, own);
      this.writer.add(')');
      return;
    }
    const { key } = property;
    let name = this.#model.text.slice(key.start, key.end);
    if (property.computed) {
      // Only the driver knows the name; here any will do.
      name = '"member"';
      own.unshift({ start: key.start, end: key.end, text: name });
    } else if (key.type === 'Identifier') {
      name = JSON.stringify(name);
    }
    const part = unit.kind === 'getter' ? 'get' : unit.kind === 'setter' ? 'set' : 'value';
    this.writer.add('()=>Object.getOwnPropertyDescriptor({');
    this.#copy(property.start, property.end, own);
    this.writer.add(`},${name}).${part}`);
  }

  /** A class without what only the driver evaluates: parent, computed keys, static data. */
  #class(node: ClassNode, unit: Unit): void {
    const p = this.#p;
    const shape = classShape(node);
    const edits = new EditList();
    if (shape.hasParent) edits.replace(node.superClass!.start, node.superClass!.end, `${p}parent`);
    shape.computedKeys.forEach((key, i) => edits.replace(key.start, key.end, `${p}keys[${i}]`));
    edits.insert(
      node.body.start + 1,
      privateAccessors(shape, p) + (unit.givesAccess ? accessClass(node, p) : ''),
    );
    for (const edit of ownEdits(unit, this.#model.text))
      edits.replace(edit.start, edit.end, edit.text);
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
        : mergeEdits(
            own,
            common.filter((edit) => !replaced(edit)),
          );
    this.writer.copyEdited(start, end, edits);
  }
}

/**
 * What a function needs when it stands elsewhere: in arrow functions `this` and its like are cells,
 * and private names of a class around are reached through an object that the class makes.
 */
function ownEdits(unit: Unit, text: string): Edit[] {
  const edits: Edit[] = unit.outerThis.map(({ start, end, cell }) => ({
    start,
    end,
    text: cell.name,
  }));
  for (const { node, cell } of unit.privateUses) edits.push(...privateEdits(node, cell, text));
  for (const { node, cell, receiver } of unit.superUses) {
    edits.push(...superEdits(node, cell, receiver, text));
  }
  return edits.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** `object.#name` becomes `access(object).p_name`; parentheses around the object stay where they are. */
function privateEdits(node: PrivateUse, cell: Cell, text: string): Edit[] {
  if (node.type === 'BinaryExpression') {
    const { name } = node.left as acorn.PrivateIdentifier;
    const right = text.indexOf('in', node.left.end) + 'in'.length;
    return [
      { start: node.start, end: right, text: `${cell.name}(` },
      { start: node.end, end: node.end, text: `).has("${name}")` },
    ];
  }
  const { name } = node.property as acorn.PrivateIdentifier;
  const operator = node.optional ? '?.' : '.';
  const at = text.lastIndexOf(operator, node.property.start);
  return [
    { start: node.start, end: node.start, text: `${cell.name}(` },
    { start: at, end: node.end, text: `)${operator}p_${name}` },
  ];
}

/** `super.m(x)` becomes `home(C).m.call(this, x)`, and `super.x` becomes `Reflect.get(home(C), "x", this)`. */
function superEdits(
  { member, call, isStatic }: SuperUse,
  cell: Cell,
  receiver: Cell,
  text: string,
): Edit[] {
  const home = `Object.getPrototypeOf(${cell.name}.owner${isStatic ? '' : '.prototype'})`;
  if (call !== undefined && !call.optional && !member.optional) {
    const parenthesis = text.indexOf('(', member.end) + 1;
    const opening = `.call(${receiver.name}${call.arguments.length === 0 ? '' : ','}`;
    return [
      { start: member.object.start, end: member.object.end, text: home },
      { start: member.end, end: parenthesis, text: opening },
    ];
  }
  if (!member.computed) {
    const { name } = member.property as acorn.Identifier;
    const get = `Reflect.get(${home},"${name}",${receiver.name})`;
    return [{ start: member.start, end: member.end, text: get }];
  }
  const bracket = text.indexOf('[', member.object.end) + 1;
  return [
    { start: member.start, end: bracket, text: `Reflect.get(${home},` },
    { start: member.end - 1, end: member.end, text: `,${receiver.name})` },
  ];
}

/** A class inside the class: its instances give what is private of one object. */
function accessClass(node: ClassNode, p: string): string {
  const members: string[] = [];
  const test: string[] = [];
  for (const member of node.body.body) {
    if (member.type === 'StaticBlock' || member.key.type !== 'PrivateIdentifier') continue;
    const { name } = member.key;
    if (!test.some((one) => one.startsWith(`case"${name}"`)))
      test.push(`case"${name}":return #${name} in this.o;`);
    if (member.type === 'MethodDefinition' && member.kind === 'method') {
      members.push(`get p_${name}(){const o=this.o;return(...a)=>o.#${name}(...a)}`);
      continue;
    }
    const kind = member.type === 'PropertyDefinition' ? 'field' : member.kind;
    if (kind !== 'set') members.push(`get p_${name}(){return this.o.#${name}}`);
    if (kind !== 'get') members.push(`set p_${name}(v){this.o.#${name}=v}`);
  }
  return `static[${p}W]=class{constructor(o){this.o=o}has(n){switch(n){${test.join('')}}}${members.join('')}};`;
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
