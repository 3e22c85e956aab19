import { expect } from 'chai';

import { HadoopSettingError } from '../src/errors.js';
import { HadoopConfiguration, type SiteFile } from '../src/hadoop-configuration.js';
import { parseSiteFile } from '../src/xml/parse-site-file.js';

function site(
  file: string,
  ...properties: [name: string, value: string, final?: 'final'][]
): SiteFile {
  const xml = properties
    .map(
      ([name, value, final]) =>
        `<property><name>${name}</name><value>${value}</value>${final === undefined ? '' : '<final>true</final>'}</property>`,
    )
    .join('\n');
  return { file, properties: parseSiteFile(`<configuration>\n${xml}\n</configuration>`, file) };
}

function conf(...siteFiles: SiteFile[]): HadoopConfiguration {
  return new HadoopConfiguration({
    siteFiles,
    environment: { HOME: '/home/ann', EMPTY: '' },
    systemProperties: { 'user.name': 'ann', 'java.io.tmpdir': '/tmp' },
  });
}

function settingError(action: () => unknown): HadoopSettingError {
  try {
    action();
  } catch (error) {
    if (error instanceof HadoopSettingError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('HadoopConfiguration', () => {
  it('lays files over defaults, a later file over an earlier one', () => {
    const c = conf(site('core-site.xml', ['a', '1']), site('yarn-site.xml', ['a', '2']));
    expect(c.get('a')).to.equal('2');
    expect(c.get('dfs.replication')).to.equal('3');
    expect(c.get('no.such.key')).to.equal(undefined);
    expect(c.originOf('dfs.replication')).to.deep.equal({
      file: 'hdfs-default.xml',
      line: undefined,
    });
  });

  it('keeps a final property against later files and against a repetition in its own file', () => {
    const c = conf(
      site('core-site.xml', ['a', '1', 'final'], ['a', '1b']),
      site('hdfs-site.xml', ['a', '2', 'final']),
    );
    expect(c.get('a')).to.equal('1');
    expect(c.originOf('a')).to.deep.equal({ file: 'core-site.xml', line: 2 });
  });

  it('lets a program override even final properties', () => {
    const c = new HadoopConfiguration({
      siteFiles: [site('core-site.xml', ['fs.defaultFS', 'hdfs://a', 'final'])],
      overrides: { 'fs.default.name': 'hdfs://b' },
    });
    expect(c.get('fs.defaultFS')).to.equal('hdfs://b');
    expect(c.originOf('fs.defaultFS')?.file).to.equal('program');
  });

  it('reads and writes old key names as their replacements', () => {
    const c = conf(
      site('core-site.xml', ['fs.default.name', 'hdfs://old:9000'], ['x', '${fs.default.name}/y']),
    );
    expect(c.get('fs.defaultFS')).to.equal('hdfs://old:9000');
    expect(c.get('fs.default.name')).to.equal('hdfs://old:9000');
    expect(c.get('x')).to.equal('hdfs://old:9000/y');
    expect(conf(site('h', ['dfs.block.size', '1m'])).getSizeBytes('dfs.blocksize')).to.equal(
      2 ** 20,
    );
  });

  it('marks a replacement final when its old name was', () => {
    const c = conf(
      site('a', ['fs.default.name', 'hdfs://a', 'final']),
      site('b', ['fs.defaultFS', 'hdfs://b']),
    );
    expect(c.get('fs.defaultFS')).to.equal('hdfs://a');
  });

  const substitutions: readonly [value: string, expected: string][] = [
    ['${user.name}', 'ann'],
    ['${base}/x', '/data/x'],
    ['${env.HOME}', '/home/ann'],
    ['${env.NONE}', '${env.NONE}'],
    ['${env.NONE-d}', 'd'],
    ['${env.NONE:-d}', 'd'],
    ['${env.EMPTY-d}', ''],
    ['${env.EMPTY:-d}', 'd'],
    ['${env.HOME:-d}', '/home/ann'],
    ['${env.NONE:-a-b:-c}', 'a-b:-c'],
    ['${env.toString}', '${env.toString}'],
    ['${nope}/${base}', '${nope}/${base}'],
    ['${base}/${nope}', '/data/${nope}'],
    ['${${which}}', '/data'],
    ['$base ${} ${a b} {x}', '$base ${} ${a b} {x}'],
    ['${self}', '${self}'],
    ['${ping}', '${ping}'],
    ['${hadoop.tmp.dir}', '/tmp/hadoop-ann'],
  ];
  for (const [value, expected] of substitutions) {
    it(`expands ${value} to ${expected === '' ? 'nothing' : expected}`, () => {
      const c = conf(
        site(
          'core-site.xml',
          ['base', '/data'],
          ['which', 'base'],
          ['self', 'a${self}'],
          ['k', value],
        ),
        site('yarn-site.xml', ['ping', '${ping}']),
      );
      expect(c.get('k')).to.equal(expected);
      expect(c.getRaw('k')).to.equal(value);
    });
  }

  it('expands at most nineteen variables, as Hadoop, and names the key when there are more', () => {
    const value = (count: number): string => '${one}'.repeat(count);
    const c = conf(
      site('core-site.xml', ['one', '1'], ['nineteen', value(19)], ['twenty', value(20)]),
    );
    expect(c.get('nineteen')).to.equal('1'.repeat(19));
    expect(settingError(() => c.get('twenty')).message).to.match(
      /^twenty = .*\(core-site\.xml:4\): its variables need more than 20 substitutions/,
    );
  });

  it('ends two keys that name each other with an error, not a hang', () => {
    const c = conf(site('core-site.xml', ['ping', '${pong}'], ['pong', '${ping}']));
    expect(settingError(() => c.get('ping')).key).to.equal('ping');
  });

  it('names key, value, file and line when a value has the wrong form', () => {
    const c = conf(
      site('/etc/hadoop/yarn-site.xml', ['a', '1'], ['n', 'ten'], ['s', '64kb'], ['d', '1.5s']),
    );
    expect(settingError(() => c.getInteger('n')).message).to.equal(
      'n = "ten" (/etc/hadoop/yarn-site.xml:3): a whole number is needed, such as 10 or 0x1F',
    );
    expect(settingError(() => c.getSizeBytes('s')).value).to.equal('64kb');
    expect(settingError(() => c.getDurationMs('d', 's')).origin?.line).to.equal(5);
    expect(settingError(() => c.getRequired('missing')).message).to.equal(
      'missing (not set in any site file): a value is needed here',
    );
    expect(settingError(() => c.getSocketAddress('n')).message).to.contain('written host:port');
    expect(settingError(() => c.getOneOf('n', ['A', 'B'])).message).to.contain(
      'one of A, B is needed',
    );
  });

  it('says of a default that it is one', () => {
    const c = conf();
    expect(settingError(() => c.getInteger('dfs.http.policy')).message).to.contain(
      '(default of hdfs-default.xml)',
    );
  });

  it('reads numbers, booleans, lists and words by their accessors', () => {
    const c = conf(
      site(
        's',
        ['n', ' 12 '],
        ['f', '2.1'],
        ['t', ' TRUE '],
        ['y', 'yes'],
        ['l', ' a ,b,\n,a'],
        ['w', 'https_only'],
      ),
    );
    expect(c.getInteger('n')).to.equal(12);
    expect(c.getNumber('f')).to.equal(2.1);
    expect(c.getBoolean('t')).to.equal(true);
    expect(c.getBoolean('y')).to.equal(undefined);
    expect(c.getBoolean('unset')).to.equal(undefined);
    expect(c.getList('l')).to.deep.equal(['a', 'b']);
    expect(c.getList('unset')).to.deep.equal([]);
    expect(c.getOneOf('w', ['HTTP_ONLY', 'HTTPS_ONLY'])).to.equal('HTTPS_ONLY');
  });

  it('lists every key with its expanded value, sorted', () => {
    const c = new HadoopConfiguration({
      siteFiles: [site('s', ['b', '${a}'], ['a', '1'])],
      withDefaults: false,
    });
    expect([...c.entries()]).to.deep.equal([
      ['a', '1'],
      ['b', '1'],
    ]);
  });
});
