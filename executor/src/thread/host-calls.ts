import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { InternalError } from '@heddle/common';
import { decodeError, encodeError, plainCodeTable } from 'heddle/internal';
import type { AvailableBlock } from '../storage/block-messages.js';

/** What a task thread asks its host for in the middle of a task, and waits for. */
export type HostRequest =
  /** The bytes of a broadcast variable that the thread has not been given. */
  | { readonly kind: 'broadcast'; readonly id: number }
  /** A cached block that another executor has. */
  | { readonly kind: 'block'; readonly rddId: number; readonly partition: number };

/** What the host answers. */
export type HostReply =
  | { readonly kind: 'broadcast'; readonly bytes: SharedArrayBuffer }
  /** `block` is left out when no executor gave it. */
  | { readonly kind: 'block'; readonly block?: AvailableBlock }
  /** The error, encoded. */
  | { readonly kind: 'failed'; readonly error: Uint8Array };

/** Thread → host: its end of the channel for answers; the first message of every thread. */
export interface OpenCallsMessage {
  readonly kind: 'openCalls';
  readonly port: MessagePort;
  /** One word that counts answers: the thread sleeps on it. */
  readonly signal: SharedArrayBuffer;
}

/** Thread → host: one question. */
export interface HostCallMessage {
  readonly kind: 'call';
  readonly call: number;
  /** The run that asks, as in `ControlWords`; -1 outside of tasks. */
  readonly run: number;
  readonly request: HostRequest;
}

export type CallMessage = OpenCallsMessage | HostCallMessage;

interface Answer {
  readonly call: number;
  readonly reply: HostReply;
}

/** Longest wait before a killed attempt notices. */
const sliceMs = 50;

/**
 * A thread's side of questions to its host: asks, and sleeps until the answer is there, since
 * everything in a task is synchronous. The host answers within bounds of its own.
 */
export class HostCalls {
  readonly #post: (message: CallMessage) => void;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #calls = 0;

  /** @param post sends a message to the host; `transfer` moves there with it */
  constructor(post: (message: CallMessage, transfer?: MessagePort[]) => void) {
    this.#post = post;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    // It is read on demand: it must not keep an ended thread alive.
    port1.unref();
    post({ kind: 'openCalls', port: port2, signal: this.#signal.buffer }, [port2]);
  }

  /**
   * Asks and waits.
   * @param checkInterrupted throws when the attempt was killed; called while waiting
   * @throws the error that the host answers with
   */
  ask(request: HostRequest, run: number, checkInterrupted: () => void): HostReply {
    const call = ++this.#calls;
    this.#post({ kind: 'call', call, run, request });
    for (;;) {
      const seen = Atomics.load(this.#signal, 0);
      const received = receiveMessageOnPort(this.#port) as { message: Answer } | undefined;
      if (received === undefined) {
        Atomics.wait(this.#signal, 0, seen, sliceMs);
        checkInterrupted();
      } else if (received.message.call === call) {
        const { reply } = received.message;
        if (reply.kind === 'failed') throw decodeError(reply.error, plainCodeTable);
        return reply;
      }
      // Else it answers a question whose asker was killed.
    }
  }
}

/** The host's side: answers the questions of one thread. */
export class HostCallPort {
  readonly #answer: (request: HostRequest, run: number) => Promise<HostReply>;
  #port: MessagePort | undefined;
  #signal: Int32Array | undefined;

  /** @param answer settles within a bound; what it rejects with is thrown in the thread */
  constructor(answer: (request: HostRequest, run: number) => Promise<HostReply>) {
    this.#answer = answer;
  }

  /** Takes what the thread posted. */
  handle(message: CallMessage): void {
    if (message.kind === 'openCalls') {
      this.#port = message.port;
      this.#signal = new Int32Array(message.signal);
      // Nothing is ever read here.
      message.port.unref();
      return;
    }
    const { call, run, request } = message;
    this.#answer(request, run).then(
      (reply) => this.#reply({ call, reply }),
      (error: unknown) =>
        this.#reply({
          call,
          reply: { kind: 'failed', error: encodeError(error, plainCodeTable) },
        }),
    );
  }

  /** Call it when the thread has ended. */
  close(): void {
    this.#port?.close();
    this.#port = undefined;
    this.#signal = undefined;
  }

  #reply(answer: Answer): void {
    if (this.#port === undefined || this.#signal === undefined) return;
    this.#port.postMessage(answer);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }
}

/** The answer to a question of one kind. */
export function expectReply<K extends HostReply['kind']>(
  reply: HostReply,
  kind: K,
): Extract<HostReply, { kind: K }> {
  if (reply.kind !== kind) {
    throw new InternalError(`the host answered ${reply.kind} to a question for a ${kind}`);
  }
  return reply as Extract<HostReply, { kind: K }>;
}
