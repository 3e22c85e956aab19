import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, userInfo } from 'node:os';
import { join } from 'node:path';

import {
  type ClusterHost,
  type ClusterPlan,
  clientConfDirectory,
  containerProgramDirectory,
  daemonsOfKind,
  dataNodePorts,
  hostConfDirectory,
  hostDirectory,
  nameNodePorts,
  nodeManagerPorts,
  resourceManagerPorts,
} from './cluster-plan.js';
import type { SiteProperties } from './profiles.js';

/** Name of the pair of NameNodes where there are two. */
export const nameServiceId = 'heddle';

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

function nameNodeAddresses(plan: ClusterPlan): SiteProperties {
  const ports = nameNodePorts(plan);
  const nameNodes = daemonsOfKind(plan, 'namenode');
  if (!plan.profile.highlyAvailable) {
    const name = nameNodes[0]!.host.name;
    return {
      'dfs.namenode.rpc-address': `${name}:${ports.rpc}`,
      'dfs.namenode.http-address': `${name}:${ports.http}`,
    };
  }
  const properties: Record<string, string> = {
    'dfs.nameservices': nameServiceId,
    [`dfs.ha.namenodes.${nameServiceId}`]: nameNodes.map((daemon) => daemon.name).join(','),
    [`dfs.client.failover.proxy.provider.${nameServiceId}`]:
      'org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider',
    'dfs.ha.automatic-failover.enabled': 'false',
    'dfs.ha.fencing.methods': 'shell(/bin/true)',
    'dfs.ha.tail-edits.period': '1s',
    'dfs.ha.log-roll.period': '5s',
    'dfs.namenode.shared.edits.dir': `file://${plan.directory}/shared-edits`,
  };
  for (const { name, host } of nameNodes) {
    properties[`dfs.namenode.rpc-address.${nameServiceId}.${name}`] = `${host.name}:${ports.rpc}`;
    properties[`dfs.namenode.http-address.${nameServiceId}.${name}`] = `${host.name}:${ports.http}`;
  }
  return properties;
}

function hdfsSite(plan: ClusterPlan, on: ClusterHost | undefined): SiteProperties {
  const properties: Record<string, string> = {
    ...nameNodeAddresses(plan),
    'dfs.client.use.datanode.hostname': 'true',
    'dfs.datanode.use.datanode.hostname': 'true',
    'dfs.namenode.datanode.registration.ip-hostname-check': 'false',
    // Small blocks, so that small files have several and locality shows.
    'dfs.blocksize': '1m',
    'dfs.namenode.fs-limits.min-block-size': '512',
    'dfs.replication': '2',
    'dfs.permissions.enabled': 'true',
    'dfs.namenode.acls.enabled': 'true',
    // Otherwise there are no delegation tokens without Kerberos.
    'dfs.namenode.delegation.token.always-use': 'true',
    // A DataNode is dead after 2 x recheck + 10 x heartbeat = 14 s.
    'dfs.heartbeat.interval': '1',
    'dfs.namenode.heartbeat.recheck-interval': '2000',
    'dfs.namenode.stale.datanode.interval': '4000',
    'dfs.namenode.avoid.read.stale.datanode': 'true',
    'dfs.namenode.avoid.write.stale.datanode': 'true',
    'dfs.namenode.redundancy.interval.seconds': '1s',
    'dfs.namenode.safemode.extension': '0',
    'dfs.client.block.write.replace-datanode-on-failure.policy': 'NEVER',
    'dfs.namenode.handler.count': '8',
    'dfs.datanode.handler.count': '4',
    'dfs.datanode.du.reserved': '0',
    'dfs.namenode.edits.noeditlogchannelflush': 'true',
  };
  if (!on) return properties;
  properties['dfs.namenode.name.dir'] = `file://${hostDirectory(plan, on)}/name`;
  if (on.worker === undefined) return properties;
  const ports = dataNodePorts(plan, on.worker);
  return {
    ...properties,
    'dfs.datanode.data.dir': `file://${hostDirectory(plan, on)}/data`,
    'dfs.datanode.hostname': on.name,
    'dfs.datanode.address': `\${dfs.datanode.hostname}:${ports.transfer}`,
    'dfs.datanode.http.address': `\${dfs.datanode.hostname}:${ports.http}`,
    'dfs.datanode.ipc.address': `\${dfs.datanode.hostname}:${ports.ipc}`,
  };
}

