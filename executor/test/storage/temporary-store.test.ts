import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { StorageFullError } from '../../src/storage/errors.js';
import { TemporaryStore } from '../../src/storage/temporary-store.js';
import { useLocalDirectory } from '../shuffle/test-environment.js';
import { fullDisk } from './full-disk.js';

describe('temporary store', () => {
  const local = useLocalDirectory();
  const directories = (): string[] => {
    const list = ['a', 'b', 'c'].map((name) => join(local.path, name));
    list.forEach((directory) => mkdirSync(directory, { recursive: true }));
    return list;
  };
  const pattern = (length: number, seed: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);

  it('gives back any range of what was appended, wherever disks ran full in between', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3000), { minLength: 1, maxLength: 20 }),
        fc.nat(20_000),
        fc.nat(1000),
        (lengths, roomBytes, seed) => {
          const list = directories();
          const store = new TemporaryStore(list, 't1', 0, fullDisk(list[0]!, roomBytes));
          const all = pattern(
            lengths.reduce((a, b) => a + b),
            seed,
          );
          let at = 0;
          for (const length of lengths) {
            expect(store.append(all.subarray(at, at + length))).to.equal(at);
            at += length;
            store.flush();
          }
          const from = seed % (all.length + 1);
          const target = new Uint8Array(all.length - from);
          store.read(from, target);
          expect(Buffer.compare(target, all.subarray(from))).to.equal(0);
          store.close();
          for (const directory of list) {
            if (existsSync(join(directory, 'scratch'))) {
              expect(readdirSync(join(directory, 'scratch'))).to.deep.equal([]);
            }
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('splits one write between two directories when the first runs full inside of it', () => {
    const list = directories();
    const store = new TemporaryStore(list, 't1', 0, fullDisk(list[0]!, 1000));
    const bytes = pattern(3 * 1024 * 1024, 7);
    store.append(bytes);
    store.flush();
    const files = list.map((directory) => {
      const folder = join(directory, 'scratch');
      return existsSync(folder)
        ? readdirSync(folder).map((name) => statSync(join(folder, name)).size)
        : [];
    });
    expect(files).to.deep.equal([[1000], [bytes.length - 1000], []]);
    const target = new Uint8Array(bytes.length);
    store.read(0, target);
    expect(Buffer.compare(target, bytes)).to.equal(0);
    store.close();
  });

  it('is a StorageFullError with directory and bytes when the last directory is full', () => {
    const list = directories();
    const store = new TemporaryStore(list, 't1', 0, fullDisk(local.path, 100));
    let thrown: unknown;
    try {
      store.append(pattern(500, 1));
      store.flush();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).to.be.instanceOf(StorageFullError);
    expect((thrown as StorageFullError).path).to.equal(list[2]);
    expect((thrown as StorageFullError).message).to.include('no room for 400 bytes');
    store.close();
    expect(list.flatMap((directory) => readdirSync(join(directory, 'scratch')))).to.deep.equal([]);
  });

  it('keeps its files private', () => {
    const list = directories();
    const store = new TemporaryStore(list, 't1', 1);
    store.append(pattern(10, 0));
    store.flush();
    const folder = join(list[1]!, 'scratch');
    const [name] = readdirSync(folder);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    expect(statSync(join(folder, name!)).mode & 0o777).to.equal(0o600);
    store.close();
    store.close();
  });

  it('is an error to read what was never written', () => {
    const store = new TemporaryStore(directories(), 't1');
    store.append(pattern(10, 0));
    expect(() => store.read(5, new Uint8Array(6))).to.throw('nothing was written at position 10');
    store.close();
  });
});
