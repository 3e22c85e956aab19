import { setTimeout as sleep } from 'node:timers/promises';
import { describeThrown } from '@heddle/common';
import {
  PeerError,
  PeerGoneError,
  PeerProtocolError,
  PeerRefusedError,
  PeerUnreachableError,
  type Peer,
} from '../../transport/errors.js';
import type { LostScope } from '../errors.js';
import type { FetchFailure } from './fetch-messages.js';
import {
  CHECK_PATH,
  DAMAGED_OUTPUT,
  encodeRanges,
  PARTS_PATH,
  type PartCheck,
} from './parts-wire.js';
import type { FetchLimits, ShuffleNetwork, ShufflePeer } from './shuffle-network.js';
import { ShuffleServiceRefusedError } from './stock-client.js';
import { rangesOf, readLengths, type WantedPart } from './wanted-ranges.js';

/** How long an executor that could not be reached is not asked again. */
const AVOID_MS = 20_000;

/**
 * Fetches parts of one executor's map outputs: from itself while it lives, else from its node's
 * shuffle service. Tries again what may help; in the end every part is settled. What is for later
 * tasks is given up at the first trouble: it must not hold up the one that waits.
 */
export class PartFetcher {
  readonly #network: ShuffleNetwork;
  readonly #limits: FetchLimits;
  /** Executors that could not be reached, and until when to believe it. */
  readonly #avoided = new Map<string, { readonly untilMs: number; readonly reason: string }>();

  constructor(network: ShuffleNetwork, limits: FetchLimits) {
    this.#network = network;
    this.#limits = limits;
  }

  /**
   * Never rejects; returns when all parts are settled, or soon after `signal` without that.
   * @param parts of one reducer, besides those for later; of one map output in order of reducers
   */
  async fetch(
    executorId: string,
    parts: readonly WantedPart[],
    signal: AbortSignal,
  ): Promise<void> {
    const group = new PartGroup(parts);
    const found = this.#network.find(executorId);
    if (found === undefined) {
      group.fail(`executor ${executorId} is not known to the driver`, 'executor');
      return;
    }
    const failure = await this.#fromExecutor(executorId, group, signal);
    if (failure === undefined || signal.aborted) return;
    group.giveUpLater(failure);
    await this.#fromService(this.#network.find(executorId) ?? found, group, failure, signal);
  }

