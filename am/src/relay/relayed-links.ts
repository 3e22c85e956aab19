import { HeddleError, assertNever, type Logger } from '@heddle/common';
import {
  decodeExecutorMessage,
  encodeDriverMessage,
  type AttemptKey,
  type DriverMessage,
  type ExecutorLinkEvents,
  type ExecutorLinks,
  type LinkWish,
  type NetworkAddress,
  type PeerInfo,
} from '@heddle/executor';
import { RelayClient } from './relay-client.js';
import type { MasterRelayMessage, PassedMessage, ProgramOutcome } from './relay-message.js';

/** The ApplicationMaster gave the application up; says why. */
export class ApplicationGivenUpError extends HeddleError {
  readonly code = 'APPLICATION_GIVEN_UP';

  constructor(
    readonly reason: string,
    /** Exit code of the ApplicationMaster. */
    readonly exitCode: number,
  ) {
    super(`the application was given up: ${reason}`);
  }
}

export interface RelayedLinksOptions {
  readonly key: AttemptKey;
  readonly attemptId: string;
  readonly master: NetworkAddress;
  /** Final settings of the application. */
  readonly settings: ReadonlyMap<string, string>;
  readonly connectTimeoutMs: number;
  readonly reconnectTimeoutMs: number;
  /**
   * Whether the application ends with these links, as in client mode; otherwise with `finish`, when
   * the program itself ends.
   */
  readonly finishesOnStop: boolean;
  readonly logger: Logger;
}

/** Executors are asked for after this long even if no input is known yet: their hosts would be better to know. */
const firstWishDelayMs = 1_000;
/** The scheduler tells the hosts of a job's input this soon after the job began. */
const hostsAfterJobMs = 80;
/** How long the ApplicationMaster may take to end everything. */
const finishTimeoutMs = 30_000;

/**
 * Executors in YARN containers, behind an ApplicationMaster that the driver is connected with: in
 * client mode from anywhere, in cluster mode from the same container. The driver dials, nobody dials
 * the driver.
 */
export class RelayedLinks implements ExecutorLinks {
  readonly #options: RelayedLinksOptions;
  readonly #client: RelayClient;
  readonly #finished = Promise.withResolvers<undefined>();
  #settings: ReadonlyMap<string, string>;
  #isConnected = false;
  #executorsStopped = Promise.withResolvers<undefined>();
  #events: ExecutorLinkEvents | undefined;
  #firstWish: NodeJS.Timeout | undefined;
  #heldWish: LinkWish | undefined;
  #mayWish = false;
  #outcome: ProgramOutcome | undefined;
  #isGone = false;
  #stopping: Promise<void> | undefined;

