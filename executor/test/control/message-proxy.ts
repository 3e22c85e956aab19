import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { frameLength } from './fault-proxy.js';

export const messageFaults = [
  // The connection breaks before the message is sent, in the middle of it, and before it is acknowledged.
  'lostBefore',
  'lostInFlight',
  'lostAfter',
  'dropped',
  'duplicated',
  'reordered',
  'delayed',
] as const;
export type MessageFault = (typeof messageFaults)[number];

/** A fault that is to hit the next WebSocket frame with a message of this kind in it. */
export interface PlannedMessageFault {
  /** The word that the message's encoding has for its kind. */
  readonly message: string;
  readonly fault: MessageFault;
}

const delayMs = 120;

/**
 * A TCP proxy between executor processes and their hub that looks into the WebSocket frames: each
 * planned fault hits one frame that carries a message of its kind. Says which faults happened.
 */
export class MessageProxy {
  readonly happened: PlannedMessageFault[] = [];
  planned: PlannedMessageFault[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #targetPort: () => number;

  constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(executor: Socket): void {
    const hub = connect(this.#targetPort(), '127.0.0.1');
    for (const socket of [executor, hub]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        executor.destroy();
        hub.destroy();
      });
    }
    this.#forward(executor, hub);
    this.#forward(hub, executor);
  }

  #forward(from: Socket, to: Socket): void {
    let pending = Buffer.alloc(0);
    let upgraded = false;
    let held: Buffer | undefined;
    let queue = Promise.resolve();
    const send = (bytes: Buffer): void => {
      queue = queue.then(() => {
        if (!to.destroyed) to.write(bytes);
      });
    };
    const cut = (): void => {
      queue = queue.then(() => {
        from.destroy();
        to.destroySoon();
      });
    };
    const pass = (frame: Buffer): void => {
      const fault = this.#faultOf(frame);
      switch (fault) {
        case undefined:
          send(frame);
          break;
        case 'dropped':
          break;
        case 'duplicated':
          send(frame);
          send(frame);
          break;
        case 'delayed':
          queue = queue.then(() => new Promise((resolve) => setTimeout(resolve, delayMs)));
          send(frame);
          break;
        case 'reordered':
          held = frame;
          return;
        case 'lostBefore':
          cut();
          break;
        case 'lostInFlight':
          send(frame.subarray(0, Math.ceil(frame.length / 2)));
          cut();
          break;
        case 'lostAfter':
          send(frame);
          cut();
      }
      if (held !== undefined) send(held);
      held = undefined;
    };
    from.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      if (!upgraded) {
        const end = pending.indexOf('\r\n\r\n');
        if (end < 0) return;
        send(pending.subarray(0, end + 4));
        pending = pending.subarray(end + 4);
        upgraded = true;
      }
      for (let length = frameLength(pending); length !== undefined; length = frameLength(pending)) {
        pass(pending.subarray(0, length));
        pending = pending.subarray(length);
      }
    });
  }

  #faultOf(frame: Buffer): MessageFault | undefined {
    if (this.planned.length === 0) return undefined;
    const text = payloadOf(frame).toString('latin1');
    const at = this.planned.findIndex(({ message }) =>
      new RegExp(`(?<![A-Za-z])${message}(?![a-z])`).test(text),
    );
    const [planned] = at < 0 ? [] : this.planned.splice(at, 1);
    if (planned === undefined) return undefined;
    this.happened.push(planned);
    return planned.fault;
  }
}

/** What a complete WebSocket frame carries, unmasked. */
function payloadOf(frame: Buffer): Buffer {
  const short = frame[1]! & 0x7f;
  let at = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  if ((frame[1]! & 0x80) === 0) return frame.subarray(at);
  const mask = frame.subarray(at, at + 4);
  at += 4;
  return Buffer.from(frame.subarray(at).map((byte, i) => byte ^ mask[i % 4]!));
}
