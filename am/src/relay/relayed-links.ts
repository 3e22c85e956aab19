import { HeddleError, assertNever, within, type Logger } from '@heddle/common';
import {
  ResultGoneError,
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
import { masterExitCodes } from '../master/master-exit-codes.js';
import { RelayClient, type MasterUnreachableError } from './relay-client.js';
import type { MasterRelayMessage, PassedMessage, ProgramOutcome } from './relay-message.js';
import { ResultRanges } from './result-ranges.js';

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

/** An ApplicationMaster to connect with, and the proof of belonging to it. */
export interface MasterPlace {
  readonly attemptId: string;
  /** Of this attempt alone. */
  readonly key: AttemptKey;
  readonly master: NetworkAddress;
}

export interface RelayedLinksOptions extends MasterPlace {
  /** Final settings of the application. */
  readonly settings: ReadonlyMap<string, string>;
  readonly connectTimeoutMs: number;
  readonly reconnectTimeoutMs: number;
  /**
   * Whether the application ends with these links, as in client mode; otherwise with `finish`, when
   * the program itself ends.
   */
  readonly finishesOnStop: boolean;
  /**
   * Finds the ApplicationMaster of the application's next attempt, waiting for it within a bound;
   * rejects when there is none. @default the application ends with its first ApplicationMaster
   */
  readonly nextMaster?: (afterAttempt: string) => Promise<MasterPlace>;
  /**
   * Asks YARN, within a bound, why the ApplicationMaster is gone: a lost connection tells nobody.
   * Gives the error back when YARN knows no more. @default nobody is asked
   */
  readonly explainLoss?: (error: HeddleError) => Promise<HeddleError>;
  readonly logger: Logger;
}

/** How long the ApplicationMaster may take to end everything. */
const finishTimeoutMs = 30_000;

/**
 * Executors in YARN containers, behind an ApplicationMaster that the driver is connected with: in
 * client mode from anywhere, in cluster mode from the same container. The driver dials, nobody dials
 * the driver.
 */
export class RelayedLinks implements ExecutorLinks {
  readonly #options: RelayedLinksOptions;
  #client: RelayClient;
  #attemptId: string;
  readonly #finished = Promise.withResolvers<undefined>();
  #settings: ReadonlyMap<string, string>;
  #isConnected = false;
  #executorsStopped = Promise.withResolvers<undefined>();
  #events: ExecutorLinkEvents | undefined;
  #outcome: ProgramOutcome | undefined;
  readonly #ranges = new ResultRanges();
  #isGone = false;
  #stopping: Promise<void> | undefined;
  /** What an ApplicationMaster that takes over must be told again. */
  #wish: LinkWish | undefined;
  readonly #broadcasts = new Map<number, SharedArrayBuffer>();
  readonly #joined = new Set<string>();
  #isAdopting = false;
  /** While YARN is asked why the ApplicationMaster is gone. */
  #isLosing = false;

  constructor(options: RelayedLinksOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#attemptId = options.attemptId;
    this.#client = this.#newClient(options);
  }

  /** Resolves when the ApplicationMaster is reached; executors come when they come. @throws MasterUnreachableError */
  async start(events: ExecutorLinkEvents): Promise<void> {
    this.#events = events;
    if (!this.#isConnected) {
      await this.#client.connect().catch(async (error: unknown) => {
        throw error instanceof HeddleError ? await this.#explained(error) : error;
      });
    }
    this.#isConnected = true;
    this.#configure();
  }

  #newClient(place: MasterPlace): RelayClient {
    const { attemptId, key, master } = place;
    const client: RelayClient = new RelayClient(
      { ...this.#options, attemptId, key, master },
      {
        message: (message) => {
          if (client === this.#client) this.#message(message);
        },
        lost: (error) => {
          if (client === this.#client) this.#masterLost(error);
        },
      },
    );
    return client;
  }

  #configure(): void {
    this.#client.send({ kind: 'configure', settings: Object.fromEntries(this.#settings) });
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
    return true;
  }

  wish(wish: LinkWish): void {
    this.#wish = wish;
    this.#client.send({ kind: 'wish', ...wish });
  }

  /** The driver may not reach executors, the ApplicationMaster does: it asks for each range, and keeps none. */
  async readResult(
    executorId: string,
    resultId: string,
    fromByte: number,
    toByte: number,
  ): Promise<Uint8Array> {
    if (this.#isGone) throw new ResultGoneError(resultId, executorId, 'the application has ended');
    const range = { executorId, resultId, fromByte, toByte };
    return this.#ranges.read(range, (requestId) =>
      this.#client.send({ kind: 'readResult', requestId, ...range }),
    );
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
    if (this.#options.nextMaster !== undefined) this.#broadcasts.set(id, bytes);
    this.#client.broadcast(id, new Uint8Array(bytes));
  }

  removeBroadcast(id: number): void {
    this.#broadcasts.delete(id);
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
        this.#joined.add(message.executor.executorId);
        this.#events?.joined(message.executor);
        return;
      case 'left':
        this.#joined.delete(message.executorId);
        // Those that were asked to stop are no loss.
        if (this.#stopping === undefined) this.#events?.left(message.executorId, message.end);
        return;
      case 'failed':
        this.#givenUp(new ApplicationGivenUpError(message.reason, message.exitCode));
        return;
      case 'resultRange':
        this.#ranges.answered(message.requestId, message.bytes, message.reason);
        return;
      case 'note':
        this.#options.logger[message.level](message.text);
        return;
      case 'executorsStopped':
        this.#executorsStopped.resolve(undefined);
        return;
      case 'finished':
        // Of one that was lost it must not hide that the application failed.
        if (!this.#isLosing) this.#isGone = true;
        this.#finished.resolve(undefined);
        return;
      default:
        assertNever(message, 'message of the ApplicationMaster');
    }
  }

  /** YARN ends attempts that it does not hear of; such an end is not the application's. */
  #givenUp(error: ApplicationGivenUpError): void {
    const { heartbeat, terminated } = masterExitCodes;
    const byYarn = error.exitCode === heartbeat || error.exitCode === terminated;
    if (byYarn) this.#masterLost(error);
    else this.#lost(error);
  }

  #masterLost(error: MasterUnreachableError | ApplicationGivenUpError): void {
    if (this.#isGone || this.#stopping !== undefined) {
      this.#lost(error);
    } else if (this.#options.nextMaster === undefined) {
      if (this.#isLosing) return;
      this.#isLosing = true;
      void this.#explained(error).then((explained) => this.#lost(explained));
    } else if (!this.#isAdopting) {
      this.#isAdopting = true;
      this.#ranges.failAll(error.message);
      void this.#adoptNext(error, this.#options.nextMaster);
    }
  }

  /** Never rejects. */
  async #explained(error: HeddleError): Promise<HeddleError> {
    return this.#options.explainLoss?.(error).catch(() => error) ?? error;
  }

  /**
   * The next attempt has other executors, with ids of their own: those of the last one are gone, and
   * their map outputs with them, since their proofs were made with another key.
   */
  async #adoptNext(
    error: MasterUnreachableError | ApplicationGivenUpError,
    nextMaster: NonNullable<RelayedLinksOptions['nextMaster']>,
  ): Promise<void> {
    const { logger } = this.#options;
    logger.warn('the ApplicationMaster is gone; waiting for the next attempt', {
      attempt: this.#attemptId,
      reason: error.message,
    });
    this.#client.close();
    const reason = `the ApplicationMaster of ${this.#attemptId} has ended, and its executors with it`;
    for (const executorId of this.#joined) {
      const end = { reason, countsAsFailure: false, hostLost: false, mapOutputs: 'lost' } as const;
      this.#events?.left(executorId, end);
    }
    this.#joined.clear();
    try {
      const place = await nextMaster(this.#attemptId);
      this.#attemptId = place.attemptId;
      this.#client = this.#newClient(place);
      await this.#client.connect();
      this.#configure();
    } catch (cause) {
      this.#lost(cause instanceof HeddleError ? cause : error);
      return;
    } finally {
      this.#isAdopting = false;
    }
    logger.info('the next attempt has taken over', { attempt: this.#attemptId });
    for (const [id, bytes] of this.#broadcasts) this.#client.broadcast(id, new Uint8Array(bytes));
    if (this.#wish !== undefined) this.wish(this.#wish);
  }

  #lost(error: HeddleError): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#executorsStopped.resolve(undefined);
    this.#finished.resolve(undefined);
    this.#ranges.failAll(error.message);
    if (this.#stopping === undefined) this.#events?.failed(error);
  }
}
