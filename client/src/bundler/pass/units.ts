import type * as acorn from 'acorn';

import {
  childrenOf,
  isClassNode,
  isFunctionNode,
  type ClassNode,
  type FunctionNode,
  type Node,
  isPresent,
} from './ast.js';
import type {
  CellScope,
  FunctionPlace,
  ModuleCall,
  PrivateUse,
  Unit,
  UnitKind,
} from './program-model.js';
import { containsSuper, keyName, privateNamesOf, suspends } from './syntax.js';
import type {
  CollectedUnits,
  OwnerReference,
  PrivateReference,
  SuperReference,
} from './unit-references.js';

/** Begins the names that stand for `import.meta` of the user's modules in the flat program. */
export const IMPORT_META_NAME = '__heddle_import_meta_';
const IMPORT_META_REFUSAL =
  'it uses import.meta, which names a file of the driver; in a task use HeddleFiles.get(name) with addFile or --files';
const SUPER_REFUSAL =
  'it is an arrow function that uses super in a way that only its method can; call the parent method by name (Parent.prototype.method.call(this)), or make it a method';

/** One pass over the tree: numbers functions and classes, finds who binds each `this`. */
export function collectUnits(program: acorn.Program, text: string): CollectedUnits {
  const collector = new Collector(text);
  collector.visit(program, undefined);
  return collector;
}

/** Where a function stands. */
interface Place {
  readonly inferredName?: string | undefined;
  readonly nameAt?: number | undefined;
  readonly property?: acorn.Property;
  readonly object?: acorn.ObjectExpression;
}

