import { expect } from 'chai';
import { HeddleConf, confOfOptions } from '../../src/conf/heddle-conf.js';
import { thrown } from '../support/expect-error.js';

describe('HeddleConf', () => {
  it('keeps everything as text, and the last value of a key', () => {
    const conf = new HeddleConf({ 'my.number': 3, 'my.flag': true })
      .set('my.big', 5n)
      .set('my.number', 4);
    expect(conf.getAll()).to.deep.equal([
      ['my.big', '5'],
      ['my.flag', 'true'],
      ['my.number', '4'],
    ]);
    expect(conf.get('my.number')).to.equal('4');
    expect(conf.get('absent')).to.equal(undefined);
    expect(conf.get('absent', 'default')).to.equal('default');
    expect(conf.contains('my.flag')).to.equal(true);
    expect(conf.remove('my.flag').contains('my.flag')).to.equal(false);
  });

  it('sets a missing key only', () => {
    const conf = new HeddleConf({ a: 1 }).setIfMissing('a', 2).setIfMissing('b', 3);
    expect(conf.getAll()).to.deep.equal([
      ['a', '1'],
      ['b', '3'],
    ]);
  });

  it('has setters for master and name', () => {
    const conf = new HeddleConf().setMaster('local[3]').setAppName('x');
    expect(conf.get('heddle.master')).to.equal('local[3]');
    expect(conf.get('heddle.app.name')).to.equal('x');
  });

  it('refuses unknown heddle keys with the nearest known one, and lets all others pass', () => {
    const error = thrown(() => new HeddleConf().set('heddle.task.maxFailure', 2));
    expect(error).to.include({ code: 'CONFIG', key: 'heddle.task.maxFailure' });
    expect(error.message).to.contain('heddle.task.maxFailures');
    new HeddleConf().set('spark.anything', 'x').set('anything', 'y');
  });

  it('refuses null, undefined and malformed values', () => {
    for (const bad of [null, undefined, {}, Symbol('x')]) {
      expect(thrown(() => new HeddleConf().set('k', bad as never))).to.have.property(
        'code',
        'CONFIG',
      );
    }
    expect(thrown(() => new HeddleConf({ 'heddle.default.parallelism': 'many' }))).to.have.property(
      'code',
      'CONFIG',
    );
    expect(thrown(() => new HeddleConf().setIfMissing('heddle.x', 1))).to.have.property(
      'code',
      'CONFIG',
    );
  });

  it('prints sorted lines and hides secrets', () => {
    const conf = new HeddleConf({ 'my.password': 'hunter2', a: 'b' });
    expect(conf.toDebugString()).to.match(/^a=b\nmy\.password=\*+\(redacted\)$/);
  });

  it('is taken from options, in which appName and master win over conf', () => {
    const conf = confOfOptions({
      appName: 'a',
      master: 'local',
      conf: { 'heddle.app.name': 'b', k: 1 },
    });
    expect(conf.getAll()).to.deep.equal([
      ['heddle.app.name', 'a'],
      ['heddle.master', 'local'],
      ['k', '1'],
    ]);
    const given = new HeddleConf({ k: 1 });
    const copy = confOfOptions(given).set('k', 2);
    expect(given.get('k')).to.equal('1');
    expect(copy.get('k')).to.equal('2');
  });
});
