import type { HeddleError } from '@heddle/common';
import {
  AccessDeniedError,
  FileExistsError,
  FileNotFoundError,
  RemoteFileSystemError,
  StorageFullError,
} from '../errors.js';
import {
  AuthenticationRefusedError,
  InvalidPathError,
  NotWebHdfsError,
  SafeModeError,
} from './errors.js';

/** `{"RemoteException": …}` of a NameNode, a DataNode or HttpFS. */
export interface RemoteException {
  /** Simple class name, such as `FileNotFoundException`. */
  readonly exception: string;
  readonly javaClassName: string;
  /** Without the stack trace that DataNodes append. */
  readonly message: string;
}

/**
 * What a remote exception asks of the caller: `retry` the same server later · `failOver` to another
 * NameNode · `otherReplica`: read elsewhere · `final`: the operation has failed, and its error is told.
 */
export type RemoteVerdict = 'retry' | 'failOver' | 'otherReplica' | 'final';

/** Whom an error is about. */
export interface RemoteCall {
  readonly path: string;
  /** For people: `read`, `create`, `rename to`. */
  readonly operation: string;
  /** Of HTTP, where it is a call of the NameNode. */
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly user: string;
  readonly server: string;
}

interface Rule {
  readonly verdict: RemoteVerdict;
  readonly toError: (call: RemoteCall, remote: RemoteException) => HeddleError;
}

const asRemote = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new RemoteFileSystemError(
    call.path,
    call.operation,
    call.server,
    remote.javaClassName,
    remote.message,
  );
const notFound = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new FileNotFoundError(call.path, { cause: asRemote(call, remote) });
const exists = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new FileExistsError(call.path, { cause: asRemote(call, remote) });
/** A path below a file: to whoever looks or deletes it is missing, whoever makes it finds the file in the way. */
const belowFile = (call: RemoteCall, remote: RemoteException): HeddleError =>
  call.method === 'GET' || call.method === 'DELETE' ? notFound(call, remote) : exists(call, remote);
const denied = (call: RemoteCall, remote: RemoteException): HeddleError => {
  const options = { cause: asRemote(call, remote) };
  return new AccessDeniedError(call.path, call.operation, call.user, options, remote.message);
};
const full = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new StorageFullError(
    call.path,
    `the quota of a directory above it is used up (${remote.message}); delete files there, or have the quota raised`,
    { cause: asRemote(call, remote) },
  );
const refused = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new AuthenticationRefusedError(call.server, call.user, remote.message, {
    cause: asRemote(call, remote),
  });
const badName = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new InvalidPathError(call.path, remote.message, { cause: asRemote(call, remote) });
const safeMode = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new SafeModeError(call.path, call.operation, call.server, remote.message, {
    cause: asRemote(call, remote),
  });
/** A DataNode (`WebHdfsHandler`) knows none of a NameNode's operations. */
const dataNode = (call: RemoteCall, remote: RemoteException): HeddleError =>
  new NotWebHdfsError(call.server, `it answers as a DataNode does (${remote.message})`, {
    cause: asRemote(call, remote),
  });

/**
 * Simple class name → verdict and class here, for Hadoop 3.4.3 (`ExceptionHandler` of NameNode and
 * DataNode, `HttpFSExceptionProvider`; statuses say little: 403 is every IOException). A class that
 * is missing here is `final`: an error that nobody has thought about must be seen, not repeated.
 */