  /** Asks an executor whether the part on its disk is the one that was written. */
  async check(executorId: string, mapId: string, reducer: number): Promise<string> {
    const found = this.#network.find(executorId);
    if (found?.alive !== true) return '; its executor is gone and cannot be asked about its disk';
    try {
      const body = encodeRanges([{ mapId, firstReducer: reducer, reducers: 1 }]);
      const reply = await this.#network.client.request(found.peer, {
        method: 'QUERY',
        path: CHECK_PATH,
        body,
        answerMs: this.#limits.answerMs,
      });
      const { onDisk } = JSON.parse(reply.body.toString('utf8')) as PartCheck;
      return diagnosisText(onDisk, executorId);
    } catch (error) {
      return `; executor ${executorId} could not say what stands on its disk: ${describeThrown(error)}`;
    }
  }

  /** Undefined when all is settled; else why the executor could not give the rest. */
  async #fromExecutor(
    executorId: string,
    group: PartGroup,
    signal: AbortSignal,
  ): Promise<FetchFailure | undefined> {
    for (let tries = 0; ; tries++) {
      const found = this.#network.find(executorId);
      if (found?.alive !== true) {
        return { reason: `executor ${executorId} is gone`, scope: 'executor' };
      }
      const avoided = this.#avoided.get(executorId);
      if (avoided !== undefined && avoided.untilMs > performance.now()) {
        return { reason: avoided.reason, scope: 'executor' };
      }
      const leftBefore = group.left.length;
      try {
        await this.#askExecutor(found.peer, group, signal);
        this.#avoided.delete(executorId);
        return undefined;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (group.left.length === 0) return undefined;
        if (!(error instanceof PeerError)) {
          group.failBroken(error);
          return undefined;
        }
        if (group.left.length < leftBefore) tries = 0;
        group.giveUpLater({ reason: error.message, scope: 'output' });
        if (group.left.length === 0) return undefined;
        if (isFinal(error) || tries >= this.#limits.maxRetries) {
          return this.#giveUp(executorId, error);
        }
      }
      await this.#pause(signal);
    }
  }

  #giveUp(executorId: string, error: PeerError): FetchFailure {
    const reason = error.message;
    if (error instanceof PeerProtocolError) return { reason, scope: 'output' };
    this.#avoided.set(executorId, { untilMs: performance.now() + AVOID_MS, reason });
    return { reason, scope: 'executor' };
  }

  async #askExecutor(peer: Peer, group: PartGroup, signal: AbortSignal): Promise<void> {
    const { answerMs, stallMs } = this.#limits;
    const ranges = rangesOf(group.left);
    const body = encodeRanges(ranges);
    const stream = await this.#network.client.open(peer, {
      method: 'QUERY',
      path: PARTS_PATH,
      body,
      answerMs,
      stallMs,
      signal,
    });
    try {
      if (stream.head.status !== 200) {
        throw new PeerProtocolError(peer, `status ${stream.head.status}`);
      }
      for (const range of ranges) {
        const lengths = await readLengths(stream, range, peer);
        for (const part of range.parts) {
          const length = lengths[part.reducer - range.firstReducer]!;
          if (length < 0) {
            group.settle(part, { reason: missingText(length, peer.id), scope: 'output' });
          } else {
            await part.receive(stream, length);
            group.settle(part, undefined);
          }
        }
      }
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  async #fromService(
    found: ShufflePeer,
    group: PartGroup,
    executorFailure: FetchFailure,
    signal: AbortSignal,
  ): Promise<void> {
    const { stock } = this.#network;
    const service = found.shuffleService;
    if (stock === undefined || service === undefined) {
      group.fail(executorFailure.reason, executorFailure.scope);
      return;
    }
    for (let tries = 0; group.left.length > 0; tries++) {
      const { left } = group;
      const leftBefore = left.length;
      try {
        await stock.fetch(
          service,
          left[0]!.reducer,
          left,
          (part, outcome) =>
            group.settle(
              part,
              outcome.kind === 'received' ? undefined : { reason: outcome.reason, scope: 'output' },
            ),
          signal,
        );
      } catch (error) {
        if (signal.aborted) return;
        const refused = error instanceof ShuffleServiceRefusedError;
        if (!refused && !(error instanceof PeerError)) {
          group.failBroken(error);
          return;
        }
        if (group.left.length < leftBefore) tries = 0;
        const final = refused || isFinal(error);
        if (final || tries >= this.#limits.maxRetries) {
          const scope: LostScope = error instanceof PeerProtocolError ? 'output' : 'host';
          group.fail(`${executorFailure.reason}; ${error.message}`, scope);
          return;
        }
        await this.#pause(signal);
      }
    }
  }

  /** About the set time: who failed at the same moment shall not come again at the same moment. */
  async #pause(signal: AbortSignal): Promise<void> {
    const waitMs = this.#limits.retryWaitMs * (0.5 + Math.random());
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Parts of one executor, and which of them are not settled. */
class PartGroup {
  readonly #left: Set<WantedPart>;

  constructor(parts: readonly WantedPart[]) {
    this.#left = new Set(parts);
  }

  get left(): readonly WantedPart[] {
    return [...this.#left];
  }

  settle(part: WantedPart, failure: FetchFailure | undefined): void {
    if (this.#left.delete(part)) part.settle(failure);
  }

  /** What nobody waits for yet: whoever wants it asks again. */
  giveUpLater(failure: FetchFailure): void {
    for (const part of this.left) if (part.isForLater) this.settle(part, failure);
  }

  fail(reason: string, scope: LostScope): void {
    for (const part of this.left) this.settle(part, { reason, scope });
  }

  /** Something of our own broke, such as a full disk: no map output is to blame. */
  failBroken(error: unknown): void {
    for (const part of this.left) {
      this.settle(part, { reason: describeThrown(error), scope: 'output', isOwnFault: true });
    }
  }
}

/** Whether trying again cannot help. */
function isFinal(error: PeerError): boolean {
  return (
    error instanceof PeerGoneError ||
    error instanceof PeerRefusedError ||
    (error instanceof PeerUnreachableError && error.refused)
  );
}

function missingText(code: number, executorId: string): string {
  return code === DAMAGED_OUTPUT
    ? `its file is gone from the disk of executor ${executorId}, or shorter than it was written, or its index is damaged`
    : `executor ${executorId} does not have it`;
}

function diagnosisText(onDisk: PartCheck['onDisk'], executorId: string): string {
  switch (onDisk) {
    case 'intact':
      return `; on the disk of executor ${executorId} it is as it was written: the network damages what it carries`;
    case 'damaged':
      return `; on the disk of executor ${executorId} it is damaged as well: that disk is to blame`;
    case 'missing':
      return `; it has vanished from the disk of executor ${executorId} meanwhile`;
  }
}
