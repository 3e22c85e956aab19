import { join } from 'node:path';

import {
  type ClusterPlan,
  type Daemon,
  type DaemonKind,
  clientConfDirectory,
  hostConfDirectory,
  logDirectory,
} from './cluster-plan.js';

/** A program with its arguments and what it finds in its environment. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
}

interface DaemonProgram {
  readonly mainClass: string;
  readonly heapMb: number;
}

const programs: Record<DaemonKind, DaemonProgram> = {
  namenode: { mainClass: 'org.apache.hadoop.hdfs.server.namenode.NameNode', heapMb: 256 },
  datanode: { mainClass: 'org.apache.hadoop.hdfs.server.datanode.DataNode', heapMb: 160 },
  resourcemanager: {
    mainClass: 'org.apache.hadoop.yarn.server.resourcemanager.ResourceManager',
    heapMb: 320,
  },
  nodemanager: { mainClass: 'org.apache.hadoop.yarn.server.nodemanager.NodeManager', heapMb: 256 },
};

// On Java 17 the ResourceManager's and NodeManager's injection library needs the first one. The others
// make small processes that start fast; throughput is not what they are for.
const javaFlags = [
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '-Djava.net.preferIPv4Stack=true',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:ReservedCodeCacheSize=64m',
  '-XX:MaxMetaspaceSize=160m',
  '-Xshare:auto',
  '-Xss512k',
  // No file of it in the machine's temporary directory.
  '-XX:-UsePerfData',
];

function javaProgram(): string {
  const home = process.env['JAVA_HOME'];
  return home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
}

/** The command that runs one daemon. */
export function daemonCommand(
  plan: ClusterPlan,
  daemon: Daemon,
  extraArguments: readonly string[] = [],
): Command {
  const { mainClass, heapMb } = programs[daemon.kind];
  const conf = hostConfDirectory(plan, daemon.host);
  const logs = logDirectory(plan);
  return {
    argv: [
      javaProgram(),
      `-Dproc_${daemon.name}`,
      ...javaFlags,
      `-Xmx${heapMb}m`,
      // Where the web servers unpack their pages.
      `-Djava.io.tmpdir=${join(plan.directory, 'tmp')}`,
      '-Dhadoop.root.logger=INFO,RFA',
      `-Dhadoop.log.file=${join(logs, `${daemon.name}.log`)}`,
      `-Dhadoop.log.dir=${logs}`,
      `-Dyarn.log.dir=${logs}`,
      '-cp',
      `${conf}:${plan.jarDirectory}/*`,
      mainClass,
      ...extraArguments,
    ],
    environment: {
      // What NodeManagers hand on to containers.
      HADOOP_CONF_DIR: clientConfDirectory(plan),
      // As bin/hadoop does.
      MALLOC_ARENA_MAX: '4',
      // Without it Java has no names for files beyond ASCII.
      LANG: 'C.UTF-8',
    },
  };
}

/** The command that runs a class of Hadoop, or of the jars in `extraClassPath`, as a client. */
export function clientCommand(
  plan: ClusterPlan,
  mainClass: string,
  args: readonly string[],
  options: { extraClassPath?: readonly string[]; environment?: Record<string, string> } = {},
): Command {
  const conf = clientConfDirectory(plan);
  const classPath = [conf, `${plan.jarDirectory}/*`, ...(options.extraClassPath ?? [])].join(':');
  return {
    argv: [
      javaProgram(),
      ...javaFlags,
      '-Xmx256m',
      '-Dhadoop.root.logger=WARN,console',
      '-cp',
      classPath,
      mainClass,
      ...args,
    ],
    environment: { HADOOP_CONF_DIR: conf, MALLOC_ARENA_MAX: '4', ...options.environment },
  };
}
