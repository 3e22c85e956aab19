/**
 * What a remote exception asks of the caller:
 * `retry` the same server later · `failOver` to another server · `fatal` for the connection, the attempt
 * or the call, with nothing to try · `userMistake`: the request must be corrected.
 */
export type RemoteVerdict = 'retry' | 'failOver' | 'fatal' | 'userMistake';

const yarn = 'org.apache.hadoop.yarn.exceptions';
const ipc = 'org.apache.hadoop.ipc';

/**
 * Java class → verdict, for Hadoop 3.4.3. A class that is missing here is `fatal`: an error that nobody
 * has thought about must be seen, not repeated.
 */
const verdicts: ReadonlyMap<string, RemoteVerdict> = new Map<string, RemoteVerdict>([
  // The server asks for patience, or for another server.
  [`${ipc}.RetriableException`, 'retry'],
  [`${ipc}.ServerTooBusyException`, 'retry'],
  [`${ipc}.CallQueueOverflowException`, 'retry'],
  [`${yarn}.NMNotYetReadyException`, 'retry'],
  ['org.apache.hadoop.hdfs.server.namenode.SafeModeException', 'retry'],
  [`${ipc}.StandbyException`, 'failOver'],
  [`${ipc}.ObserverRetryOnActiveException`, 'failOver'],

  // Who we are, or whether our attempt still exists.
  ['org.apache.hadoop.security.token.SecretManager$InvalidToken', 'fatal'],
  ['org.apache.hadoop.security.AccessControlException', 'fatal'],
  ['org.apache.hadoop.security.authorize.AuthorizationException', 'fatal'],
  ['javax.security.sasl.SaslException', 'fatal'],
  [`${yarn}.ApplicationAttemptNotFoundException`, 'fatal'],
  [`${yarn}.ApplicationMasterNotRegisteredException`, 'fatal'],
  [`${yarn}.InvalidApplicationMasterRequestException`, 'fatal'],
  [`${yarn}.InvalidContainerException`, 'fatal'],
  [`${yarn}.YarnException`, 'fatal'],
  [`${yarn}.YarnRuntimeException`, 'fatal'],

  // The two sides do not speak the same protocol.
  [`${ipc}.RpcNoSuchMethodException`, 'fatal'],
  [`${ipc}.RpcNoSuchProtocolException`, 'fatal'],
  [`${ipc}.RpcServerException`, 'fatal'],
  [`${ipc}.IpcException`, 'fatal'],
  [`${ipc}.RPC$VersionMismatch`, 'fatal'],
  ['org.apache.hadoop.thirdparty.protobuf.InvalidProtocolBufferException', 'fatal'],
  ['com.google.protobuf.InvalidProtocolBufferException', 'fatal'],

  // The request itself is wrong.
  [`${yarn}.InvalidResourceRequestException`, 'userMistake'],
  [`${yarn}.InvalidLabelResourceRequestException`, 'userMistake'],
  [`${yarn}.InvalidResourceBlacklistRequestException`, 'userMistake'],
  [`${yarn}.InvalidContainerReleaseException`, 'userMistake'],
  [`${yarn}.InvalidAuxServiceException`, 'userMistake'],
  [`${yarn}.ResourceNotFoundException`, 'userMistake'],
  [`${yarn}.ApplicationNotFoundException`, 'userMistake'],
  [`${yarn}.ApplicationIdNotProvidedException`, 'userMistake'],
  [`${yarn}.ContainerNotFoundException`, 'userMistake'],
]);

/** The verdict on a Java class; `fatal` for every class that is not in the table. */
export function verdictOf(className: string): RemoteVerdict {
  return verdicts.get(className) ?? 'fatal';
}

/** True for classes that the table names. */
export function isKnownRemoteException(className: string): boolean {
  return verdicts.has(className);
}
