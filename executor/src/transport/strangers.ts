import type { Socket } from 'node:net';

/**
 * Counts connections that have not sent a genuine request yet, for each address: processes of the
 * application are never held back by what others of their host do.
 */
export class Strangers {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();
  readonly #known = new WeakSet<Socket>();

  constructor(limitPerAddress: number) {
    this.#limit = limitPerAddress;
  }

  /** False when the address has too many of them: the connection must be closed. */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? '';
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#limit) return false;
    this.#counts.set(address, count + 1);
    socket.once('close', () => this.#forget(socket, address));
    return true;
  }

  /** The connection has sent a genuine request. */
  know(socket: Socket): void {
    this.#forget(socket, socket.remoteAddress ?? '');
  }

  #forget(socket: Socket, address: string): void {
    if (this.#known.has(socket)) return;
    this.#known.add(socket);
    const count = (this.#counts.get(address) ?? 1) - 1;
    if (count <= 0) this.#counts.delete(address);
    else this.#counts.set(address, count);
  }
}
