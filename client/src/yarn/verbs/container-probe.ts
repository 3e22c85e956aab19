import { setTimeout as delay } from 'node:timers/promises';
import { commandArgument, containerLinks, type StagedResource } from '@heddle/am';
import {
  readOptionalSetting,
  readSetting,
  settings,
  silentLogger,
  type ConfigSource,
} from '@heddle/common';
import axios from 'axios';
import { applicationType } from '../application-submission.js';
import { shortDiagnostics } from '../application-watch.js';
import { runtimeRoot, type ClusterAccess } from '../cluster-access.js';
import { installedRuntime } from '../installed-runtime.js';
import { isEnded, masterContainerOf, type ApplicationReport } from '../rm-records.js';
import { nodeArchive } from '../runtime-archives.js';
import { Staging } from '../staging.js';
import type { CheckResult } from './doctor-checks.js';

/** What a real container showed. */
export interface ProbeResult {
  readonly node: CheckResult;
  /** Whether this machine can connect to a port of a container, as client mode does. */
  readonly reachability: CheckResult;
}

/** What the probe writes into its log, and says to whoever connects. */
interface ProbeWords {
  readonly host: string;
  readonly port: number;
  readonly node: string;
  readonly glibc: string | undefined;
}

const timeoutMs = 120_000;
const requestTimeoutMs = 5_000;
/** An exit code that says that everything went well: whoever exits without registering has failed in YARN's eyes. */
const wellExitCode = 77;
/** How long the probe waits for a connection. */
const probeLifeMs = 20_000;

/** Runs in the container, under the engine's Node. */
const script = `
process.report.excludeNetwork = true;
const { glibcVersionRuntime: glibc } = process.report.getReport().header;
const host = process.env.NM_HOST;
const server = require("node:http").createServer((request, response) => {
  response.end("reached", () => process.exit(${wellExitCode}));
});
server.listen(0, host, () => {
  console.log(JSON.stringify({ host, port: server.address().port, node: process.version, glibc }));
});
setTimeout(() => process.exit(${wellExitCode}), ${probeLifeMs});
`;

/**
 * Runs the engine's Node in a real container, and connects to it: glibc, mounts, memory checks and
 * firewalls show only there.
 */
export async function probeContainer(
  cluster: ClusterAccess,
  source: ConfigSource,
): Promise<ProbeResult> {
  const node = await stagedNode(cluster, source);
  const applicationId = await submitProbe(cluster, source, node);
  const deadlineMs = performance.now() + timeoutMs;
  let words: ProbeWords | undefined;
  let reached: boolean | undefined;
  for (;;) {
    await delay(250);
    const report = await cluster.rm.application(applicationId).catch(() => undefined);
    if (report !== undefined && isEnded(report.state)) return judge(report, words, reached);
    words ??= report && (await probeWords(report, cluster.user));
    if (words !== undefined) reached ??= await canConnect(words);
    if (performance.now() > deadlineMs) {
      await cluster.rm.kill(applicationId, 'heddle doctor gave up');
      const text = `no container was started within ${timeoutMs / 1_000} s (${report?.state ?? 'unknown state'}): is the queue full?`;
      return { node: { verdict: 'broken', text }, reachability: { verdict: 'broken', text } };
    }
  }
}

function judge(
  report: ApplicationReport,
  words: ProbeWords | undefined,
  reached: boolean | undefined,
): ProbeResult {
  const isWell = new RegExp(`exitCode: ${wellExitCode}\\b`).test(report.diagnostics);
  if (!isWell) {
    const text = `it does not run: ${shortDiagnostics(report.diagnostics).slice(0, 1_500)}. The engine's Node needs glibc 2.28 and a local directory that is not mounted noexec; heddle.yarn.nodeArchive names another archive (.tar.gz) with bin/node`;
    return {
      node: { verdict: 'broken', text },
      reachability: { verdict: 'warning', text: 'not tried' },
    };
  }
  const what =
    words === undefined
      ? process.version
      : `${words.node} on glibc ${words.glibc ?? '(none)'}, on ${words.host}`;
  return {
    node: { verdict: 'ok', text: `${what}: runs in containers of this cluster` },
    reachability: reachability(words, reached),
  };
}

function reachability(words: ProbeWords | undefined, reached: boolean | undefined): CheckResult {
  if (reached === true) {
    return {
      verdict: 'ok',
      text: `a port of a container on ${words?.host ?? 'a node'} was reached`,
    };
  }
  const instead = 'client mode needs that; use --deploy-mode cluster, or open the nodes’ ports';
  return words === undefined
    ? {
        verdict: 'warning',
        text: `the NodeManagers' web ports cannot be read from here, so containers' ports are most likely closed too: ${instead}`,
      }
    : { verdict: 'warning', text: `${words.host}:${words.port} cannot be reached: ${instead}` };
}

async function stagedNode(cluster: ClusterAccess, source: ConfigSource): Promise<StagedResource> {
  const { files } = cluster;
  const staging = new Staging(files.fileSystem, silentLogger);
  const own = readOptionalSetting(source, settings.yarnNodeArchive);
  if (own !== undefined) {
    const { path } = files.registry.resolve(own);
    return staging.describe(path, containerLinks.node, 'archive', 'private');
  }
  const { nodeBinary, archiveDirectory } = installedRuntime();
  const archive = await nodeArchive(nodeBinary, archiveDirectory);
  return staging.share(archive, runtimeRoot(source, files), containerLinks.node);
}

async function submitProbe(
  cluster: ClusterAccess,
  source: ConfigSource,
  node: StagedResource,
): Promise<string> {
  const { applicationId } = await cluster.rm.newApplication();
  const command = `MALLOC_ARENA_MAX=2 exec ./${containerLinks.node}/bin/node -e ${commandArgument(script)}`;
  await cluster.rm.submit({
    'application-id': applicationId,
    'application-name': 'heddle doctor',
    'application-type': applicationType,
    queue: readSetting(source, settings.yarnQueue),
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
      commands: { command: `${command} 1><LOG_DIR>/stdout 2><LOG_DIR>/stderr` },
    },
  });
  return applicationId;
}

/** Reads the probe's log on its node; undefined while there is none, or when it cannot be read. */
async function probeWords(
  report: ApplicationReport,
  user: string,
): Promise<ProbeWords | undefined> {
  const container = masterContainerOf(report);
  const address = report.amHostHttpAddress;
  if (container === undefined || address === undefined) return undefined;
  const base = address.startsWith('http') ? address : `http://${address}`;
  try {
    const answer = await axios.get<string>(`${base}/ws/v1/node/containerlogs/${container}/stdout`, {
      params: { 'user.name': user },
      timeout: requestTimeoutMs,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      proxy: false,
    });
    const line = /\{.*"port".*\}/.exec(answer.data)?.[0];
    return line === undefined ? undefined : (JSON.parse(line) as ProbeWords);
  } catch {
    return undefined;
  }
}

async function canConnect({ host, port }: ProbeWords): Promise<boolean> {
  try {
    const url = `http://${host}:${port}/`;
    const answer = await axios.get<string>(url, { timeout: requestTimeoutMs, proxy: false });
    return answer.data === 'reached';
  } catch {
    return false;
  }
}
