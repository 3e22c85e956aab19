import { HeddleError } from '@heddle/common';

/** Task threads end before they can take a task: the engine's files are damaged, or Node is too old. */
export class ThreadStartError extends HeddleError {
  readonly code = 'THREAD_START';

  constructor(reason: string, options?: ErrorOptions) {
    super(
      `task threads cannot be started: ${reason}. Look at the installation of the engine and at the version of ` +
        'Node, which must be 24 or newer',
      options,
    );
  }
}
