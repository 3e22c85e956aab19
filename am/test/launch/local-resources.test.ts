import { environmentOf, escapedUri, LaunchTextError } from '@heddle/am';
import { expect } from 'chai';

describe('What containers are given', () => {
  it('has URIs that java.net.URI reads, and that decode to the very path', () => {
    const uri = 'hdfs://nn:8020/user/a/my file%20#?ü+;[1].txt';
    const escaped = escapedUri(uri);
    expect(escaped).to.match(/^hdfs:\/\/nn:8020\/user\/a\/[\w%.!'()*-]+$/);
    expect(decodeURIComponent(escaped)).to.equal(uri);
    expect(escapedUri('/user/a b')).to.equal('/user/a%20b');
  });

  it('has the environment variables that settings with a prefix name', () => {
    const settings = new Map([
      ['heddle.executorEnv.ONE', 'a "b"'],
      ['heddle.executor.memory', '1g'],
    ]);
    expect([...environmentOf(settings, 'heddle.executorEnv.')]).to.deep.equal([
      ['ONE', String.raw`a \"b\"`],
    ]);
    for (const [name, value] of [
      ['A B', '1'],
      ['X$(touch$IFS@bad)', '1'],
      ['ODD', '{{x}}'],
    ]) {
      const odd = new Map([[`heddle.executorEnv.${name}`, value!]]);
      expect(() => environmentOf(odd, 'heddle.executorEnv.')).to.throw(LaunchTextError);
    }
  });
});
