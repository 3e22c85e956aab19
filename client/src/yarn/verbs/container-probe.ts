import { setTimeout as delay } from 'node:timers/promises';
import { containerLinks } from '@heddle/am';
import { applicationType } from '../application-submission.js';
import { shortDiagnostics } from '../application-watch.js';
import { runtimeRoot, type ClusterAccess } from '../cluster-access.js';
import { installedRuntime } from '../installed-runtime.js';
import { isEnded } from '../rm-records.js';
import { nodeArchive } from '../runtime-archives.js';
import { Staging } from '../staging.js';
import { silentLogger } from '@heddle/common';

const timeoutMs = 120_000;
/** An exit code that says that everything went well: whoever exits without registering has failed in YARN's eyes. */
const wellExitCode = 77;

/** Runs the engine's Node in a real container: glibc, mounts and memory checks show only there. */
export async function probeContainer(
  cluster: ClusterAccess,
): Promise<{ readonly verdict: 'ok' | 'broken'; readonly text: string }> {
  const { nodeBinary, archiveDirectory } = installedRuntime();
  const staging = new Staging(cluster.files.fileSystem, silentLogger);
  const archive = await nodeArchive(nodeBinary, archiveDirectory);
  const directory = runtimeRoot(new Map(), cluster.files);
  const node = await staging.share(archive, directory, containerLinks.node);
  const { applicationId } = await cluster.rm.newApplication();
  const script = `process.exit(${wellExitCode})`;
  await cluster.rm.submit({
    'application-id': applicationId,
    'application-name': 'heddle doctor',
    'application-type': applicationType,
    'max-app-attempts': 1,
    resource: { memory: 640, vCores: 1 },
    'am-container-spec': {
      'local-resources': {
        entry: [
          {
            key: node.link,
            value: {
              resource: node.uri,
              type: 'ARCHIVE',
              visibility: node.visibility.toUpperCase(),
              size: node.sizeBytes,
              timestamp: node.modifiedMs,
            },
          },
        ],
      },
      commands: {
        command: `MALLOC_ARENA_MAX=2 exec ./node/bin/node -e '${script}' 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr`,
      },
    },
  });
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    await delay(250);
    const report = await cluster.rm.application(applicationId).catch(() => undefined);
    if (report !== undefined && isEnded(report.state)) {
      if (new RegExp(`exitCode: ${wellExitCode}\\b`).test(report.diagnostics)) {
        return { verdict: 'ok', text: `${process.version} runs in containers of this cluster` };
      }
      return {
        verdict: 'broken',
        text: `it does not run: ${shortDiagnostics(report.diagnostics).slice(0, 1_500)}. The engine's Node needs glibc 2.28 and a local directory that is not mounted noexec; heddle.yarn.nodeArchive names another archive with bin/node`,
      };
    }
    if (performance.now() > deadlineMs) {
      await cluster.rm.kill(applicationId, 'heddle doctor gave up');
      return {
        verdict: 'broken',
        text: `no container was started within ${timeoutMs / 1_000} s (${report?.state ?? 'unknown state'}): is the queue full?`,
      };
    }
  }
}
