import { hadoop } from '#protocol';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { FrameSplitter } from '../../src/wire/frame-splitter.js';
import { encodeVarint, readDelimited } from '../../src/wire/protobuf.js';

const { RequestHeaderProto, RpcRequestHeaderProto, RpcResponseHeaderProto } = hadoop.common;
const { RpcStatusProto } = RpcResponseHeaderProto;

/** A call as the server sees it. */
export interface ServedCall {
  readonly callId: number;
  readonly retryCount: number;
  readonly clientId: string;
  readonly method: string;
  readonly request: Uint8Array;
  /** Which connection, counted from 0. */
  readonly connection: number;
  readonly socket: Socket;
  answer(body: Uint8Array): void;
  fail(className: string, message: string): void;
}

/** A SIMPLE server on the loopback, whose answers a test decides. */
export class FakeServer {
  readonly calls: ServedCall[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  #onCall: (call: ServedCall) => void;

  private constructor(onCall: (call: ServedCall) => void) {
    this.#onCall = onCall;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(onCall: (call: ServedCall) => void): Promise<FakeServer> {
    const server = new FakeServer(onCall);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  get connections(): number {
    return this.#connections;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    const connection = this.#connections;
    this.#connections += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    const frames = new FrameSplitter(1 << 20);
    let headerLeft = 7;
    socket.on('data', (chunk) => {
      const skipped = Math.min(headerLeft, chunk.length);
      headerLeft -= skipped;
      for (const frame of frames.push(chunk.subarray(skipped)))
        this.#frame(frame, socket, connection);
    });
  }

  #frame(frame: Uint8Array, socket: Socket, connection: number): void {
    const headerPart = readDelimited(frame, 0);
    const header = RpcRequestHeaderProto.decode(headerPart.bytes);
    if (header.callId < 0) return;
    const methodPart = readDelimited(frame, headerPart.end);
    const { methodName } = RequestHeaderProto.decode(methodPart.bytes);
    const call: ServedCall = {
      callId: header.callId,
      retryCount: header.retryCount,
      clientId: Buffer.from(header.clientId).toString('hex'),
      method: methodName,
      request: readDelimited(frame, methodPart.end).bytes,
      connection,
      socket,
      answer: (body) => {
        socket.write(
          responseFrame({ callId: header.callId, status: RpcStatusProto.SUCCESS }, body),
        );
      },
      fail: (exceptionClassName, errorMsg) => {
        socket.write(
          responseFrame({
            callId: header.callId,
            status: RpcStatusProto.ERROR,
            exceptionClassName,
            errorMsg,
          }),
        );
      },
    };
    this.calls.push(call);
    this.#onCall(call);
  }
}

/** A frame of a server. */
export function responseFrame(
  header: hadoop.common.RpcResponseHeaderProto.$Properties,
  body?: Uint8Array,
): Uint8Array {
  const parts = [
    RpcResponseHeaderProto.encode(header).finish(),
    ...(body === undefined ? [] : [body]),
  ];
  const content = Buffer.concat(parts.flatMap((part) => [encodeVarint(part.length), part]));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}
