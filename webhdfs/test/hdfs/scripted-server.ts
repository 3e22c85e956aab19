import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HadoopConfiguration } from '@heddle/hadoop-conf';
import { WebHdfsFileSystem, webHdfsOptions } from '../../src/hadoop.js';

/** Answers a request; `op` in capitals, `path` decoded and without `/webhdfs/v1`. */
export type Script = (request: {
  readonly op: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
}) => void;

/** An HTTP server that says what a real one says only in states that cannot be brought about. */
export class ScriptedServer {
  readonly #server: Server;
  readonly seen: string[] = [];

  private constructor(script: Script) {
    this.#server = createServer((raw, response) => {
      const url = new URL(raw.url ?? '/', 'http://server');
      const op = (url.searchParams.get('op') ?? '').toUpperCase();
      this.seen.push(op);
      const path = decodeURIComponent(url.pathname).replace(/^\/webhdfs\/v1/, '');
      script({ op, path, query: url.searchParams, raw, response });
    });
  }

  static async start(script: Script): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A client of servers, tried in their order. */
export function clientOf(...servers: readonly ScriptedServer[]): WebHdfsFileSystem {
  const ids = servers.map((_, index) => `nn${index}`);
  const overrides = {
    'dfs.nameservices': 'ns',
    'dfs.ha.namenodes.ns': ids.join(','),
    'dfs.client.socket-timeout': '2000',
    ...Object.fromEntries(
      servers.flatMap(({ host }, index) => [
        [`dfs.namenode.rpc-address.ns.nn${index}`, `127.0.0.1:${8020 + index}`],
        [`dfs.namenode.http-address.ns.nn${index}`, host],
      ]),
    ),
  };
  const conf = new HadoopConfiguration({ siteFiles: [], overrides });
  const retries = { baseDelayMs: 5, maxDelayMs: 10, maxAttempts: 6 };
  return new WebHdfsFileSystem(webHdfsOptions({ conf, user: 'alice', retries }, 'hdfs', 'ns'));
}

/** Sends JSON. */
export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Sends a `RemoteException`. */
export function refuse(response: ServerResponse, exception: string, message: string): void {
  const javaClassName = `org.apache.hadoop.ipc.${exception}`;
  answer(response, 403, { RemoteException: { exception, javaClassName, message } });
}

/** A `FileStatus` of a file. */
export function fileStatus(sizeBytes: number, fileId = 7): Record<string, unknown> {
  const times = { accessTime: 1, modificationTime: 2 };
  return { type: 'FILE', length: sizeBytes, permission: '644', blockSize: 1, fileId, ...times };
}
