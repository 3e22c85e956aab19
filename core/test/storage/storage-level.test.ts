import { expect } from 'chai';
import { StorageLevel } from '../../src/storage/storage-level.js';

/** useDisk, useMemory, useOffHeap, deserialized, replication, text. */
const table: Record<
  keyof typeof StorageLevel,
  [boolean, boolean, boolean, boolean, number, string]
> = {
  NONE: [false, false, false, false, 1, 'Serialized 1x Replicated'],
  DISK_ONLY: [true, false, false, false, 1, 'Disk Serialized 1x Replicated'],
  DISK_ONLY_2: [true, false, false, false, 2, 'Disk Serialized 2x Replicated'],
  DISK_ONLY_3: [true, false, false, false, 3, 'Disk Serialized 3x Replicated'],
  MEMORY_ONLY: [false, true, false, true, 1, 'Memory Deserialized 1x Replicated'],
  MEMORY_ONLY_2: [false, true, false, true, 2, 'Memory Deserialized 2x Replicated'],
  MEMORY_ONLY_SER: [false, true, false, false, 1, 'Memory Serialized 1x Replicated'],
  MEMORY_ONLY_SER_2: [false, true, false, false, 2, 'Memory Serialized 2x Replicated'],
  MEMORY_AND_DISK: [true, true, false, true, 1, 'Disk Memory Deserialized 1x Replicated'],
  MEMORY_AND_DISK_2: [true, true, false, true, 2, 'Disk Memory Deserialized 2x Replicated'],
  MEMORY_AND_DISK_SER: [true, true, false, false, 1, 'Disk Memory Serialized 1x Replicated'],
  MEMORY_AND_DISK_SER_2: [true, true, false, false, 2, 'Disk Memory Serialized 2x Replicated'],
  OFF_HEAP: [true, true, true, false, 1, 'Disk Memory OffHeap Serialized 1x Replicated'],
};

describe('StorageLevel (A-168, B.6)', () => {
  for (const [name, expected] of Object.entries(table)) {
    it(`${name} has its five flags and its text`, () => {
      const level = StorageLevel[name as keyof typeof StorageLevel];
      const { useDisk, useMemory, useOffHeap, deserialized, replication } = level;
      expect([
        useDisk,
        useMemory,
        useOffHeap,
        deserialized,
        replication,
        level.toString(),
      ]).to.deep.equal(expected);
    });
  }

  it('has exactly these', () => {
    expect(Object.keys(StorageLevel)).to.have.members(Object.keys(table));
  });

  it('cannot be changed', () => {
    expect(() => {
      (StorageLevel.MEMORY_ONLY as { useDisk: boolean }).useDisk = true;
    }).to.throw(TypeError);
  });
});
