import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { heddleCommand } from '../../src/command/run-heddle.js';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { YarnUser, smallExecutor, type ListedApplication } from '../../src/yarn/yarn-user.js';

/** Prints now and then until a file appears; ends by itself in any case. */
const waiting = `import { HeddleContext } from 'heddle';
import { existsSync } from 'node:fs';
const sc = await HeddleContext.getOrCreate();
const gate = process.argv[2]!;
console.log('first words');
process.stdout.write('half a line, ');
console.error('words on stderr');
await sc.range(1).map((x) => { console.log('task words'); return x; }).collect();
const end = Date.now() + 180_000;
while (!existsSync(gate) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
console.log('and its rest');
console.log('last words');
await sc.stop();`;

/** Prints far more than a chunk of an aggregated log, and words that look like YARN's own. */
const talkative = `import { HeddleContext } from 'heddle';
import { existsSync } from 'node:fs';
const sc = await HeddleContext.getOrCreate();
await sc.range(1).count();
const id = 'container_1700000000000_0001_01_000001';
const written = (text: string) => String.fromCharCode(0, text.length) + text;
console.log('End of LogType:stdout.\\n' + '*'.repeat(72) + '\\n');
console.log(written(id) + written('stdout') + written('5') + 'forged');
for (let i = 0; i < 200_000; i += 1) console.log('line ' + i);
console.log('END');
const end = Date.now() + 180_000;
while (!existsSync(process.argv[2]!) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
await sc.stop();`;

const unknown = 'application_1700000000000_0042';

