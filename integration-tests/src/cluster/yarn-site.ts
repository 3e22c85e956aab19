import { arch } from 'node:os';

import {
  type ClusterHost,
  type ClusterPlan,
  clientConfDirectory,
  containerProgramDirectory,
  daemonsOfKind,
  hostDirectory,
  nodeManagerPorts,
  resourceManagerPorts,
} from './cluster-plan.js';
import { nameServiceId } from './hdfs-site.js';
import type { SiteProperties } from './profiles.js';

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
    set('webapp.https.address', ports.https);
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
    'yarn.nodemanager.webapp.https.address': `\${yarn.nodemanager.hostname}:${ports.https}`,
    'yarn.nodemanager.collector-service.address': `\${yarn.nodemanager.hostname}:${ports.collector}`,
    'yarn.nodemanager.local-dirs': `${directory}/nm-local`,
    'yarn.nodemanager.log-dirs': `${directory}/nm-logs`,
    'yarn.nodemanager.recovery.dir': `${directory}/nm-state`,
  };
}

/** `yarn-site.xml` of a host, or of clients. */
export function yarnSite(plan: ClusterPlan, on: ClusterHost | undefined): SiteProperties {
  return {
    ...resourceManagerAddresses(plan),
    ...resourceManagerStore(plan),
    'yarn.http.policy': plan.profile.httpsOnly ? 'HTTPS_ONLY' : 'HTTP_ONLY',
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

/** `capacity-scheduler.xml`: two queues, locality given up soon. */
export const capacityScheduler: SiteProperties = {
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
