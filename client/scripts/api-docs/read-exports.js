// What a package exports, read from its sources without a type checker: names, docstrings, signatures.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { readDoc } from './read-doc.js';

/** Packages whose exports are passed on. */
const packages = { '@heddle/common': 'common', '@heddle/webhdfs': 'webhdfs' };
/** Interfaces that programs call, beside the classes. */
const calledInterfaces = new Set(['Accumulator', 'Broadcast']);
const sources = new Map();

/** Everything that `index` exports, in its order: `{ name, kind, doc, members, text, file }`. */
export function describeExports(index) {
  const found = [];
  for (const statement of sourceOf(index).statements) {
    if (!ts.isExportDeclaration(statement)) continue;
    const file = fileOf(index, statement.moduleSpecifier.text);
    const names =
      statement.exportClause === undefined
        ? exportedNames(file)
        : statement.exportClause.elements.map((element) => element.name.text);
    for (const name of names) {
      const declarations = declarationsOf(file, name);
      if (declarations.length > 0) found.push(describe(name, declarations));
    }
  }
  return found;
}

function sourceOf(file) {
  let source = sources.get(file);
  if (source === undefined) {
    source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    sources.set(file, source);
  }
  return source;
}

function fileOf(importer, specifier) {
  const name = packages[specifier];
  if (name !== undefined) {
    return join(importer.slice(0, importer.indexOf('/core/')), name, 'src/index.ts');
  }
  return join(dirname(importer), specifier.replace(/\.js$/, '.ts'));
}

function isExported(statement) {
  return statement.modifiers?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function namesOf(statement) {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((d) => d.name.getText());
  }
  return statement.name === undefined ? [] : [statement.name.text];
}

/** Names of an `export *`. */
function exportedNames(file) {
  return sourceOf(file).statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement) && statement.exportClause === undefined) {
      return exportedNames(fileOf(file, statement.moduleSpecifier.text));
    }
    return isExported(statement) ? namesOf(statement) : [];
  });
}

/** Declarations of a name, wherever the file has it from. */
function declarationsOf(file, name) {
  const own = sourceOf(file).statements.filter(
    (statement) => isExported(statement) && namesOf(statement).includes(name),
  );
  if (own.length > 0) return own;
  for (const statement of sourceOf(file).statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue;
    const clause = statement.exportClause;
    const isNamed = clause?.elements.some((element) => element.name.text === name) ?? true;
    const specifier = statement.moduleSpecifier.text;
    if (!isNamed || !(specifier.startsWith('.') || specifier in packages)) continue;
    const found = declarationsOf(fileOf(file, specifier), name);
    if (found.length > 0) return found;
  }
  return [];
}

function describe(name, declarations) {
  const [first] = declarations;
  const doc = readDoc(docText(declarations.find((d) => docText(d) !== '') ?? first));
  const base = { name, doc, file: first.getSourceFile().fileName, needsExample: false };
  if (ts.isClassDeclaration(first)) {
    const extended = first.heritageClauses?.[0]?.types[0]?.expression.getText();
    const members = classChain(first).flatMap((c) => membersOf(c.members, c, true));
    return { ...base, kind: 'class', extended, members, text: '' };
  }
  if (ts.isInterfaceDeclaration(first)) {
    const members = membersOf(first.members, first, calledInterfaces.has(name));
    return { ...base, kind: 'interface', members, text: '' };
  }
  if (ts.isFunctionDeclaration(first)) {
    const text = signature(first);
    return { ...base, kind: 'function', members: [], text, needsExample: true };
  }
  if (ts.isVariableStatement(first)) {
    const value = first.declarationList.declarations[0].initializer;
    const members =
      value !== undefined && ts.isObjectLiteralExpression(value)
        ? membersOf(value.properties, first, true)
        : [];
    return { ...base, kind: 'constant', members, text: '' };
  }
  return { ...base, kind: 'type', members: [], text: signature(first) };
}

/** A class and those of the engine's that it extends, as far as they are the parts of `RDD`. */
function classChain(declaration) {
  const extended = declaration.heritageClauses?.[0]?.types[0]?.expression.getText();
  if (!/^Rdd[A-Z]/.test(extended ?? '')) return [declaration];
  const file = declaration.getSourceFile();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !statement.getText().includes(extended)) continue;
    const [found] = declarationsOf(fileOf(file.fileName, statement.moduleSpecifier.text), extended);
    if (found !== undefined) return [declaration, ...classChain(found)];
  }
  return [declaration];
}

/** Public members by name; the signatures of an overloaded method are together. */
function membersOf(nodes, owner, methodsNeedExamples) {
  const members = new Map();
  for (const node of nodes) {
    const member = publicMember(node, owner);
    if (member === undefined) continue;
    const before = members.get(member.name);
    if (before === undefined) {
      members.set(member.name, {
        ...member,
        needsExample: methodsNeedExamples && member.kind === 'method',
      });
    } else if (node.body === undefined) {
      before.signatures.push(...member.signatures);
    }
  }
  return [...members.values()];
}

function publicMember(node, owner) {
  const hidden = [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword];
  if (node.modifiers?.some((m) => hidden.includes(m.kind))) return undefined;
  const text = docText(node);
  if (text.includes('@internal')) return undefined;
  const shared = { doc: readDoc(text), signatures: [signature(node)], part: owner.name?.text };
  if (ts.isConstructorDeclaration(node)) {
    // Those of errors and of what the engine makes say nothing to programs.
    return text === '' ? undefined : { ...shared, name: 'constructor', kind: 'constructor' };
  }
  if (node.name === undefined || !ts.isIdentifier(node.name)) return undefined;
  const name = node.name.text;
  if (ts.isMethodDeclaration(node) || ts.isMethodSignature(node)) {
    return { ...shared, name, kind: 'method' };
  }
  const isData =
    ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) || ts.isGetAccessor(node);
  return isData ? { ...shared, name, kind: 'property' } : undefined;
}

/** The text of a declaration without its body and its comments. */
function signature(node) {
  const source = node.getSourceFile().text;
  const end = node.body === undefined ? node.end : node.body.pos;
  const isMember = !ts.isSourceFile(node.parent);
  return source
    .slice(node.getStart(), end)
    .replace(/^(export|async|override|readonly) /gm, '')
    .replace(/^(static )?(async|override) /gm, '$1')
    .replace(isMember ? /\n {2}/g : /$^/g, '\n')
    .trim();
}

function docText(node) {
  const comments = ts.getJSDocCommentsAndTags(node).filter((part) => ts.isJSDoc(part));
  return comments.at(-1)?.getText() ?? '';
}
