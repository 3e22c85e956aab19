// In cluster mode: the driver's process, started by the ApplicationMaster in its own container.
import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  clientConfiguration,
  clientTrust,
  containerLinks,
  installProgram,
  masterExitCodes,
  readDescription,
  type DriverInput,
} from '@heddle/am';
import { AttemptKey } from '@heddle/executor';
import { openClusterFileSystems } from '@heddle/webhdfs/hadoop';
import { installLauncher, installStackTranslation } from 'heddle/internal';
import { CommandConsole } from '../../command/command-console.js';
import { reportError } from '../../command/error-report.js';
import { ProgramProcess, type ProgramEnd } from '../../command/program-process.js';
import { outcomeOf } from '../program-outcome.js';
import { YarnLauncher } from '../yarn-launcher.js';

/** Where the ApplicationMaster puts what this process must know. */
const inputDescriptor = 3;

const console = new CommandConsole(false);
const { input, key } = readInput();
const workingDirectory = process.cwd();
const archive = join(workingDirectory, containerLinks.application);
const description = await readDescription(archive);
const programDirectory = join(workingDirectory, 'program');
const [conf, trust] = await Promise.all([
  clientConfiguration(archive, process.env),
  clientTrust(archive),
  installProgram(archive, description.program.files, programDirectory),
]);
const submittedSettings = new Map(Object.entries(description.settings));
const racks = new Map(description.nodes.map(({ host, rack }) => [host, rack]));
// The node has put there what was given.
const filesDirectory = join(workingDirectory, containerLinks.files);
const launcher = new YarnLauncher({
  deployMode: 'cluster',
  entry: description.entry,
  submittedSettings,
  programHash: Promise.resolve(description.program.hash),
  files: openClusterFileSystems({
    conf,
    user: description.user,
    settings: submittedSettings,
    environment: process.env,
    logger: console.logger,
    ...trust,
  }),
  user: description.user,
  connect: () =>
    Promise.resolve({
      applicationId: input.applicationId,
      attemptId: input.attemptId,
      key,
      master: input.master,
      stagingDirectory: description.stagingDirectory,
      racks,
    }),
  filesDirectory,
  tell: (text) => console.tell('yarn', text),
  logger: console.logger,
  setLogLevel: (level) => console.setLogLevel(level),
});
installLauncher(launcher);
installStackTranslation();
process.argv = [process.execPath, description.entry, ...description.arguments];

const tell = (end: ProgramEnd): void => {
  launcher.finishNow(driverOutcome(end));
  console.flushSync();
  if (end.error !== undefined) console.tell('error', reportError(end.error.thrown).text);
};
const program = new ProgramProcess(
  {
    stop: (end) => launcher.stop(driverOutcome(end)),
    directories: [programDirectory],
    threadsMayRun: false,
  },
  tell,
  undefined,
);
program.watch();
try {
  await import(pathToFileURL(join(programDirectory, description.program.driverFile)).href);
  program.returned();
} catch (error) {
  program.failed(error);
}

/** A program that threw has a code of its own among those of ApplicationMasters. */
function driverOutcome(end: ProgramEnd): ReturnType<typeof outcomeOf> {
  return {
    ...outcomeOf(end),
    ...(end.error === undefined ? {} : { exitCode: masterExitCodes.program }),
  };
}

function readInput(): { readonly input: DriverInput; readonly key: AttemptKey } {
  const bytes = readFileSync(inputDescriptor);
  closeSync(inputDescriptor);
  const lineEnd = bytes.indexOf(0x0a);
  const text = bytes.toString('utf8', 0, lineEnd);
  const secret = Buffer.from(bytes.toString('latin1', lineEnd + 1).trim(), 'hex');
  bytes.fill(0);
  return { input: JSON.parse(text) as DriverInput, key: AttemptKey.fromBytes(secret) };
}
