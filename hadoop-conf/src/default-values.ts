/** A built-in default: what Hadoop 3.4.3 ships in the named `*-default.xml`. */
export interface DefaultValue {
  readonly value: string;
  readonly file:
    'core-default.xml' | 'hdfs-default.xml' | 'yarn-default.xml' | 'mapred-default.xml';
}

type Table = Readonly<Record<string, string>>;

const coreDefaults = {
  'fs.defaultFS': 'file:///',
  'fs.permissions.umask-mode': '022',
  'hadoop.tmp.dir': '/tmp/hadoop-${user.name}',
  'hadoop.security.authentication': 'simple',
  'hadoop.security.authorization': 'false',
  'hadoop.security.token.service.use_ip': 'true',
  'hadoop.rpc.protection': 'authentication',
  'hadoop.http.authentication.type': 'simple',
  'hadoop.http.authentication.simple.anonymous.allowed': 'true',
  'hadoop.ssl.client.conf': 'ssl-client.xml',
  'hadoop.ssl.enabled.protocols': 'TLSv1.2',
  'ipc.client.connect.timeout': '20000',
  'ipc.client.connect.max.retries': '10',
  'ipc.client.connect.retry.interval': '1000',
  'ipc.client.connection.maxidletime': '10000',
  'ipc.client.rpc-timeout.ms': '120000',
  'ipc.client.tcpnodelay': 'true',
  'ipc.maximum.data.length': '134217728',
  'ipc.maximum.response.length': '134217728',
  'ipc.ping.interval': '60000',
  'io.file.buffer.size': '4096',
  'net.topology.node.switch.mapping.impl': 'org.apache.hadoop.net.ScriptBasedMapping',
} satisfies Table;

const hdfsDefaults = {
  'dfs.blocksize': '134217728',
  'dfs.replication': '3',
  'dfs.http.policy': 'HTTP_ONLY',
  'dfs.namenode.http-address': '0.0.0.0:9870',
  'dfs.namenode.https-address': '0.0.0.0:9871',
  'dfs.namenode.fs-limits.min-block-size': '1048576',
  'dfs.client.use.datanode.hostname': 'false',
  'dfs.client.failover.max.attempts': '15',
  'dfs.client.failover.sleep.base.millis': '500',
  'dfs.client.failover.sleep.max.millis': '15000',
  'dfs.client.socket-timeout': '60000',
  'dfs.webhdfs.rest-csrf.enabled': 'false',
  'dfs.webhdfs.rest-csrf.custom-header': 'X-XSRF-HEADER',
  'dfs.webhdfs.user.provider.user.pattern': '^[A-Za-z_][A-Za-z0-9._-]*[$]?$',
  'dfs.encrypt.data.transfer': 'false',
} satisfies Table;

const yarnDefaults = {
  'yarn.acl.enable': 'false',
  'yarn.http.policy': 'HTTP_ONLY',
  'yarn.am.liveness-monitor.expiry-interval-ms': '900000',
  'yarn.client.application-client-protocol.poll-interval-ms': '200',
  'yarn.client.failover-retries': '0',
  'yarn.client.failover-retries-on-socket-timeouts': '0',
  'yarn.client.nodemanager-connect.max-wait-ms': '180000',
  'yarn.client.nodemanager-connect.retry-interval-ms': '10000',
  'yarn.log-aggregation-enable': 'false',
  'yarn.nodemanager.address': '${yarn.nodemanager.hostname}:0',
  'yarn.nodemanager.hostname': '0.0.0.0',
  'yarn.nodemanager.pmem-check-enabled': 'true',
  'yarn.nodemanager.vmem-check-enabled': 'true',
  'yarn.nodemanager.vmem-pmem-ratio': '2.1',
  'yarn.nodemanager.sleep-delay-before-sigkill.ms': '250',
  'yarn.nodemanager.webapp.address': '${yarn.nodemanager.hostname}:8042',
  'yarn.nodemanager.webapp.https.address': '0.0.0.0:8044',
  'yarn.resourcemanager.hostname': '0.0.0.0',
  'yarn.resourcemanager.address': '${yarn.resourcemanager.hostname}:8032',
  'yarn.resourcemanager.scheduler.address': '${yarn.resourcemanager.hostname}:8030',
  'yarn.resourcemanager.resource-tracker.address': '${yarn.resourcemanager.hostname}:8031',
  'yarn.resourcemanager.admin.address': '${yarn.resourcemanager.hostname}:8033',
  'yarn.resourcemanager.webapp.address': '${yarn.resourcemanager.hostname}:8088',
  'yarn.resourcemanager.webapp.https.address': '${yarn.resourcemanager.hostname}:8090',
  'yarn.resourcemanager.am.max-attempts': '2',
  'yarn.resourcemanager.application-https.policy': 'NONE',
  'yarn.resourcemanager.connect.max-wait.ms': '900000',
  'yarn.resourcemanager.connect.retry-interval.ms': '30000',
  'yarn.resourcemanager.ha.enabled': 'false',
  'yarn.resourcemanager.nodemanagers.heartbeat-interval-ms': '1000',
  'yarn.resourcemanager.recovery.enabled': 'false',
  'yarn.resourcemanager.rm.container-allocation.expiry-interval-ms': '600000',
  'yarn.resourcemanager.work-preserving-recovery.enabled': 'true',
  'yarn.scheduler.include-port-in-node-name': 'false',
  'yarn.scheduler.minimum-allocation-mb': '1024',
  'yarn.scheduler.maximum-allocation-mb': '8192',
  'yarn.scheduler.minimum-allocation-vcores': '1',
  'yarn.scheduler.maximum-allocation-vcores': '4',
} satisfies Table;

const mapredDefaults = {
  'mapreduce.shuffle.port': '13562',
  'mapreduce.shuffle.ssl.enabled': 'false',
  'mapreduce.input.fileinputformat.split.minsize': '0',
} satisfies Table;

/** Keys with a built-in default: a typo in a literal key of the engine does not compile where this type is asked for. */
export type DefaultedKey =
  | keyof typeof coreDefaults
  | keyof typeof hdfsDefaults
  | keyof typeof yarnDefaults
  | keyof typeof mapredDefaults;

/**
 * The defaults of Hadoop 3.4.3 that the engine relies on (`core-default.xml`, `hdfs-default.xml`,
 * `yarn-default.xml`, `mapred-default.xml`). Not all of Hadoop's: a key that is missing here is read as unset.
 */
export const defaultValues: ReadonlyMap<string, DefaultValue> = new Map([
  ...entriesOf('core-default.xml', coreDefaults),
  ...entriesOf('hdfs-default.xml', hdfsDefaults),
  ...entriesOf('yarn-default.xml', yarnDefaults),
  ...entriesOf('mapred-default.xml', mapredDefaults),
]);

function entriesOf(file: DefaultValue['file'], table: Table): [string, DefaultValue][] {
  return Object.entries(table).map(([key, value]) => [key, { value, file }]);
}
