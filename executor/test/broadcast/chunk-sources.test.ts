import { expect } from 'chai';
import fc from 'fast-check';
import { ChunkSources } from '../../src/broadcast/chunk-sources.js';

describe('ChunkSources', () => {
  it('gives the first executor everything from the hub, and the second everything from the first', () => {
    const sources = new ChunkSources(3, 'hub');
    expect(sources.assign('a', () => true)).to.deep.equal(['hub', 'hub', 'hub']);
    expect(sources.assign('b', () => true)).to.deep.equal(['a', 'a', 'a']);
  });

  it('never lets anyone depend on one that came later, so nobody waits in a circle', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 30 }), fc.nat(4), (askers, chunks) => {
        const sources = new ChunkSources(chunks, 'hub');
        const order: string[] = [];
        for (const asker of askers.map(String)) {
          const earlier = order.filter((other) => other !== asker);
          for (const giver of sources.assign(asker, () => true)) {
            expect(['hub', ...earlier]).to.include(giver);
          }
          order.splice(0, order.length, ...earlier, asker);
        }
      }),
    );
  });

  it('spreads the giving evenly', () => {
    const sources = new ChunkSources(12, 'hub');
    const given = ['a', 'b', 'c', 'd', 'e'].flatMap((id) => sources.assign(id, () => true));
    for (const id of ['hub', 'a', 'b', 'c', 'd']) {
      expect(given.filter((giver) => giver === id)).to.have.length(12);
    }
  });

  it('leaves out those that are gone', () => {
    const sources = new ChunkSources(2, 'hub');
    sources.assign('a', () => true);
    expect(sources.assign('b', () => false)).to.deep.equal(['hub', 'hub']);
    sources.lost('a');
    expect(sources.assign('c', () => true)).to.deep.equal(['b', 'b']);
  });
});
