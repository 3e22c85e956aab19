import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LocalFileSystem } from '@heddle/webhdfs';
import { summarizeEventLog } from '../../../src/yarn/verbs/event-log-summary.js';

const id = 'application_1700000000000_0001';

function lines(...events: readonly object[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

const started = (jobId: number): object => ({ kind: 'jobStart', jobId, properties: {} });
const ended = (jobId: number, outcome: string): object => ({ kind: 'jobEnd', jobId, outcome });
const submitted = (stageId: number): object => ({ kind: 'stageSubmitted', stage: { stageId } });
const completed = (stageId: number, failure?: string): object => ({
  kind: 'stageCompleted',
  stageId,
  ...(failure === undefined ? {} : { failure }),
});

describe('The summary of an event log', () => {
  let directory: string;
  const summary = (): ReturnType<typeof summarizeEventLog> =>
    summarizeEventLog(new LocalFileSystem(), directory, id);
  const put = (name: string, text: string): void => writeFileSync(join(directory, name), text);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-event-logs-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is absent without a log, or without a directory', async () => {
    put(`${id}0.ndjson`, lines(started(0)));
    put('application_1700000000000_0002.ndjson', lines(started(0)));
    expect(await summary()).to.equal(undefined);
    expect(await summarizeEventLog(new LocalFileSystem(), join(directory, 'none'), id)).to.equal(
      undefined,
    );
  });

  it('counts jobs, and stages as their last attempts ended', async () => {
    const words = '"kind":"jobEnd","jobId":0,"outcome":"failed"';
    put(
      `${id}.ndjson`,
      lines(
        { kind: 'log', version: 1 },
        { kind: 'jobStart', jobId: 0, name: words, properties: { kind: 'jobEnd' } },
        submitted(0),
        completed(0, 'fetch failed'),
        submitted(0),
        { kind: 'taskEnd', note: words },
        completed(0),
        ended(0, 'succeeded'),
        started(1),
        submitted(1),
        completed(1, 'a task failed 4 times'),
        ended(1, 'failed'),
        started(2),
        ended(2, 'cancelled'),
        { kind: 'logEnd', droppedEvents: 0 },
      ),
    );
    const found = await summary();
    expect(found?.eventLog).to.match(new RegExp(`^file:.*/${id}\\.ndjson$`));
    expect(found?.jobs).to.deep.equal({ succeeded: 1, failed: 1, cancelled: 1, unfinished: 0 });
    expect(found?.stages).to.deep.equal({ succeeded: 1, failed: 1, unfinished: 0 });
  });

  it('is of all contexts of the last attempt, also of a driver that was killed in the midst of a line', async () => {
    put(`${id}_9.ndjson.inprogress`, lines(started(0), ended(0, 'failed')));
    put(`${id}_10_2.ndjson.inprogress`, `${lines(started(0), submitted(0))}{"kind":"jobEnd","jo`);
    put(`${id}_10.ndjson`, lines(started(0), submitted(0), completed(0), ended(0, 'succeeded')));
    const found = await summary();
    expect(found?.eventLog).to.contain(`${id}_10_2.ndjson.inprogress`);
    expect(found?.jobs).to.deep.equal({ succeeded: 1, failed: 0, cancelled: 0, unfinished: 1 });
    expect(found?.stages).to.deep.equal({ succeeded: 1, failed: 0, unfinished: 1 });
  });
});
