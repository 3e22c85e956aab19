import { version } from 'heddle';
import { CommandConsole } from './command-console.js';
import { exitCodes } from './exit-codes.js';
import { refuse, UsageError } from './refuse.js';
import { parseCommandLine } from './submit-options.js';
import { submit } from './submit.js';

/**
 * Does what `heddle <words>` says.
 *
 * @param wrapperPid process that started this one under a newer Node and waits for it
 */
export async function runCommand(
  words: readonly string[],
  wrapperPid: number | undefined,
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<void> {
  const startedMs = performance.now();
  const request = parseCommandLine(words, version);
  switch (request.kind) {
    case 'text':
      process.stdout.write(request.text);
      return;
    case 'refused':
      if (request.json) {
        const message = request.text.trimEnd().replace(/^heddle: /, '');
        refuse(new CommandConsole(true), new UsageError(message), startedMs);
        return;
      }
      process.stderr.write(request.text);
      process.exitCode = exitCodes.failure;
      return;
    case 'submit':
      await submit(request.options, wrapperPid, environment);
      return;
    case 'verb': {
      // Its parts take time to load, which local modes shall not pay.
      const { runVerb } = await import('../yarn/verbs/run-verb.js');
      await runVerb(request.request, environment);
    }
  }
}
