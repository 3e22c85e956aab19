import { expect } from 'chai';

import { RemoteError, RpcFramingError, SaslError } from '../src/errors.js';
import type { RpcSession, SessionEvent } from '../src/connection/rpc-session.js';
import { applicationMasterProtocol } from '../src/yarn/application-master-client.js';
import { connectionFrames, fromHex, recorded, secret, toHex } from './support/recorded-frames.js';
import { recordedSession } from './support/recorded-session.js';

function sentBy(events: readonly SessionEvent[]): string {
  return events.map((event) => (event.kind === 'send' ? toHex(event.bytes) : '')).join('');
}

function ready(
  group: string,
  conn: string,
  password: Uint8Array,
  clientId: Uint8Array,
): RpcSession {
  const session = recordedSession(group, conn, password, clientId);
  session.start();
  session.receive(recorded(group, conn, '<', 'SASL'));
  session.receive(successOf(group, conn));
  return session;
}

/** The second SASL frame of the server. */
function successOf(group: string, conn: string): Uint8Array {
  return successFrames.get(`${group} ${conn}`)!;
}

const successFrames = new Map(
  (
    [
      ['main', 'rm'],
      ['main', 'nm-w3.mini'],
      ['privacy', 'rm-new'],
      ['integrity', 'rm'],
    ] as const
  ).map(([group, conn]) => [`${group} ${conn}`, secondSasl(group, conn)]),
);

function secondSasl(group: string, conn: string): Uint8Array {
  const all = connectionFrames(group, conn).filter((f) => f.dir === '<' && f.note === 'SASL');
  return all[1]!.bytes;
}

const clientIds = {
  main: fromHex('cfc227c7091c902b843d43c8185dc137'),
  nodeManager: fromHex('8c8d74829428bdaccd7a61eab008caa7'),
  privacy: fromHex('157c349ba4b09fb9e37f07ae6ef012fe'),
  integrity: fromHex('ff646253dd93b8e6a98a134043eeffaa'),
};

