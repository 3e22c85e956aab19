import type {
  CellMetadata,
  ImportMetadata,
  ProgramMetadata,
  ScopeMetadata,
  UnitMetadata,
} from 'heddle/internal';

import { isClassNode } from './ast.js';
import { classShape } from './class-shape.js';
import type { Cell, CellScope, ProgramModel, Unit } from './program-model.js';

/** What driver and task threads need to know of the program besides its code. */
export function describeProgram(
  model: ProgramModel,
  hash: string,
  imports: readonly ImportMetadata[],
): ProgramMetadata {
  return {
    hash,
    units: model.units.map(describeUnit),
    scopes: model.scopes.map(describeScope),
    constants: model.constants.map((constant) => ({
      cells: [...constant.cells].map((cell) => cell.index),
      names: constant.names,
      ...(constant.refusal !== undefined && { refusal: constant.refusal }),
    })),
    imports,
  };
}

function describeUnit(unit: Unit): UnitMetadata {
  const shape = isClassNode(unit.node) ? classShape(unit.node) : undefined;
  return {
    kind: unit.kind,
    scope: unit.scope.id,
    at: (unit.property ?? unit.node).start,
    name: nameOf(unit),
    cells: cellsOf(unit.captured),
    ...(unit.writes.length > 0 && {
      writes: unit.writes.map(({ cell, at, isRead, readers }) => ({
        scope: cell.scope.id,
        cell: cell.index,
        at,
        ...(isRead && { read: true as const }),
        ...(readers.size > 0 && { readers: [...readers].map((reader) => reader.id) }),
      })),
    }),
    ...(unit.refusal !== undefined && { refusal: unit.refusal }),
    ...(unit.threadHome && { threadHome: true as const }),
    ...(shape !== undefined && {
      class: {
        hasParent: shape.hasParent,
        ...(shape.functionFields.length > 0 && { functionFields: shape.functionFields }),
        ...(shape.hasPrivates && { hasPrivates: true as const }),
        ...(shape.privateFields.length > 0 && { privateFields: shape.privateFields }),
        ...(shape.staticPrivates.length > 0 && { hasStaticPrivates: true as const }),
        parameters: shape.parameterCount,
        computedKeys: shape.computedKeys.length,
        ...(unit.constructs.size > 0 && { construction: cellsOf(unit.constructs) }),
      },
    }),
  };
}

function cellsOf(cells: ReadonlySet<Cell>): number[] {
  return [...cells].flatMap((cell) => [cell.scope.id, cell.index]);
}

function nameOf(unit: Unit): string {
  if (unit.restoredName !== undefined) return unit.restoredName;
  const own = unit.node.id?.name;
  if (own !== undefined) return own;
  if (unit.inferredName !== undefined) return unit.inferredName;
  const { property } = unit;
  if (property === undefined || property.computed) return '';
  const { key } = property;
  return key.type === 'Identifier' ? key.name : '';
}

function describeScope(scope: CellScope): ScopeMetadata {
  return { parent: scope.parent?.id ?? -1, cells: scope.cells.map(describeCell) };
}

function cellName(cell: Cell): string {
  switch (cell.kind) {
    case 'variable':
      return cell.name;
    case 'newTarget':
      return 'new.target';
    case 'class':
      return `class ${nameOf(cell.ofClass!)}`;
    default:
      return cell.kind;
  }
}

function describeCell(cell: Cell): CellMetadata {
  return {
    name: cellName(cell),
    at: cell.declaredAt,
    ...(cell.import !== undefined && {
      import: [cell.import.index, cell.import.exportName] as const,
    }),
    ...(cell.make !== undefined && {
      constant: [cell.make.id, cell.make.names.indexOf(cell.name)] as const,
    }),
    ...(cell.isShared && { shared: true as const }),
    ...(cell.kind === 'class' && { around: true as const }),
  };
}
