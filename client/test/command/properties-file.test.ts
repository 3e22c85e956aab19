import { ConfigError } from '@heddle/common';
import { expect } from 'chai';
import { parseProperties, readPropertiesFile } from '../../src/command/properties-file.js';

describe('a properties file', () => {
  it('holds "key value", "key=value" and "key: value" lines, comments and empty lines', () => {
    const text = [
      '# comment',
      '! comment too',
      '',
      'heddle.master local[2]',
      '  heddle.app.name = my app  ',
      'a.b:c=d',
      'url http://host:1/x=y#z',
      'path=/a b/c',
    ].join('\r\n');
    expect([...parseProperties(text, 'f')]).to.deep.equal([
      ['heddle.master', 'local[2]'],
      ['heddle.app.name', 'my app'],
      ['a.b', 'c=d'],
      ['url', 'http://host:1/x=y#z'],
      ['path', '/a b/c'],
    ]);
  });

  it('continues a line after a backslash, and the last line of a key wins', () => {
    const values = parseProperties('k a,\\\n   b\nk2 1\nk2 2\nk3 x\\\\\n', 'f');
    expect([...values]).to.deep.equal([
      ['k', 'a,b'],
      ['k2', '2'],
      ['k3', 'x\\\\'],
    ]);
  });

  it('with a line that has no value is refused with its number', () => {
    expect(() => parseProperties('a 1\n\nlonely\n', 'p.conf')).to.throw(
      ConfigError,
      "p.conf:3: 'lonely'",
    );
  });

  it('that cannot be read is refused by name', async () => {
    const error: unknown = await readPropertiesFile('/no/such/file').catch((e: unknown) => e);
    expect(error).to.be.instanceOf(ConfigError);
    expect((error as Error).message).to.contain('/no/such/file');
  });
});