const rules: Readonly<Record<string, Rule>> = {
  StandbyException: { verdict: 'failOver', toError: asRemote },
  ObserverRetryOnActiveException: { verdict: 'failOver', toError: asRemote },
  RetriableException: { verdict: 'retry', toError: asRemote },
  ServerTooBusyException: { verdict: 'retry', toError: asRemote },
  CallQueueOverflowException: { verdict: 'retry', toError: asRemote },
  SafeModeException: { verdict: 'retry', toError: safeMode },

  FileNotFoundException: { verdict: 'final', toError: notFound },
  FileAlreadyExistsException: { verdict: 'final', toError: exists },
  ParentNotDirectoryException: { verdict: 'final', toError: belowFile },
  PathIsNotEmptyDirectoryException: { verdict: 'final', toError: exists },
  PathIsNotDirectoryException: { verdict: 'final', toError: exists },

  AccessControlException: { verdict: 'final', toError: denied },
  SnapshotAccessControlException: { verdict: 'final', toError: denied },
  SecurityException: { verdict: 'final', toError: refused },
  AuthenticationException: { verdict: 'final', toError: refused },
  AuthorizationException: { verdict: 'final', toError: refused },
  InvalidToken: { verdict: 'final', toError: refused },

  QuotaExceededException: { verdict: 'final', toError: full },
  NSQuotaExceededException: { verdict: 'final', toError: full },
  DSQuotaExceededException: { verdict: 'final', toError: full },
  QuotaByStorageTypeExceededException: { verdict: 'final', toError: full },

  InvalidPathException: { verdict: 'final', toError: badName },
  PathComponentTooLongException: { verdict: 'final', toError: badName },
  MaxDirectoryItemsExceededException: { verdict: 'final', toError: full },

  // Some replica or DataNode is bad; another one may not be.
  BlockMissingException: { verdict: 'otherReplica', toError: asRemote },
  ChecksumException: { verdict: 'otherReplica', toError: asRemote },
  InvalidEncryptionKeyException: { verdict: 'otherReplica', toError: asRemote },
  ConnectException: { verdict: 'otherReplica', toError: asRemote },
  SocketTimeoutException: { verdict: 'otherReplica', toError: asRemote },
  NoRouteToHostException: { verdict: 'otherReplica', toError: asRemote },

  // Somebody else writes this file, or our own broken write has not been closed yet.
  AlreadyBeingCreatedException: { verdict: 'final', toError: asRemote },
  RecoveryInProgressException: { verdict: 'retry', toError: asRemote },
  LeaseExpiredException: { verdict: 'final', toError: asRemote },
  UnsupportedOperationException: { verdict: 'final', toError: asRemote },
  IllegalArgumentException: { verdict: 'final', toError: asRemote },
  UnresolvedPathException: { verdict: 'final', toError: asRemote },
};

/** Texts that decide where a server reports a plain `IOException` (or wraps what it means). */
const textRules: readonly { readonly pattern: RegExp; readonly rule: Rule }[] = [
  { pattern: /\bStandbyException\b|state standby/, rule: rules['StandbyException']! },
  {
    pattern: /\$?InvalidToken\b|token \(.*\) is expired|can't be found in cache/,
    rule: rules['InvalidToken']!,
  },
  { pattern: /\bSafeModeException\b|is in safe mode/, rule: rules['SafeModeException']! },
  { pattern: /\bQuotaExceededException\b/, rule: rules['QuotaExceededException']! },
  {
    pattern:
      /\bInvalidPathException\b|maximum path component name limit|Invalid (?:path|file|directory) name|invalid (?:path|file) name/i,
    rule: rules['InvalidPathException']!,
  },
  {
    pattern: /No active nodes contain this block|Failed to find datanode|Could not obtain block/,
    rule: rules['BlockMissingException']!,
  },
  { pattern: /^Invalid operation \w+$/, rule: { verdict: 'final', toError: dataNode } },
];

/** The exception in an answer's body; undefined when it holds none. */
export function parseRemoteException(body: string): RemoteException | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const remote = fieldOf(parsed, 'RemoteException');
  if (remote === undefined) return undefined;
  const text = (name: string): string => {
    const value = fieldOf(remote, name);
    return typeof value === 'string' ? value : '';
  };
  const javaClassName = text('javaClassName') || text('exception');
  const exception = text('exception') || javaClassName.slice(javaClassName.lastIndexOf('.') + 1);
  if (exception === '') return undefined;
  return { exception, javaClassName, message: withoutStack(text('message')) };
}

/** The verdict on a remote exception; `final` for every class that is not in the table. */
export function verdictOfRemote(remote: RemoteException): RemoteVerdict {
  return ruleOf(remote).verdict;
}

/** A remote exception as an error of this engine; what it was stays as the cause. */
export function remoteError(call: RemoteCall, remote: RemoteException): HeddleError {
  return ruleOf(remote).toError(call, remote);
}

/** Of a path below a file, to everybody but the superuser (`FSPermissionChecker.checkTraverse`). */
const belowFilePattern = /\(is not a directory\)\s*$/;
const unknownRule: Rule = { verdict: 'final', toError: asRemote };

function ruleOf(remote: RemoteException): Rule {
  const name = remote.exception.slice(remote.exception.lastIndexOf('$') + 1);
  if (name === 'AccessControlException' && belowFilePattern.test(remote.message)) {
    return rules['ParentNotDirectoryException']!;
  }
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  // A wrapper says what it is about only in its text.
  const vague =
    rule === undefined || ['SecurityException', 'IllegalArgumentException'].includes(name);
  if (vague) {
    const told = textRules.find(({ pattern }) => pattern.test(remote.message));
    if (told !== undefined) return told.rule;
  }
  return rule ?? unknownRule;
}

/** DataNodes send the whole stack trace: it ends at the first line of it. */
function withoutStack(message: string): string {
  const cut = message.search(/\r?\n\s*at /);
  const text = cut < 0 ? message : message.slice(0, cut);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text;
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
