import { HeddleError } from '@heddle/common';

/**
 * A peer of a control connection sent what the protocol excludes. Of scope `connection`: a frame that
 * something in between may have changed or lost, so that the session goes on over a new connection;
 * of scope `session`: a genuine message that must not be, which ends the session.
 */
export class ControlProtocolError extends HeddleError {
  readonly code = 'CONTROL_PROTOCOL';

  constructor(
    readonly peer: string,
    readonly reason: string,
    readonly scope: 'connection' | 'session',
    options?: ErrorOptions,
  ) {
    super(
      `the control connection with ${peer} broke the protocol: ${reason}. Both must be of one version of the engine; when they are, something between them changes what they send`,
      options,
    );
  }
}
