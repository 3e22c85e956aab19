export * from './client/retry-decision.js';
export type { CallOptions, RpcCaller } from './client/rpc-caller.js';
export { RpcClient, type RpcClientOptions } from './client/rpc-client.js';
export type { RpcProtocol } from './connection/rpc-connection.js';
export {
  decodeCredentials,
  decodeTokenFromUrl,
  encodeCredentials,
  encodeTokenToUrl,
  tokenOfKind,
  withoutKind,
  type Credentials,
  type CredentialsFormat,
} from './credentials/credentials.js';
export { tokenKinds, type Token } from './credentials/token.js';
export * from './errors.js';
export { isKnownRemoteException, verdictOf, type RemoteVerdict } from './remote-exceptions.js';
export {
  simpleAuthentication,
  tokenAuthentication,
  type RpcAuthentication,
} from './sasl/authentication.js';
export type { OfferedAuth, SaslMechanism, SaslMechanismFactory } from './sasl/sasl-mechanism.js';
export type { SecurityLayer } from './sasl/security-layer.js';
export * from './tokens/token-identifiers.js';
export type { ConnectionUser } from './wire/request-frames.js';
export {
  ApplicationClient,
  applicationClientProtocol,
  type ApplicationReport,
  type NewApplication,
  type Submission,
} from './yarn/application-client.js';
export {
  ApplicationMasterClient,
  applicationMasterProtocol,
  type AllocateRequest,
  type AllocateResponse,
  type FinishRequest,
  type RegisterRequest,
  type RegisterResponse,
} from './yarn/application-master-client.js';
export {
  ContainerManagementClient,
  containerManagementProtocol,
  type ContainerResults,
  type ContainerStatuses,
  type StartContainerRequest,
  type StartContainersResponse,
} from './yarn/container-management-client.js';
export {
  formatApplicationAttemptId,
  formatApplicationId,
  formatContainerId,
  formatNodeId,
  parseApplicationId,
  parseContainerId,
  type ApplicationAttemptId,
  type ApplicationId,
  type ContainerId,
  type NodeId,
} from './yarn/ids.js';
export type * from './yarn/records.js';
