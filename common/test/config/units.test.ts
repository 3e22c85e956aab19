import { expect } from 'chai';
import fc from 'fast-check';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/index.js';

describe('sizes', () => {
  it('reads binary suffixes in either case, with the long forms', () => {
    expect(parseSize('64k', 'b')).to.equal(65_536);
    expect(parseSize('512m', 'b')).to.equal(536_870_912);
    expect(parseSize('2g', 'b')).to.equal(2_147_483_648);
    expect(parseSize('2G', 'b')).to.equal(2_147_483_648);
    expect(parseSize('1.5 GiB', 'b')).to.equal(1_610_612_736);
    expect(parseSize('3kb', 'b')).to.equal(3_072);
  });

  it('takes a bare number in the unit that the setting says', () => {
    expect(parseSize('10', 'b')).to.equal(10);
    expect(parseSize('10', 'm')).to.equal(10_485_760);
  });

  it('refuses what is no size', () => {
    for (const text of ['', 'k', '-1k', '1x', '1k2', '0x10', 'Infinity', '1e3', '9999999t']) {
      expect(parseSize(text, 'b'), text).to.equal(undefined);
    }
  });
});

describe('durations', () => {
  it('reads every suffix', () => {
    const read = ['500ms', '5s', '10m', '10min', '3h', '1d'].map((text) =>
      parseDuration(text, 's'),
    );
    expect(read).to.deep.equal([500, 5_000, 600_000, 600_000, 10_800_000, 86_400_000]);
  });

  it('takes a bare number in the unit that the setting says', () => {
    expect(parseDuration('7', 'ms')).to.equal(7);
    expect(parseDuration('7', 's')).to.equal(7_000);
  });

  it('does not take the names of object members for suffixes', () => {
    expect(parseDuration('5constructor', 's')).to.equal(undefined);
  });

  it('reads back every whole number of each unit', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (n, unit) => {
        const factor = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 }[unit];
        expect(parseDuration(`${n}${unit}`, 's')).to.equal(n * factor);
      }),
    );
  });
});

describe('sizes and durations for people', () => {
  it('choose the unit', () => {
    expect([formatSize(12), formatSize(1_536), formatSize(2 ** 31)]).to.deep.equal([
      '12 B',
      '1.5 KiB',
      '2 GiB',
    ]);
    expect([formatDuration(12), formatDuration(1_500), formatDuration(150_000)]).to.deep.equal([
      '12 ms',
      '1.5 s',
      '2.5 min',
    ]);
  });
});
