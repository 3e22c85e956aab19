// What the container of the ApplicationMaster starts.
import { join } from 'node:path';
import {
  LeveledLogger,
  describeThrown,
  formatLogText,
  readOptionalSetting,
  readSetting,
  settings,
} from '@heddle/common';
import { AttemptKey } from '@heddle/executor';
import { openClusterFileSystems } from '@heddle/webhdfs/hadoop';
import { masterKeyAlias, readDescription } from '../launch/application-description.js';
import { clientConfiguration, clientTrust } from '../launch/client-configuration.js';
import { readContainerEnvironment } from '../launch/container-environment.js';
import { decodeResources, resourcesVariable } from '../launch/local-resources.js';
import { containerLinks } from '../launch/node-command.js';
import { ApplicationMaster } from './application-master.js';
import { DriverChild } from './driver-child.js';
import { masterExitCodes } from './master-exit-codes.js';

/** File of the engine's bundle that runs a driver in the cluster. */
const driverMain = 'yarn-driver-main.js';
const defaultDriverHeapMb = 1_024;

const logger = new LeveledLogger(
  { write: (entry) => void process.stderr.write(`${formatLogText(entry)}\n`) },
  { level: 'info' },
);

process.on('uncaughtException', (error) => {
  logger.error('an error that nothing caught', { error: error.stack ?? describeThrown(error) });
  process.exit(masterExitCodes.uncaught);
});

try {
  process.exit(await main());
} catch (error) {
  logger.error('the ApplicationMaster cannot start', { error: describeThrown(error) });
  process.exit(masterExitCodes.uncaught);
}

async function main(): Promise<number> {
  const { env } = process;
  const environment = readContainerEnvironment(env);
  const archive = join(environment.workingDirectory, containerLinks.application);
  const description = await readDescription(archive);
  const conf = await clientConfiguration(archive, env);
  const source = new Map(Object.entries(description.settings));
  const { registry } = openClusterFileSystems({
    conf,
    user: description.user,
    settings: source,
    environment: env,
    logger,
    credentials: environment.credentials,
    ...(await clientTrust(archive)),
  });
  const shipped = environment.credentials.secrets.get(masterKeyAlias);
  // In client mode the client knows it; in cluster mode nobody outside of this container does.
  const masterKey = shipped === undefined ? AttemptKey.generate() : AttemptKey.fromBytes(shipped);
  const key = masterKey.forAttempt(environment.attemptId);
  const heapBytes = readOptionalSetting(source, settings.driverMemory);
  const master = new ApplicationMaster({
    description,
    environment,
    conf,
    key,
    resources: decodeResources(env[resourcesVariable] ?? ''),
    logger,
    startDriver:
      description.deployMode === 'client'
        ? undefined
        : (address) =>
            new DriverChild({
              input: {
                master: address,
                applicationId: environment.applicationId,
                attemptId: environment.attemptId,
              },
              key,
              entry: new URL(`./${driverMain}`, import.meta.url).pathname,
              heapMb:
                heapBytes === undefined ? defaultDriverHeapMb : Math.floor(heapBytes / 2 ** 20),
              environment: env,
            }),
    cleanUp: async () => {
      if (readSetting(source, settings.yarnPreserveStagingFiles)) return;
      const { fileSystem, path } = registry.resolve(description.stagingDirectory);
      await fileSystem.delete(path);
    },
  });
  process.on('SIGTERM', () => master.terminate());
  return master.run();
}
