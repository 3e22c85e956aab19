import { isPresent } from './pass/ast.js';
import type * as acorn from 'acorn';

import type { ImportTable } from './import-table.js';
import { exportAlias } from './package-bundle.js';
import type { ProgramModel } from './pass/program-model.js';
import type { Edit } from './pass/source-writer.js';

/** Changes that the flat program's imports need in each copy. */
export interface ImportRewrite {
  /** Bindings by number of the import: how a driver refers to what was imported. */
  readonly bindings: ReadonlyMap<
    number,
    readonly { readonly exportName: string; readonly local: string }[]
  >;
  readonly driverEdits: readonly Edit[];
  taskEdits(prefix: string): readonly Edit[];
  /** Import statements of the driver copy, which go to its top. */
  driverImports(sourceOf: (index: number) => string): string;
}

/** Finds imports in the flat program, notes in the table what they use, and takes them out. */
export function rewriteImports(model: ProgramModel, table: ImportTable): ImportRewrite {
  const bindings = new Map<number, { exportName: string; local: string }[]>();
  const removed: Edit[] = [];
  const calls: { start: number; end: number; kind: 'dynamic' | 'require'; index: number }[] = [];

  for (const statement of model.body) {
    if (statement.type === 'ImportDeclaration') {
      const index = table.numberOf(statement.source.value as string);
      if (index === undefined) continue;
      const entry = table.entries[index]!;
      if (statement.specifiers.length === 0) entry.isSideEffect = true;
      const known = bindings.get(index) ?? [];
      bindings.set(index, known);
      for (const specifier of statement.specifiers) {
        const exportName = exportNameOf(specifier);
        entry.names.add(exportName);
        known.push({ exportName, local: specifier.local.name });
      }
      removed.push({ start: statement.start, end: statement.end, text: '' });
    } else if (
      (statement.type === 'ExportNamedDeclaration' && isPresent(statement.source)) ||
      statement.type === 'ExportAllDeclaration'
    ) {
      // Nobody imports a program for what its packages export.
      removed.push({ start: statement.start, end: statement.end, text: '' });
    }
  }
  for (const { kind, start, end, specifier } of model.moduleCalls) {
    const index = table.numberOf(specifier);
    if (index === undefined) continue;
    const entry = table.entries[index]!;
    if (kind === 'dynamic') entry.isDynamic = true;
    else entry.isRequired = true;
    calls.push({ start, end, kind, index });
  }

  const callEdits = (name: (kind: 'dynamic' | 'require') => string): Edit[] =>
    calls.map(({ start, end, kind, index }) => ({ start, end, text: `${name(kind)}(${index})` }));
  const { prefix } = model;
  return {
    bindings,
    driverEdits: [
      ...removed,
      ...callEdits((kind) => (kind === 'dynamic' ? `${prefix}d` : `${prefix}q`)),
    ],
    taskEdits: (of) =>
      callEdits((kind) => (kind === 'dynamic' ? `${of}d` : `${of}q`)).sort(
        (a, b) => a.start - b.start,
      ),
    driverImports: (sourceOf) => driverImports(table, bindings, sourceOf),
  };
}

function exportNameOf(
  specifier: acorn.ImportSpecifier | acorn.ImportDefaultSpecifier | acorn.ImportNamespaceSpecifier,
): string {
  switch (specifier.type) {
    case 'ImportNamespaceSpecifier':
      return '*';
    case 'ImportDefaultSpecifier':
      return 'default';
    case 'ImportSpecifier':
      return specifier.imported.type === 'Identifier'
        ? specifier.imported.name
        : String(specifier.imported.value);
  }
}

function driverImports(
  table: ImportTable,
  bindings: ReadonlyMap<number, readonly { exportName: string; local: string }[]>,
  sourceOf: (index: number) => string,
): string {
  const statements: string[] = [];
  for (const [index, locals] of bindings) {
    const entry = table.entries[index]!;
    const source = JSON.stringify(sourceOf(index));
    if (locals.length === 0) statements.push(`import ${source};`);
    for (const { exportName, local } of locals) {
      if (entry.kind === 'package') {
        statements.push(`import{${exportAlias(index, exportName)} as ${local}}from${source};`);
      } else if (exportName === '*') {
        statements.push(`import*as ${local} from${source};`);
      } else {
        statements.push(`import{${JSON.stringify(exportName)} as ${local}}from${source};`);
      }
    }
  }
  return statements.join('');
}
