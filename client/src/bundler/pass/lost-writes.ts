import type { Reference, Variable } from 'eslint-scope';

import type { Node } from './ast.js';
import type { CellWrite, Unit } from './program-model.js';
import type { CollectedUnits } from './unit-references.js';

/**
 * Finds, for every write of a function to a variable around it, who reads that variable besides the
 * function itself: where that is the driver, a write in a task is waited for in vain.
 */
export function judgeWrites(found: CollectedUnits): void {
  for (const unit of found.units) {
    for (const write of unit.writes) judge(write, unit, found);
  }
}

function judge(write: CellWrite, unit: Unit, found: CollectedUnits): void {
  const { variable } = write.cell;
  if (variable === undefined) return;
  const owner = variable.scope.variableScope;
  for (const reference of variable.references) {
    const at = placeOf(reference);
    if (!reference.isReadOnly() || contains(unit.node, at)) continue;
    const reading = reference.from.variableScope;
    if (reading === owner) {
      if (runsAfter(at, unit, variable, found)) write.isRead = true;
    } else if (contains(reading.block as unknown as Node, unit.node.start)) {
      // The function was made by this very code, so it runs where functions are handed over.
      write.isRead = true;
    } else {
      const reader = readerOf(reference, variable, found);
      if (reader !== undefined) write.readers.add(reader);
    }
  }
}

/** Whether a place in the code that declares the variable can run after the function was made. */
function runsAfter(at: number, unit: Unit, variable: Variable, found: CollectedUnits): boolean {
  const { node } = unit;
  // A declared function exists from the start of its block, wherever it is written.
  if (at >= node.end || node.type === 'FunctionDeclaration') return true;
  const declaring = variable.scope.block as unknown as Node;
  return found.loops.some(
    (loop) => loop.start >= declaring.start && contains(loop, at) && contains(loop, node.start),
  );
}

/** The innermost function or class in which a variable of somewhere around is read. */
function readerOf(
  reference: Reference,
  variable: Variable,
  found: CollectedUnits,
): Unit | undefined {
  for (let scope = reference.from; scope !== variable.scope; scope = scope.upper!) {
    const unit = found.unitOf.get(scope.block as unknown as Node);
    if (unit !== undefined) return unit;
  }
  return undefined;
}

function placeOf(reference: Reference): number {
  return (reference.identifier as unknown as Node).start;
}

function contains(range: { readonly start: number; readonly end: number }, at: number): boolean {
  return at >= range.start && at < range.end;
}
