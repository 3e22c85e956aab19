import { ArgumentError } from '@heddle/common';
import {
  abortSave,
  commitSave,
  prepareSave,
  trackSave,
  type PreparedSave,
} from '../../output/index.js';
import type {
  CommittedFile,
  SequenceCodec,
  SequenceCompression,
  SequenceFileLayout,
  Sink,
  TextOutputSpec,
  WritableName,
} from '../../plan/index.js';
import { sequenceCodecs, sequenceCompressions, writableNames } from '../../plan/sequence-file.js';
import { checkActionOptions, checkBoolean, checkText, type ActionOptions } from '../arguments.js';
import type { RddNode } from '../rdd-node.js';
import { captureCallSite } from '../../closures/index.js';
import { engineStep } from '../operators/engine-step.js';
import { bytesOfObjects } from '../task-functions/object-records.js';
import { beginAction, decodeResult, runSink } from './run.js';

const codecs = ['gzip', 'zstd', 'deflate', 'brotli'] as const;

/** What `saveAsTextFile` takes. */
export interface SaveTextOptions extends ActionOptions {
  /** Compresses each file, and adds the codec's ending to its name. */
  readonly codec?: (typeof codecs)[number] | undefined;
  /** Replaces what is there, at commit. @default false */
  readonly overwrite?: boolean | undefined;
}

/** What `saveAsSequenceFile` takes. */
export interface SaveSequenceOptions extends ActionOptions {
  /** Hadoop's class of the keys. @default what suits the first key of each partition */
  readonly key?: WritableName | undefined;
  /** Hadoop's class of the values. @default what suits the first value of each partition */
  readonly value?: WritableName | undefined;
  /** What is compressed: nothing, each value, or blocks. @default 'none', 'block' with a codec */
  readonly compression?: SequenceCompression | undefined;
  /** How. @default 'deflate' */
  readonly codec?: SequenceCodec | undefined;
  /** Replaces what is there, at commit. @default false */
  readonly overwrite?: boolean | undefined;
}

/** How one of the saves writes the part files. */
type MakeSink = (output: TextOutputSpec) => Sink;

/** `saveAsTextFile`: see `RDD.saveAsTextFile`. */
export async function saveAsTextFile(
  node: RddNode,
  path: string,
  options: SaveTextOptions = {},
): Promise<void> {
  checkActionOptions(options, 'saveAsTextFile', ['signal', 'codec', 'overwrite']);
  const { codec } = options;
  checkOneOf(codec, codecs, 'saveAsTextFile', 'codec');
  const coded = codec === undefined ? {} : { codec };
  const sink: MakeSink = (output) => ({ kind: 'saveAsTextFile', output: { ...output, ...coded } });
  await trackSave(save(node, 'saveAsTextFile', path, options, sink));
}

/** `saveAsSequenceFile`: see `RDD.saveAsSequenceFile`. */
export async function saveAsSequenceFile(
  node: RddNode,
  path: string,
  options: SaveSequenceOptions = {},
): Promise<void> {
  const operator = 'saveAsSequenceFile';
  const known = ['signal', 'key', 'value', 'compression', 'codec', 'overwrite'];
  checkActionOptions(options, operator, known);
  const { key, value, codec } = options;
  checkOneOf(key, writableNames, operator, 'key');
  checkOneOf(value, writableNames, operator, 'value');
  checkOneOf(codec, sequenceCodecs, operator, 'codec');
  checkOneOf(options.compression, sequenceCompressions, operator, 'compression');
  const layout: SequenceFileLayout = {
    ...(key === undefined ? {} : { key }),
    ...(value === undefined ? {} : { value }),
    compression: options.compression ?? (codec === undefined ? 'none' : 'block'),
    codec: codec ?? 'deflate',
  };
  await trackSave(
    save(node, operator, path, options, (output) => ({ kind: operator, output, layout })),
  );
}

/** `saveAsObjectFile`: encoded records as a SequenceFile of bytes, as Spark writes them. */
export async function saveAsObjectFile(
  node: RddNode,
  path: string,
  options: Omit<SaveTextOptions, 'codec'> = {},
): Promise<void> {
  checkActionOptions(options, 'saveAsObjectFile', ['signal', 'overwrite']);
  node.core.checkRunning();
  const pairs = engineStep(node, {
    callSite: captureCallSite('saveAsObjectFile'),
    form: 'partitions',
    orderSensitive: false,
    function: () => bytesOfObjects(),
  });
  const layout = { key: 'null', value: 'bytes', compression: 'none', codec: 'deflate' } as const;
  await trackSave(
    save(pairs, 'saveAsObjectFile', path, options, (output) => ({
      kind: 'saveAsSequenceFile',
      output,
      layout,
    })),
  );
}

function checkOneOf(
  given: string | undefined,
  known: readonly string[],
  operator: string,
  name: string,
): void {
  if (given === undefined || known.includes(given)) return;
  throw new ArgumentError(
    `${operator}: ${name} must be one of ${known.join(', ')}, and is ${given}`,
  );
}

async function save(
  node: RddNode,
  operator: 'saveAsTextFile' | 'saveAsSequenceFile' | 'saveAsObjectFile',
  path: string,
  options: ActionOptions & { readonly overwrite?: boolean | undefined },
  sinkOf: MakeSink,
): Promise<void> {
  checkText(path, operator, 'path');
  const { overwrite = false, signal } = options;
  checkBoolean(overwrite, operator, 'overwrite');
  const { core } = node;
  const call = beginAction(core, operator, { signal });
  const saveId = core.ids.nextSave();
  // Before the lineage is prepared: sampling jobs of a sort are tasks too.
  const prepared = await prepareSave(core.application.fileSystems, {
    path,
    overwrite,
    applicationId: core.application.applicationId,
    applicationAttemptId: core.application.applicationAttemptId,
    saveId,
    bundleHash: core.application.programHash,
    willMake: (directory) => core.application.removeAtExit?.(directory),
  });
  if (prepared.finished !== undefined) {
    core.logger.info('an earlier attempt has written this output: it is taken as it is', {
      output: prepared.fileSystem.uri(prepared.destination),
      files: prepared.finished.files.length,
    });
    return;
  }
  try {
    const output = { temporaryDirectory: prepared.temporaryDirectory, saveId };
    const files = await runSink(node, call, () => sinkOf(output), decodeResult<CommittedFile>);
    await commitSave(prepared, files, core.application.programHash, core.logger);
  } catch (error) {
    await dropOutput(node, prepared);
    throw error;
  }
}

/** What cannot be removed is told, and does not hide why the save failed. */
async function dropOutput(node: RddNode, save: PreparedSave): Promise<void> {
  try {
    await abortSave(save);
  } catch (error) {
    node.core.logger.warn('the temporary folder of a failed save could not be removed', {
      directory: save.temporaryDirectory,
      error: String(error),
    });
  }
}
