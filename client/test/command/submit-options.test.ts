import { ConfigError, settingsRegistry } from '@heddle/common';
import { expect } from 'chai';
import type { CommandRequest, SubmitOptions } from '../../src/command/submit-options.js';
import { parseCommandLine } from '../../src/command/submit-options.js';
import { explainSettings, mergeSettings } from '../../src/command/submitted-settings.js';

const parse = (...words: string[]): CommandRequest => parseCommandLine(words, '1.2.3');

function submitOptions(...words: string[]): SubmitOptions {
  const request = parse('submit', ...words);
  if (request.kind !== 'submit') throw new Error(JSON.stringify(request));
  return request.options;
}

function refused(...words: string[]): string {
  const request = parse(...words);
  expect(request.kind, words.join(' ')).to.equal('refused');
  return request.kind === 'refused' ? request.text : '';
}

describe('the words of heddle submit', () => {
  it('that are refused tell whether JSON lines were asked for, before the program', () => {
    for (const [words, json] of [
      [['submit', '--json', '--mastr', 'x', 'p.ts'], true],
      [['submit', '--mastr', 'x', '--json', 'p.ts'], true],
      [['submit', '--json'], true],
      [['submit', '--mastr', 'x', 'p.ts', '--json'], false],
      [['submit', '--mastr', '--', '--json'], false],
      [['sbmit', '--json'], false],
      [['submit'], false],
    ] as const) {
      expect(parse(...words), words.join(' ')).to.include({ kind: 'refused', json });
    }
  });

  it('are options up to the program; what follows is the program’s own, untouched (A-039)', () => {
    const options = submitOptions(
      '--master',
      'local[2]',
      'app.ts',
      '--master',
      'x',
      '--',
      '-h',
      '--json',
    );
    expect(options).to.include({ app: 'app.ts', master: 'local[2]', json: false });
    expect(options.args).to.deep.equal(['--master', 'x', '--', '-h', '--json']);
  });

  it('may stand with = and be given again where that makes sense', () => {
    const options = submitOptions(
      ...['--master=local[3]', '--conf', 'a=1', '--conf=b=2=3', '--external', 'x', '--external=y'],
      ...[
        '--name',
        'My App',
        '--files',
        'a,b#c',
        '--driver-memory',
        '2g',
        '--executor-memory',
        '3g',
        '--executor-cores',
        '4',
        '--num-executors',
        '5',
        '--properties-file',
        'p',
      ],
      ...['--check', '-v', '--json', 'app.ts'],
    );
    expect(options).to.include({
      executorMemory: '3g',
      executorCores: '4',
      numExecutors: '5',
    });
    expect(options).to.deep.include({
      app: 'app.ts',
      args: [],
      master: 'local[3]',
      name: 'My App',
      conf: ['a=1', 'b=2=3'],
      propertiesFile: 'p',
      files: 'a,b#c',
      driverMemory: '2g',
      external: ['x', 'y'],
      check: true,
      verbose: true,
      json: true,
    });
  });

  it('that are unknown are refused with a suggestion', () => {
    expect(refused('submit', '--mastr', 'local', 'app.ts')).to.match(/--mastr.*\n.*--master/);
    expect(refused('submit', '--num-executor', '3', 'app.ts')).to.contain('--num-executors');
    expect(refused('submti', 'app.ts')).to.match(/submti.*\n.*submit/);
  });

  it('without a program, or with an option without its value, are refused', () => {
    expect(refused('submit')).to.contain("missing required argument 'app'");
    expect(refused('submit', '--master')).to.contain('--master');
    expect(refused()).to.contain('Usage: heddle');
  });

  it('ask for help and version', () => {
    for (const words of [['--version'], ['submit', '--version']]) {
      expect(parse(...words)).to.deep.equal({ kind: 'text', text: '1.2.3\n' });
    }
    for (const words of [['--help'], ['-h'], ['submit', '--help'], ['submit', '-h']]) {
      const request = parse(...words);
      expect(request.kind).to.equal('text');
      expect(request.kind === 'text' && request.text).to.contain('Usage: heddle');
    }
    const help = parse('submit', '--help');
    expect(help.kind === 'text' && help.text)
      .to.contain('--driver-memory')
      .and.contain('Exit codes');
  });
});

describe('settings of a submission', () => {
  const properties = new Map([
    ['heddle.master', 'local[7]'],
    ['heddle.app.name', 'file'],
    ['heddle.log.level', 'info'],
    ['my.key', 'file'],
  ]);

  it('from a flag win over --conf, which wins over the properties file (A-003)', () => {
    const options = submitOptions(
      ...[
        '--properties-file',
        'p.conf',
        '--conf',
        'heddle.master=local[5]',
        '--master',
        'local[3]',
      ],
      ...['--conf', 'heddle.app.name=conf', 'app.ts'],
    );
    const merged = mergeSettings(options, properties, settingsRegistry);
    expect(Object.fromEntries(merged)).to.deep.equal({
      'heddle.master': { value: 'local[3]', origin: '--master' },
      'heddle.app.name': { value: 'conf', origin: '--conf' },
      'heddle.log.level': { value: 'info', origin: 'p.conf' },
      'my.key': { value: 'file', origin: 'p.conf' },
    });
  });

  it('are explained with where each came from, defaults too, secrets hidden', () => {
    const options = submitOptions(
      '--conf',
      'my.password=x',
      '--conf',
      'heddle.log.level=info',
      'a.ts',
    );
    const submitted = mergeSettings(options, new Map(), settingsRegistry);
    const final = new Map([
      ['my.password', 'x'],
      ['heddle.log.level', 'debug'],
      ['heddle.app.name', 'code'],
    ]);
    const lines = explainSettings(submitted, final, settingsRegistry);
    expect(lines).to.include('my.password = *********(redacted)  (--conf)');
    expect(lines).to.include('heddle.log.level = debug  (program)');
    expect(lines).to.include('heddle.app.name = code  (program)');
    expect(lines).to.include('heddle.driver.maxResultSize = 1g  (default)');
  });

  it('without = or with a bad value are refused, saying where they stand', () => {
    const merge =
      (...words: string[]) =>
      () =>
        mergeSettings(submitOptions(...words, 'app.ts'), new Map(), settingsRegistry);
    expect(merge('--conf', 'heddle.master')).to.throw(
      ConfigError,
      "--conf 'heddle.master' is not a setting",
    );
    expect(merge('--conf', '=x')).to.throw(ConfigError, 'write --conf key=value');
    expect(merge('--conf', 'heddle.mster=local')).to.throw(
      ConfigError,
      '--conf: there is no setting heddle.mster: did you mean heddle.master?',
    );
    expect(merge('--driver-memory', 'much')).to.throw(
      ConfigError,
      "--driver-memory: heddle.driver.memory is 'much'",
    );
  });
});
