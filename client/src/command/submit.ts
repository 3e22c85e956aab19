import { ConfigError, HeddleError, settingsRegistry } from '@heddle/common';
import { processSizes } from '../launch/local-backends.js';
import { defaultMaster, parseMaster } from '../launch/master.js';
import { CommandConsole } from './command-console.js';
import { SubmissionError, findProgram } from './find-program.js';
import { readPropertiesFile } from './properties-file.js';
import { refuse } from './refuse.js';
import { runProgram } from './run-program.js';
import type { SubmitOptions } from './submit-options.js';
import type { SubmittedSetting } from './submitted-settings.js';
import { mergeSettings } from './submitted-settings.js';

/** Runs `heddle submit`: judges the words, then runs the program and ends the process with it. */
export async function submit(
  options: SubmitOptions,
  wrapperPid: number | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const startedMs = performance.now();
  const console = new CommandConsole(options.json);
  let entry: string;
  let onYarn: boolean;
  let submitted: ReadonlyMap<string, SubmittedSetting>;
  try {
    entry = await findProgram(options.app);
    const properties =
      options.propertiesFile === undefined
        ? new Map<string, string>()
        : await readPropertiesFile(options.propertiesFile);
    submitted = mergeSettings(options, properties, settingsRegistry);
    const master = parseMaster(submitted.get('heddle.master')?.value ?? defaultMaster);
    onYarn = master.kind === 'yarn';
    if (master.kind === 'localCluster') {
      // Refuses what does not fit before anything is done for the program.
      processSizes(master, new Map([...submitted].map(([key, { value }]) => [key, value])));
    }
  } catch (error) {
    if (!(error instanceof SubmissionError || error instanceof ConfigError)) throw error;
    refuse(console, error, startedMs);
    return;
  }
  const request = {
    entry,
    args: options.args,
    submitted,
    external: options.external,
    check: options.check,
    verbose: options.verbose,
    console,
    wrapperPid,
  };
  if (!onYarn) {
    await runProgram(request);
    return;
  }
  // Its parts take time to load, which local modes shall not pay.
  const { runYarnProgram } = await import('../yarn/yarn-program.js');
  try {
    await runYarnProgram(request, environment);
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    refuse(console, error, startedMs);
  }
}
