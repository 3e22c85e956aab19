import { HeddleError } from '@heddle/common';

/** No ResourceManager answered, or none of them is active. */
export class ResourceManagerUnreachableError extends HeddleError {
  readonly code = 'RESOURCE_MANAGER_UNREACHABLE';

  constructor(
    /** Base addresses that were tried. */
    readonly addresses: readonly string[],
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `no ResourceManager answers at ${addresses.join(', ')}: ${reason}; check that it runs, and that ` +
        'HADOOP_CONF_DIR or YARN_CONF_DIR names the configuration of the right cluster (yarn.resourcemanager.webapp.address)',
      options,
    );
  }
}

/** The ResourceManager refused a request, in its own words. */
export class ResourceManagerRefusedError extends HeddleError {
  readonly code = 'RESOURCE_MANAGER_REFUSED';

  constructor(
    readonly what: string,
    readonly status: number,
    /** Java exception, if the answer named one. */
    readonly exception: string | undefined,
    readonly text: string,
  ) {
    super(`the ResourceManager refused to ${what} (HTTP ${status}): ${text}`);
  }
}

/** The ResourceManager does not know an application. */
export class ApplicationUnknownError extends HeddleError {
  readonly code = 'APPLICATION_UNKNOWN';

  constructor(readonly applicationId: string) {
    super(
      `the ResourceManager does not know ${applicationId}: is the id right, and is it this cluster? (it forgets old applications)`,
    );
  }
}

/** What was asked for is more than the cluster gives to anybody. */
export class ResourceLimitError extends HeddleError {
  readonly code = 'RESOURCE_LIMIT';
}

/** YARN ended an application, or never started it. */
export class ApplicationFailedError extends HeddleError {
  readonly code = 'APPLICATION_FAILED';

  constructor(
    readonly applicationId: string,
    readonly state: string,
    readonly finalStatus: string,
    readonly diagnostics: string,
  ) {
    super(
      `${applicationId} ended as ${state === 'FINISHED' ? finalStatus : state}: ${
        diagnostics === '' ? 'YARN gave no reason' : diagnostics
      }`,
    );
  }

  /** The same, with a last line about what to do next. */
  withNextStep(text: string): ApplicationFailedError {
    const { applicationId, state, finalStatus, diagnostics } = this;
    const said = diagnostics === '' ? 'YARN gave no reason' : diagnostics;
    return new ApplicationFailedError(applicationId, state, finalStatus, `${said}\n${text}`);
  }
}

/** Whether the application of a program that failed was killed from outside. */
export function wasKilled(thrown: unknown): boolean {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 8; depth += 1) {
    if (error instanceof ApplicationFailedError && error.state === 'KILLED') return true;
    error = error.cause;
  }
  return false;
}

/** Something that a program needs cannot be brought to the cluster. */
export class StagingError extends HeddleError {
  readonly code = 'STAGING';
}
