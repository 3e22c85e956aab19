// What an executor's container starts: makes the program and the specification ready that the
// ApplicationMaster sent, and becomes an executor.
import { join } from 'node:path';
import { LeveledLogger, describeThrown, formatLogText } from '@heddle/common';
import {
  AttemptKey,
  executorExitCodes,
  runExecutorProcess,
  type ExecutorExitCode,
} from '@heddle/executor';
import { openClusterFileSystems } from '@heddle/webhdfs/hadoop';
import {
  ProgramChangedError,
  attemptKeyAlias,
  installProgram,
  readDescription,
} from '../launch/application-description.js';
import { clientConfiguration, clientTrust } from '../launch/client-configuration.js';
import { readContainerEnvironment } from '../launch/container-environment.js';
import { containerLinks } from '../launch/node-command.js';
import { executorSpecVariable, type RemoteExecutorSpec } from './executor-launch.js';

const { env } = process;
const logger = new LeveledLogger(
  { write: (entry) => void process.stderr.write(`${formatLogText(entry)}\n`) },
  { level: 'warn' },
);

try {
  await main();
} catch (error) {
  process.stderr.write(`the executor cannot start: ${describeThrown(error)}\n`);
  process.exit(exitCodeFor(error));
}

async function main(): Promise<void> {
  const container = readContainerEnvironment(env);
  const specText = env[executorSpecVariable] ?? '';
  const remote = JSON.parse(Buffer.from(specText, 'base64').toString()) as RemoteExecutorSpec;
  const secret = container.credentials.secrets.get(attemptKeyAlias);
  if (secret === undefined) {
    process.stderr.write('the executor has no key in its credentials\n');
    process.exit(executorExitCodes.badCredentials);
  }
  const archive = join(container.workingDirectory, containerLinks.application);
  const description = await readDescription(archive);
  const program = join(container.workingDirectory, 'program');
  const [conf, trust] = await Promise.all([
    clientConfiguration(archive, env),
    clientTrust(archive),
    installProgram(archive, description.program.files, program),
  ]);
  const settings = new Map(Object.entries(remote.settings));
  const { registry } = openClusterFileSystems({
    conf,
    user: description.user,
    settings,
    environment: env,
    logger,
    credentials: container.credentials,
    ...trust,
  });
  await runExecutorProcess({
    spec: {
      ...remote,
      program: { ...remote.program, taskFile: join(program, remote.program.taskFile) },
      localDirectories: container.localDirectories,
      filesDirectory: join(container.workingDirectory, containerLinks.files),
    },
    key: AttemptKey.fromBytes(secret),
    logTo: 'stderr',
    threadEntry: new URL('./thread-main.js', import.meta.url),
    fileSystems: registry,
  });
}

function exitCodeFor(error: unknown): ExecutorExitCode {
  return error instanceof ProgramChangedError
    ? executorExitCodes.codeMismatch
    : executorExitCodes.uncaught;
}
