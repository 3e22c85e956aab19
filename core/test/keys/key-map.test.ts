import { expect } from 'chai';
import fc from 'fast-check';
import { decodeValue, encodeValue, plainCodeTable } from '../../src/codec/index.js';
import { KeyMap, KeyNotHashableError, keysEqual } from '../../src/keys/index.js';
import { keys } from './arbitrary-keys.js';

describe('KeyMap', () => {
  it('looks keys up by value', () => {
    const map = new KeyMap<unknown, number>([
      [[1, 'a'], 1],
      [{ x: 1, y: 2 }, 2],
      [NaN, 3],
      ['s', 4],
    ]);
    expect(map.get([1, 'a'])).to.equal(1);
    expect(map.get({ y: 2, x: 1 })).to.equal(2);
    expect(map.get(NaN)).to.equal(3);
    expect(map.get('s')).to.equal(4);
    expect(map.has([1, 'b'])).to.equal(false);
    expect(map.get([1, 'b'])).to.equal(undefined);
  });

  it('is a Map in every respect', () => {
    const map = new KeyMap<unknown, number>([[[1], 1]]);
    expect(map).to.be.instanceOf(Map);
    expect(map.set([1], 2)).to.equal(map);
    expect(map.size).to.equal(1);
    expect([...map]).to.deep.equal([[[1], 2]]);
    expect([...map.keys()]).to.deep.equal([[1]]);
    expect(structuredClone(map)).to.deep.equal(new Map([[[1], 2]]));
    map.clear();
    expect(map.size).to.equal(0);
    expect(map.has([1])).to.equal(false);
    expect(map.set([1], 3).get([1])).to.equal(3);
  });

  it('keeps the key that came first, in order of insertion', () => {
    const first = [1];
    const map = new KeyMap<unknown, string>();
    map.set('z', 'z').set(first, 'a').set(5, 'five').set([1], 'b');
    expect([...map.entries()]).to.deep.equal([
      ['z', 'z'],
      [[1], 'b'],
      [5, 'five'],
    ]);
    expect([...map.keys()][1]).to.equal(first);
  });

  it('travels as a value, also with keys that are maps', () => {
    const map = new KeyMap<unknown, unknown>([
      [[1, 'a'], 1],
      [new KeyMap([[[2], 'x']]), 'inner'],
      ['list', [1, [2]]],
    ]);
    const copy = decodeValue(encodeValue({ map }, plainCodeTable), plainCodeTable) as {
      map: typeof map;
    };
    expect(copy.map).to.be.instanceOf(KeyMap);
    expect(copy.map.get([1, 'a'])).to.equal(1);
    expect(copy.map.get(new KeyMap([[[2], 'x']]))).to.equal('inner');
    expect(copy.map.get('list')).to.deep.equal([1, [2]]);
    expect(copy.map.size).to.equal(3);
  });

  it('refuses what is no key, and never finds it', () => {
    const map = new KeyMap<unknown, number>();
    expect(() => map.set(() => 1, 1)).to.throw(KeyNotHashableError);
    expect(() => map.set(Symbol('x'), 1)).to.throw(KeyNotHashableError);
    expect(() => map.set([new Error('x')], 1)).to.throw(KeyNotHashableError);
    map.set([1], 1);
    expect(map.has([() => 1])).to.equal(false);
    expect(map.get(() => 1)).to.equal(undefined);
    expect(map.delete([new Error('x')])).to.equal(false);
    expect(map.size).to.equal(1);
  });

  it('behaves as a list of entries that is searched by equality (property)', () => {
    const operations = fc.array(
      fc.tuple(fc.constantFrom('set', 'delete', 'get'), keys, fc.integer()),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(operations, (steps) => {
        const map = new KeyMap<unknown, number>();
        const model: [unknown, number][] = [];
        for (const [step, key, value] of steps) {
          const at = model.findIndex(([other]) => keysEqual(other, key));
          if (step === 'set') {
            map.set(key, value);
            if (at < 0) model.push([key, value]);
            else model[at]![1] = value;
          } else if (step === 'delete') {
            expect(map.delete(key)).to.equal(at >= 0);
            if (at >= 0) model.splice(at, 1);
          } else {
            expect(map.get(key)).to.equal(model[at]?.[1]);
            expect(map.has(key)).to.equal(at >= 0);
          }
        }
        expect(map.size).to.equal(model.length);
        expect([...map.values()]).to.deep.equal(model.map(([, value]) => value));
      }),
    );
  });
});
