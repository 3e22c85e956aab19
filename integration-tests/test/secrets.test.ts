import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { descendantsOf } from '../src/chaos/fault-injector.js';
import { FaultFolder } from '../src/faults/fault-folder.js';

const canary = 'canary-5c1d0f6e';

describe('secrets of an application with executor processes', function () {
  this.timeout(240_000);
  let folder: FaultFolder;

  beforeEach(() => (folder = new FaultFolder()));
  afterEach(() => folder.remove());

  it('A11 T2 T8 stand in no argument, environment, output, log, event log or file', async () => {
    const properties = folder.scratch.write(
      'secret.properties',
      `heddle.executorEnv.DB_PASSWORD=${canary}\n`,
    );
    const seen: [where: string, bytes: Buffer][] = [];
    const words = await folder.run('small-program', ['wait'], {
      master: 'local-cluster[2,1,512]',
      preload: true,
      settings: { 'heddle.log.level': 'debug' },
      flags: ['--properties-file', properties],
      onReady: (pid) => {
        for (const one of [pid, ...descendantsOf(pid).map((process) => process.pid)]) {
          seen.push([`arguments of ${one}`, readFileSync(`/proc/${one}/cmdline`)]);
          seen.push([`environment of ${one}`, readFileSync(`/proc/${one}/environ`)]);
        }
        seen.push(...filesBelow(folder.scratch.localDirectory));
      },
    });
    seen.push(['stdout', Buffer.from(words.stdout)], ['stderr', Buffer.from(words.stderr)]);
    seen.push(...filesBelow(join(folder.scratch.path, 'events')));
    expect(seen.length).to.be.greaterThan(12);
    const keys = [...new Set(folder.read('keys').trim().split('\n'))].map((hex) =>
      Buffer.from(hex, 'hex'),
    );
    expect(keys.length).to.be.greaterThan(1);
    for (const [where, bytes] of seen) {
      for (const key of keys) {
        expect(bytes.includes(key), where).to.equal(false);
        for (const form of ['hex', 'base64', 'base64url'] as const) {
          expect(bytes.includes(key.toString(form)), `${where} as ${form}`).to.equal(false);
        }
      }
      // It was asked to be in the environment of executors, and nowhere else.
      if (!where.startsWith('environment')) expect(bytes.includes(canary), where).to.equal(false);
    }
    const inEnvironments = seen.filter(([, bytes]) => bytes.includes(canary));
    expect(inEnvironments.length).to.be.greaterThan(0);
  });

  it('A16 are not to be had by a debugger: neither SIGUSR1 nor NODE_OPTIONS opens one in an executor', async () => {
    let before = '';
    let after = 'nothing was looked at';
    await folder.run('small-program', ['wait'], {
      master: 'local-cluster[2,1,512]',
      env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
      onReady: async (pid) => {
        const ours = descendantsOf(pid).filter(({ commandLine }) =>
          /executor-main|shuffle-service/.test(commandLine),
        );
        expect(ours.length).to.be.at.least(3);
        for (const one of ours) {
          const environment = readFileSync(`/proc/${one.pid}/environ`, 'utf8');
          expect(environment).not.to.contain('NODE_OPTIONS');
        }
        before = ours.map((one) => `${one.pid}:${listeners(one.pid)}`).join(' ');
        for (const one of ours) process.kill(one.pid, 'SIGUSR1');
        await sleep(2_000);
        after = ours.map((one) => `${one.pid}:${listeners(one.pid)}`).join(' ');
      },
    });
    expect(after).to.equal(before);
    expect(before).to.match(/^\d+:1( \d+:1)+$/);
  });
});

function filesBelow(directory: string): [string, Buffer][] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path)]);
}

/** How many sockets of a process listen. */
function listeners(pid: number): number {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    ),
  );
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && own.has(fields[9] ?? '')).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
