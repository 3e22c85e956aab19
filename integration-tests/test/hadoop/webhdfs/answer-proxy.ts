import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';

/** An answer on its way back, which a test may change or swallow. */
export interface PassingAnswer {
  readonly method: string;
  /** `op` of the request, in capitals. */
  readonly op: string;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Of the request. */
  readonly query: URLSearchParams;
}

/** What a test does to the traffic. */
export interface AnswerProxyOptions {
  /** Serves TLS with this key and certificate (PKCS #12). */
  readonly tls?: { readonly pfx: Buffer; readonly passphrase: string };
  /** Return `drop` to break the connection after the server has done what was asked. */
  readonly onAnswer?: (answer: PassingAnswer) => 'pass' | 'drop' | Promise<'pass' | 'drop'>;
  /** Changes where a redirect leads. */
  readonly onRedirect?: (url: URL) => URL | Promise<URL>;
}

/** Stands in front of a real daemon and passes everything on, but for what a test wants changed. */
export class AnswerProxy {
  readonly #server: http.Server;
  readonly #target: URL;
  readonly #options: AnswerProxyOptions;
  dropped = 0;

  private constructor(target: URL, options: AnswerProxyOptions) {
    this.#target = target;
    this.#options = options;
    const handle = (request: http.IncomingMessage, response: http.ServerResponse): void =>
      this.#pass(request, response);
    this.#server =
      options.tls === undefined
        ? http.createServer(handle)
        : https.createServer(options.tls, handle);
  }

  static async start(target: string, options: AnswerProxyOptions = {}): Promise<AnswerProxy> {
    const proxy = new AnswerProxy(new URL(target), options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', this.#target);
    const onward = http.request({
      host: this.#target.hostname,
      port: this.#target.port,
      path: request.url,
      method: request.method,
      headers: { ...request.headers, host: this.#target.host },
    });
    onward.on('error', () => response.destroy());
    response.on('error', () => onward.destroy());
    request.on('error', () => onward.destroy());
    onward.on('response', (answer) => {
      const passing: PassingAnswer = {
        method: request.method ?? '',
        op: (url.searchParams.get('op') ?? '').toUpperCase(),
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        query: url.searchParams,
      };
      void this.#decide(passing, answer, response);
    });
    request.pipe(onward);
  }

  async #decide(
    passing: PassingAnswer,
    answer: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    answer.on('error', () => response.destroy());
    if ((await this.#options.onAnswer?.(passing)) === 'drop') {
      this.dropped += 1;
      answer.resume();
      response.destroy();
      return;
    }
    if (passing.query.get('noredirect') === 'true')
      await this.#answerWithLocation(answer, response);
    else await this.#answer(answer, response);
  }

  /** A redirect that the client asked to be told of in the body. */
  async #answerWithLocation(
    answer: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    let body = Buffer.concat(chunks).toString('utf8');
    const { Location } = JSON.parse(body) as { Location?: string };
    if (Location !== undefined && this.#options.onRedirect !== undefined) {
      body = JSON.stringify({ Location: (await this.#options.onRedirect(new URL(Location))).href });
    }
    response.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' });
    response.end(body);
  }

  async #answer(answer: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const headers = { ...answer.headers };
    if (headers.location !== undefined && this.#options.onRedirect !== undefined) {
      const location = new URL(headers.location);
      if (location.protocol !== 'hdfs:') {
        headers.location = (await this.#options.onRedirect(location)).href;
      }
    }
    response.writeHead(answer.statusCode ?? 500, headers);
    answer.pipe(response);
  }
}
