import { existsSync } from 'node:fs';
import 'side-effect';
import { answer } from 'awaits';
import _, { map } from 'cjs-default';
import * as tools from 'cjs-tools';
import { Box, partial, settings, upper } from 'cjs-tools';
import { loads } from 'counts-loads';
import dualDefault, { format } from 'dual';
import { OpenBox, PrivateBox } from 'private-box';
import { object, s, Schema, string } from 'tiny-schema';
import { words } from 'asset-reader';
import { folder } from 'native-addon';
import { cases } from './case.js';
import data from './lib/data.json' with { type: 'json' };

void loads;
const minimum = 3;
const isKnown = (value) => value !== 'bad';
const schema = string().min(minimum);
const nested = object({ name: schema, city: string() });
const refined = schema.refine(isKnown, 'it is bad');
const inTable = { a: s.string(), b: { c: string().min(1) } };
const { destructured } = { destructured: string() };
const madeByPackage = partial((a, b) => a + b, 1);
const number = new Intl.NumberFormat('de-CH', { minimumFractionDigits: 2 });
const decoder = new TextDecoder('latin1');
const awaited = await Promise.resolve(string());
let reassigned = string();
reassigned = reassigned.min(1);
const fromProcess = process.argv.length > 0 ? string() : undefined;
const withFile = string().min(existsSync('/') ? 1 : 2);
const alias = upper;
const box = new Box([1, 2]);
const open = new OpenBox('x');
open.label = 'changed';
class LabelledBox extends OpenBox {
  tags = ['t'];
  describe() {
    return `${super.describe()} ${this.tags.join()}`;
  }
}
class LabelledPrivate extends PrivateBox {
  shout() {
    return `${this.open()}!`;
  }
}
const labelled = new LabelledBox('y');
const instances = [new LabelledPrivate('z')];
const validators = [(x) => schema.parse(x), (x) => inTable.b.c.parse(x)];
function failing(schemaToUse, value) {
  try {
    return schemaToUse.parse(value);
  } catch (error) {
    return error.message;
  }
}

