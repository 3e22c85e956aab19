import { expect } from 'chai';
import fc from 'fast-check';
import { BlockMemory, blockName, type BlockId } from '../../src/storage/block-memory.js';

const block = (rddId: number, partition: number): BlockId => ({ rddId, partition });
const store = (id: BlockId, sizeBytes: number, mayGoToDisk = false) =>
  ({ kind: 'store', block: id, sizeBytes, mayGoToDisk }) as const;

describe('memory of cached blocks', () => {
  it('A-169 evicts the least recently used block first', () => {
    const memory = new BlockMemory(100);
    memory.handle(store(block(1, 0), 40));
    memory.handle(store(block(2, 0), 40));
    memory.handle({ kind: 'access', block: block(1, 0) });
    expect(memory.handle(store(block(3, 0), 40))).to.deep.equal([
      { kind: 'evict', block: block(2, 0), toDisk: false },
      { kind: 'keep', block: block(3, 0) },
    ]);
    expect(memory.usedBytes).to.equal(80);
  });

  it('A-170 sends an evicted block to disk when its level allows that', () => {
    const memory = new BlockMemory(100);
    memory.handle(store(block(1, 0), 80, true));
    expect(memory.handle(store(block(2, 0), 80))).to.deep.equal([
      { kind: 'evict', block: block(1, 0), toDisk: true },
      { kind: 'keep', block: block(2, 0) },
    ]);
  });

  it('A-169 never evicts a block of the RDD that is being cached', () => {
    const memory = new BlockMemory(100);
    memory.handle(store(block(1, 0), 60));
    memory.handle(store(block(2, 0), 30));
    expect(memory.roomFor(1)).to.equal(40);
    expect(memory.handle(store(block(1, 1), 50))).to.deep.equal([
      { kind: 'reject', block: block(1, 1) },
    ]);
    expect(memory.usedBytes, 'nothing was evicted in vain').to.equal(90);
    expect(memory.handle(store(block(1, 2), 40))).to.deep.equal([
      { kind: 'evict', block: block(2, 0), toDisk: false },
      { kind: 'keep', block: block(1, 2) },
    ]);
  });

  it('keeps the first copy when two attempts store one block', () => {
    const memory = new BlockMemory(100);
    memory.handle(store(block(1, 0), 60));
    expect(memory.handle(store(block(1, 0), 60))).to.deep.equal([
      { kind: 'reject', block: block(1, 0) },
    ]);
    expect(memory.usedBytes).to.equal(60);
  });

  it('A-181 shrinks to a smaller limit by evicting', () => {
    const memory = new BlockMemory(100);
    memory.handle(store(block(1, 0), 30));
    memory.handle(store(block(1, 1), 30));
    memory.handle(store(block(2, 0), 30));
    expect(memory.handle({ kind: 'setLimit', limitBytes: 40 })).to.deep.equal([
      { kind: 'evict', block: block(1, 0), toDisk: false },
      { kind: 'evict', block: block(1, 1), toDisk: false },
    ]);
    expect(memory.usedBytes).to.equal(30);
  });

  it('agrees with a plain list under any sequence of events', () => {
    const id = fc.record({ rddId: fc.nat(2), partition: fc.nat(3) });
    const event = fc.oneof(
      fc.record({
        kind: fc.constant('store' as const),
        block: id,
        sizeBytes: fc.nat(60),
        mayGoToDisk: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('access' as const), block: id }),
      fc.record({ kind: fc.constant('remove' as const), block: id }),
      fc.record({ kind: fc.constant('removeRdd' as const), rddId: fc.nat(2) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const memory = new BlockMemory(100);
        const held = new Map<string, number>();
        for (const one of events) {
          for (const instruction of memory.handle(one)) {
            const name = blockName(instruction.block);
            if (instruction.kind === 'keep') {
              expect(held.has(name)).to.equal(false);
              held.set(name, one.kind === 'store' ? one.sizeBytes : 0);
            } else if (instruction.kind === 'evict' || instruction.kind === 'forget') {
              expect(held.delete(name), `${name} was held`).to.equal(true);
              if (one.kind === 'store') {
                expect(instruction.block.rddId).not.to.equal(one.block.rddId);
              }
            }
          }
          expect(memory.usedBytes).to.equal([...held.values()].reduce((a, b) => a + b, 0));
          expect(memory.usedBytes).to.be.at.most(100);
        }
      }),
    );
  });
});
