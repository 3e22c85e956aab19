import { isClassNode, type ClassNode, type Node, isPresent } from './ast.js';
import { classShape } from './class-shape.js';
import type { Cell, CellScope, ProgramModel, Unit } from './program-model.js';
import { EditList, SourceWriter } from './source-writer.js';
import { containsFunction } from './syntax.js';

/** What the driver copy needs besides the model. */
export interface DriverCopyOptions {
  /** Text put ahead of everything, on one line: imports, and a call that registers the program. */
  readonly header: string;
  /** Replacements that imports need. */
  readonly importEdits: readonly {
    readonly start: number;
    readonly end: number;
    readonly text: string;
  }[];
  /** Starts of top-level `var` statements that were `let`, `const` or `class` in the source. */
  readonly lexicalDeclarations: readonly number[];
}

/**
 * The copy that the driver runs: every function and class is tagged where it is made, every scope
 * with captured bindings has an object that reads them.
 *
 * Names of the runtime, after the program's prefix: `f` tags a function, `c` a class, `o`
 * accessors (and some methods) of an object literal, `m` makes a method under a computed name, `s` makes a scope, `k` keeps a computed key, `raw` is true while
 * an instance is made without its constructor's work, `P` and `Q` are the keys of the accessors of
 * private fields.
 */
export function writeDriverCopy(model: ProgramModel, options: DriverCopyOptions): SourceWriter {
  const copy = new DriverCopy(model);
  copy.collect(options);
  const writer = new SourceWriter(model.text);
  writer.add(options.header).add(copy.moduleScopeDeclaration()).add('\n');
  writer.copyEdited(0, model.text.length, copy.edits.sorted());
  return writer;
}

class DriverCopy {
  readonly edits = new EditList();
  readonly #model: ProgramModel;
  readonly #p: string;

  constructor(model: ProgramModel) {
    this.#model = model;
    this.#p = model.prefix;
  }

  collect(options: DriverCopyOptions): void {
    for (const { start, end, text } of options.importEdits) this.edits.replace(start, end, text);
    for (const at of options.lexicalDeclarations) this.edits.replace(at, at + 3, 'let');
    for (const scope of this.#model.scopes) this.#declareScope(scope);
    for (const unit of this.#model.units) this.#tag(unit);
    this.#tagAccessors();
    this.#tagDeclarations();
  }

  moduleScopeDeclaration(): string {
    return `const ${this.#p}0=${this.#newScope(this.#model.moduleScope, 0, false)};`;
  }

  #declareScope(scope: CellScope): void {
    if (scope === this.#model.moduleScope || scope.entry.kind === 'inline') return;
    const { at, to } = scope.entry;
    const name = `${this.#p}${scope.id}`;
    if (scope.entry.kind === 'lazy') {
      this.edits.wrap(at, to, `{let ${name};`, '}');
      return;
    }
    const declaration = `const ${name}=${this.#newScope(scope, at, false)};`;
    const before = this.#model.text[at - 1];
    if (before === '{') {
      this.edits.insert(this.#afterDirectives(at), declaration);
    } else if (before === '>') {
      this.edits.wrap(at, to, `{${declaration}return(`, ')}');
    } else {
      this.edits.wrap(at, to, `{${declaration}`, '}');
    }
  }

  /** Directives (`'use strict'`) count only as the first statements. */
  #afterDirectives(at: number): number {
    const directives = /^(?:\s*(?:'[^'\n]*'|"[^"\n]*");?)+/.exec(
      this.#model.text.slice(at, at + 200),
    );
    if (directives === null || !/use /.test(directives[0])) return at;
    return at + directives[0].length;
  }

  /** An expression that makes the runtime object of a scope, evaluated at offset `at`. */
  #newScope(scope: CellScope, at: number, inClassBody: boolean): string {
    const parent =
      scope.parent === undefined ? 'undefined' : this.#scopeAt(scope.parent, at, inClassBody);
    const p = this.#p;
    const cases = scope.cells
      .filter(
        (cell) =>
          cell.import === undefined &&
          !(inClassBody && cell.kind !== 'variable' && cell.kind !== 'class'),
      )
      .map((cell) => `case ${cell.index}:return ${this.#readCell(cell)};`)
      .join('');
    const reader = cases === '' ? 'undefined' : `${p}i=>{switch(${p}i){${cases}}}`;
    return `${p}s(${scope.id},${parent},${reader})`;
  }

  #readCell(cell: Cell): string {
    switch (cell.kind) {
      case 'variable':
        return cell.name;
      case 'newTarget':
        return 'new.target';
      case 'class':
        return cell.ofClass!.node.id?.name ?? this.#ownClassName(cell.ofClass!);
      default:
        return cell.kind;
    }
  }

