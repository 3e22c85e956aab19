import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@heddle/common';
import { expect } from 'chai';
import type { ListenerEvent } from '../../src/index.js';
import { EventLog } from '../../src/index.js';

const end = (timeMs: number): ListenerEvent => ({ kind: 'applicationEnd', timeMs });

describe('EventLog', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-event-log-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const open = (options: Partial<Parameters<typeof EventLog.open>[0]> = {}) =>
    EventLog.open({
      directory,
      name: 'app-1.ndjson',
      engineVersion: '0.1.0',
      logger: silentLogger,
      ...options,
    });

  const lines = (path: string) =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('writes a versioned first line, then one event a line, in order', async () => {
    const log = await open();
    for (let time = 0; time < 1_000; time++) log.onEvent(end(time));
    await log.close();
    const all = lines(log.path);
    expect(all[0]).to.deep.equal({ kind: 'log', version: 1, engineVersion: '0.1.0' });
    expect(all.slice(1, -1)).to.deep.equal(Array.from({ length: 1_000 }, (_, time) => end(time)));
    expect(all.at(-1)).to.deep.equal({ kind: 'logEnd', droppedEvents: 0 });
  });

  it('has the suffix .inprogress until it is closed, and is its owner’s alone', async () => {
    const log = await open({ directory: join(directory, 'made') });
    const path = join(directory, 'made', 'app-1.ndjson');
    expect(existsSync(path)).to.equal(false);
    expect(statSync(`${path}.inprogress`).mode & 0o777).to.equal(0o600);
    expect(statSync(join(directory, 'made')).mode & 0o777).to.equal(0o700);
    await log.close();
    await log.close();
    expect(existsSync(`${path}.inprogress`)).to.equal(false);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    log.onEvent(end(1));
    expect(lines(path)).to.have.length(2);
  });

  it('is complete, each line once, when the process ends in the middle of a write', async () => {
    for (const flushBytes of [1, 500, 100_000]) {
      const log = await open({ name: `app-${flushBytes}.ndjson`, flushBytes });
      for (let time = 0; time < 100; time++) {
        log.onEvent(end(time));
        // Some writes are done, one is under way, and some lines wait behind it.
        if (time === 50) await new Promise((resolve) => setImmediate(resolve));
      }
      log.closeSync();
      const check = (): void => {
        const all = lines(log.path);
        expect(all.slice(1, -1)).to.deep.equal(Array.from({ length: 100 }, (_, time) => end(time)));
        expect(all.at(-1)).to.deep.equal({ kind: 'logEnd', droppedEvents: 0 });
      };
      check();
      await log.close();
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      check();
    }
  });

  it('never overwrites the log of a running application', async () => {
    const log = await open();
    let code: unknown;
    try {
      await open();
    } catch (error) {
      code = (error as NodeJS.ErrnoException).code;
    }
    expect(code).to.equal('EEXIST');
    await log.close();
  });

  it('keeps secrets out', async () => {
    const log = await open();
    log.onEvent({ kind: 'environmentUpdate', settings: { 'a.token': 'hush', plain: 'x' } });
    log.onEvent({
      kind: 'jobStart',
      timeMs: 0,
      jobId: 0,
      name: 'count',
      tags: [],
      stages: [],
      properties: { 'my.password': 'hush' },
    });
    await log.close();
    const text = readFileSync(log.path, 'utf8');
    expect(text).not.to.include('hush');
    expect(text).to.include('"plain":"x"');
  });

  it('drops and counts what a full queue has no room for, and warns once', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const log = await open({ logger, maxQueuedBytes: 400, flushBytes: 100 });
    for (let time = 0; time < 100; time++) log.onEvent(end(time));
    await log.close();
    const all = lines(log.path);
    expect(log.droppedEvents).to.be.greaterThan(80);
    expect(all.length - 2).to.equal(100 - log.droppedEvents);
    expect(all.at(-1)).to.deep.equal({ kind: 'logEnd', droppedEvents: log.droppedEvents });
    expect(warnings).to.have.length(1);
  });

  it('survives that its file is taken away: the error is reported, nothing is thrown', async () => {
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
    const log = await open({ logger });
    rmSync(join(directory, 'app-1.ndjson.inprogress'));
    await log.close();
    expect(errors).to.have.length(1);
  });
});
