import type { FlatPositions } from '../flat-positions.js';
import { namesOfPattern, isPresent } from './ast.js';
import type { ProgramModel } from './program-model.js';

const LEXICAL =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:let|const|class)\b/;

/**
 * Starts of the flat program's top-level `var` statements that were `let`, `const` or `class` in the
 * source. The flattener turns them into `var`, which would hide that a binding is used too early.
 */
export function lexicalDeclarations(model: ProgramModel, positions: FlatPositions): number[] {
  const declared = new Map<string, number>();
  const statements = model.body.filter((node) => node.type === 'VariableDeclaration');
  for (const statement of statements) {
    for (const { id } of statement.declarations) {
      for (const name of namesOfPattern(id)) declared.set(name, (declared.get(name) ?? 0) + 1);
    }
  }
  return statements
    .filter(
      (statement) =>
        statement.kind === 'var' &&
        statement.declarations.every(
          ({ id, init }) =>
            isPresent(init) && namesOfPattern(id).every((name) => declared.get(name) === 1),
        ) &&
        LEXICAL.test(positions.sourceTextAt(statement.start) ?? ''),
    )
    .map((statement) => statement.start);
}
