/** What the service's process is told in one line of JSON through descriptor 3, which stays open. */
export interface ServiceStart {
  readonly jobId: string;
  /** In hex; in no argument, environment or file. */
  readonly secret: string;
  readonly host: string;
  readonly port: number;
  readonly localDirectories: readonly string[];
  /** Removed when the process that started the service is gone and no executor is left; after a stop only those above are. */
  readonly ownedDirectories: readonly string[];
}

/** What it answers, in one line of JSON. */
export type ServiceStarted = { readonly port: number } | { readonly error: string };

/** The second line: the service is to end, and the process that started it goes on. */
export const STOP_LINE = 'stop';

/** Where both ends of the channel are. */
export const CHANNEL_DESCRIPTOR = 3;
