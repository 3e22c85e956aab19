import type { Logger } from '@heddle/common';
import {
  AttemptKey,
  AuthenticatedClient,
  AuthenticatedServer,
  type AuthenticatedServerOptions,
  type Peer,
} from '../../src/transport/index.js';

/** What a logger was told, for tests. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  error(message: string): void {
    this.lines.push(`error ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }
  child(): Logger {
    return this;
  }
}

/** A server and clients of one application attempt; `close` ends all. */
export class TransportFixture {
  readonly key = AttemptKey.generate();
  readonly logger = new RecordingLogger();
  readonly server: AuthenticatedServer;
  readonly peer: Peer = { id: 'exec-1', host: '127.0.0.1', port: 0 };
  readonly #clients: AuthenticatedClient[] = [];

  constructor(options: Partial<AuthenticatedServerOptions> = {}) {
    this.server = new AuthenticatedServer({
      key: this.key.derive('data'),
      attemptId: 'app-1.1',
      targetId: 'exec-1',
      logger: this.logger,
      ...options,
    });
  }

  async listen(): Promise<void> {
    const { port } = await this.server.listen('127.0.0.1');
    (this.peer as { port: number }).port = port;
  }

  client(
    options: { key?: Uint8Array; attemptId?: string; clock?: never } = {},
  ): AuthenticatedClient {
    const client = new AuthenticatedClient({
      key: this.key.derive('data'),
      attemptId: 'app-1.1',
      callerId: 'exec-2',
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.server.close();
  }
}
