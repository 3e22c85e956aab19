import { parentPort } from 'node:worker_threads';
import type { FilePiece } from 'heddle/internal';
import { openFileSource } from '../../src/input/open-file-source.js';
import { SharedInput } from '../../src/input/shared-input.js';
import { SharedOutput } from '../../src/output/shared-output.js';
import { createTextOutput } from '../../src/output/text-output.js';
import { testEnvironment } from './test-environment.js';
import type { FileWorkerReply, FileWorkerRequest } from './file-worker-messages.js';

/** A thread that reads and writes files as task threads do, for the tests of channels. */
const port = parentPort!;
let input = new SharedInput((message) => port.postMessage(message));
const output = new SharedOutput((message) => port.postMessage(message));

port.on('message', (request: FileWorkerRequest) => {
  let reply: FileWorkerReply;
  try {
    reply = { kind: 'reply', ...run(request) };
  } catch (error) {
    reply = { kind: 'reply', ...describe(error as Error) };
  }
  port.postMessage(reply);
});

function run(request: FileWorkerRequest): Omit<FileWorkerReply, 'kind'> {
  switch (request.kind) {
    case 'configure':
      input = new SharedInput((message) => port.postMessage(message), request.options);
      return {};
    case 'read':
      return read(request.operator, request.pieces, request.limit);
    case 'readTogether':
      return readTogether(request.pieces);
    case 'readUntilKilled':
      return readUntilKilled(request.pieces, request.control);
    case 'write': {
      const env = testEnvironment({ hostOutput: output });
      const text = createTextOutput(request.spec, request.partition, env);
      for (const record of request.records) {
        for (let i = 0; i < request.repeat; i += 1) text.add(record);
      }
      if (request.end === 'abort') text.abort();
      const file = request.end === 'finish' ? text.finish() : undefined;
      env.end();
      return { ...(file === undefined ? {} : { file }), outputBytes: env.metrics.outputBytes };
    }
  }
}

function read(
  operator: 'textFile' | 'wholeTextFiles',
  pieces: readonly FilePiece[],
  limit: number,
): Omit<FileWorkerReply, 'kind'> {
  const env = testEnvironment();
  const source = openFileSource({ kind: operator }, pieces, env, input);
  const records: unknown[] = [];
  try {
    while (records.length < limit) {
      const batch = source.next();
      if (batch === undefined) break;
      records.push(...batch);
    }
  } finally {
    env.end();
  }
  return { records, inputBytes: env.metrics.inputBytes };
}

/** One source for each piece, all open at once, read in turns. */
function readTogether(pieces: readonly FilePiece[]): Omit<FileWorkerReply, 'kind'> {
  const env = testEnvironment();
  const sources = pieces.map((piece) => openFileSource({ kind: 'textFile' }, [piece], env, input));
  const records: unknown[][] = sources.map(() => []);
  for (let open = sources.length; open > 0;) {
    open = 0;
    for (const [i, source] of sources.entries()) {
      const batch = source.next();
      if (batch === undefined) continue;
      open += 1;
      records[i]!.push(...batch);
    }
  }
  env.end();
  return { records, inputBytes: env.metrics.inputBytes };
}

function readUntilKilled(
  pieces: readonly FilePiece[],
  control: SharedArrayBuffer,
): Omit<FileWorkerReply, 'kind'> {
  const killed = new Int32Array(control);
  const env = testEnvironment({
    checkInterrupted: () => {
      if (Atomics.load(killed, 0) !== 0) throw new Error('killed');
    },
  });
  try {
    const source = openFileSource({ kind: 'textFile' }, pieces, env, input);
    while (source.next() !== undefined);
    return {};
  } finally {
    env.end();
  }
}

function describe(error: Error): Omit<FileWorkerReply, 'kind'> {
  return {
    error: {
      className: (error.constructor as { name: string }).name,
      isError: error instanceof Error,
      message: error.message,
      fields: Object.fromEntries(Object.entries(error)),
      cause: error.cause instanceof Error ? error.cause.message : undefined,
      stack: error.stack,
    },
  };
}
