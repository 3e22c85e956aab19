/** Properties of one `*-site.xml` file. */
export type SiteProperties = Readonly<Record<string, string>>;

/** What distinguishes one kind of test cluster from another. */
export interface ClusterProfile {
  readonly name: string;
  /** Release of Hadoop, as in Maven Central. */
  readonly hadoopVersion: string;
  /** Two NameNodes and two ResourceManagers, switched by hand, instead of one each. */
  readonly highlyAvailable: boolean;
  /** Web servers speak TLS only; otherwise HDFS offers both and YARN plain HTTP. */
  readonly httpsOnly: boolean;
  /** Properties on top of the usual ones of `core-site.xml`. */
  readonly core: SiteProperties;
  /** Properties on top of the usual ones of `hdfs-site.xml`. */
  readonly hdfs: SiteProperties;
  /** Properties on top of the usual ones of `yarn-site.xml`. */
  readonly yarn: SiteProperties;
}

const usual = {
  hadoopVersion: '3.4.3',
  highlyAvailable: false,
  httpsOnly: false,
  core: {},
  hdfs: {},
  yarn: {},
};

/** The clusters that can be started by name. */
export const clusterProfiles = {
  default: { ...usual, name: 'default' },
  /** Without the check of virtual memory, which processes of Java meet at their usual settings. */
  benchmark: {
    ...usual,
    name: 'benchmark',
    yarn: {
      'yarn.nodemanager.vmem-check-enabled': 'false',
      // Nodes unpack half a gigabyte of Spark before its ApplicationMaster registers.
      'yarn.am.liveness-monitor.expiry-interval-ms': '300000',
      'yarn.resourcemanager.rm.container-allocation.expiry-interval-ms': '300000',
    },
  },
  /** The newest release line. */
  'hadoop-3.5': { ...usual, name: 'hadoop-3.5', hadoopVersion: '3.5.0' },
  /** Pairs of NameNodes and ResourceManagers. */
  ha: {
    ...usual,
    name: 'ha',
    highlyAvailable: true,
    // Long listings come in many parts, so that a NameNode can die between two.
    hdfs: { 'dfs.ls.limit': '10' },
  },
  /** Every RPC connection is signed. */
  integrity: { ...usual, name: 'integrity', core: { 'hadoop.rpc.protection': 'integrity' } },
  /** Every RPC connection is encrypted. */
  privacy: { ...usual, name: 'privacy', core: { 'hadoop.rpc.protection': 'privacy' } },
  /** Tokens of ApplicationMasters are replaced as often as YARN permits. */
  rolling: {
    ...usual,
    name: 'rolling',
    // It must be more than three times the expiry of ApplicationMasters.
    yarn: { 'yarn.resourcemanager.am-rm-tokens.master-key-rolling-interval-secs': '46' },
  },
  /** Every web server speaks TLS only, with certificates of the cluster's own authority. */
  tls: { ...usual, name: 'tls', httpsOnly: true },
} as const satisfies Record<string, ClusterProfile>;

/** Name of a cluster that can be started. */
export type ProfileName = keyof typeof clusterProfiles;

/**
 * Returns the profile with that name.
 * @throws Error naming the profiles that exist
 */
export function profileNamed(name: string): ClusterProfile {
  const found = Object.values(clusterProfiles).find((profile) => profile.name === name);
  if (found) return found;
  const known = Object.keys(clusterProfiles).join(', ');
  throw new Error(`There is no cluster profile '${name}'. Profiles: ${known}.`);
}
