import { join as joinPath } from 'node:path';
import * as crypto from 'node:crypto';
import fs, { existsSync } from 'node:fs';
import { cases } from './case.js';
import { base, ping } from './lib/cycle-a.js';
import reverse, {
  bounds,
  calls,
  config,
  label,
  Level,
  mode,
  normalise,
  prefix,
  setMode,
  Tokenizer,
} from './lib/text.js';
import * as text from './lib/text.js';
// @ts-expect-error CommonJS modules of a program need no types
import legacy, { joined, Legacy, next } from './lib/legacy.cjs';

function helper() {
  return 'of the program itself';
}
const fromArguments = Number(process.argv.length) * 0 + 3;
const started = new Date(2020, 1, 1);
const awaited = await Promise.resolve({ ready: true });
const { env } = process;
const path = env['PATH']?.length ?? 0;
const pattern = /a(.)c/g;
namespace Geometry {
  export const unit = 2;
  export function area(r: number) {
    return r * unit;
  }
}
const enum Inlined {
  A = 7,
}
enum Colour {
  Red,
  Green = 'green',
}
const satisfied = { a: 1 } satisfies Record<string, number>;
type Point = { x: number };
const dynamic = async (x: number) => (await import('./lib/lazy.js')).lazyValue(x);
const nodeDynamic = async () => (await import('node:path')).sep;

export const corpus = cases(
  {
    name: "functions of the program's own files",
    roots: () => [(s: string) => label(normalise(s))],
    inputs: [[' AB ']],
    expected: ['p-ab'],
  },
  {
    name: 'an anonymous default export',
    roots: () => [reverse],
    inputs: [['abc']],
    expected: ['cba'],
  },
  {
    name: 'an anonymous default export is named default',
    roots: () => [(f: Function) => f.name === 'default', reverse],
    check: () => reverse.name === 'default',
  },
  {
    name: 'a namespace import, the members that are used',
    roots: () => [(s: string) => text.label(text.separator + s)],
    inputs: [['x']],
    expected: ['p--x'],
  },
  {
    name: 'a namespace import as a value',
    roots: () => {
      const all = text;
      return [() => [Object.keys(all).includes('normalise'), all.separator, all.default('ab')]];
    },
    expected: [[true, '-', 'ba']],
  },
  {
    name: 're-exported names and namespaces',
    roots: () => [() => [prefix, bounds.large, config.prefix, text.bounds.small]],
    expected: [['p', 100, 'p', 1]],
  },
  {
    name: 'a let of another file as it is at the call',
    roots: () => {
      setMode('fast');
      return [() => [mode, text.mode]];
    },
    afterwards: () => setMode('slow'),
    expected: [['fast', 'fast']],
  },
  {
    name: 'a live binding inside one snapshot',
    roots: () => {
      setMode('one');
      return [
        () => {
          const before = mode;
          setMode('two');
          return [before, mode, config.readMode()];
        },
      ];
    },
    expected: [['one', 'two', 'two']],
  },
  {
    name: 'a counter of another file',
    roots: () => {
      const at = calls;
      return [(s: string) => [normalise(s), calls - at]];
    },
    inputs: [['A']],
    check: ([o]) => Array.isArray(o) && o[0] === 'a' && o[1] === 1,
  },
  {
    name: 'a class of another file',
    roots: () => {
      const t = new Tokenizer(',');
      return [(s: string) => t.split(s)];
    },
    inputs: [['A, B']],
    expected: [['a', 'b']],
  },
  {
    name: 'files that import each other',
    roots: () => [ping],
    inputs: [[3], [2]],
    expected: [101, 100],
  },
  { name: 'a constant through a circle of files', roots: () => [() => base], expected: [100] },
  {
    name: 'a CommonJS file of the program',
    roots: () => [() => [joined('a', 'b'), new Legacy(4).twice()]],
    expected: [['a/b', 8]],
  },
  {
    name: 'state of a CommonJS file',
    roots: () => {
      next();
      return [next];
    },
    check: ([n]) => typeof n === 'number' && n === 12,
  },
  {
    name: 'the whole of a CommonJS file',
    roots: () => [() => Object.keys(legacy).sort()],
    expected: [['Legacy', 'joined', 'next']],
  },
  {
    name: 'an enum',
    roots: () => [(c: Colour) => [Colour.Red, Colour[0], c === Colour.Green, Level.High]],
    inputs: [[Colour.Green]],
    expected: [[0, 'Red', true, 10]],
  },
  { name: 'a const enum', roots: () => [() => Inlined.A], expected: [7] },
  {
    name: 'a TypeScript namespace',
    roots: () => [(r: number) => Geometry.area(r)],
    inputs: [[3]],
    expected: [6],
  },
  {
    name: 'satisfies and type-only code',
    roots: () => [(p: Point) => p.x + satisfied.a],
    inputs: [[{ x: 1 }]],
    expected: [2],
  },
  {
    name: 'a value of process.argv travels by value',
    roots: () => [(x: number) => x * fromArguments],
    inputs: [[2]],
    expected: [6],
  },
  {
    name: 'a value of the environment travels by value',
    roots: () => [() => path],
    expected: [process.env['PATH']?.length ?? 0],
  },
  {
    name: 'a value that was awaited at the top level',
    roots: () => [() => awaited.ready],
    expected: [true],
  },
  { name: 'a Date constant', roots: () => [() => started.getFullYear()], expected: [2020] },
  {
    name: 'a regular expression with state starts anew',
    roots: () => [(s: string) => [pattern.exec(s)?.[1], pattern.lastIndex]],
    inputs: [['abc'], ['abc']],
    expected: [
      ['b', 3],
      [undefined, 0],
    ],
  },
  {
    name: "a function of one of Node's modules",
    roots: () => [(a: string) => joinPath(a, 'b')],
    inputs: [['a']],
    expected: ['a/b'],
  },
  {
    name: "a function of Node's modules by reference",
    roots: () => [joinPath],
    inputs: [['x', 'y']],
    expected: ['x/y'],
  },
  {
    name: "an alias of a function of Node's modules",
    roots: () => {
      const { createHash } = crypto;
      return [(s: string) => createHash('md5').update(s).digest('hex')];
    },
    inputs: [['']],
    expected: ['d41d8cd98f00b204e9800998ecf8427e'],
  },
  {
    name: "a namespace of Node's modules",
    roots: () => [() => crypto.createHash('sha1').update('').digest('hex').length],
    expected: [40],
  },
  {
    name: "a default import of Node's modules",
    roots: () => [() => [fs.existsSync('/'), existsSync('/')]],
    expected: [[true, true]],
  },
  {
    name: 'import() of a file of the program',
    roots: () => [dynamic],
    inputs: [[1]],
    expected: [2],
  },
  { name: "import() of a module of Node's", roots: () => [nodeDynamic], expected: ['/'] },
  {
    name: 'two functions of one name in two files',
    roots: () => [helper],
    expected: ['of the program itself'],
  },
  {
    name: 'a name that the bundler changes',
    roots: () => [(f: Function) => f.name, helper],
    check: () => helper.name === 'helper',
  },
);
