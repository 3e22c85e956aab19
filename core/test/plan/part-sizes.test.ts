import { expect } from 'chai';
import fc from 'fast-check';
import {
  compactPartSizes,
  isPartLength,
  mostPartBytes,
  partCount,
} from '../../src/plan/part-sizes.js';

describe('Sizes of a map output’s parts', () => {
  it('are exact when there are few', () => {
    const sizes = compactPartSizes(Float64Array.of(0, 57, 2 ** 40));
    expect(partCount(sizes)).to.equal(3);
    expect([0, 1, 2].map((part) => mostPartBytes(sizes, part))).to.deep.equal([0, 57, 2 ** 40]);
    expect(isPartLength(sizes, 1, 57)).to.equal(true);
    expect(isPartLength(sizes, 1, 58)).to.equal(false);
  });

  it('F39 take a byte each when there are many: a tenth too large at most, and 0 only for empty parts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 31 - 1 })), {
          minLength: 257,
          maxLength: 400,
        }),
        (exact) => {
          const sizes = compactPartSizes(Float64Array.from(exact));
          expect(sizes.partSizeClasses).to.have.length(exact.length);
          expect(sizes.partSizesBytes).to.have.length(0);
          expect(partCount(sizes)).to.equal(exact.length);
          exact.forEach((size, part) => {
            const most = mostPartBytes(sizes, part);
            expect(most).to.be.at.least(size);
            expect(most).to.be.at.most(size * 1.1);
            expect(isPartLength(sizes, part, size)).to.equal(true);
            expect(isPartLength(sizes, part, size * 2 + 1)).to.equal(false);
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  it('stay exact when one is larger than any class', () => {
    const exact = new Float64Array(1_000).fill(1);
    exact[3] = 2 ** 50;
    expect(mostPartBytes(compactPartSizes(exact), 3)).to.equal(2 ** 50);
  });
});
