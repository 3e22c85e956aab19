import { chmodSync, readFileSync } from 'node:fs';
import { HeddleError } from '@heddle/common';
import {
  decodeCredentials,
  formatApplicationAttemptId,
  formatApplicationId,
  parseContainerId,
  type ContainerId,
  type Credentials,
} from '@heddle/hadoop-rpc';

/** A process was not started by a NodeManager, or by one that leaves out what it must give. */
export class ContainerEnvironmentError extends HeddleError {
  readonly code = 'CONTAINER_ENVIRONMENT';

  constructor(
    readonly variable: string,
    reason: string,
  ) {
    super(`${variable} ${reason}: this program runs only in containers of YARN`);
  }
}

/** What a NodeManager tells every container. */
export interface ContainerEnvironment {
  readonly containerId: ContainerId;
  readonly applicationId: string;
  readonly attemptId: string;
  readonly attempt: number;
  /** Name of the node, as YARN knows it. */
  readonly host: string;
  /** The application's directories on this node; they outlive the container. */
  readonly localDirectories: readonly string[];
  readonly workingDirectory: string;
  /** Who submitted the application; not necessarily the user of the operating system. */
  readonly user: string;
  readonly credentials: Credentials;
}

/**
 * Reads a container's environment, and makes its credentials readable by their owner alone: the
 * default container executor leaves them open to everybody.
 *
 * @throws ContainerEnvironmentError, CredentialsFormatError
 */
export function readContainerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): ContainerEnvironment {
  const required = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === '') {
      throw new ContainerEnvironmentError(name, 'is not set');
    }
    return value;
  };
  const idText = required('CONTAINER_ID');
  const containerId = parseContainerId(idText);
  if (containerId === undefined) {
    throw new ContainerEnvironmentError('CONTAINER_ID', `is ${idText}, which is no container's id`);
  }
  const tokenFile = required('HADOOP_TOKEN_FILE_LOCATION');
  chmodSync(tokenFile, 0o600);
  return {
    containerId,
    applicationId: formatApplicationId(containerId.attemptId.applicationId),
    attemptId: formatApplicationAttemptId(containerId.attemptId),
    attempt: containerId.attemptId.attempt,
    host: required('NM_HOST'),
    localDirectories: required('LOCAL_DIRS').split(','),
    workingDirectory: required('PWD'),
    user: required('USER'),
    credentials: decodeCredentials(readFileSync(tokenFile)),
  };
}
