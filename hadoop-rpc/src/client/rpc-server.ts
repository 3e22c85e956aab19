import {
  RpcConnection,
  type ConnectionCall,
  type ConnectionOptions,
} from '../connection/rpc-connection.js';
import type { RpcAuthentication } from '../sasl/authentication.js';

/** As a connection's options, but the proof of identity is asked for at each connection. */
export interface ServerOptions extends Omit<ConnectionOptions, 'authentication'> {
  /** Called for each new connection: tokens roll over while a client lives. */
  readonly authentication: () => RpcAuthentication;
}

/** One server: its connection is opened at the first call and again after it ended. */
export class RpcServer {
  readonly #options: ServerOptions;
  #connection: RpcConnection | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** One attempt on the present connection, or on a new one. @throws as `RpcConnection.call` */
  call(call: ConnectionCall): Promise<Uint8Array> {
    if (this.#connection?.isOpen !== true) {
      const authentication = this.#options.authentication();
      this.#connection = new RpcConnection({ ...this.#options, authentication });
    }
    return this.#connection.call(call);
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
