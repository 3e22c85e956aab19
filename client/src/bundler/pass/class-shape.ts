import type * as acorn from 'acorn';

import { isClassNode, isFunctionNode, type ClassNode, type Node, isPresent } from './ast.js';

/** What the pass needs to know of a class body. */
export interface ClassShape {
  readonly hasParent: boolean;
  readonly constructorNode: acorn.FunctionExpression | undefined;
  readonly parameterCount: number;
  /** Private fields of instances. */
  readonly privateFields: readonly string[];
  readonly staticPrivates: readonly string[];
  /** Private fields, methods or accessors: instances must be made by the class itself. */
  readonly hasPrivates: boolean;
  /** A private name that every instance has, to tell instances from others. */
  readonly brand: string | undefined;
  /** Public fields whose initialiser is a function: made again with each instance. */
  readonly functionFields: readonly string[];
  /** Initialisers of instance fields that must not run when an instance is only filled. */
  readonly guardedFields: readonly Node[];
  /** Keys whose value only the driver knows. */
  readonly computedKeys: readonly Node[];
}

export function classShape(node: ClassNode): ClassShape {
  const members = node.body.body;
  const fields = members.filter((member) => member.type === 'PropertyDefinition');
  const privateOf = (isStatic: boolean): string[] =>
    fields
      .filter((field) => field.static === isStatic && field.key.type === 'PrivateIdentifier')
      .map((field) => (field.key as acorn.PrivateIdentifier).name);
  const privateFields = privateOf(false);
  const privateMember = members.find(
    (member) =>
      member.type !== 'StaticBlock' && !member.static && member.key.type === 'PrivateIdentifier',
  ) as acorn.MethodDefinition | acorn.PropertyDefinition | undefined;
  const constructorNode = members.find(
    (member) => member.type === 'MethodDefinition' && member.kind === 'constructor',
  ) as acorn.MethodDefinition | undefined;
  const instanceFields = fields.filter((field) => !field.static);
  return {
    hasParent: isPresent(node.superClass) && !isNullLiteral(node.superClass),
    constructorNode: constructorNode?.value,
    parameterCount: constructorNode?.value.params.length ?? 0,
    privateFields,
    staticPrivates: privateOf(true),
    hasPrivates: privateMember !== undefined,
    brand:
      privateMember === undefined ? undefined : (privateMember.key as acorn.PrivateIdentifier).name,
    functionFields: instanceFields
      .filter((field) => isPresent(field.value) && isFunctionNode(field.value) && !field.computed)
      .map((field) => publicName(field.key))
      .filter((name) => name !== undefined),
    guardedFields: instanceFields
      .map((field) => field.value)
      .filter((value) => isPresent(value) && !isHarmless(value)) as Node[],
    computedKeys: members
      .filter((member) => member.type !== 'StaticBlock' && member.computed)
      .filter((member) => !isDropped(member as acorn.PropertyDefinition))
      .map((member) => (member as acorn.MethodDefinition).key)
      .filter((key) => !isConstantKey(key)),
  };
}

/** Static fields are no part of a class's copy for tasks. */
export function isDropped(member: acorn.MethodDefinition | acorn.PropertyDefinition): boolean {
  return member.type === 'PropertyDefinition' && member.static;
}

/** A key that means the same in every process: a literal or a well-known symbol. */
export function isConstantKey(key: Node): boolean {
  if (key.type === 'Literal') return true;
  return (
    key.type === 'MemberExpression' &&
    !key.computed &&
    key.object.type === 'Identifier' &&
    key.object.name === 'Symbol'
  );
}

function publicName(key: Node): string | undefined {
  if (key.type === 'Identifier') return key.name;
  if (key.type === 'Literal') return String(key.value);
  return undefined;
}

function isHarmless(value: Node): boolean {
  return value.type === 'Literal' || isFunctionNode(value) || isClassNode(value);
}

function isNullLiteral(node: Node): boolean {
  return node.type === 'Literal' && node.value === null;
}
