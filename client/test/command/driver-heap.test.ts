import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const { driverHeapMb } = (await import(
  new URL('../../../bin/driver-heap.js', import.meta.url).href
)) as { driverHeapMb: (words: readonly string[]) => number | undefined };

describe('the heap limit of the driver', () => {
  it('is found in the words before the program, and only there', () => {
    expect(driverHeapMb(['submit', '--driver-memory', '2g', 'a.ts'])).to.equal(2_048);
    expect(driverHeapMb(['submit', '--driver-memory=512m', 'a.ts'])).to.equal(512);
    expect(driverHeapMb(['submit', '--driver-memory=512', 'a.ts'])).to.equal(512);
    expect(
      driverHeapMb(['submit', '--master', 'local', '--driver-memory', '1.5G', 'a.ts']),
    ).to.equal(1_536);
    expect(driverHeapMb(['submit', '-v', '--json', '--driver-memory', '1g', 'a.ts'])).to.equal(
      1_024,
    );
    expect(driverHeapMb(['submit', 'a.ts', '--driver-memory', '2g'])).to.equal(undefined);
    expect(driverHeapMb(['--version'])).to.equal(undefined);
  });

  it('comes from the option, then --conf, then the properties file (A-003)', () => {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-heap-'));
    try {
      const file = join(directory, 'p.conf');
      writeFileSync(file, '# heddle.driver.memory 9g\nheddle.driver.memory = 3g\n');
      const fromFile = ['submit', '--properties-file', file];
      const conf = ['--conf', 'heddle.driver.memory=2g'];
      expect(driverHeapMb([...fromFile, 'a.ts'])).to.equal(3_072);
      expect(driverHeapMb([...fromFile, ...conf, 'a.ts'])).to.equal(2_048);
      expect(driverHeapMb([...fromFile, '--driver-memory', '1g', ...conf, 'a.ts'])).to.equal(1_024);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('is left to the full parser when it is malformed, too small, or the file is missing', () => {
    expect(driverHeapMb(['submit', '--driver-memory', 'lots', 'a.ts'])).to.equal(undefined);
    expect(driverHeapMb(['submit', '--driver-memory', '1m', 'a.ts'])).to.equal(undefined);
    expect(driverHeapMb(['submit', '--driver-memory'])).to.equal(undefined);
    expect(driverHeapMb(['submit', '--properties-file', '/no/such', 'a.ts'])).to.equal(undefined);
  });
});
