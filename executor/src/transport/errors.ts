import { HeddleError } from '@heddle/common';

/** A process that is asked: its id proves who it is, host and port are only where to find it. */
export interface Peer {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** The text that errors name a peer by. */
export function peerText({ id, host, port }: Peer): string {
  return `${id} at ${host}:${port}`;
}

/** A request to another process of the application failed; subclasses say how. */
export abstract class PeerError extends HeddleError {
  constructor(
    readonly peer: Peer,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** No connection, or it broke: the process or its host is gone, or the network is cut. */
export class PeerUnreachableError extends PeerError {
  readonly code = 'PEER_UNREACHABLE';

  constructor(
    peer: Peer,
    /** Of the system call, such as `ECONNREFUSED`. */
    readonly errno: string,
    options?: ErrorOptions,
  ) {
    super(
      peer,
      `${peerText(peer)} cannot be reached (${errno}): the process has ended, or the network between the hosts is cut`,
      options,
    );
  }

  /** Nobody listens there: waiting will not help. */
  get refused(): boolean {
    return this.errno === 'ECONNREFUSED';
  }
}

/** The peer did not answer, or stopped in the middle of an answer. */
export class PeerTimeoutError extends PeerError {
  readonly code = 'PEER_TIMEOUT';

  constructor(
    peer: Peer,
    readonly phase: 'answer' | 'body' | 'whole',
    readonly afterMs: number,
  ) {
    const what = {
      answer: 'has not answered',
      body: 'stopped in the middle of its answer and has sent nothing',
      whole: 'has not finished its answer',
    }[phase];
    super(
      peer,
      `${peerText(peer)} ${what} for ${afterMs} ms: it is stopped, overloaded, or the network is cut`,
    );
  }
}

/** The peer does not take us for a part of its application attempt. */
export class PeerRefusedError extends PeerError {
  readonly code = 'PEER_REFUSED';

  constructor(
    peer: Peer,
    /** How far its clock is ahead of ours, where it said so. */
    readonly clockAheadMs: number | undefined,
  ) {
    const clock =
      clockAheadMs === undefined || Math.abs(clockAheadMs) < 30_000
        ? ''
        : `; its clock is ${Math.round(clockAheadMs / 1000)} s ahead of ours, and requests are valid for 60 s: set the clocks`;
    super(
      peer,
      `${peerText(peer)} refused our credentials: it belongs to another application or attempt${clock}`,
    );
  }
}

/** Another process of the application has this address now: the one that was asked is gone. */
export class PeerGoneError extends PeerError {
  readonly code = 'PEER_GONE';

  constructor(peer: Peer) {
    super(peer, `${peerText(peer)} is gone; another process of the application answers there`);
  }
}

/** The peer is busy and asks to come again. */
export class PeerBusyError extends PeerError {
  readonly code = 'PEER_BUSY';

  constructor(peer: Peer) {
    super(peer, `${peerText(peer)} is busy with other requests; it should be asked again`);
  }
}

/** What came back is not a genuine, whole answer to what was asked. */
export class PeerProtocolError extends PeerError {
  readonly code = 'PEER_PROTOCOL';

  constructor(
    peer: Peer,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(peer, `the answer of ${peerText(peer)} cannot be used: ${reason}`, options);
  }
}
