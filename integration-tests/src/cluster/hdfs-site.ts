import {
  type ClusterHost,
  type ClusterPlan,
  daemonsOfKind,
  dataNodePorts,
  hostDirectory,
  nameNodePorts,
} from './cluster-plan.js';
import type { SiteProperties } from './profiles.js';

/** Name of the pair of NameNodes where there are two. */
export const nameServiceId = 'heddle';

function nameNodeAddresses(plan: ClusterPlan): SiteProperties {
  const ports = nameNodePorts(plan);
  const nameNodes = daemonsOfKind(plan, 'namenode');
  if (!plan.profile.highlyAvailable) {
    const name = nameNodes[0]!.host.name;
    return {
      'dfs.namenode.rpc-address': `${name}:${ports.rpc}`,
      'dfs.namenode.http-address': `${name}:${ports.http}`,
      'dfs.namenode.https-address': `${name}:${ports.https}`,
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
    properties[`dfs.namenode.https-address.${nameServiceId}.${name}`] =
      `${host.name}:${ports.https}`;
  }
  return properties;
}

/** `hdfs-site.xml` of a host, or of clients. */
export function hdfsSite(plan: ClusterPlan, on: ClusterHost | undefined): SiteProperties {
  const properties: Record<string, string> = {
    ...nameNodeAddresses(plan),
    'dfs.http.policy': plan.profile.httpsOnly ? 'HTTPS_ONLY' : 'HTTP_AND_HTTPS',
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
    ...plan.profile.hdfs,
  };
  if (!on) return properties;
  properties['dfs.namenode.name.dir'] = `file://${hostDirectory(plan, on)}/name`;
  const nameNode = daemonsOfKind(plan, 'namenode').find((daemon) => daemon.host === on);
  if (nameNode && plan.profile.highlyAvailable) {
    // It cannot find out by address which of the two it is: both addresses are this machine's.
    properties['dfs.nameservice.id'] = nameServiceId;
    properties['dfs.ha.namenode.id'] = nameNode.name;
  }
  if (on.worker === undefined) return properties;
  const ports = dataNodePorts(plan, on.worker);
  return {
    ...properties,
    'dfs.datanode.data.dir': `file://${hostDirectory(plan, on)}/data`,
    'dfs.datanode.hostname': on.name,
    'dfs.datanode.address': `\${dfs.datanode.hostname}:${ports.transfer}`,
    'dfs.datanode.http.address': `\${dfs.datanode.hostname}:${ports.http}`,
    'dfs.datanode.https.address': `\${dfs.datanode.hostname}:${ports.https}`,
    'dfs.datanode.ipc.address': `\${dfs.datanode.hostname}:${ports.ipc}`,
  };
}
