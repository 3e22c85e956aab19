import { expect } from 'chai';
import type { LogEntry } from '../../src/index.js';
import {
  LeveledLogger,
  ManualClock,
  WinstonSink,
  formatLogJson,
  formatLogText,
} from '../../src/index.js';

const entry: LogEntry = {
  timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  level: 'warn',
  message: 'lost a task thread',
  fields: { stageId: 3, reason: 'heap limit', host: undefined },
};

describe('log lines', () => {
  it('are text with time, level, message and fields, those with blanks in quotes', () => {
    expect(formatLogText(entry)).to.equal(
      '03:04:05.678 WARN  lost a task thread stageId=3 reason="heap limit"',
    );
  });

  it('are JSON objects whose own members no field can replace, nor be lost to', () => {
    const fields = { message: 'other', kind: 'exception', host: undefined, stageId: 3 };
    const line = formatLogJson({ ...entry, fields });
    expect(JSON.parse(line)).to.deep.equal({
      kind: 'log',
      time: '2026-01-02T03:04:05.678Z',
      level: 'warn',
      message: 'lost a task thread',
      stageId: 3,
      fields: { message: 'other', kind: 'exception' },
    });
    expect(JSON.parse(formatLogJson(entry))).not.to.have.property('fields');
  });
});

describe('a leveled logger', () => {
  it('drops what is below the threshold, also after the threshold changed, also in children', () => {
    const seen: LogEntry[] = [];
    const threshold = { level: 'warn' as 'warn' | 'debug' };
    const logger = new LeveledLogger(
      { write: (line) => seen.push(line) },
      threshold,
      { app: 'a' },
      new ManualClock(7),
    );
    const child = logger.child({ stageId: 1 });
    logger.info('dropped');
    logger.error('kept');
    threshold.level = 'debug';
    child.debug('kept too', { taskId: 2 });
    expect(seen).to.deep.equal([
      { timeMs: 7, level: 'error', message: 'kept', fields: { app: 'a' } },
      {
        timeMs: 7,
        level: 'debug',
        message: 'kept too',
        fields: { app: 'a', stageId: 1, taskId: 2 },
      },
    ]);
  });
});

describe('the winston sink', () => {
  it('keeps the order of lines that came before and after winston was loaded', async () => {
    const lines: string[] = [];
    const sink = new WinstonSink((line) => lines.push(line), 'text');
    for (let i = 0; i < 40; i += 1) sink.write({ ...entry, message: `early ${i}`, fields: {} });
    await sink.settled();
    for (let i = 0; i < 40; i += 1) sink.write({ ...entry, message: `late ${i}`, fields: {} });
    sink.flushSync();
    expect(lines).to.have.length(80);
    expect(lines.map((line) => line.split('WARN  ')[1])).to.deep.equal([
      ...Array.from({ length: 40 }, (_, i) => `early ${i}`),
      ...Array.from({ length: 40 }, (_, i) => `late ${i}`),
    ]);
  });

  it('writes what still waits when the process ends, and nothing twice', async () => {
    const lines: string[] = [];
    const sink = new WinstonSink((line) => lines.push(line), 'text');
    sink.write(entry);
    sink.flushSync();
    expect(lines).to.have.length(1);
    await sink.settled();
    sink.write(entry);
    expect(lines).to.have.length(2);
  });
});
