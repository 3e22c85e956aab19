import { expect } from 'chai';
import {
  ConfigError,
  ConfigRegistry,
  intEntry,
  isSecretKey,
  nearestName,
  readOptionalSetting,
  readSetting,
  settings,
  settingsRegistry,
  stringEntry,
} from '../../src/index.js';

function refusal(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('it was not refused');
}

describe('settings', () => {
  it('refuse an unknown heddle key and name the nearest known one', () => {
    const error = refusal(() => settingsRegistry.check('heddle.task.maxFailure', '3'));
    expect(error.key).to.equal('heddle.task.maxFailure');
    expect(error.message).to.contain('did you mean heddle.task.maxFailures?');
    expect(error.code).to.equal('CONFIG');
  });

  it('refuse an unknown heddle key that is near to nothing', () => {
    const { message } = refusal(() => settingsRegistry.check('heddle.zzz', '1'));
    expect(message).to.contain('there is no setting heddle.zzz').and.contain('docs/settings.md');
  });

  it('let all other keys pass', () => {
    expect(settingsRegistry.check('my.app.factor', 3)).to.equal('3');
    expect(settingsRegistry.check('spark.executor.cores', 'x')).to.equal('x');
    expect(settingsRegistry.check('heddler', true)).to.equal('true');
  });

  it('refuse null, undefined and what is no scalar', () => {
    for (const value of [null, undefined, {}, [], () => 1, Symbol('x')]) {
      expect(refusal(() => settingsRegistry.check('my.key', value)).key).to.equal('my.key');
    }
    expect(refusal(() => settingsRegistry.check('heddle.master', undefined)).message).to.contain(
      'heddle.master was given undefined',
    );
  });

  it('refuse a malformed value with what it should look like', () => {
    const { message } = refusal(() =>
      settingsRegistry.check('heddle.driver.maxResultSize', '1 gig'),
    );
    expect(message).to.equal(
      "heddle.driver.maxResultSize is '1 gig', which is not a size such as 64k, 512m or 2g",
    );
  });

  it('refuse a value out of range', () => {
    const { message } = refusal(() => settingsRegistry.check('heddle.task.maxFailures', 0));
    expect(message).to.contain("heddle.task.maxFailures is '0': it must be at least 1");
  });

  it('keep well-formed values as they were written', () => {
    expect(settingsRegistry.check('heddle.driver.maxResultSize', '512M')).to.equal('512M');
    expect(settingsRegistry.check('heddle.scheduler.mode', 'fair')).to.equal('fair');
  });

  it('are read with their default, and typed', () => {
    const source = new Map([
      ['heddle.locality.wait', '2s'],
      ['heddle.scheduler.mode', 'fair'],
      ['heddle.local.dir', '/a, /b,'],
    ]);
    expect(readSetting(source, settings.localityWait)).to.equal(2_000);
    expect(readSetting(source, settings.schedulerMode)).to.equal('FAIR');
    expect(readSetting(source, settings.localDir)).to.deep.equal(['/a', '/b']);
    expect(readSetting(source, settings.driverMaxResultSize)).to.equal(2 ** 30);
    expect(readOptionalSetting(source, settings.master)).to.equal(undefined);
    expect(refusal(() => readSetting(source, settings.master)).message).to.contain('must be set');
  });

  it('are declared once, under the prefix, with documentation', () => {
    const entry = intEntry('heddle.x', { doc: 'x' });
    expect(refusal(() => new ConfigRegistry([entry, entry])).message).to.contain('declared twice');
    for (const declared of settingsRegistry.entries()) {
      expect(declared.key).to.match(/^heddle\.[a-zA-Z.]+$/);
      expect(declared.doc, declared.key).to.match(/\.$/);
    }
  });

  it('hide secrets, declared ones and keys that look like one', () => {
    const registry = new ConfigRegistry([stringEntry('heddle.x', { doc: 'x', secret: true })]);
    expect(isSecretKey(registry, 'heddle.x')).to.equal(true);
    expect(isSecretKey(registry, 'my.db.password')).to.equal(true);
    expect(isSecretKey(registry, 'my.db.host')).to.equal(false);
    const entry = intEntry('heddle.pin', { doc: 'x', secret: true });
    expect(refusal(() => entry.parse('hunter2')).message).not.to.contain('hunter2');
  });
});

describe('the nearest name', () => {
  it('forgives a swap, a missing letter and the case', () => {
    const known = ['--master', '--name', '--files'];
    expect(nearestName('--matser', known)).to.equal('--master');
    expect(nearestName('--nme', known)).to.equal('--name');
    expect(nearestName('--FILES', known)).to.equal('--files');
  });

  it('is none when nothing is near', () => {
    expect(nearestName('--quantum', ['--master', '--name'])).to.equal(undefined);
  });
});
