import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@heddle/common';
import type { AllocationSummary } from '../allocation/allocator.js';

export interface StatusPageOptions {
  readonly applicationId: string;
  readonly name: string;
  readonly summary: () => AllocationSummary | undefined;
  readonly logger: Logger;
}

/** A page that somebody looks at is fetched again so often. */
const refreshSeconds = 5;
const maxSnapshotLength = 4 * 2 ** 20;

/**
 * The page behind YARN's tracking link: what runs, read only. Reached through YARN's web proxy, which
 * passes GET and little else, so everything is in one document that reloads itself.
 */
export class StatusPage {
  readonly #options: StatusPageOptions;
  readonly #server: Server;
  #snapshot: Snapshot = {};

  constructor(options: StatusPageOptions) {
    this.#options = options;
    this.#server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      const path = (request.url ?? '/').split('?', 1)[0];
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      const body = !isRead
        ? undefined
        : path === '/' || path === ''
          ? { type: 'text/html; charset=utf-8', text: this.#html() }
          : path === '/status.json'
            ? { type: 'application/json', text: JSON.stringify(this.#json()) }
            : undefined;
      response.writeHead(body === undefined ? (isRead ? 404 : 405) : 200, {
        'content-type': body?.type ?? 'text/plain',
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      response.end(request.method === 'HEAD' ? '' : (body?.text ?? ''));
    });
    this.#server.headersTimeout = 10_000;
    this.#server.requestTimeout = 30_000;
    this.#server.maxConnections = 100;
  }

  async listen(host: string): Promise<{ readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port: 0 }, () => resolve());
    });
    this.#server.on('error', (error) =>
      this.#options.logger.warn('the status page failed', { error: error.message }),
    );
    return { port: (this.#server.address() as AddressInfo).port };
  }

  /** Takes a snapshot from the driver. */
  update(json: string): void {
    if (json.length > maxSnapshotLength) return;
    try {
      const value: unknown = JSON.parse(json);
      if (typeof value === 'object' && value !== null) this.#snapshot = value;
    } catch {
      // The page shows what it had.
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #json(): Record<string, unknown> {
    const { applicationId, name, summary } = this.#options;
    return { applicationId, name, allocation: summary() ?? null, ...this.#snapshot };
  }

  #html(): string {
    const { applicationId, name, summary } = this.#options;
    const executors = summary();
    const jobs = rowsOf(this.#snapshot.jobs);
    const stages = rowsOf(this.#snapshot.stages);
    const members = rowsOf(this.#snapshot.executors);
    return [
      '<!doctype html><html lang="en"><head><meta charset="utf-8">',
      `<meta http-equiv="refresh" content="${refreshSeconds}">`,
      `<title>${escape(name)}</title>`,
      '<style>body{font:14px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse;margin-bottom:2em}',
      'td,th{border-bottom:1px solid #ccc;padding:.3em .8em;text-align:left}h2{margin-bottom:.3em}</style></head><body>',
      `<h1>${escape(name)}</h1><p>${escape(applicationId)}`,
      executors === undefined
        ? ' · the driver has not connected yet'
        : ` · executors: ${executors.registered} of ${executors.target}, starting ${executors.starting}, asked for ${executors.outstanding}`,
      '</p>',
      table('Jobs', jobs),
      table('Stages', stages),
      table('Executors', members),
      '</body></html>',
    ].join('');
  }
}

interface Snapshot {
  readonly jobs?: unknown;
  readonly stages?: unknown;
  readonly executors?: unknown;
}

type Row = Readonly<Record<string, unknown>>;

function rowsOf(value: unknown): Row[] {
  if (!Array.isArray(value)) return [];
  return value.filter((row): row is Row => typeof row === 'object' && row !== null).slice(0, 500);
}

function table(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = names.map((name) => `<th>${escape(name)}</th>`).join('');
  const body = rows
    .map(
      (row) => `<tr>${names.map((name) => `<td>${escape(textOf(row[name]))}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<h2>${escape(title)}</h2><table><tr>${head}</tr>${body}</table>`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function escape(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[mark]!,
  );
}
