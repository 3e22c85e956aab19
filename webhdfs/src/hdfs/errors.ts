import { HeddleError } from '@heddle/common';

/** What a call to one server came to. */
export interface ServerFailure {
  /** `nn1 (host:port)`, `host:port`. */
  readonly server: string;
  readonly reason: string;
}

function listed(failures: readonly ServerFailure[]): string {
  return failures.map(({ server, reason }) => `${server}: ${reason}`).join('; ');
}

/** No NameNode of a cluster could be asked: unreachable, in standby, or silent, each with its reason. */
export class NameNodeUnavailableError extends HeddleError {
  readonly code = 'NAME_NODE_UNAVAILABLE';

  constructor(
    /** Name service or address. */
    readonly cluster: string,
    readonly failures: readonly ServerFailure[],
    readonly attempts: number,
    options?: ErrorOptions,
  ) {
    super(
      `no NameNode of ${cluster} answered in ${attempts} attempts (${listed(failures)}): is it running, ` +
        'and are its host and HTTP port right (dfs.namenode.http-address, not the RPC port of hdfs://)?',
      options,
    );
  }
}

/** A host name of the cluster has no address on this machine. */
export class HostUnresolvableError extends HeddleError {
  readonly code = 'HOST_UNRESOLVABLE';

  constructor(
    readonly host: string,
    readonly role: 'NameNode' | 'DataNode',
    /** The Hadoop setting that decides the name. */
    readonly setting: string,
    options?: ErrorOptions,
  ) {
    super(
      `the ${role}'s host name ${host} does not resolve on this machine: ${setting} decides that name; ` +
        `add it to DNS or /etc/hosts here, or give its address with heddle.hadoop.hosts=${host}=<address>`,
      options,
    );
  }
}

/** Something answered, and it is no WebHDFS service (wrong port, a proxy, a login page). */
export class NotWebHdfsError extends HeddleError {
  readonly code = 'NOT_WEB_HDFS';

  constructor(
    readonly server: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `${server} does not speak WebHDFS: ${reason}. The address must be the NameNode's HTTP one ` +
        '(dfs.namenode.http-address, port 9870 by default), or that of HttpFS (14000)',
      options,
    );
  }
}

/** The NameNode is in safe mode, and stayed in it while the call was retried. */
export class SafeModeError extends HeddleError {
  readonly code = 'SAFE_MODE';

  constructor(
    readonly path: string,
    readonly operation: string,
    readonly server: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `cannot ${operation} ${path}: the NameNode is in safe mode, in which nothing can be changed ` +
        `(${server} says: ${reason}); wait until enough DataNodes have reported, or see hdfs dfsadmin -safemode get`,
      options,
    );
  }
}

/** The cluster refuses the caller's identity: no credentials, or a token that is expired or cancelled. */
export class AuthenticationRefusedError extends HeddleError {
  readonly code = 'AUTHENTICATION_REFUSED';

  constructor(
    readonly server: string,
    readonly user: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `${server} refuses the credentials of ${user}: ${reason}. Delegation tokens come from the file that ` +
        'HADOOP_TOKEN_FILE_LOCATION names; one that has expired or was cancelled must be fetched anew',
      options,
    );
  }
}

/** A certificate of the cluster is not trusted, or does not belong to its host. */
export class CertificateError extends HeddleError {
  readonly code = 'CERTIFICATE';

  constructor(
    readonly server: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `the certificate of ${server} is not accepted (${reason}): name the file of the cluster's certificate ` +
        'authority (PEM) in heddle.hadoop.tls.caFile',
      options,
    );
  }
}

/** A file system refuses a path's name, such as a colon in HDFS. */
export class InvalidPathError extends HeddleError {
  readonly code = 'INVALID_PATH';

  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the name ${JSON.stringify(path)} is not allowed: ${reason}`, options);
  }
}

/** None of a file's replicas could be read at a place; each DataNode with its reason. */
export class ReadFailedError extends HeddleError {
  readonly code = 'READ_FAILED';

  constructor(
    readonly path: string,
    /** Byte of the file at which reading stopped. */
    readonly offset: number,
    readonly failures: readonly ServerFailure[],
    options?: ErrorOptions,
  ) {
    super(
      `cannot read ${path} at byte ${offset} from any DataNode (${listed(failures)}): ` +
        'see hdfs fsck for missing or damaged blocks, and whether the DataNodes can be reached from here',
      options,
    );
  }
}

/** A write broke off: what is in the file is not what was to be written. */
export class WriteFailedError extends HeddleError {
  readonly code = 'WRITE_FAILED';

  constructor(
    readonly path: string,
    /** DataNode that took the bytes; undefined when none did. */
    readonly dataNode: string | undefined,
    readonly bytesWritten: number,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `writing ${path} broke off after ${bytesWritten} bytes` +
        `${dataNode === undefined ? '' : ` on DataNode ${dataNode}`}: ${reason}; ` +
        'the file is incomplete and must be written again',
      options,
    );
  }
}

/** All classes of this file, for the codec that carries errors between processes. */
export const hdfsErrorClasses = [
  NameNodeUnavailableError,
  HostUnresolvableError,
  NotWebHdfsError,
  SafeModeError,
  AuthenticationRefusedError,
  CertificateError,
  InvalidPathError,
  ReadFailedError,
  WriteFailedError,
] as const;
