import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from '@heddle/common';
import { expect } from 'chai';
import { descendantsOf } from '../src/chaos/fault-injector.js';
import { Scratch, repositoryRoot, runHeddle } from '../src/command/run-heddle.js';
import { FaultFolder } from '../src/faults/fault-folder.js';

/** 200 takes a quarter of an hour: `HEDDLE_TEST_APPLICATIONS=200`. */
const applications = Number(process.env['HEDDLE_TEST_APPLICATIONS'] ?? 3);

describe('applications in a row, in executor processes', function () {
  this.timeout(applications * 60_000);

  it(`leave no process, no file, no shared memory and no port behind: ${applications} of them (I4, I5)`, async () => {
    const scratch = new Scratch();
    try {
      const temporary = join(scratch.path, 'tmp');
      mkdirSync(temporary);
      const sharedMemory = readdirSync('/dev/shm');
      const family = new Set<number>();
      const ports = new Set<number>();
      for (let i = 0; i < applications; i++) {
        let watch: NodeJS.Timeout | undefined;
        const { exitCode, stdout, stderr } = await runHeddle(
          scratch.submit(
            ...['--master', 'local-cluster[2,1,512]'],
            join(repositoryRoot, 'integration-tests/src/faults/small-program.ts'),
          ),
          {
            env: { TMPDIR: temporary },
            timeoutMs: 120_000,
            onStarted: (pid) => {
              watch = setInterval(() => {
                family.add(pid);
                for (const one of descendantsOf(pid)) family.add(one.pid);
                for (const port of portsOf(family)) ports.add(port);
              }, 50);
            },
          },
        ).finally(() => clearInterval(watch));
        expect(exitCode, stderr).to.equal(0);
        expect(stdout).to.contain('{"sum":499500}');
      }
      // Driver, two executors, shuffle service and janitor of each; hub, two servers, service.
      expect(family.size).to.be.at.least(4 * applications);
      expect(ports.size).to.be.at.least(4);
      const left = (): unknown => ({
        processes: [...family].filter(isProcessAlive),
        ports: [...portsOf(family)],
        files: [...readdirSync(temporary), ...scratch.leftovers()],
        sharedMemory: readdirSync('/dev/shm').filter((name) => !sharedMemory.includes(name)),
      });
      const nothing = { processes: [], ports: [], files: [], sharedMemory: [] };
      const deadlineMs = performance.now() + 30_000;
      while (performance.now() < deadlineMs) {
        if (JSON.stringify(left()) === JSON.stringify(nothing)) break;
        await sleep(50);
      }
      expect(left()).to.deep.equal(nothing);
    } finally {
      scratch.remove();
    }
  });
});

describe('contexts in a row, in one program with executor processes', function () {
  this.timeout(180_000);

  it('each start executors anew, and leave nothing behind', async () => {
    const scratch = new Scratch();
    try {
      const file = scratch.write(
        'contexts.ts',
        `import { HeddleContext } from 'heddle';
        for (let n = 1; n <= 3; n++) {
          const sc = await HeddleContext.getOrCreate();
          const sums = sc
            .range(0, 1_000, 1, 4)
            .map((x): [number, number] => [x % 10, x * n])
            .reduceByKey((a, b) => a + b);
          console.log(n, await sums.values().sum());
          await sc.stop();
        }`,
      );
      const words = ['--master', 'local-cluster[2,1,512]', file];
      const { exitCode, stdout, stderr } = await runHeddle(scratch.submit(...words), {
        timeoutMs: 120_000,
      });
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.equal('1 499500\n2 999000\n3 1498500\n');
      expect(scratch.leftovers()).to.deep.equal([]);
    } finally {
      scratch.remove();
    }
  });
});

describe('an application of which everything was killed at once', function () {
  this.timeout(180_000);

  it('is cleaned up after by the next one', async () => {
    const folder = new FaultFolder();
    try {
      const temporary = join(folder.scratch.path, 'tmp');
      mkdirSync(temporary);
      const killed = await folder.run('small-program', ['wait'], {
        master: 'local-cluster[2,1,512]',
        env: { TMPDIR: temporary },
        onOutput: (text, kill) => {
          if (!text.includes('ready')) return;
          const pid = Number(/"ready":(\d+)/.exec(text)?.[1]);
          // The driver last: it would replace the others, and they would clean up.
          const family = descendantsOf(pid);
          for (const name of ['SIGSTOP', 'SIGKILL'] as const) {
            for (const one of family) process.kill(one.pid, name);
            if (name === 'SIGSTOP') process.kill(pid, name);
          }
          kill('SIGKILL');
        },
      });
      expect(killed.exitCode).to.equal(null);
      const left = (): string[] => [...readdirSync(temporary), ...folder.scratch.leftovers()];
      expect(left().length, killed.stderr).to.be.greaterThan(0);
      const next = await folder.run('small-program', [], {
        master: 'local[1]',
        env: { TMPDIR: temporary },
      });
      expect(next.answers).to.deep.equal({ sum: 499_500 });
      expect(left()).to.deep.equal([]);
    } finally {
      folder.remove();
    }
  });
});

/** Ports on which one of these processes listens. */
function portsOf(pids: ReadonlySet<number>): Set<number> {
  const sockets = new Set<string>();
  for (const pid of pids) {
    for (const socket of socketsOf(pid)) sockets.add(socket);
  }
  const ports = new Set<number>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '0A' && sockets.has(fields[9] ?? '')) {
        ports.add(parseInt(fields[1]!.split(':')[1]!, 16));
      }
    }
  }
  return ports;
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const link = readlinkOf(`/proc/${pid}/fd/${fd}`);
      return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [];
    });
  } catch {
    return [];
  }
}

function readlinkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
