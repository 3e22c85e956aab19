import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { sslClient, sslServer } from './certificates.js';
import {
  type ClusterHost,
  type ClusterPlan,
  clientConfDirectory,
  daemonsOfKind,
  hostConfDirectory,
  nameNodePorts,
  nodeManagerPorts,
} from './cluster-plan.js';
import { hdfsSite, nameServiceId } from './hdfs-site.js';
import type { SiteProperties } from './profiles.js';
import { capacityScheduler, yarnSite } from './yarn-site.js';

function coreSite(plan: ClusterPlan): SiteProperties {
  const user = userInfo().username;
  const [nameNode] = daemonsOfKind(plan, 'namenode');
  const authority = plan.profile.highlyAvailable
    ? nameServiceId
    : `${nameNode!.host.name}:${nameNodePorts(plan).rpc}`;
  const workers = plan.hosts.filter((on) => on.rack !== undefined);
  const racks = new Map(
    workers.flatMap((on) => [
      [on.name, on.rack!],
      [on.address, on.rack!],
    ]),
  );
  return {
    'fs.defaultFS': `hdfs://${authority}`,
    'heddle.cluster.directory': plan.directory,
    'hadoop.tmp.dir': '${heddle.cluster.directory}/tmp',
    'hadoop.security.authentication': 'simple',
    'hadoop.http.staticuser.user': 'dr.who',
    'hadoop.security.groups.cache.secs': '5',
    [`hadoop.proxyuser.${user}.hosts`]: '*',
    [`hadoop.proxyuser.${user}.groups`]: '*',
    'ipc.client.connect.max.retries': '5',
    'ipc.client.connect.retry.interval': '200',
    // By host name: DataNodes on loopback addresses all connect from 127.0.0.1.
    'net.topology.node.switch.mapping.impl': 'org.apache.hadoop.net.StaticMapping',
    'hadoop.configured.node.mapping': [...racks].map(([key, rack]) => `${key}=${rack}`).join(','),
    ...plan.profile.core,
  };
}

function mapredSite(plan: ClusterPlan, on: ClusterHost | undefined): SiteProperties {
  const java =
    '-XX:+UseSerialGC -XX:CompressedClassSpaceSize=64m -XX:ReservedCodeCacheSize=64m ' +
    '-XX:TieredStopAtLevel=1 --add-opens=java.base/java.lang=ALL-UNNAMED -Djava.net.preferIPv4Stack=true';
  return {
    'mapreduce.framework.name': 'yarn',
    'mapreduce.application.classpath': `${clientConfDirectory(plan)},${plan.jarDirectory}/*`,
    'yarn.app.mapreduce.am.staging-dir': '/user',
    'yarn.app.mapreduce.am.resource.mb': '768',
    'yarn.app.mapreduce.am.command-opts': `-Xmx384m ${java}`,
    'yarn.app.mapreduce.am.env': 'MALLOC_ARENA_MAX=1',
    'mapreduce.map.memory.mb': '768',
    'mapreduce.map.java.opts': `-Xmx256m ${java}`,
    'mapreduce.map.env': 'MALLOC_ARENA_MAX=1',
    'mapreduce.reduce.memory.mb': '768',
    'mapreduce.reduce.java.opts': `-Xmx256m ${java}`,
    'mapreduce.reduce.env': 'MALLOC_ARENA_MAX=1',
    'mapreduce.task.io.sort.mb': '32',
    ...(on?.worker === undefined
      ? {}
      : { 'mapreduce.shuffle.port': String(nodeManagerPorts(plan, on.worker).shuffle) }),
  };
}

const log4j = `log4j.rootLogger=\${hadoop.root.logger}
hadoop.root.logger=WARN,console
hadoop.log.file=hadoop.log
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
log4j.appender.RFA=org.apache.log4j.RollingFileAppender
log4j.appender.RFA.File=\${hadoop.log.file}
log4j.appender.RFA.MaxFileSize=64MB
log4j.appender.RFA.MaxBackupIndex=2
log4j.appender.RFA.layout=org.apache.log4j.PatternLayout
log4j.appender.RFA.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n
log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR
`;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Writes properties as Hadoop reads them. */
export function siteXml(properties: SiteProperties): string {
  const lines = Object.entries(properties).map(
    ([name, value]) =>
      `  <property><name>${escaped(name)}</name><value>${escaped(value)}</value></property>\n`,
  );
  return `<?xml version="1.0"?>\n<configuration>\n${lines.join('')}</configuration>\n`;
}

function writeDirectory(
  directory: string,
  plan: ClusterPlan,
  on: ClusterHost | undefined,
  core: SiteProperties,
): void {
  mkdirSync(directory, { recursive: true });
  const write = (file: string, text: string): void => {
    writeFileSync(join(directory, file), text);
  };
  write('core-site.xml', siteXml({ ...coreSite(plan), ...core }));
  write('hdfs-site.xml', siteXml(hdfsSite(plan, on)));
  write('yarn-site.xml', siteXml(yarnSite(plan, on)));
  write('mapred-site.xml', siteXml(mapredSite(plan, on)));
  write('capacity-scheduler.xml', siteXml(capacityScheduler));
  if (on !== undefined) write('ssl-server.xml', siteXml(sslServer(plan)));
  else if (plan.profile.httpsOnly) write('ssl-client.xml', siteXml(sslClient(plan)));
  write('log4j.properties', log4j);
}

/** Writes the configuration of clients and of every host. */
export function writeSiteFiles(plan: ClusterPlan): void {
  writeDirectory(clientConfDirectory(plan), plan, undefined, {});
  for (const on of plan.hosts) writeHostFiles(plan, on);
}

/** Writes the configuration of one host, with further properties in its `core-site.xml`. */
export function writeHostFiles(
  plan: ClusterPlan,
  on: ClusterHost,
  core: SiteProperties = {},
): void {
  writeDirectory(hostConfDirectory(plan, on), plan, on, core);
}
