import { childrenOf, isClassNode, isFunctionNode, type ClassNode, type Node } from './ast.js';

/** The name that a key gives to the function behind it. */
export function keyName(key: Node): string | undefined {
  switch (key.type) {
    case 'Identifier':
      return key.name;
    case 'PrivateIdentifier':
      return `#${key.name}`;
    case 'Literal':
      return typeof key.value === 'string' || typeof key.value === 'number'
        ? String(key.value)
        : undefined;
    default:
      return undefined;
  }
}

/** Private names that a class declares. */
export function privateNamesOf(node: ClassNode): Set<string> {
  const names = new Set<string>();
  for (const member of node.body.body) {
    if (member.type !== 'StaticBlock' && member.key.type === 'PrivateIdentifier') {
      names.add(member.key.name);
    }
  }
  return names;
}

/** Whether a function or class stands in an expression. */
export function containsFunction(node: Node): boolean {
  return isFunctionNode(node) || isClassNode(node) || childrenOf(node).some(containsFunction);
}

/** Whether `super` of this function stands in it. */
export function containsSuper(node: Node): boolean {
  if (node.type === 'Super') return true;
  return childrenOf(node).some((child) => {
    if (isClassNode(child)) return false;
    if (isFunctionNode(child) && child.type !== 'ArrowFunctionExpression') return false;
    return containsSuper(child);
  });
}

/** Whether an expression may be left and entered again: `await` and `yield` of the function around. */
export function suspends(node: Node): boolean {
  if (node.type === 'AwaitExpression' || node.type === 'YieldExpression') return true;
  return childrenOf(node).some((child) => !isFunctionNode(child) && suspends(child));
}