export const corpus = cases(
  { name: 'JSON', roots: () => [(c) => data.cities[c]], inputs: [['Bern']], expected: [3000] },
  {
    name: 'a function of an ESM package',
    roots: () => [(x) => string().min(2).parse(x)],
    inputs: [['abc']],
    expected: ['abc'],
  },
  {
    name: 'a function of a CommonJS package',
    roots: () => [(x) => upper(x)],
    inputs: [['a']],
    expected: ['A'],
  },
  {
    name: 'a function of a package by reference',
    roots: () => [upper],
    inputs: [['a']],
    expected: ['A'],
  },
  {
    name: 'an alias of a function of a package',
    roots: () => [(x) => alias(x)],
    inputs: [['a']],
    expected: ['A'],
  },
  {
    name: 'the default export of a CommonJS package',
    roots: () => [() => [_(1), _.map([1], (x) => x + 1), map([2], String)]],
    expected: [[[1], [2], ['2']]],
  },
  {
    name: 'a member of a default export',
    roots: () => {
      const { groupBy } = _;
      return [() => Object.keys(groupBy([1, 2, 3], (x) => (x % 2 ? 'odd' : 'even')))];
    },
    expected: [['odd', 'even']],
  },
  {
    name: 'a namespace of a package',
    roots: () => [() => [tools.upper('q'), tools.settings.size]],
    expected: [['Q', 3]],
  },
  { name: 'an object that a package exports', roots: () => [() => settings.size], expected: [3] },
  {
    name: 'the import condition of a package',
    roots: () => [() => [format, dualDefault]],
    expected: [['esm', 'default of esm']],
  },
  { name: 'a package with top-level await', roots: () => [() => answer], expected: [42] },
  {
    name: 'a package imported for what it does',
    roots: () => [() => [1, 2].heddleLast()],
    expected: [2],
  },
  {
    name: 'a class of a package',
    roots: () => [(x) => new Box(x).open()],
    inputs: [[4]],
    expected: [4],
  },
  {
    name: 'an instance of a class of a package with public fields',
    roots: () => [() => [box.open(), open.describe()]],
    expected: [[[1, 2], 'changed: x']],
  },
  {
    name: 'a class that extends a class of a package',
    roots: () => [() => [new LabelledBox('n').describe(), labelled.describe()]],
    expected: [['open: n t', 'open: y t']],
  },
  {
    name: 'a class that extends one with private fields, made in the task',
    roots: () => [() => new LabelledPrivate('n').shout()],
    expected: ['n!'],
  },
  {
    name: 'an instance of a class of a package with private fields, made again',
    roots: () => {
      return [() => instances[0].shout()];
    },
    expected: ['z!'],
  },
  {
    name: 'such an instance in a local variable, refused',
    roots: () => {
      const local = new PrivateBox(1);
      return [() => local.open()];
    },
    refused: { variable: /^local$/, reason: /executorLocal/ },
  },
  {
    name: 'a schema at module level is made again',
    roots: () => [(x) => failing(schema, x)],
    inputs: [['ab'], ['abc']],
    expected: ['shorter than 3', 'abc'],
  },
  {
    name: 'a schema made of schemas',
    roots: () => [(x) => failing(nested, x)],
    inputs: [[{ name: 'ab', city: '' }], [{ name: 'abc', city: 1 }]],
    expected: ['shorter than 3', 'no string'],
  },
  {
    name: "a schema with the program's own function",
    roots: () => [(x) => failing(refined, x)],
    inputs: [['bad'], ['good']],
    expected: ['it is bad', 'good'],
  },
  {
    name: 'schemas in a table',
    roots: () => [(x) => [failing(inTable.a, x), failing(inTable.b.c, x)]],
    inputs: [['']],
    expected: [['', 'shorter than 1']],
  },
  {
    name: 'a destructured constant',
    roots: () => [(x) => failing(destructured, x)],
    inputs: [[1]],
    expected: ['no string'],
  },
  {
    name: 'a constant that a captured object holds',
    roots: () => {
      const job = { check: schema };
      return [(x) => failing(job.check, x)];
    },
    inputs: [['a']],
    expected: ['shorter than 3'],
  },
  {
    name: 'a constant is made once in a thread',
    roots: () => [() => schema === validators.schema || schema.parse('abc') === 'abc'],
    expected: [true],
  },
  {
    name: 'functions that use constants',
    roots: () => [(x) => validators.map((f) => f(x))],
    inputs: [['abcd']],
    expected: [['abcd', 'abcd']],
  },
  {
    name: 'a function that a package made, at module level',
    roots: () => [(x) => madeByPackage(x)],
    inputs: [[2]],
    expected: [3],
  },
  {
    name: 'a function that a package made, local: refused',
    roots: () => {
      const add = partial((a, b) => a + b, 1);
      return [(x) => add(x)];
    },
    refused: { variable: /^add$/, reason: /a package at run time.*executorLocal/ },
  },
  {
    name: 'a constant of Intl',
    roots: () => [(x) => number.format(x)],
    inputs: [[1.5]],
    expected: ['1.50'],
  },
  {
    name: 'a TextDecoder',
    roots: () => [(x) => decoder.decode(x)],
    inputs: [[new Uint8Array([233])]],
    expected: ['é'],
  },
  {
    name: 'a constant that was awaited, refused',
    roots: () => [(x) => awaited.parse(x)],
    refused: { variable: /^awaited/, reason: /await/ },
  },
  {
    name: 'a variable that is assigned again, refused',
    roots: () => [(x) => reassigned.parse(x)],
    refused: { variable: /^reassigned/, reason: /executorLocal/ },
  },
  {
    name: 'a constant that looks at process, refused',
    roots: () => [(x) => fromProcess.parse(x)],
    refused: { variable: /^fromProcess/, reason: /uses process/ },
  },
  {
    name: "a constant that uses Node's modules, refused",
    roots: () => [(x) => withFile.parse(x)],
    refused: { variable: /^withFile/, reason: /existsSync of one of Node's own modules/ },
  },
  {
    name: 'a class of a package as a value',
    roots: () => {
      const Kind = Schema;
      return [() => new Kind().parse(7)];
    },
    expected: [7],
  },
  {
    name: 'a package that no task uses is not evaluated in a task thread',
    roots: () => [() => typeof globalThis.heddleLoads],
    expected: ['undefined'],
  },
  {
    name: 'a package with files of its own',
    roots: () => [() => words()],
    expected: [['from', 'a', 'file']],
  },
  {
    name: 'a package with a native addon',
    roots: () => [() => folder().endsWith('native-addon/build')],
    expected: [true],
  },
);
