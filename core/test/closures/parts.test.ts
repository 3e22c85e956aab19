import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { constructRaw } from '../../src/closures/class-support.js';
import {
  executorLocal,
  executorLocalById,
  executorLocalSymbol,
} from '../../src/closures/executor-local.js';
import { followImport, ImportIndex } from '../../src/closures/import-index.js';
import { nodeClassOf } from '../../src/closures/node-handles.js';
import { registerSources, sourcePosition, translateStack } from '../../src/closures/source-maps.js';
import { globalAt, globalPathOf } from '../../src/codec/value/globals.js';

describe('executorLocal', () => {
  it('makes its value once, at first use', () => {
    let made = 0;
    const local = executorLocal(() => ({ number: ++made }));
    expect(made).to.equal(0);
    expect(local.value).to.equal(local.value);
    expect(made).to.equal(1);
  });

  it('is one object for an id in a thread, whichever closure brings it', () => {
    const first = executorLocalById(-5, () => 'first');
    expect(executorLocalById(-5, () => 'second')).to.equal(first);
    expect(first.value).to.equal('first');
    expect(first[executorLocalSymbol].id).to.equal(-5);
  });

  it('takes only a function', () => {
    expect(() => executorLocal('x' as never)).to.throw(RangeError, /takes a function/);
  });
});

describe('The index of imports', () => {
  class Exported {
    n = 1;
  }
  const member = (): number => 1;
  const settings = { size: 1 };
  let late: (() => number) | undefined;
  const namespace = {
    default: Object.assign((): number => 0, { member }),
    Exported,
    settings,
    get late() {
      return late;
    },
  };
  const index = new ImportIndex(new Map([[3, () => namespace]]));

  it('finds exports and what they hold directly', () => {
    expect(index.find(Exported)).to.deep.equal({ index: 3, names: ['Exported'] });
    expect(index.find(member)).to.deep.equal({ index: 3, names: ['default', 'member'] });
    expect(index.find(settings)).to.deep.equal({ index: 3, names: ['settings'] });
    expect(index.find({})).to.equal(undefined);
  });

  it('finds an export that gets its value later', () => {
    const value = (): number => 2;
    expect(index.find(value)).to.equal(undefined);
    late = value;
    expect(index.find(value)).to.deep.equal({ index: 3, names: ['late'] });
  });

  it('follows paths by own properties only', () => {
    expect(followImport(namespace, ['default', 'member'])).to.equal(member);
    expect(followImport(namespace, ['*', 'settings', 'size'])).to.equal(1);
    expect(followImport(namespace, ['settings', 'constructor'])).to.equal(undefined);
    expect(followImport(namespace, ['settings', 'size', 'toFixed'])).to.equal(undefined);
  });
});

describe('Built-ins by name', () => {
  it('have one path each, and are found again', () => {
    for (const value of [
      Math.sqrt,
      Array.prototype.map,
      String,
      Object.keys,
      JSON,
      encodeURIComponent,
      console.log,
    ]) {
      const path = globalPathOf(value);
      expect(path).to.be.a('string');
      expect(globalAt(path!)).to.equal(value);
    }
  });

  it('are not what turns text into code, nor what a program put on globalThis', () => {
    const own = (): void => undefined;
    (globalThis as Record<string, unknown>)['heddleTestOwn'] = own;

    for (const value of [globalThis.eval, Function, own, process])
      expect(globalPathOf(value)).to.equal(undefined);
    Reflect.deleteProperty(globalThis, 'heddleTestOwn');
    expect(globalAt('Function')).to.equal(undefined);
    expect(globalAt('constructor')).to.equal(undefined);
  });
});

describe("Handles of Node's modules", () => {
  it('are known by the class of their module', () => {
    const { Socket } = process.getBuiltinModule('net');
    const { createHash } = process.getBuiltinModule('crypto');
    expect(nodeClassOf(new Socket())).to.equal('net.Socket');
    expect(nodeClassOf(createHash('md5'))).to.equal('crypto.Hash');
    expect(nodeClassOf(new Map())).to.equal(undefined);
    expect(nodeClassOf({})).to.equal(undefined);
  });
});

describe('Raw construction', () => {
  let raw = false;
  const setRaw = (on: boolean): void => void (raw = on);
  let ran = 0;
  class Base {
    #id: number;
    label: unknown = raw ? undefined : `made ${++ran}`;
    constructor({ id }: { id: number }) {
      if (raw) {
        this.#id = 0;
        return;
      }
      ran++;
      this.#id = id;
    }
    static has(value: object): boolean {
      return #id in value;
    }
    get id(): number {
      return this.#id;
    }
  }
  class Derived extends Base {
    #more = raw ? 0 : ++ran;
    static hasMore(value: object): boolean {
      return #more in value;
    }
  }
  class FromDate extends Date {
    #zone = 'utc';
    get zone(): string {
      return this.#zone;
    }
  }
  const traits = (parameters: number) => (ofClass: unknown) =>
    [Base, Derived, FromDate].includes(ofClass as never)
      ? { needsConstruction: true, parameters }
      : undefined;

  it('puts private fields in place without running what the constructor does', () => {
    ran = 0;
    const made = constructRaw(Derived as never, Object as never, [], traits(1), setRaw);
    expect(ran).to.equal(0);
    expect([Base.has(made), Derived.hasMore(made), made instanceof Derived]).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect(raw).to.equal(false);
  });

  it('keeps what a built-in parent needs', () => {
    const made = constructRaw(FromDate as never, Date, [86_400_000], traits(0), setRaw) as FromDate;
    expect(made.getTime()).to.equal(86_400_000);
    expect(made.zone).to.equal('utc');
    expect(Object.getPrototypeOf(FromDate)).to.equal(Date);
  });
});

describe('Source maps of a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-maps-'));

  after(() => rmSync(folder, { recursive: true }));

  it('are read when first needed, and translate driver and task positions', () => {
    const sourcesFile = join(folder, 'sources.json');
    const driverFile = join(folder, 'driver.mjs');
    registerSources('abc', { driverFile, sourcesFile });
    const stack = `Error: x\n    at f (file://${driverFile}:2:5)\n    at heddle-task:///abc/program.js:1:13\n    at g (file:///other.js:1:1)`;
    expect(translateStack(stack), 'no file yet').to.equal(stack);
    writeFileSync(
      sourcesFile,
      JSON.stringify({
        version: 1,
        // Flat line 1 comes from line 5 of app.ts, column by column.
        map: JSON.stringify({
          version: 3,
          sources: ['/u/app.ts'],
          names: [],
          mappings: 'AAIA,CAAC,CAAC,CAAC,CAAC,CAAC,CAAC,CAAC',
        }),
        flat: [0],
        driver: { lines: [0, 10], segments: [10, 0, 8] },
        task: { lines: [0], segments: [8, 2, 6] },
      }),
    );
    expect(translateStack(stack)).to.equal(
      'Error: x\n    at f (/u/app.ts:5:5)\n    at /u/app.ts:5:7\n    at g (file:///other.js:1:1)',
    );
    expect(sourcePosition('abc', 3)).to.deep.equal({ file: '/u/app.ts', line: 5, column: 4 });
    expect(sourcePosition('unknown', 3)).to.equal(undefined);
  });
});
