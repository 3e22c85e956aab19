import { silentLogger } from '@heddle/common';
import { ControlClient, type ControlEnd } from '../../src/control/control-client.js';
import {
  ControlHub,
  type ExpectedExecutor,
  type RegisteredExecutor,
  type SessionEnd,
} from '../../src/control/control-hub.js';
import { HUB_ID } from '../../src/control/control-socket.js';
import type { DriverMessage, ExecutorMessage, Registration } from '../../src/control/messages.js';
import { AttemptKey, AuthenticatedServer } from '../../src/transport/index.js';

export const programHash = 'ab'.repeat(32);

/** A hub behind a real server, and what it told. */
export class HubFixture {
  readonly key: AttemptKey;
  readonly server: AuthenticatedServer;
  readonly hub: ControlHub;
  readonly registered: RegisteredExecutor[] = [];
  readonly received: { executorId: string; message: ExecutorMessage }[] = [];
  readonly ended: { executorId: string; end: SessionEnd }[] = [];
  port = 0;

  constructor({ expiryMs = 20_000, reconnectGraceMs = 10_000, maxMessageBytes = 2 ** 26 } = {}) {
    this.key = AttemptKey.generate();
    this.server = new AuthenticatedServer({
      key: this.key.derive('control'),
      attemptId: 'attempt-1',
      targetId: HUB_ID,
      logger: silentLogger,
    });
    this.hub = new ControlHub(
      {
        key: this.key,
        programHash,
        expiryMs,
        reconnectGraceMs,
        maxMessageBytes,
        logger: silentLogger,
      },
      {
        registered: (executor) => this.registered.push(executor),
        received: (executorId, message) => this.received.push({ executorId, message }),
        ended: (executorId, end) => this.ended.push({ executorId, end }),
      },
    );
    this.hub.attach(this.server);
  }

  async listen(): Promise<void> {
    ({ port: this.port } = await this.server.listen('127.0.0.1'));
  }

  expect(executorId: string, expected: ExpectedExecutor = {}): void {
    this.hub.expect(executorId, expected);
  }

  /** Ids of `done` messages that arrived, in order. */
  get doneIds(): number[] {
    return this.received.flatMap(({ message }) =>
      message.kind === 'done' ? [message.requestId] : [],
    );
  }

  async close(): Promise<void> {
    this.hub.close();
    await this.server.close();
  }
}

/** An executor's end of a control connection. */
export class ClientFixture {
  readonly client: ControlClient;
  readonly received: DriverMessage[] = [];
  end: ControlEnd | undefined;

  constructor(
    executorId: string,
    key: AttemptKey,
    port: number,
    {
      attemptId = 'attempt-1',
      heartbeatMs = 100,
      leaseMs = 18_000,
      connectTimeoutMs = 40_000,
    } = {},
  ) {
    this.client = new ControlClient(
      {
        key,
        attemptId,
        executorId,
        hub: { host: '127.0.0.1', port },
        heartbeatMs,
        lease: { leaseMs, abandonMs: 2 * leaseMs },
        connectTimeoutMs,
        maxMessageBytes: 2 ** 26,
        logger: silentLogger,
      },
      {
        heartbeat: () => ({ kind: 'heartbeat', runningTasks: [], cacheBytes: 0 }),
        message: (message) => this.received.push(message),
        ended: (end) => (this.end = end),
      },
    );
  }

  register(executorId: string, changes: Partial<Registration> = {}): void {
    this.client.send({
      kind: 'register',
      executorId,
      host: 'localhost',
      slots: 1,
      pid: process.pid,
      port: 1234,
      programHash,
      ...changes,
    });
    this.client.start();
  }

  /** Ids of `removeRdd` messages that arrived, in order. */
  get rddIds(): number[] {
    return this.received.flatMap((message) =>
      message.kind === 'removeRdd' ? [message.rddId] : [],
    );
  }

  async close(): Promise<void> {
    await this.client.close({ kind: 'goodbye', exitCode: 0, reason: 'the test is over' });
  }
}