  constructor(options: RelayedLinksOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#client = new RelayClient(options, {
      message: (message) => this.#message(message),
      lost: (error) => this.#lost(error),
    });
  }

  /** Resolves when the ApplicationMaster is reached; executors come when they come. @throws MasterUnreachableError */
  async start(events: ExecutorLinkEvents): Promise<void> {
    this.#events = events;
    if (!this.#isConnected) await this.#client.connect();
    this.#isConnected = true;
    this.#client.send({ kind: 'configure', settings: Object.fromEntries(this.#settings) });
    this.#wishWithin(firstWishDelayMs);
  }

  /**
   * Makes ready for the program's next context, after `stop`: an ApplicationMaster has one driver and
   * one connection with it, whatever contexts the program makes.
   *
   * @returns whether that is possible; not when the application has ended
   */
  renew(settings: ReadonlyMap<string, string>): boolean {
    if (this.#isGone) return false;
    this.#settings = settings;
    this.#stopping = undefined;
    this.#executorsStopped = Promise.withResolvers<undefined>();
    this.#mayWish = false;
    this.#heldWish = undefined;
    return true;
  }

  /** The first wish waits for the first input, whose hosts it should name; not for long. */
  wish(wish: LinkWish): void {
    if (wish.hosts.length > 0) this.#mayWish = true;
    this.#heldWish = wish;
    this.#tellWish();
  }

  /** A job began: if it reads files, their hosts are told at once; otherwise any host will do. */
  jobStarted(): void {
    if (!this.#mayWish) this.#wishWithin(hostsAfterJobMs);
  }

  #wishWithin(delayMs: number): void {
    clearTimeout(this.#firstWish);
    this.#firstWish = setTimeout(() => {
      this.#mayWish = true;
      this.#tellWish();
    }, delayMs);
    this.#firstWish.unref();
  }

  #tellWish(): void {
    if (!this.#mayWish || this.#heldWish === undefined) return;
    this.#client.send({ kind: 'wish', ...this.#heldWish });
    this.#heldWish = undefined;
  }

  send(executorId: string, message: DriverMessage): void {
    this.#client.pass(executorId, encodeDriverMessage(message));
  }

  end(executorId: string, reason: string): void {
    this.#client.send({ kind: 'end', executorId, reason });
  }

  setPeers(executors: readonly PeerInfo[]): void {
    this.#client.send({ kind: 'peers', executors });
  }

  addBroadcast(id: number, bytes: SharedArrayBuffer): void {
    this.#client.broadcast(id, new Uint8Array(bytes));
  }

  removeBroadcast(id: number): void {
    this.#client.send({ kind: 'removeBroadcast', id });
  }

  /** For the status page and YARN's own. @param progress 0 … 1 */
  report(json: string, progress: number): void {
    this.#client.send({ kind: 'status', json, progress });
  }

  /** How the program ends, told when the application does. @default it succeeded */
  set outcome(outcome: ProgramOutcome) {
    this.#outcome = outcome;
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Tells how the program ended and waits, within bounds, until YARN has noted it; idempotent. */
  async finish(): Promise<void> {
    clearTimeout(this.#firstWish);
    if (!this.#isGone) {
      const outcome = this.#outcome ?? { status: 'succeeded', exitCode: 0, diagnostics: '' };
      this.#client.send({ kind: 'finish', ...outcome });
      await within(finishTimeoutMs, this.#finished.promise);
      this.#isGone = true;
    }
    this.#client.close();
  }

  /** The same for a process that ends at once: nothing is waited for. Never throws. */
  finishNow(outcome: ProgramOutcome): void {
    if (this.#isGone) return;
    this.#isGone = true;
    try {
      this.#client.send({ kind: 'finish', ...outcome });
      this.#client.close();
    } catch {
      // The ApplicationMaster notices that the driver is gone.
    }
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#firstWish);
    if (this.#options.finishesOnStop) {
      await this.finish();
    } else if (!this.#isGone) {
      this.#client.send({ kind: 'stopExecutors' });
      await within(finishTimeoutMs, this.#executorsStopped.promise);
    }
  }

  #message(message: MasterRelayMessage | PassedMessage): void {
    switch (message.kind) {
      case 'passed': {
        const peer = `executor ${message.executorId}`;
        const decoded = decodeExecutorMessage(message.bytes, peer);
        this.#events?.received(message.executorId, decoded);
        return;
      }
      case 'joined':
        this.#events?.joined(message.executor);
        return;
      case 'left':
        this.#events?.left(message.executorId, message.end);
        return;
      case 'failed':
        this.#lost(new ApplicationGivenUpError(message.reason, message.exitCode));
        return;
      case 'note':
        this.#options.logger[message.level](message.text);
        return;
      case 'executorsStopped':
        this.#executorsStopped.resolve(undefined);
        return;
      case 'finished':
        this.#isGone = true;
        this.#finished.resolve(undefined);
        return;
      default:
        assertNever(message, 'message of the ApplicationMaster');
    }
  }

  #lost(error: HeddleError): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#executorsStopped.resolve(undefined);
    this.#finished.resolve(undefined);
    if (this.#stopping === undefined) this.#events?.failed(error);
  }
}

async function within(timeoutMs: number, done: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), timeoutMs);
  await Promise.race([done, late.promise]);
  clearTimeout(timer);
}