function resourceManagerAddresses(plan: ClusterPlan): SiteProperties {
  const managers = daemonsOfKind(plan, 'resourcemanager');
  const properties: Record<string, string> = {};
  for (const { name, host } of managers) {
    const ports = resourceManagerPorts(plan, name);
    const suffix = plan.profile.highlyAvailable ? `.${name}` : '';
    const set = (key: string, port: number): void => {
      properties[`yarn.resourcemanager.${key}${suffix}`] =
        `\${yarn.resourcemanager.hostname${suffix}}:${port}`;
    };
    properties[`yarn.resourcemanager.hostname${suffix}`] = host.name;
    set('address', ports.client);
    set('scheduler.address', ports.scheduler);
    set('resource-tracker.address', ports.tracker);
    set('admin.address', ports.admin);
    set('webapp.address', ports.http);
  }
  if (!plan.profile.highlyAvailable) return properties;
  return {
    ...properties,
    'yarn.resourcemanager.ha.enabled': 'true',
    'yarn.resourcemanager.cluster-id': nameServiceId,
    'yarn.resourcemanager.ha.rm-ids': managers.map((daemon) => daemon.name).join(','),
    'yarn.resourcemanager.ha.automatic-failover.enabled': 'false',
    'yarn.client.failover-sleep-base-ms': '200',
    'yarn.client.failover-sleep-max-ms': '1000',
  };
}

function resourceManagerStore(plan: ClusterPlan): SiteProperties {
  // LevelDB comes as x86-64 code only, and belongs to one process.
  if (plan.profile.highlyAvailable || arch() !== 'x64') {
    return {
      'yarn.resourcemanager.store.class':
        'org.apache.hadoop.yarn.server.resourcemanager.recovery.FileSystemRMStateStore',
      'yarn.resourcemanager.fs.state-store.uri': `file://${plan.directory}/rm-state`,
    };
  }
  return {
    'yarn.resourcemanager.store.class':
      'org.apache.hadoop.yarn.server.resourcemanager.recovery.LeveldbRMStateStore',
    'yarn.resourcemanager.leveldb-state-store.path': `${plan.directory}/rm-state`,
  };
}

function nodeManagerSite(plan: ClusterPlan, on: ClusterHost): SiteProperties {
  const ports = nodeManagerPorts(plan, on.worker!);
  const directory = hostDirectory(plan, on);
  return {
    'yarn.nodemanager.hostname': on.name,
    'yarn.nodemanager.address': `\${yarn.nodemanager.hostname}:${ports.rpc}`,
    'yarn.nodemanager.localizer.address': `\${yarn.nodemanager.hostname}:${ports.localizer}`,
    'yarn.nodemanager.webapp.address': `\${yarn.nodemanager.hostname}:${ports.http}`,
    'yarn.nodemanager.collector-service.address': `\${yarn.nodemanager.hostname}:${ports.collector}`,
    'yarn.nodemanager.local-dirs': `${directory}/nm-local`,
    'yarn.nodemanager.log-dirs': `${directory}/nm-logs`,
    'yarn.nodemanager.recovery.dir': `${directory}/nm-state`,
  };
}

