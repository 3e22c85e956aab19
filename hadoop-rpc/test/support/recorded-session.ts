import { RpcSession } from '../../src/connection/rpc-session.js';
import type { Token } from '../../src/credentials/token.js';
import { tokenAuthentication } from '../../src/sasl/authentication.js';
import { parseDirectives } from '../../src/sasl/digest-challenge.js';
import { applicationMasterProtocol } from '../../src/yarn/application-master-client.js';
import { containerManagementProtocol } from '../../src/yarn/container-management-client.js';
import { connectionFrames } from './recorded-frames.js';

/** The directives of the recorded INITIATE: user name, cnonce and the rest. */
export function recordedDigest(group: string, conn: string): Map<string, string> {
  const initiate = connectionFrames(group, conn).find((frame) => frame.note === 'INITIATE');
  const text = Buffer.from(initiate!.bytes).toString('latin1');
  const start = text.indexOf('charset=utf-8');
  return parseDirectives(/^[ -~]*/.exec(text.slice(start))![0].replace(/"[^",]*$/, ''));
}

/** A session that must send exactly what was recorded, given the same password, cnonce and client id. */
export function recordedSession(
  group: string,
  conn: string,
  password: Uint8Array,
  clientId: Uint8Array,
): RpcSession {
  const digest = recordedDigest(group, conn);
  const token: Token = {
    identifier: Buffer.from(digest.get('username')!, 'base64'),
    password,
    kind: '',
    service: '',
  };
  const protocol = conn.startsWith('nm') ? containerManagementProtocol : applicationMasterProtocol;
  return new RpcSession({
    address: 'recorded:1',
    authentication: tokenAuthentication(token, digest.get('cnonce')),
    clientId,
    protocolName: protocol.name,
    maxResponseBytes: 1 << 20,
  });
}
