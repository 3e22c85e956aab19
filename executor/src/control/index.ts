export {
  ControlClient,
  type ControlClientEvents,
  type ControlClientOptions,
  type ControlEnd,
} from './control-client.js';
export {
  ControlHub,
  type ControlHubEvents,
  type ControlHubOptions,
  type ExpectedExecutor,
  type RegisteredExecutor,
  type SessionEnd,
} from './control-hub.js';
export { CONTROL_PATH, HUB_ID } from './control-socket.js';
export { ControlProtocolError } from './errors.js';
export {
  decodeDriverMessage,
  decodeExecutorMessage,
  encodeDriverMessage,
  encodeExecutorMessage,
} from './message-codec.js';
export {
  PROTOCOL_VERSION,
  type DriverMessage,
  type ExecutorMessage,
  type NetworkAddress,
  type PeerInfo,
  type Registration,
} from './messages.js';
