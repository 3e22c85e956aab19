import { toError } from '@heddle/common';
import type { AttemptFailure } from './retry-policy.js';

/** A failure below HTTP, sorted. */
export interface NetworkFailure {
  readonly kind: AttemptFailure | 'certificate';
  /** `connection refused`, `no answer within 60000 ms`. */
  readonly reason: string;
  readonly cause: Error;
}

const notSentCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'no local address for the connection',
  EPROTO: 'it does not speak TLS there, or another version of it',
};

/** Sorts an error of `node:net`, `node:tls`, `node:http` or axios around one of them. */
export function networkFailure(thrown: unknown): NetworkFailure {
  const cause = toError(thrown);
  const code = codeOf(cause);
  const refused = notSentCodes[code];
  if (refused !== undefined) return { kind: 'notSent', reason: refused, cause };
  if (code === 'ENOTFOUND') return { kind: 'unresolvable', reason: 'unknown host name', cause };
  if (code === 'EAI_AGAIN') {
    return { kind: 'notSent', reason: 'the name service does not answer (EAI_AGAIN)', cause };
  }
  if (code === 'ETIMEDOUT' && /no connection within/.test(cause.message)) {
    return { kind: 'notSent', reason: cause.message, cause };
  }
  if (isCertificateCode(code)) return { kind: 'certificate', reason: cause.message, cause };
  if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') {
    return { kind: 'unknown', reason: `no answer in time (${cause.message})`, cause };
  }
  return { kind: 'unknown', reason: cause.message || code || 'the connection broke', cause };
}

/** Why a server's certificate was not accepted; undefined when an error is about something else. */
export function certificateProblem(thrown: unknown): string | undefined {
  const { kind, reason } = networkFailure(thrown);
  return kind === 'certificate' ? reason : undefined;
}

/** The `code` of an error, or of the first of those that it sums up (a host with two addresses). */
function codeOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) {
    return codeOf(error.errors[0]);
  }
  const own = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (own !== '' && own !== 'ERR_NETWORK') return own;
  return error.cause instanceof Error ? codeOf(error.cause) : own;
}

function isCertificateCode(code: string): boolean {
  return (
    /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/.test(code) ||
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
  );
}
