import type { Socket } from 'node:net';

/**
 * Holds the connections that have not sent a genuine request yet, of each address so many at most: then
 * the oldest of them has to go. Processes of the application say at once who they are, and are never
 * held back by what others of their host do.
 */
export class Strangers {
  readonly #limit: number;
  /** In the order in which they came. */
  readonly #byAddress = new Map<string, Set<Socket>>();

  constructor(limitPerAddress: number) {
    this.#limit = limitPerAddress;
  }

  /** A new connection; the oldest stranger of its address is closed when there are too many. */
  admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    let strangers = this.#byAddress.get(address);
    if (strangers === undefined) this.#byAddress.set(address, (strangers = new Set()));
    strangers.add(socket);
    socket.once('close', () => this.#forget(socket, address));
    if (strangers.size <= this.#limit) return;
    const [oldest] = strangers;
    strangers.delete(oldest!);
    oldest!.destroy();
  }

  /** The connection has sent a genuine request. */
  know(socket: Socket): void {
    this.#forget(socket, socket.remoteAddress ?? '');
  }

  #forget(socket: Socket, address: string): void {
    const strangers = this.#byAddress.get(address);
    if (strangers?.delete(socket) === true && strangers.size === 0) this.#byAddress.delete(address);
  }
}
