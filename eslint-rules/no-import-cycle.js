import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Files may not import each other in a circle: which of them is evaluated first would depend on who
 * asks. Imports of types alone are gone at run time, and do not count.
 */
export const noImportCycle = {
  meta: {
    type: 'problem',
    docs: { description: 'No circles of imports between the files of a package.' },
    schema: [],
    messages: { cycle: 'This import closes a circle: {{way}}' },
  },
  create(context) {
    const check = (node) => {
      if (node.source === null || node.source === undefined) return;
      if (node.importKind === 'type' || node.exportKind === 'type') return;
      if (node.type === 'ImportDeclaration' && namesTypesOnly(node)) return;
      const target = resolveSource(context.filename, node.source.value);
      const way = target === undefined ? undefined : wayBetween(target, context.filename);
      if (way === undefined) return;
      const names = way.map((file) => file.slice(file.lastIndexOf('/') + 1));
      context.report({ node, messageId: 'cycle', data: { way: names.join(' → ') } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

function namesTypesOnly({ specifiers }) {
  return specifiers.length > 0 && specifiers.every((one) => one.importKind === 'type');
}

/** Sources import each other by the names of their compiled files. */
function resolveSource(from, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const path = resolve(dirname(from), specifier);
  return [path.replace(/\.js$/, '.ts'), path].find((file) => existsSync(file));
}

/** The files on a way of imports from one file to another, both included; undefined when there is none. */
function wayBetween(from, to) {
  const cameFrom = new Map([[from, undefined]]);
  for (const file of cameFrom.keys()) {
    if (file === to) {
      const way = [];
      for (let at = file; at !== undefined; at = cameFrom.get(at)) way.unshift(at);
      return way;
    }
    for (const next of importsOf(file)) if (!cameFrom.has(next)) cameFrom.set(next, file);
  }
  return undefined;
}

const known = new Map();

function importsOf(file) {
  let imports = known.get(file);
  if (imports === undefined) {
    imports = readImports(file);
    known.set(file, imports);
  }
  return imports;
}

const STATEMENT =
  /^(?:import|export)\s+(?!type\b)(?:(\{[^}]*\}|[^'";]*?)\s*from\s+)?['"](\.[^'"]+)['"]/gm;

function readImports(file) {
  const found = [];
  for (const [, names, specifier] of readFileSync(file, 'utf8').matchAll(STATEMENT)) {
    const listed = names?.startsWith('{') === true ? names.slice(1, -1).split(',') : [];
    const real = listed.map((name) => name.trim()).filter((name) => name !== '');
    if (real.length > 0 && real.every((name) => name.startsWith('type '))) continue;
    const target = resolveSource(file, specifier);
    if (target !== undefined) found.push(target);
  }
  return found;
}