  /** An expression for the scope's object that is valid at offset `at`. */
  #scopeAt(scope: CellScope, at: number, inClassBody = false): string {
    const name = `${this.#p}${scope.id}`;
    const { entry } = scope;
    if (entry.kind !== 'inline' && at >= entry.at && at < entry.to) {
      if (entry.kind === 'declared') return name;
      return `(${name}??=${this.#newScope(scope, at, inClassBody)})`;
    }
    return this.#newScope(scope, at, inClassBody);
  }

  #tag(unit: Unit): void {
    if (isClassNode(unit.node)) {
      this.#tagClass(unit, unit.node);
      return;
    }
    if (unit.node.type === 'FunctionDeclaration') return;
    if (isTaggedByObject(unit)) return;
    const p = this.#p;
    const scope = this.#scopeAt(unit.scope, unit.node.start);
    if (unit.kind === 'method') {
      const property = unit.property!;
      if (property.computed) {
        const keyText = this.#model.text.slice(property.key.start, property.key.end);
        this.edits.wrap(
          property.start,
          property.end,
          `...${p}m(${keyText},${p}i=>({`,
          `}),${unit.id},${scope})`,
        );
        this.edits.replace(property.key.start, property.key.end, `${p}i`);
        return;
      }
      const key = this.#model.text.slice(property.key.start, property.key.end);
      const access = property.key.type === 'Identifier' ? `.${key}` : `[${key}]`;
      this.edits.wrap(
        property.start,
        property.end,
        `${key}:${p}f({`,
        `}${access},${unit.id},${scope})`,
      );
      return;
    }
    const name = !isPresent(unit.node.id) ? unit.inferredName : undefined;
    if (name === undefined) {
      this.edits.wrap(
        unit.node.start,
        unit.node.end,
        `${p}f(`,
        `,${unit.id},${scope}${nameArgument(unit)})`,
      );
    } else {
      const key = `[${JSON.stringify(name)}]`;
      this.edits.wrap(
        unit.node.start,
        unit.node.end,
        `${p}f({${key}:`,
        `}${key},${unit.id},${scope})`,
      );
    }
  }

  #tagClass(unit: Unit, node: ClassNode): void {
    const shape = classShape(node);
    const p = this.#p;
    const at = node.body.start + 1;
    const scope = this.#scopeAt(unit.scope, at, true);
    this.edits.insert(
      at,
      `static{${p}c(this,${unit.id},${scope},${shape.computedKeys.length}${nameArgument(unit, unit.givesAccess)})}${privateAccessors(shape, p)}`,
    );
    if (unit.givesAccess && !isPresent(node.id)) {
      const keyword = node.start + 'class'.length;
      this.edits.insert(keyword, ` ${this.#ownClassName(unit)}`);
    }
    for (const key of shape.computedKeys) this.edits.wrap(key.start, key.end, `${p}k(`, ')');
    guardConstruction(shape, p, this.edits);
  }

  /** A name for a class without one, so that functions inside can refer to it. */
  #ownClassName(unit: Unit): string {
    return `${this.#p}C${unit.id}`;
  }

  /** Members that are tagged when their object is made; computed names are kept by `k` until then. */
  #tagAccessors(): void {
    const byObject = new Map<Node, Unit[]>();
    for (const unit of this.#model.units) {
      if (unit.object === undefined || !isTaggedByObject(unit)) continue;
      byObject.set(unit.object, [...(byObject.get(unit.object) ?? []), unit]);
    }
    const p = this.#p;
    for (const [object, units] of byObject) {
      const tags = units.map((unit) => {
        const { key, computed } = unit.property!;
        const text = this.#model.text.slice(key.start, key.end);
        const named = key.type === 'Identifier' ? JSON.stringify(text) : text;
        if (computed) this.edits.wrap(key.start, key.end, `${p}k(`, ')');
        const part = unit.kind === 'getter' ? 'get' : unit.kind === 'setter' ? 'set' : 'value';
        return `${computed ? 'null' : named},"${part}",${unit.id},${this.#scopeAt(unit.scope, object.start)}`;
      });
      this.edits.wrap(object.start, object.end, `${p}o(`, `,[${tags.join(',')}])`);
    }
  }

  /** Function declarations exist from the start of their block: they are tagged there. */
  #tagDeclarations(): void {
    for (const { unit, name, at, isInCase } of this.#model.declarations) {
      const scope = this.#scopeAt(unit.scope, isInCase ? at - 1 : at);
      const to = isInCase ? at : this.#afterDirectives(at);
      this.edits.insert(to, `${this.#p}f(${name},${unit.id},${scope}${nameArgument(unit)});`);
    }
  }
}

/** Members of an object literal that no text around them can tag. */
function isTaggedByObject(unit: Unit): boolean {
  if (unit.kind === 'getter' || unit.kind === 'setter') return true;
  if (unit.kind !== 'method') return false;
  const { computed, key } = unit.property!;
  return unit.refusal !== undefined || (computed && containsFunction(key));
}

/** The source's name of a function whose own name is another. */
function nameArgument(unit: Unit, isNamedHere = false): string {
  const wasNamed = isNamedHere && !isPresent(unit.node.id);
  const name = unit.restoredName ?? (wasNamed ? (unit.inferredName ?? '') : undefined);
  return name === undefined ? '' : `,${JSON.stringify(name)}`;
}

/** Static methods that read and write the private fields of an instance, and of the class. */
export function privateAccessors(shape: ReturnType<typeof classShape>, prefix: string): string {
  let text = '';
  if (shape.hasPrivates) {
    const names = shape.privateFields;
    const read = names.map((name) => `o.#${name}`).join(',');
    const write = names.map((name, i) => `o.#${name}=v[${i}];`).join('');
    text += `static[${prefix}P](o,v){if(v===undefined){if(!(#${shape.brand!} in o))throw new TypeError();return[${read}]}${write}}`;
  }
  if (shape.staticPrivates.length > 0) {
    const read = shape.staticPrivates.map((name) => `this.#${name}`).join(',');
    const write = shape.staticPrivates.map((name, i) => `this.#${name}=v[${i}];`).join('');
    text += `static[${prefix}Q](v){if(v===undefined)return[${read}];${write}}`;
  }
  return text;
}

/** Lets the engine make an instance whose constructor and field initialisers do nothing. */
export function guardConstruction(
  shape: ReturnType<typeof classShape>,
  prefix: string,
  edits: EditList,
): void {
  const body = shape.constructorNode?.body;
  if (isPresent(body)) {
    const leave = shape.hasParent ? '{super(...arguments);return}' : 'return;';
    edits.insert(body.start + 1, `if(${prefix}raw)${leave}`);
  }
  for (const value of shape.guardedFields) {
    edits.wrap(value.start, value.end, `${prefix}raw?void 0:(`, ')');
  }
}
