import { expect } from 'chai';

import { runOne } from './mutated-sessions.js';

describe('mutated responses', () => {
  it('end in answers or typed errors, never in anything else, and hold no memory', () => {
    const count = { accepted: 0, refused: 0 };
    for (let seed = 0; seed < 3_000; seed += 1) count[runOne(seed)] += 1;
    // Both kinds must occur, or the mutations prove nothing.
    expect(count.accepted).to.be.greaterThan(100);
    expect(count.refused).to.be.greaterThan(1_000);
  });
});
