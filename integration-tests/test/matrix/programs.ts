import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';
import { readFileSync } from 'node:fs';
import {
  Scratch,
  runHeddle,
  type CommandResult,
  type RunOptions,
} from '../../src/command/run-heddle.js';

/** Who runs the programs. */
export const user = 'weaver';

/** A cluster of the matrix, with a home for the user of the programs. */
export class MatrixPrograms {
  readonly cluster: MiniCluster;
  /** As the superuser. */
  readonly files: WebHdfsFileSystem;
  readonly scratch = new Scratch();

  private constructor(cluster: MiniCluster, files: WebHdfsFileSystem) {
    this.cluster = cluster;
    this.files = files;
  }

  static async open(): Promise<MatrixPrograms> {
    const cluster = await sharedCluster();
    const conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
    const trustedCertificates = readFileSync(cluster.caFile, 'utf8');
    const client = { conf, user: cluster.superUser, trustedCertificates };
    const files = new WebHdfsFileSystem(webHdfsOptions(client, 'hdfs', ''));
    await files.makeDirectories(`/user/${user}`);
    await files.setOwner(`/user/${user}`, user);
    return new MatrixPrograms(cluster, files);
  }

  /** `heddle <words>` as the user, on this cluster. */
  run(words: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runHeddle(words, {
      timeoutMs: 240_000,
      ...options,
      env: { HADOOP_CONF_DIR: this.cluster.confDir, HADOOP_USER_NAME: user, ...options.env },
    });
  }

  /** Submits a program to YARN, with small containers. */
  submit(
    mode: 'client' | 'cluster',
    program: string,
    words: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<CommandResult> {
    const file = this.scratch.write('program.ts', program);
    const small = ['--num-executors', '1', '--executor-memory', '256m'];
    const yarn = ['--master', 'yarn', '--deploy-mode', mode, '--json'];
    return this.run(['submit', ...yarn, ...small, ...words, file], options);
  }

  async close(): Promise<void> {
    await this.files.delete(`/user/${user}`);
    this.files.close();
    this.scratch.remove();
  }
}
