import type { Logger } from '@heddle/common';
import type { RetryLimits } from './retry-policy.js';
import type { TransportOptions } from './http/http-transport.js';

/** A NameNode (or HttpFS) over HTTP. */
export interface NameNodeEndpoint {
  /** `nn1 (host:9870)`, or `host:9870`. */
  readonly label: string;
  /** `http://host:9870`, without a slash at the end. */
  readonly origin: string;
}

/** Everything that the client of one cluster needs to know; made from Hadoop's settings by `webHdfsOptions`. */
export interface WebHdfsOptions {
  /** `hdfs`, `webhdfs`, `swebhdfs`: as the user wrote it. */
  readonly scheme: string;
  /** Name service or address, as in `hdfs://<authority>/`. */
  readonly authority: string;
  /** In the order to try them; one or more. */
  readonly nameNodes: readonly NameNodeEndpoint[];
  /** Sent as `user.name` with each request. */
  readonly user: string;
  /** `Token.encodeToUrlString`; a secret. */
  readonly delegationToken?: string;
  readonly transport: TransportOptions;
  readonly retries: RetryLimits;
  /** Connect to a DataNode's address where its name does not resolve (`dfs.client.use.datanode.hostname` is false). */
  readonly dataNodeAddressAllowed: boolean;
  readonly logger: Logger;
}
