import { expect } from 'chai';
import fc from 'fast-check';

import { ByteReader } from '../../src/codec/byte-reader.js';
import { ByteWriter } from '../../src/codec/byte-writer.js';
import { CorruptDataError } from '../../src/codec/errors.js';

type Item =
  | { readonly kind: 'u8' | 'u16' | 'u32' | 'i32' | 'f64' | 'varint'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

const items = fc.oneof(
  fc.nat(0xff).map((value): Item => ({ kind: 'u8', value })),
  fc.nat(0xffff).map((value): Item => ({ kind: 'u16', value })),
  fc.integer({ min: 0, max: 0xffff_ffff }).map((value): Item => ({ kind: 'u32', value })),
  fc.integer().map((value): Item => ({ kind: 'i32', value })),
  fc.double().map((value): Item => ({ kind: 'f64', value })),
  fc.maxSafeNat().map((value): Item => ({ kind: 'varint', value })),
  fc.string({ unit: 'binary', maxLength: 80 }).map((value): Item => ({ kind: 'string', value })),
  fc
    .array(fc.nat(0xffff), { maxLength: 40 })
    .map((units): Item => ({ kind: 'string', value: String.fromCharCode(...units) })),
  fc.uint8Array({ maxLength: 300 }).map((value): Item => ({ kind: 'bytes', value })),
);

function write(writer: ByteWriter, item: Item): void {
  if (item.kind === 'string') writer.string(item.value);
  else if (item.kind === 'bytes') writer.bytes(item.value);
  else writer[item.kind](item.value);
}

function read(reader: ByteReader, item: Item): unknown {
  return item.kind === 'bytes' ? reader.bytes(item.value.length) : reader[item.kind]();
}

describe('ByteWriter and ByteReader', () => {
  it('bring back whatever was written, in order (property)', () => {
    fc.assert(
      fc.property(fc.array(items, { maxLength: 60 }), (list) => {
        const writer = new ByteWriter(1);
        for (const item of list) write(writer, item);
        const bytes = writer.finish();
        expect(bytes.length).to.equal(writer.length);
        const reader = new ByteReader(bytes);
        for (const item of list) {
          const value = read(reader, item);
          if (item.kind === 'bytes') expect(value).to.deep.equal(new Uint8Array(item.value));
          else expect(Object.is(value, item.value)).to.equal(true);
        }
        expect(reader.remaining).to.equal(0);
      }),
    );
  });

  it('keep lone surrogates and strings of every length around the fast path', () => {
    for (let length = 0; length < 70; length++) {
      for (const unit of ['a', 'é', '\ud800', '😀'.slice(0, 2)]) {
        const text = 'x'.repeat(length) + unit;
        const writer = new ByteWriter();
        writer.string(text);
        expect(new ByteReader(writer.view()).string()).to.equal(text);
      }
    }
  });

  it('give a view that a reset makes invalid, and a copy that stays', () => {
    const writer = new ByteWriter();
    writer.u8(1);
    const [view, copy] = [writer.view(), writer.finish()];
    writer.reset();
    writer.u8(9);
    expect([view[0], copy[0], writer.length]).to.deep.equal([9, 1, 1]);
  });

  it('fill in a length that was left open', () => {
    const writer = new ByteWriter(16);
    const at = writer.skip(4);
    for (let i = 0; i < 100; i++) writer.u8(i);
    writer.patchU32(at, writer.length - 4);
    const reader = new ByteReader(writer.view());
    expect(reader.u32()).to.equal(100);
    expect(reader.remaining).to.equal(100);
  });

  it('read a part of a buffer, and nothing beyond it', () => {
    const bytes = new Uint8Array([9, 9, 1, 2, 9]);
    const reader = new ByteReader(bytes, 2, 4);
    expect([reader.u8(), reader.u8(), reader.remaining]).to.deep.equal([1, 2, 0]);
    expect(() => reader.u8()).to.throw(CorruptDataError, /1 bytes are announced/);
  });

  it('refuse bytes that end too early and lengths that cannot be true', () => {
    const writer = new ByteWriter();
    writer.string('a text of some length, more than twenty-four units');
    const whole = writer.finish();
    for (let cut = 0; cut < whole.length; cut++) {
      expect(() => new ByteReader(whole.subarray(0, cut)).string()).to.throw(CorruptDataError);
    }
    expect(() => new ByteReader(new Uint8Array(9).fill(0xff)).varint()).to.throw(CorruptDataError);
    expect(() => new ByteReader(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x7f])).string()).to.throw(
      CorruptDataError,
    );
  });
});
