import { expect } from 'chai';

import {
  parseBinarySize,
  parseHadoopDuration,
  parseHadoopInteger,
  parseHadoopList,
} from '../src/values/parse-values.js';
import { formatSocketAddress, parseSocketAddress } from '../src/values/socket-address.js';

describe('Hadoop value forms', () => {
  it('reads sizes with one binary prefix of either case', () => {
    const sizes = ['0', '4096', '64k', '128M', ' 1g ', '2T', '-1', '-2k'].map(parseBinarySize);
    expect(sizes).to.deep.equal([
      0, 4096, 65_536, 134_217_728, 1_073_741_824, 2_199_023_255_552, -1, -2048,
    ]);
  });

  it('refuses sizes that Hadoop refuses, or that a number cannot hold', () => {
    for (const text of ['', 'k', '64kb', '1.5g', '1 k', '8e', '9999999999999999999', '1x']) {
      expect(parseBinarySize(text), text).to.equal(undefined);
    }
  });

  it('reads durations by their unit, and bare ones by the unit of the key', () => {
    expect(parseHadoopDuration('30s', 'ms')).to.equal(30_000);
    expect(parseHadoopDuration('5M', 'ms')).to.equal(300_000);
    expect(parseHadoopDuration('7', 's')).to.equal(7_000);
    expect(parseHadoopDuration('250', 'ms')).to.equal(250);
    expect(parseHadoopDuration('1d', 's')).to.equal(86_400_000);
    expect(parseHadoopDuration('1500us', 's')).to.equal(1);
    expect(parseHadoopDuration('999999ns', 's')).to.equal(0);
    expect(parseHadoopDuration('-1', 's')).to.equal(-1);
    expect(parseHadoopDuration('-1', 'ns')).to.equal(-1);
  });

  it('refuses durations with fractions, unknown units or nothing', () => {
    for (const text of ['', 's', '1.5s', '1w', '1 min', '5 m', '99999999999999999999d']) {
      expect(parseHadoopDuration(text, 'ms'), text).to.equal(undefined);
    }
  });

  it('reads whole numbers in decimal and hexadecimal', () => {
    expect(['12', '-0x10', '+7', ' 0XfF '].map(parseHadoopInteger)).to.deep.equal([
      12, -16, 7, 255,
    ]);
    for (const text of ['', '0x', '+0x10', '1e3', '9007199254740993', '1_000']) {
      expect(parseHadoopInteger(text), text).to.equal(undefined);
    }
  });

  it('splits lists at commas and line ends', () => {
    expect(parseHadoopList('\n a, b\n  c ,,a ')).to.deep.equal(['a', 'b', 'c']);
    expect(parseHadoopList('')).to.deep.equal([]);
  });

  it('reads addresses with and without port, scheme and brackets', () => {
    expect(parseSocketAddress('h:1')).to.deep.equal({ host: 'h', port: 1 });
    expect(parseSocketAddress(' h ', 8020)).to.deep.equal({ host: 'h', port: 8020 });
    expect(parseSocketAddress('hdfs://h:9/x')).to.deep.equal({ host: 'h', port: 9 });
    expect(parseSocketAddress('[fe80::1]:8020')).to.deep.equal({ host: 'fe80::1', port: 8020 });
    expect(formatSocketAddress({ host: 'fe80::1', port: 80 })).to.equal('[fe80::1]:80');
    for (const text of ['', 'h', ':1', 'h:', 'h:x', 'h:70000', 'a b:1', 'a:1:2']) {
      expect(parseSocketAddress(text), text).to.equal(undefined);
    }
  });
});