describe('RpcSession against recorded connections', () => {
  const connections = [
    ['main', 'rm', secret('password of the AMRM token'), clientIds.main],
    ['main', 'nm-w3.mini', secret('NM token password'), clientIds.nodeManager],
    // The password of rm-restart was not kept.
    ['privacy', 'rm-new', secret('AMRM token password, privacy'), clientIds.privacy],
    ['integrity', 'rm', secret('AMRM token password, integrity'), clientIds.integrity],
  ] as const;
  for (const [group, conn, password, clientId] of connections) {
    it(`sends the recorded header, NEGOTIATE, INITIATE and context: ${group}, ${conn}`, () => {
      const session = recordedSession(group, conn, password, clientId);
      expect(sentBy(session.start())).to.equal(
        toHex(recorded(group, conn, '>', 'connection header')) +
          toHex(recorded(group, conn, '>', 'NEGOTIATE')),
      );
      const initiate = session.receive(recorded(group, conn, '<', 'SASL'));
      expect(sentBy(initiate)).to.equal(toHex(recorded(group, conn, '>', 'INITIATE')));
      const contextNote = group === 'main' ? '' : 'WRAP ';
      const events = session.receive(successOf(group, conn));
      expect(sentBy(events)).to.equal(
        toHex(recorded(group, conn, '>', `${contextNote}connection context`)),
      );
      expect(events.at(-1)).to.deep.equal({ kind: 'ready' });
    });
  }

  it('unwraps auth-conf answers in order and wraps calls as recorded', () => {
    const session = ready(
      'privacy',
      'rm-new',
      secret('AMRM token password, privacy'),
      clientIds.privacy,
    );
    const wraps = connectionFrames('privacy', 'rm-new').filter((f) => f.note === 'WRAP');
    const plain = ['response call 0', 'response call 1'].map((note) =>
      recorded('privacy', 'rm-new', '<', note),
    );
    wraps.slice(0, 2).forEach((wrap, index) => {
      const [event] = session.receive(wrap.bytes);
      expect(event).to.deep.include({ kind: 'response', callId: index });
      if (event?.kind !== 'response') throw new Error('no response');
      expect(toHex(plain[index]!)).to.match(new RegExp(`${toHex(event.body)}$`));
    });
    const request = fromHex('20f6012dcdcccc3d');
    const header = {
      callId: 0,
      retryCount: 0,
      clientId: clientIds.privacy,
      protocolName: applicationMasterProtocol.name,
      protocolVersion: 1,
      method: 'allocate',
    };
    const wrapped = session.encodeCall(header, request);
    const expected = recorded('privacy', 'rm-new', '>', 'WRAP allocate call 0');
    expect(wrapped.length).to.equal(expected.length);
    // Same plain bytes but for the response id: the first cipher blocks are the same.
    expect(toHex(wrapped).slice(0, 80)).to.equal(toHex(expected).slice(0, 80));
  });

  it('refuses a wrapped answer that is repeated, left out or altered', () => {
    const group = 'integrity';
    const password = secret('AMRM token password, integrity');
    const wraps = connectionFrames(group, 'rm').filter((f) => f.note === 'WRAP');
    const fresh = (): RpcSession => ready(group, 'rm', password, clientIds.integrity);
    const session = fresh();
    expect(session.receive(wraps[0]!.bytes)[0]?.kind).to.equal('response');
    expect(() => session.receive(wraps[0]!.bytes)).to.throw(RpcFramingError, 'not number 1');
    expect(() => fresh().receive(wraps[1]!.bytes)).to.throw(RpcFramingError, 'not number 0');
    const altered = Buffer.from(wraps[0]!.bytes);
    altered[60] = altered[60]! ^ 1;
    expect(() => fresh().receive(altered)).to.throw(RpcFramingError, 'altered on its way');
    const plain = recorded(group, 'rm', '<', 'response call 0');
    expect(() => fresh().receive(plain)).to.throw(RpcFramingError, 'without the agreed protection');
  });

  it('takes a response that comes byte by byte, and two that come at once', () => {
    const password = secret('password of the AMRM token');
    const bytes = recorded('main', 'rm', '<', 'response call 0');
    const session = ready('main', 'rm', password, clientIds.main);
    const events = [...bytes].flatMap((byte) => session.receive(Uint8Array.of(byte)));
    expect(events.map((event) => event.kind)).to.deep.equal(['response']);
    expect(session.receive(Buffer.concat([bytes, bytes]))).to.have.length(2);
    expect(session.heldBytes).to.equal(0);
  });

  it('gives the answers that came before a fatal refusal in the same bytes', () => {
    const session = ready('main', 'rm', secret('password of the AMRM'), clientIds.main);
    const answer = recorded('main', 'rm', '<', 'response call 0');
    const fatal = recorded('wrong-cases', 'rm-effective-user', '<', 'FATAL call -3');
    const events = session.receive(Buffer.concat([answer, fatal]));
    expect(events.map((event) => event.kind)).to.deep.equal(['response', 'broken']);
  });

  it('refuses a server that does not know the password (rspauth)', () => {
    const session = recordedSession('main', 'rm', Buffer.from('wrong'), clientIds.main);
    session.start();
    session.receive(recorded('main', 'rm', '<', 'SASL'));
    expect(() => session.receive(successOf('main', 'rm'))).to.throw(SaslError, 'impostor');
  });

  const refusals = [
    [
      'rm-bad-password',
      'FATAL call -33',
      'javax.security.sasl.SaslException',
      'Mismatched response',
    ],
    [
      'rm-unknown-attempt',
      'FATAL call -33',
      'org.apache.hadoop.security.token.SecretManager$InvalidToken',
      'not found in AMRMTokenSecretManager',
    ],
    [
      'rm-wrong-keyid',
      'FATAL call -33',
      'org.apache.hadoop.security.token.SecretManager$InvalidToken',
      'Invalid AMRMToken from',
    ],
    [
      'rm-plain-auth-byte',
      'FATAL call -1',
      'org.apache.hadoop.security.AccessControlException',
      'SIMPLE authentication is not enabled',
    ],
    [
      'rm-bad-auth-byte',
      'FATAL call -1',
      'org.apache.hadoop.ipc.IpcException',
      'Unknown auth protocol:81',
    ],
    [
      'rm-protocol-dropped',
      'FATAL call -33',
      'org.apache.hadoop.security.AccessControlException',
      'TOKEN authentication is not enabled',
    ],
    [
      'rm-no-initial-response',
      'FATAL call -33',
      'javax.security.sasl.SaslException',
      'Missing username',
    ],
    [
      'rm-effective-user',
      'FATAL call -3',
      'org.apache.hadoop.security.AccessControlException',
      'claims to be',
    ],
    [
      'nm-plain',
      'FATAL call -1',
      'org.apache.hadoop.security.AccessControlException',
      'SIMPLE authentication is not enabled',
    ],
    [
      'nm-bad-password',
      'FATAL call -33',
      'javax.security.sasl.SaslException',
      'Mismatched response',
    ],
    [
      'nm-other-node',
      'FATAL call -33',
      'org.apache.hadoop.security.token.SecretManager$InvalidToken',
      'not valid for current node manager',
    ],
    [
      'nm-no-initial-response',
      'FATAL call -33',
      'javax.security.sasl.SaslException',
      'Missing username',
    ],
  ] as const;
  for (const [conn, note, className, text] of refusals) {
    it(`tells the refusal ${conn} as a RemoteError with its class and text`, () => {
      const session = recordedSession('main', 'rm', secret('password of the AMRM'), clientIds.main);
      session.start();
      try {
        session.receive(recorded('wrong-cases', conn, '<', note));
        throw new Error('not refused');
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        expect(error.className).to.equal(className);
        expect(error.remoteMessage).to.contain(text);
        expect(error.verdict).to.equal('fatal');
        expect(error.method).to.equal(undefined);
      }
    });
  }

  const failures = [
    [
      'main',
      'rm',
      'ERROR call 1',
      'InvalidApplicationMasterRequestException',
      /^Application Master is already registered : application_1795193415025_0007$/,
    ],
    [
      'main',
      'rm',
      'ERROR call 78',
      'InvalidResourceBlacklistRequestException',
      /^Cannot add \* to the blacklist!$/,
    ],
    [
      'main',
      'rm',
      'ERROR call 80',
      'InvalidResourceRequestException',
      /^Invalid resource request! Cannot allocate/,
    ],
    [
      'main',
      'rm',
      'ERROR call 81',
      'InvalidLabelResourceRequestException',
      /node label not enabled/,
    ],
    [
      'main',
      'nm-w3.mini',
      'ERROR call 1',
      'InvalidToken',
      /^Invalid container token used for starting container on : w3\.mini:21041$/,
    ],
    [
      'wrong-cases',
      'rm-allocate-before-register',
      'ERROR call 0',
      'ApplicationMasterNotRegisteredException',
      /AM should re-register\.$/,
    ],
    [
      'wrong-cases',
      'rm-no-such-method',
      'ERROR call 0',
      'RpcNoSuchMethodException',
      /^Unknown method nope called on/,
    ],
    [
      'wrong-cases',
      'rm-no-such-protocol-call',
      'ERROR call 0',
      'RpcNoSuchProtocolException',
      /^Unknown protocol: org\.example\.Nope$/,
    ],
    [
      'wrong-cases',
      'rm-no-such-protocol-context',
      'ERROR call 0',
      'RpcNoSuchProtocolException',
      /^Unknown protocol/,
    ],
    [
      'wrong-cases',
      'rm-wrong-version',
      'ERROR call 0',
      'VersionMismatch',
      /client = 7, server = 1/,
    ],
    ['wrong-cases', 'rm-garbage-request', 'ERROR call 0', 'InvalidProtocolBufferException', /./],
    [
      'rm-restart',
      'rm-again',
      'ERROR call 1',
      'ApplicationMasterNotRegisteredException',
      /trying to unregister before registering/,
    ],
  ] as const;
  for (const [group, conn, note, simpleName, text] of failures) {
    it(`tells the failed call ${conn} ${note} with class, text and trace apart`, () => {
      const session = ready('main', 'rm', secret('password of the AMRM'), clientIds.main);
      const [event] = session.receive(recorded(group, conn, '<', note));
      if (event?.kind !== 'failure') throw new Error('no failure');
      expect(event.callId).to.equal(Number(note.replace(/\D+/, '')));
      expect(event.failure.className).to.match(new RegExp(`[.$]${simpleName}$`));
      expect(event.failure.message).to.match(text);
      expect(event.failure.trace).to.match(/^\s*at /);
      expect(event.failure.detail).to.match(/^ERROR_/);
    });
  }

  it('ends when the server fails before it is asked: fatal for the whole connection', () => {
    const session = ready('main', 'rm', secret('password of the AMRM'), clientIds.main);
    const fatal = recorded('wrong-cases', 'rm-effective-user', '<', 'FATAL call -3');
    expect(() => session.receive(fatal)).to.throw(RemoteError);
  });

  const garbage: readonly [what: string, hex: string, text: RegExp][] = [
    ['a web server', toHex(Buffer.from('HTTP/1.1 404 Not Found')), /speaks HTTP/],
    ['an old server', 'ffffffff', /older than RPC version 9/],
    ['an empty frame', '00000000', /frame of no bytes/],
    ['a frame above the limit', '7fffffff00', /above the limit/],
    ['a length beyond its frame', '0000000205ff', /does not fit/],
    ['an endless length', '00000006ffffffffffff', /above 2\^31/],
    ['a header without its fields', '0000000100', /the header of a response/],
    ['an unknown status', '000000060508ffffff0f', /./],
  ];
  for (const [what, hex, text] of garbage) {
    it(`refuses ${what}`, () => {
      const session = ready('main', 'rm', secret('password of the AMRM'), clientIds.main);
      expect(() => session.receive(fromHex(hex))).to.throw(RpcFramingError, text);
    });
  }
});
