import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { authorityOf } from './certificates.js';
import type { ClusterPlan } from './cluster-plan.js';

/** What a daemon's web server answered. */
export interface DaemonAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks a daemon's web server, which may have a certificate of the cluster's own authority. (Node's `fetch`
 * takes none.) Redirects are not followed.
 * @throws Error when it does not answer within the bound
 */
export async function askDaemon(
  plan: ClusterPlan,
  url: string,
  options: { readonly method?: 'GET' | 'PUT'; readonly timeoutMs: number },
): Promise<DaemonAnswer> {
  const common = {
    method: options.method ?? 'GET',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(options.timeoutMs),
    agent: false as const,
  };
  return await new Promise<DaemonAnswer>((resolve, reject) => {
    const request = url.startsWith('https:')
      ? httpsRequest(url, { ...common, ca: authorityOf(plan) })
      : httpRequest(url, common);
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    request.end();
  });
}
