import { ArgumentError } from '@heddle/common';
import { captureCallSite } from '../../closures/index.js';
import { checkBoolean, checkText } from '../arguments.js';
import { captureRoots } from '../capture.js';
import type { RddNode } from '../rdd-node.js';
import { pipeThrough } from '../task-functions/pipe-function.js';
import { engineStep } from './engine-step.js';

/** What `pipe` takes. */
export interface PipeOptions {
  /** Variables that are added to the executor's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Whether another exit code than 0 fails the task. @default true */
  readonly checkCode?: boolean | undefined;
  /** Written after each record. @default a line end */
  readonly separator?: string | undefined;
}

/** `pipe(command, options?)`. Source: Spark 4.0 `PipedRDD`. */
export function pipeNode(
  parent: RddNode,
  command: string | readonly string[],
  { env = {}, checkCode = true, separator = '\n' }: PipeOptions,
): RddNode {
  parent.core.checkRunning();
  const words = typeof command === 'string' ? command.trim().split(/\s+/) : [...command];
  checkText(words[0], 'pipe', 'command');
  for (const word of words) {
    if (typeof word !== 'string') {
      throw new ArgumentError(
        `pipe: command is a text or a list of texts, and holds ${String(word)}`,
      );
    }
  }
  checkBoolean(checkCode, 'pipe', 'checkCode');
  if (typeof separator !== 'string') throw new ArgumentError('pipe: separator must be a text');
  const callSite = captureCallSite('pipe');
  const through = pipeThrough({ command: words, env: { ...env }, checkCode, separator });
  return engineStep(parent, {
    callSite,
    kind: 'PipedRDD',
    form: 'partitions',
    function: captureRoots(parent.core, [through], callSite),
  });
}