class Collector implements CollectedUnits {
  readonly units: Unit[] = [];
  readonly unitOf = new Map<Node, Unit>();
  readonly ownerReferences: OwnerReference[] = [];
  readonly privateReferences: PrivateReference[] = [];
  readonly superReferences: SuperReference[] = [];
  readonly declarations: FunctionPlace[] = [];
  readonly moduleCalls: ModuleCall[] = [];
  /** Start of the innermost block; -1 in a `case`. */
  #block = 0;
  readonly loops: { start: number; end: number }[] = [];
  readonly problems: { text: string; at: number }[] = [];
  /** What binds `this` here; undefined at module level. */
  #owner: Node | undefined;
  /** Arrow functions between the owner and here. */
  #arrows: Unit[] = [];
  /** Functions and classes around. */
  #around: Unit[] = [];
  /** Classes around, with the member that is being visited. */
  #classes: {
    readonly unit: Unit;
    readonly names: ReadonlySet<string>;
    holder: Node | undefined;
    isStatic: boolean;
  }[] = [];
  /** Whether `super` here is that of the innermost class, and not of an object literal. */
  #superIsOfClass = false;

  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  visit(node: Node, inferredName: string | undefined, nameAt?: number): void {
    if (isClassNode(node)) {
      this.#class(node, inferredName, nameAt);
      return;
    }
    if (isFunctionNode(node)) {
      this.#function(node, node.type === 'ArrowFunctionExpression' ? 'arrow' : 'function', {
        inferredName,
        nameAt,
      });
      return;
    }
    switch (node.type) {
      case 'ThisExpression':
        this.#own('this', node);
        return;
      case 'MetaProperty':
        if (node.meta.name === 'new') this.#own('newTarget', node);
        else for (const unit of this.#around) unit.refusal ??= IMPORT_META_REFUSAL;
        return;
      case 'Identifier':
        if (node.name.startsWith(IMPORT_META_NAME)) {
          for (const unit of this.#around) unit.refusal ??= IMPORT_META_REFUSAL;
        }
        return;
      case 'Super':
        for (const arrow of this.#arrows) arrow.refusal ??= SUPER_REFUSAL;
        return;
      case 'CallExpression':
        if (node.callee.type === 'MemberExpression' && node.callee.object.type === 'Super') {
          this.#super(node.callee, node);
          for (const argument of node.arguments) this.visit(argument, undefined);
          return;
        }
        this.#call(node);
        break;
      case 'MemberExpression':
        if (node.object.type === 'Super') {
          this.#super(node, undefined);
          return;
        }
        if (node.property.type === 'PrivateIdentifier') this.#private(node, node.property.name);
        break;
      case 'BinaryExpression':
        if (node.left.type === 'PrivateIdentifier') this.#private(node, node.left.name);
        break;
      case 'ImportExpression':
        if (node.source.type === 'Literal') {
          this.#moduleCall('dynamic', node, node.source);
        } else {
          this.problems.push({
            at: node.start,
            text: 'import() takes a literal here: a bundled program cannot load a module whose name is computed. Write one import() for each module, or leave the package out with --external',
          });
        }
        break;
      case 'WithStatement':
        this.problems.push({ at: node.start, text: 'with is not part of modules' });
        break;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        this.loops.push(node);
        break;
      case 'BlockStatement':
      case 'StaticBlock':
        this.#inBlock(node, this.#text.indexOf('{', node.start) + 1);
        return;
      case 'SwitchCase':
        this.#inBlock(node, -1);
        return;
      case 'ObjectExpression':
        for (const property of node.properties) this.#objectMember(property, node);
        return;
      case 'VariableDeclarator':
        this.visit(node.id, undefined);
        if (isPresent(node.init))
          this.visit(
            node.init,
            node.id.type === 'Identifier' ? node.id.name : undefined,
            node.id.start,
          );
        return;
      case 'UpdateExpression':
        this.#refuseSuperTarget(node.argument);
        break;
      case 'AssignmentExpression':
        this.#refuseSuperTarget(node.left);
        this.visit(node.left, undefined);
        this.visit(node.right, node.left.type === 'Identifier' ? node.left.name : undefined);
        return;
      case 'AssignmentPattern':
        this.visit(node.left, undefined);
        this.visit(node.right, node.left.type === 'Identifier' ? node.left.name : undefined);
        return;
      default:
    }
    for (const child of childrenOf(node)) this.visit(child, undefined);
  }

  #inBlock(node: Node, start: number): void {
    const block = this.#block;
    this.#block = start;
    for (const child of childrenOf(node)) this.visit(child, undefined);
    this.#block = block;
  }

  #objectMember(
    property: acorn.Property | acorn.SpreadElement,
    object: acorn.ObjectExpression,
  ): void {
    if (property.type === 'SpreadElement') {
      this.visit(property, undefined);
      return;
    }
    if (property.computed) this.visit(property.key, undefined);
    if (property.method || property.kind !== 'init') {
      const kind =
        property.kind === 'get' ? 'getter' : property.kind === 'set' ? 'setter' : 'method';
      this.#function(property.value as acorn.FunctionExpression, kind, { property, object });
      return;
    }
    this.visit(property.value, property.computed ? undefined : keyName(property.key));
  }

  #add(kind: UnitKind, node: FunctionNode | ClassNode, place: Place): Unit {
    const { inferredName, property, object, nameAt } = place;
    const unit: Unit = {
      id: this.units.length,
      kind,
      node,
      property,
      object,
      inferredName,
      restoredName: undefined,
      nameAt: node.id?.start ?? nameAt,
      scope: undefined as unknown as CellScope,
      captured: new Set(),
      constructs: new Set(),
      writes: [],
      outerThis: [],
      privateUses: [],
      superUses: [],
      givesAccess: false,
      refusal: undefined,
      threadHome: false,
    };
    this.units.push(unit);
    this.unitOf.set(node, unit);
    return unit;
  }

  #function(node: FunctionNode, kind: UnitKind, place: Place): void {
    const { property } = place;
    const unit = this.#add(kind, node, place);
    if (node.type === 'FunctionDeclaration' && isPresent(node.id)) {
      const isInCase = this.#block < 0;
      const at = isInCase ? node.end : this.#block;
      this.declarations.push({ unit, name: node.id.name, at, isInCase });
    }
    const [owner, arrows] = [this.#owner, this.#arrows];
    if (kind === 'arrow') {
      this.#arrows = [...arrows, unit];
    } else {
      this.#owner = node;
      this.#arrows = [];
    }
    const superIsOfClass = this.#superIsOfClass;
    if (kind !== 'arrow') this.#superIsOfClass = false;
    this.#around.push(unit);
    for (const child of childrenOf(node)) this.visit(child, undefined);
    this.#around.pop();
    this.#superIsOfClass = superIsOfClass;
    this.#owner = owner;
    this.#arrows = arrows;
    if (property === undefined) return;
    if (containsSuper(node)) {
      unit.refusal ??=
        'it is a method of an object literal that uses super; make it a method of a class, or call the other method by its name';
    } else if (property.computed && kind !== 'method' && suspends(place.object!)) {
      unit.refusal ??=
        'it is an accessor with a computed name in an object literal that has await or yield in it; give what is awaited a name before';
    }
  }

  #class(node: ClassNode, inferredName: string | undefined, nameAt: number | undefined): void {
    const unit = this.#add('class', node, { inferredName, nameAt });
    if (isPresent(node.superClass)) this.visit(node.superClass, undefined);
    this.#around.push(unit);
    this.#classes.push({ unit, names: privateNamesOf(node), holder: undefined, isStatic: false });
    for (const member of node.body.body) this.#classMember(member);
    this.#classes.pop();
    this.#around.pop();
  }

  #call(node: acorn.CallExpression): void {
    if (node.callee.type !== 'Identifier') return;
    if (node.callee.name === '__require') this.#moduleCall('require', node, node.arguments[0]);
    if (node.callee.name !== 'eval') return;
    this.problems.push({
      at: node.start,
      text: 'direct eval sees variables that the engine cannot follow into tasks; use (0, eval)(…) or new Function(…)',
    });
  }

  #moduleCall(kind: ModuleCall['kind'], node: Node, source: Node | undefined): void {
    if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
    this.moduleCalls.push({ kind, start: node.start, end: node.end, specifier: source.value });
  }

  #super(member: acorn.MemberExpression, call: acorn.CallExpression | undefined): void {
    if (member.computed) this.visit(member.property, undefined);
    if (this.#arrows.length === 0) return;
    const around = this.#classes.at(-1);
    if (!this.#superIsOfClass || around?.holder === undefined) {
      for (const arrow of this.#arrows) arrow.refusal ??= SUPER_REFUSAL;
      return;
    }
    this.superReferences.push({
      node: { member, call, isStatic: around.isStatic },
      ofClass: around.unit,
      holder: around.holder,
      through: this.#arrows,
    });
  }

  #refuseSuperTarget(target: Node): void {
    if (target.type !== 'MemberExpression' || target.object.type !== 'Super') return;
    for (const arrow of this.#arrows) arrow.refusal ??= SUPER_REFUSAL;
  }

  /** Functions between a private name and the class that declares it need a way to that class. */
  #private(node: PrivateUse, name: string): void {
    const declaring = this.#classes.findLast(({ names }) => names.has(name));
    if (declaring === undefined) return;
    const through = this.#around.slice(this.#around.indexOf(declaring.unit) + 1);
    if (through.length === 0) return;
    if (declaring.holder === undefined) {
      for (const unit of through) unit.refusal ??= `it uses #${name} in a computed name of a class`;
      return;
    }
    this.privateReferences.push({
      node,
      ofClass: declaring.unit,
      holder: declaring.holder,
      through,
    });
  }

  #classMember(
    member: acorn.MethodDefinition | acorn.PropertyDefinition | acorn.StaticBlock,
  ): void {
    if (member.type !== 'StaticBlock' && member.computed) this.visit(member.key, undefined);
    const [owner, arrows] = [this.#owner, this.#arrows];
    this.#arrows = [];
    const around = this.#classes.at(-1)!;
    around.holder = member.type === 'StaticBlock' ? member : (member.value ?? undefined);
    around.isStatic = member.type === 'StaticBlock' || member.static;
    const superIsOfClass = this.#superIsOfClass;
    this.#superIsOfClass = true;
    if (member.type === 'MethodDefinition') {
      // Methods are part of their class; what stands in them are units of their own.
      this.#owner = member.value;
      for (const child of childrenOf(member.value)) this.visit(child, undefined);
    } else if (member.type === 'StaticBlock') {
      this.#owner = member;
      this.#inBlock(member, this.#text.indexOf('{', member.start) + 1);
    } else if (isPresent(member.value)) {
      this.#owner = member.value;
      this.visit(member.value, member.computed ? undefined : keyName(member.key));
    }
    around.holder = undefined;
    this.#superIsOfClass = superIsOfClass;
    this.#owner = owner;
    this.#arrows = arrows;
  }

  #own(kind: 'this' | 'newTarget', node: Node): void {
    if (this.#owner === undefined || this.#arrows.length === 0) return;
    this.ownerReferences.push({
      kind,
      start: node.start,
      end: node.end,
      owner: this.#owner,
      through: this.#arrows,
    });
  }
}
