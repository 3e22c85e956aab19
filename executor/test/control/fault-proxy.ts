import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export type Direction = 'toHub' | 'toExecutor';
export type Fault = 'drop' | 'duplicate' | 'delay' | 'cut';

/** What happens to one WebSocket frame. */
export interface PlannedFault {
  readonly direction: Direction;
  /** Counts all WebSocket frames of this direction, of all connections, from 0. */
  readonly frame: number;
  readonly fault: Fault;
}

/**
 * A TCP proxy between executors and their hub that understands just enough of WebSockets to lose,
 * repeat, delay or cut exactly one frame. Says which faults happened.
 */
export class FaultProxy {
  readonly happened: PlannedFault[] = [];
  /** Frames seen in each direction. */
  readonly frames: Record<Direction, number> = { toHub: 0, toExecutor: 0 };
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #targetPort: () => number;
  #planned: PlannedFault[];

  constructor(targetPort: () => number, planned: readonly PlannedFault[]) {
    this.#targetPort = targetPort;
    this.#planned = [...planned];
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks all connections that are there now. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.connections++;
    const hub = connect(this.#targetPort(), '127.0.0.1');
    for (const socket of [client, hub]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        hub.destroy();
      });
    }
    this.#forward('toHub', client, hub);
    this.#forward('toExecutor', hub, client);
  }

  #forward(direction: Direction, from: Socket, to: Socket): void {
    let pending = Buffer.alloc(0);
    let upgraded = false;
    // A delayed frame delays what follows: TCP keeps the order.
    let queue = Promise.resolve();
    const send = (bytes: Buffer): void => {
      queue = queue.then(() => {
        if (!to.destroyed) to.write(bytes);
      });
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
        const frame = pending.subarray(0, length);
        pending = pending.subarray(length);
        const fault = this.#faultOf(direction);
        switch (fault) {
          case undefined:
            send(frame);
            break;
          case 'drop':
            break;
          case 'duplicate':
            send(frame);
            send(frame);
            break;
          case 'delay':
            queue = queue.then(() => new Promise((resolve) => setTimeout(resolve, 150)));
            send(frame);
            break;
          case 'cut':
            send(frame.subarray(0, Math.ceil(length / 2)));
            queue = queue.then(() => {
              from.destroy();
              to.destroySoon();
            });
        }
      }
    });
  }

  #faultOf(direction: Direction): Fault | undefined {
    const frame = this.frames[direction]++;
    const planned = this.#planned.find((one) => one.direction === direction && one.frame === frame);
    if (planned === undefined) return undefined;
    this.happened.push(planned);
    return planned.fault;
  }
}

/** Bytes of the first WebSocket frame; undefined while it is not complete. */
export function frameLength(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const masked = (bytes[1]! & 0x80) !== 0 ? 4 : 0;
  let header = 2;
  let length = short;
  if (short === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    header = 4;
  } else if (short === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    header = 10;
  }
  const total = header + masked + length;
  return bytes.length < total ? undefined : total;
}