describe('The verbs of heddle on YARN', function () {
  this.timeout(400_000);
  let user: YarnUser;
  let gate: string;

  before(async () => {
    user = await YarnUser.open('verbose');
  });
  after(() => user.close());
  beforeEach(() => {
    gate = join(user.scratch.path, `gate-${Math.random().toString(36).slice(2)}`);
  });
  afterEach(() => {
    if (!existsSync(gate)) writeFileSync(gate, '');
    return expectNothingLeft(user);
  });

  it('ls, status, logs, logs -f and kill tell of a running application, for people and as JSON (A-068)', async () => {
    const submitted = user.submit('cluster', waiting, {
      words: ['--name', 'verbs', ...smallExecutor],
      args: [gate],
    });
    const id = await user.untilRunning();

    const listed = await user.run(['ls']);
    expect(listed.stdout).to.match(new RegExp(`${id}  RUNNING .* verbose  .*verbs`));
    const rows = await user.applications();
    expect(rows.find((one) => one.id === id)).to.include({ name: 'verbs', state: 'RUNNING' });

    const status = await user.run(['status', id]);
    expect(status.exitCode).to.equal(0);
    expect(status.stdout).to.contain('RUNNING').and.to.contain('verbose');
    expect(status.stdout).to.not.contain('event log');
    const statusJson = JSON.parse(
      (await user.run(['status', id, '--json'])).stdout,
    ) as ListedApplication;
    expect(statusJson).to.include({ id, state: 'RUNNING', user: 'verbose' });

    const nobody = await user.run(['logs', id, '--container', '999999']);
    expect(nobody.exitCode).to.equal(1);
    expect(nobody.stderr).to.contain("no logs of a container '999999'");

    // What comes later is followed to the end of the application, and told once.
    let sawFirst = false;
    const followed = await user.run(['logs', '-f', id], {
      onOutput: (stdout) => {
        if (!stdout.includes('first words')) return;
        sawFirst = true;
        if (!existsSync(gate)) writeFileSync(gate, '');
      },
    });
    expect(followed.exitCode, followed.stderr).to.equal(0);
    expect(sawFirst, 'seen while it ran').to.equal(true);
    for (const words of ['first words', 'words on stderr', 'task words', 'last words']) {
      expect(followed.stdout.split(words).length - 1, words).to.equal(1);
    }
    expect(followed.stdout, 'a line that was unfinished at a look').to.contain(
      '\nhalf a line, and its rest\n',
    );
    const result = await submitted;
    expect(result.exitCode, result.stderr).to.equal(0);

    // After the end: from HDFS, by container too, and as JSON.
    const master = await user.run(['logs', id, '--container', 'am']);
    expect(master.stdout).to.contain('last words').and.to.not.contain('task words');
    const json = (await user.run(['logs', id, '--json'])).stdout.trimEnd().split('\n');
    const logs = json.map(
      (line) => JSON.parse(line) as { container: string; file: string; text: string },
    );
    expect(new Set(logs.map(({ file }) => file))).to.include('stdout');
    expect(new Set(logs.map(({ container }) => container)).size).to.be.at.least(2);

    const after = await user.run(['status', id]);
    expect(after.exitCode).to.equal(0);
    expect(after.stdout).to.contain('SUCCEEDED');
    const eventLog = `/user/verbose/.heddle/events/${id}_1.ndjson`;
    expect(after.stdout)
      .to.match(new RegExp(`^event log +hdfs://.*${eventLog}$`, 'm'))
      .and.match(/^jobs +1 succeeded, 0 failed$/m)
      .and.match(/^stages +1 succeeded, 0 failed$/m);
    const afterJson = JSON.parse((await user.run(['status', id, '--json'])).stdout) as object;
    expect(afterJson)
      .to.have.property('eventLog')
      .that.satisfies((uri: string) => uri.endsWith(eventLog));
    expect(afterJson).to.deep.include({
      jobs: { succeeded: 1, failed: 0, cancelled: 0, unfinished: 0 },
      stages: { succeeded: 1, failed: 0, unfinished: 0 },
    });
    const all = await user.run(['ls', '--all']);
    expect(all.stdout).to.contain(id);
    expect((await user.applications()).map((one) => one.id)).to.not.include(id);
    const again = await user.run(['kill', id, '--json']);
    expect(JSON.parse(again.stdout)).to.include({ id, state: 'FINISHED' });
  });

  it('logs shows every line of a long log unharmed, whatever the program prints, while it runs and after', async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i}`);
    const expectWhole = (stdout: string, when: string): void => {
      const shown = stdout.split('\n');
      const from = shown.indexOf('line 0');
      const all = shown.slice(from, from + lines.length);
      expect(
        all.findIndex((line, i) => line !== lines[i]),
        when,
      ).to.equal(-1);
      expect(all.length, when).to.equal(lines.length);
      expect(shown[from + lines.length], when).to.equal('END');
      expect(
        shown.filter((line) => line.startsWith('=== container_1700000000000')),
        'forged',
      ).to.deep.equal([]);
      expect(stdout, when).to.not.contain('This log file belongs to a running container');
    };
    const submitted = user.submit('cluster', talkative, { args: [gate] });
    const id = await user.untilRunning();
    let running = '';
    while (!running.includes('END')) {
      running = (await user.run(['logs', id, '--container', 'am'])).stdout;
    }
    expectWhole(running, 'while it runs');
    writeFileSync(gate, '');
    const result = await submitted;
    expect(result.exitCode, result.stderr).to.equal(0);
    expectWhole((await user.run(['logs', id, '--container', 'am'])).stdout, 'after the end');

    const json = (await user.run(['logs', id, '--json'])).stdout.trimEnd().split('\n');
    const hosts = json.map((line) => (JSON.parse(line) as { host: string }).host);
    expect(hosts.filter((host) => /[_:]\d+$/.test(host))).to.deep.equal([]);
    const none = await user.run(['logs', id, '--container', 'nowhere']);
    expect(none.exitCode).to.equal(1);
    expect(none.stderr).to.match(/no logs of a container 'nowhere'; it has those of container_/);
  });

  it('kill ends an application and removes what it staged (A-067)', async () => {
    const submitted = user.submit('cluster', waiting, { args: [gate] });
    const id = await user.untilRunning();
    const killed = await user.run(['kill', id, '--json']);
    expect(killed.exitCode, killed.stderr).to.equal(0);
    expect(JSON.parse(killed.stdout)).to.include({ id, state: 'KILLED' });
    const result = await submitted;
    expect(result.exitCode).to.equal(1);
    expect(result.report).to.include({ status: 'KILLED' });
    const status = await user.run(['status', id]);
    expect(status.exitCode).to.equal(1);
    expect(status.stdout).to.contain('KILLED').and.to.contain('killed by verbose');
  });

  it('end quietly when nobody reads their output any more', async () => {
    const command = `"${process.execPath}" "${heddleCommand}" ls --all --json | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', command], {
      env: { ...process.env, ...user.environment },
    });
    expect(stdout.trim(), 'as if SIGPIPE had ended it').to.equal('141');
    expect(stderr).to.equal('');
  });

  it('say of an application that nobody knows that it is unknown, with exit code 1', async () => {
    for (const verb of ['status', 'logs', 'kill']) {
      const told = await user.run([verb, unknown]);
      expect(told.exitCode, verb).to.equal(1);
      expect(told.stderr, verb).to.contain(unknown);
      const json = await user.run([verb, unknown, '--json']);
      expect(JSON.parse(json.stdout), verb).to.have.nested.property(
        'error.code',
        'APPLICATION_UNKNOWN',
      );
    }
  });

  it('doctor finds a cluster in order, and proves it in a container', async () => {
    const said = await user.run(['doctor', '--json']);
    const findings = JSON.parse(said.stdout) as { what: string; verdict: string; text: string }[];
    const verdicts = Object.fromEntries(findings.map(({ what, verdict }) => [what, verdict]));
    expect(said.exitCode, said.stdout).to.equal(0);
    expect(verdicts).to.include({
      configuration: 'ok',
      ResourceManager: 'ok',
      NameNode: 'ok',
      nodes: 'ok',
      'file system': 'ok',
      queue: 'ok',
      'memory checks': 'ok',
      reachability: 'ok',
      'Node in a container': 'ok',
    });
    const memory = findings.find(({ what }) => what === 'memory checks');
    expect(memory?.text, 'what the nodes themselves say').to.contain('2.1');
    expect(findings.find(({ what }) => what === 'Node in a container')?.text).to.contain('glibc');
  });

  it('doctor names what is broken and what to do', async () => {
    const env = { HADOOP_CONF_DIR: '', YARN_CONF_DIR: '', HADOOP_HOME: '' };
    const none = await user.run(['doctor'], { env });
    expect(none.exitCode).to.equal(1);
    expect(none.stderr).to.contain('HADOOP_CONF_DIR');
    // Not a Node at all: the container says what went wrong.
    await user.put('broken.tar.gz', 'no archive');
    const broken = await user.run(['doctor', '--conf', 'heddle.yarn.nodeArchive=broken.tar.gz']);
    expect(broken.exitCode, broken.stdout).to.equal(1);
    expect(broken.stdout)
      .to.match(/\[broken\] Node in a container/)
      .and.to.contain('heddle.yarn.nodeArchive');
    const queue = await user.run(['doctor', '--queue', 'nowhere', '--json']);
    const findings = JSON.parse(queue.stdout) as { what: string; verdict: string }[];
    expect(findings).to.deep.include({
      ...findings.find(({ what }) => what === 'queue'),
      verdict: 'broken',
    });
  });
});
