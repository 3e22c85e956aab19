import { ArgumentError } from '@heddle/common';
import {
  abortSave,
  commitSave,
  prepareSave,
  trackSave,
  type PreparedSave,
} from '../../output/index.js';
import type { CommittedFile } from '../../plan/index.js';
import { checkActionOptions, checkBoolean, checkText, type ActionOptions } from '../arguments.js';
import type { RddNode } from '../rdd-node.js';
import { captureCallSite } from '../../closures/index.js';
import { engineStep } from '../operators/engine-step.js';
import { linesOfObjects } from '../task-functions/object-lines.js';
import { beginAction, decodeResult, runSink } from './run.js';

const codecs = ['gzip', 'zstd', 'deflate', 'brotli'] as const;

/** What `saveAsTextFile` takes. */
export interface SaveTextOptions extends ActionOptions {
  /** Compresses each file, and adds the codec's ending to its name. */
  readonly codec?: (typeof codecs)[number] | undefined;
  /** Replaces what is there, at commit. @default false */
  readonly overwrite?: boolean | undefined;
}

/** `saveAsTextFile`: see `RDD.saveAsTextFile`. */
export async function saveAsTextFile(
  node: RddNode,
  path: string,
  options: SaveTextOptions = {},
): Promise<void> {
  checkActionOptions(options, 'saveAsTextFile', ['signal', 'codec', 'overwrite']);
  await trackSave(saveLines(node, 'saveAsTextFile', path, options));
}

/** `saveAsObjectFile`: encoded records as lines of text. */
export async function saveAsObjectFile(
  node: RddNode,
  path: string,
  options: Omit<SaveTextOptions, 'codec'> = {},
): Promise<void> {
  checkActionOptions(options, 'saveAsObjectFile', ['signal', 'overwrite']);
  const { signal, overwrite } = options;
  node.core.checkRunning();
  const lines = engineStep(node, {
    callSite: captureCallSite('saveAsObjectFile'),
    form: 'partitions',
    orderSensitive: false,
    function: () => linesOfObjects(),
  });
  await trackSave(saveLines(lines, 'saveAsObjectFile', path, { signal, overwrite }));
}

async function saveLines(
  node: RddNode,
  operator: 'saveAsTextFile' | 'saveAsObjectFile',
  path: string,
  options: SaveTextOptions,
): Promise<void> {
  checkText(path, operator, 'path');
  const { codec, overwrite = false, signal } = options;
  checkBoolean(overwrite, operator, 'overwrite');
  if (codec !== undefined && !codecs.includes(codec)) {
    throw new ArgumentError(
      `saveAsTextFile: codec must be one of ${codecs.join(', ')}, and is ${codec as string}`,
    );
  }
  const { core } = node;
  const call = beginAction(core, operator, { signal });
  const saveId = core.ids.nextSave();
  // Before the lineage is prepared: sampling jobs of a sort are tasks too.
  const save = await prepareSave(core.application.fileSystems, {
    path,
    overwrite,
    applicationId: core.application.applicationId,
    saveId,
    bundleHash: core.application.programHash,
  });
  if (save.finished !== undefined) {
    core.logger.info('an earlier attempt has written this output: it is taken as it is', {
      output: save.fileSystem.uri(save.destination),
      files: save.finished.files.length,
    });
    return;
  }
  if (save.fileSystem.scheme === 'file') core.application.removeAtExit?.(save.temporary);
  try {
    const files = await runSink(
      node,
      call,
      () => ({
        kind: 'saveAsTextFile',
        output: {
          temporaryDirectory: save.temporaryDirectory,
          saveId,
          ...(codec === undefined ? {} : { codec }),
        },
      }),
      decodeResult<CommittedFile>,
    );
    await commitSave(save, files, core.application.programHash, core.logger);
  } catch (error) {
    await dropOutput(node, save);
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
