/** A Hadoop token (`org.apache.hadoop.security.token.Token`, `TokenProto`). */
export interface Token {
  readonly identifier: Uint8Array;
  /** A secret: never logged, never part of an error. */
  readonly password: Uint8Array;
  readonly kind: string;
  readonly service: string;
}

/** Kinds of tokens that a client of YARN and HDFS meets (`KIND_NAME` of each identifier, Hadoop 3.4.3). */
export const tokenKinds = {
  amRm: 'YARN_AM_RM_TOKEN',
  nodeManager: 'NMToken',
  container: 'ContainerToken',
  rmDelegation: 'RM_DELEGATION_TOKEN',
  hdfsDelegation: 'HDFS_DELEGATION_TOKEN',
  webHdfsDelegation: 'WEBHDFS delegation',
  secureWebHdfsDelegation: 'SWEBHDFS delegation',
} as const;
