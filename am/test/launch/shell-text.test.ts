import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { LaunchTextError, commandArgument, environmentName, environmentValue } from '@heddle/am';

/** What a NodeManager makes of a command and an environment, run by the real shell. */
function asTheNodeManagerRuns(
  command: string,
  environment: readonly (readonly [string, string])[],
): string {
  const script = [
    ...environment.map(([name, value]) => `export ${name}="${value}"`),
    `exec /bin/bash -c "${command}"`,
  ].join('\n');
  return execFileSync('/bin/bash', ['-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
}

const hostile = [
  '',
  ' ',
  "it's",
  '"double"',
  '`touch /tmp/heddle-was-here`',
  '$(touch /tmp/heddle-was-here)',
  '$HOME',
  '${HOME}',
  '\\',
  '\\\\',
  'a\nb',
  '\t',
  '*',
  '?[a-z]',
  '~',
  '!history',
  '; rm -rf /nothing',
  '&& true',
  '| cat',
  '> /tmp/heddle-was-here',
  '#comment',
  '-n',
  'ünïcödé 数据 🧵',
  "'\"'\"'",
  '\\"',
  "\\'",
  '$$',
  '%s%n',
  'a;b&c|d<e>f(g)h{i}j',
];

describe('Text for the shells of a container', () => {
  const strings = [
    ...hostile,
    ...fc.sample(
      fc.string({
        unit: fc.constantFrom(...Array.from('\'"`$\\!*?{}()[]<>|&;#~ \n\tabé')),
        minLength: 1,
        maxLength: 24,
      }),
      { numRuns: 220, seed: 11 },
    ),
  ].filter((text) => !/\{\{|\}\}|<LOG_DIR>|<CPS>|<ADD_OPENS>/.test(text));

  it(`gives a program exactly the arguments that were meant, for ${strings.length} hostile texts (A14, T12)`, function () {
    this.timeout(60_000);
    expect(strings.length).to.be.at.least(200);
    for (let from = 0; from < strings.length; from += 20) {
      const some = strings.slice(from, from + 20);
      const command = `printf '%s\\0' ${some.map(commandArgument).join(' ')}`.replace(
        String.raw`\0`,
        String.raw`\\0`,
      );
      const printed = asTheNodeManagerRuns(command, []);
      expect(printed.split('\0').slice(0, -1)).to.deep.equal(some);
    }
  });

  it('gives a program exactly the environment that was meant (A14, T12)', function () {
    this.timeout(60_000);
    for (let from = 0; from < strings.length; from += 20) {
      const some = strings.slice(from, from + 20);
      const names = some.map((_, i) => `HEDDLE_TEST_${i}`);
      const printed = asTheNodeManagerRuns(
        'env -0',
        some.map((text, i) => [names[i]!, environmentValue(names[i]!, text)]),
      );
      const found = new Map(
        printed.split('\0').map((line): [string, string] => {
          const cut = line.indexOf('=');
          return [line.slice(0, cut), line.slice(cut + 1)];
        }),
      );
      expect(names.map((name) => found.get(name))).to.deep.equal(some);
    }
  });

  it('refuses what YARN replaces before any shell sees it', () => {
    for (const text of ['{{PWD}}', 'a}}b', '<LOG_DIR>/x', 'a<CPS>b', '\0']) {
      expect(() => commandArgument(text), text).to.throw(LaunchTextError);
      expect(() => environmentValue('X', text), text).to.throw(LaunchTextError);
    }
  });

  it('refuses names of variables that a shell does not know as such', () => {
    for (const name of ['', '1A', 'A-B', 'A B', 'A=B', 'A;B', '$(x)']) {
      expect(() => environmentName(name), name).to.throw(LaunchTextError);
    }
    expect(environmentName('_A1')).to.equal('_A1');
  });
});