function yarnSite(plan: ClusterPlan, on: ClusterHost | undefined): SiteProperties {
  return {
    ...resourceManagerAddresses(plan),
    ...resourceManagerStore(plan),
    'yarn.resourcemanager.bind-host': '0.0.0.0',
    'yarn.resourcemanager.scheduler.class':
      'org.apache.hadoop.yarn.server.resourcemanager.scheduler.capacity.CapacityScheduler',
    'yarn.scheduler.minimum-allocation-mb': '128',
    'yarn.scheduler.maximum-allocation-mb': '4096',
    'yarn.scheduler.maximum-allocation-vcores': '8',
    'yarn.resourcemanager.am.max-attempts': '2',
    'yarn.resourcemanager.recovery.enabled': 'true',
    'yarn.resourcemanager.work-preserving-recovery.enabled': 'true',
    'yarn.resourcemanager.work-preserving-recovery.scheduling-wait-ms': '2000',
    'yarn.nodemanager.recovery.enabled': arch() === 'x64' ? 'true' : 'false',
    'yarn.nodemanager.recovery.supervised': 'true',
    // Short timers: a test does not wait ten minutes for a lost node.
    'yarn.resourcemanager.nodemanagers.heartbeat-interval-ms': '250',
    'yarn.nm.liveness-monitor.expiry-interval-ms': '15000',
    'yarn.am.liveness-monitor.expiry-interval-ms': '15000',
    'yarn.resourcemanager.rm.container-allocation.expiry-interval-ms': '30000',
    'yarn.resourcemanager.connect.retry-interval.ms': '500',
    'yarn.resourcemanager.connect.max-wait.ms': '600000',
    'yarn.client.nodemanager-connect.max-wait-ms': '20000',
    'yarn.client.nodemanager-connect.retry-interval-ms': '500',
    'yarn.nodemanager.container-monitor.interval-ms': '1000',
    'yarn.nodemanager.sleep-delay-before-sigkill.ms': '1000',
    'yarn.nodemanager.disk-health-checker.interval-ms': '5000',
    // A build machine's disk is often fuller than the default allows.
    'yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage': '99.5',
    'yarn.nodemanager.resource.memory-mb': '4096',
    'yarn.nodemanager.resource.cpu-vcores': '8',
    // By default Hadoop 3 leaves both checks to control groups, which the plain executor does not use.
    'yarn.nodemanager.resource.memory.enforced': 'false',
    'yarn.nodemanager.pmem-check-enabled': 'true',
    'yarn.nodemanager.vmem-check-enabled': 'true',
    'yarn.nodemanager.vmem-pmem-ratio': '2.1',
    // No Node but what an application brings along; also not the one of the machine that runs the tests.
    'yarn.nodemanager.admin-env': `MALLOC_ARENA_MAX=$MALLOC_ARENA_MAX,PATH=${containerProgramDirectory(plan)}`,
    'yarn.nodemanager.aux-services': 'mapreduce_shuffle',
    'yarn.nodemanager.aux-services.mapreduce_shuffle.class':
      'org.apache.hadoop.mapred.ShuffleHandler',
    'yarn.nodemanager.localizer.cache.target-size-mb': '1024',
    'yarn.nodemanager.delete.debug-delay-sec': '0',
    'yarn.log-aggregation-enable': 'true',
    'yarn.nodemanager.remote-app-log-dir': '/app-logs',
    'yarn.nodemanager.log-aggregation.debug-enabled': 'true',
    'yarn.nodemanager.log-aggregation.roll-monitoring-interval-seconds': '10',
    'yarn.application.classpath': `${clientConfDirectory(plan)},${plan.jarDirectory}/*`,
    ...(on?.worker === undefined ? {} : nodeManagerSite(plan, on)),
    ...(on === undefined ? {} : thisManagerOfPair(plan, on)),
    ...plan.profile.yarn,
  };
}

function thisManagerOfPair(plan: ClusterPlan, on: ClusterHost): SiteProperties {
  const daemon = daemonsOfKind(plan, 'resourcemanager').find((one) => one.host === on);
  if (!daemon || !plan.profile.highlyAvailable) return {};
  return { 'yarn.resourcemanager.ha.id': daemon.name };
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

const capacityScheduler: SiteProperties = {
  'yarn.scheduler.capacity.root.queues': 'default,small',
  'yarn.scheduler.capacity.root.default.capacity': '80',
  'yarn.scheduler.capacity.root.default.maximum-capacity': '100',
  'yarn.scheduler.capacity.root.default.user-limit-factor': '10',
  'yarn.scheduler.capacity.root.default.state': 'RUNNING',
  'yarn.scheduler.capacity.root.small.capacity': '20',
  'yarn.scheduler.capacity.root.small.maximum-capacity': '20',
  'yarn.scheduler.capacity.root.small.user-limit-factor': '10',
  'yarn.scheduler.capacity.root.small.state': 'RUNNING',
  'yarn.scheduler.capacity.maximum-am-resource-percent': '0.8',
  'yarn.scheduler.capacity.resource-calculator':
    'org.apache.hadoop.yarn.util.resource.DominantResourceCalculator',
  // Counted in missed scheduling opportunities, of which a heartbeat is one.
  'yarn.scheduler.capacity.node-locality-delay': '6',
  'yarn.scheduler.capacity.rack-locality-additional-delay': '-1',
  'yarn.scheduler.capacity.per-node-heartbeat.multiple-assignments-enabled': 'true',
};

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
