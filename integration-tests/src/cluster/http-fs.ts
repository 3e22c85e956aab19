import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { askDaemon } from './ask-daemon.js';
import { clientConfDirectory, logDirectory, portBaseOf } from './cluster-plan.js';
import { clientCommand } from './java-command.js';
import { ensureHttpFsJars } from './jars.js';
import { type MiniCluster, workDirectory } from './mini-cluster.js';
import { type ProcessIdentity, identifyProcess, signalProcess, waitForEnd } from './processes.js';
import { ownEnvironment } from './run-process.js';
import { siteXml } from './site-files.js';

const mainClass = 'org.apache.hadoop.fs.http.server.HttpFSServerWebServer';
const clusterFolder = fileURLToPath(new URL('../../../cluster/', import.meta.url));
const readyTimeoutMs = 120_000;

/** An HttpFS gateway in front of a cluster: a process of this machine, which ends with the cluster. */
export class HttpFsGateway {
  /** `host:port`, as in `webhdfs://<address>/`. */
  readonly address: string;
  readonly #identity: ProcessIdentity;

  private constructor(address: string, identity: ProcessIdentity) {
    this.address = address;
    this.#identity = identity;
  }

  /**
   * Starts the gateway of a cluster and returns when it answers.
   * @throws Error with the end of its log when it does not within the bound
   */
  static async start(cluster: MiniCluster): Promise<HttpFsGateway> {
    const { plan } = cluster;
    const jars = await ensureHttpFsJars(clusterFolder, join(workDirectory(), 'jars'));
    // Below the hosts: whatever works there ends with the cluster.
    const home = join(plan.directory, 'hosts', 'httpfs');
    for (const folder of ['conf', 'temp']) mkdirSync(join(home, folder), { recursive: true });
    const port = portBaseOf(plan) + 99;
    const site = {
      'httpfs.http.hostname': '127.0.0.1',
      'httpfs.http.port': String(port),
      'hadoop.http.temp.dir': join(home, 'temp'),
      'httpfs.hadoop.config.dir': clientConfDirectory(plan),
    };
    writeFileSync(join(home, 'conf', 'httpfs-site.xml'), siteXml(site));
    writeFileSync(join(home, 'conf', 'httpfs-signature.secret'), 'of a gateway for tests\n');
    writeFileSync(join(home, 'conf', 'httpfs-log4j.properties'), 'log4j.rootLogger=WARN\n');
    // It reads httpfs-site.xml from the class path, whatever its own properties say.
    const extraClassPath = [join(home, 'conf'), `${jars}/*`];
    const command = clientCommand(plan, mainClass, [], { extraClassPath });
    const [program, ...words] = command.argv;
    const directories = ['config', 'log', 'temp'].map((name) => {
      return `-Dhttpfs.${name}.dir=${join(home, name === 'config' ? 'conf' : 'temp')}`;
    });
    const logFile = join(logDirectory(plan), 'httpfs.out');
    const output = openSync(logFile, 'a');
    let identity: ProcessIdentity | undefined;
    try {
      const child = spawn(program, [`-Dhttpfs.home.dir=${home}`, ...directories, ...words], {
        cwd: home,
        detached: true,
        env: { ...ownEnvironment(), ...command.environment },
        stdio: ['ignore', output, output],
      });
      await once(child, 'spawn');
      child.unref();
      identity = identifyProcess(child.pid!);
    } finally {
      closeSync(output);
    }
    const address = `127.0.0.1:${port}`;
    const url = `http://${address}/webhdfs/v1/?op=GETFILESTATUS&user.name=${cluster.superUser}`;
    const deadline = Date.now() + readyTimeoutMs;
    for (;;) {
      const answer = await askDaemon(plan, url, { timeoutMs: 5_000 }).catch(() => undefined);
      if (answer?.status === 200 && identity !== undefined) {
        return new HttpFsGateway(address, identity);
      }
      if (Date.now() > deadline) {
        const log = readFileSync(logFile, 'utf8').slice(-3000);
        if (identity !== undefined) signalProcess(identity, 'SIGKILL');
        throw new Error(
          `HttpFS did not answer at ${url}: ${answer?.status ?? 'nothing'}. Its log:\n${log}`,
        );
      }
      await sleep(250);
    }
  }

  /** Ends it and returns when it is gone. */
  async stop(): Promise<void> {
    signalProcess(this.#identity, 'SIGKILL');
    await waitForEnd([this.#identity], 20_000);
  }
}
