import { expect } from 'chai';
import { releaseBytes } from '../src/index.js';

describe('releaseBytes', () => {
  it('empties large bytes that have their buffer for themselves', () => {
    const bytes = new Uint8Array(2 ** 20);
    releaseBytes(bytes);
    expect(bytes.byteLength).to.equal(0);
  });

  it('leaves bytes alone that share their buffer, or are small', () => {
    const whole = new Uint8Array(2 ** 20).fill(7);
    const part = whole.subarray(0, 2 ** 19);
    releaseBytes(part);
    expect(part.length).to.equal(2 ** 19);
    expect(whole[2 ** 20 - 1]).to.equal(7);
    const small = new Uint8Array(16);
    releaseBytes(small);
    expect(small.length).to.equal(16);
  });

  it('leaves shared memory alone', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(2 ** 20));
    releaseBytes(shared);
    expect(shared.length).to.equal(2 ** 20);
  });
});
