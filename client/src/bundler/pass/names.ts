import { isPresent } from './ast.js';
import type { FlatPositions } from '../flat-positions.js';
import type { ProgramModel, Unit } from './program-model.js';

const DECLARATION =
  /^(?:export\s+)?(default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:class|function)\b\s*\*?\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)?/u;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u;

/**
 * Gives functions and classes the names that they have in the source. The flattener renames what
 * would collide, and names what has no name.
 */
export function restoreNames(model: ProgramModel, positions: FlatPositions): void {
  for (const unit of model.units) {
    const flatName = unit.node.id?.name ?? unit.inferredName;
    if (flatName === undefined) continue;
    const name = sourceName(unit, positions, flatName);
    if (name === undefined || name === flatName) continue;
    if (!isPresent(unit.node.id) && unit.kind !== 'class') unit.inferredName = name;
    else unit.restoredName = name;
  }
}

function sourceName(unit: Unit, positions: FlatPositions, flatName: string): string | undefined {
  for (const at of [unit.node.start, unit.nameAt]) {
    if (at === undefined) continue;
    const text = positions.sourceTextAt(at);
    if (text === undefined) continue;
    const declaration = DECLARATION.exec(text);
    if (declaration !== null) {
      if (declaration[2] !== undefined && declaration[2] !== 'extends') return declaration[2];
      if (declaration[1] !== undefined) return 'default';
    }
    if (/^(?:export\s+)?default\b/.test(text)) return 'default';
    if (at !== unit.nameAt) continue;
    const identifier = IDENTIFIER.exec(text)?.[0];
    // Only a name that the flattener made from the one in the source.
    if (identifier !== undefined && isDerived(flatName, identifier)) return identifier;
  }
  return undefined;
}

function isDerived(flatName: string, name: string): boolean {
  return flatName.replace(/^_+|\d+$/g, '') === name.replace(/^_+|\d+$/g, '');
}
