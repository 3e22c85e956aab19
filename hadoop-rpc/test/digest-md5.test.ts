import { expect } from 'chai';
import fc from 'fast-check';

import { RpcFramingError, SaslError } from '../src/errors.js';
import { parseDigestChallenge, parseDirectives } from '../src/sasl/digest-challenge.js';
import { DigestMd5 } from '../src/sasl/digest-md5.js';
import { Rc4 } from '../src/sasl/rc4.js';
import { PrivacyLayer, digestCiphers, type SecurityLayer } from '../src/sasl/security-layer.js';
import { fromHex, toHex } from './support/recorded-frames.js';

const secret = { user: 'Cg0KCQgHEMgBEAE=', password: 'MDEyMzQ1Njc4OWFiY2RlZmdoaWo=' };
const auth = {
  method: 'TOKEN',
  mechanism: 'DIGEST-MD5',
  protocol: '',
  serverId: 'default',
  challenge: undefined,
};
const allCiphers = ',cipher="3des,rc4,des,rc4-56,rc4-40"';

interface Exchange {
  readonly response: string;
  readonly layer: SecurityLayer | undefined;
}

function exchange(qop: string, nonce: string, cnonce: string, rspauth: string): Exchange {
  const digest = new DigestMd5(secret, auth, cnonce);
  const ciphers = qop.includes('auth-conf') ? allCiphers : '';
  const challenge = `realm="default",nonce="${nonce}",qop="${qop}",charset=utf-8,algorithm=md5-sess${ciphers}`;
  const answer = Buffer.from(digest.respond(Buffer.from(challenge))).toString();
  const layer = digest.finish(Buffer.from(`rspauth=${rspauth}`));
  return { response: parseDirectives(answer).get('response')!, layer };
}

// Computed with the JDK's own DIGEST-MD5 provider.
const jdk = {
  auth: [
    'sCPIq/ngz2y3xqKrRYZEk06Uuf+6f/G1+FuQ44cg',
    'IQ6/eN8s1Xiwyfq7ojv8rFDv4f4LHxAMTEeclUVD',
    '08ba5e4d13b4cd3ca312b80cefe3c2d6',
  ],
  'auth-int': [
    'JF4at5nkJM2ZYE21dgCQqMfQu6Q3/JWpVjU2XdeX',
    'QPWDfUkr4osMxfnQuOQUcRhQ9zvF2XK2lhGrqWLK',
    '92963f1fcb397dcf73af1902857030a8',
  ],
  'auth-conf': [
    'wwpePpaONaPJ/7qqS2XG8l71JKmL53fJldMC/DKz',
    'a2bgbxXAcFFSU9xG1wLSZOjBg1aiNneYAjFxFde/',
    '01769e05cc6746a92c383d1df7b73b96',
  ],
} as const;

describe('DIGEST-MD5 against the JDK', () => {
  it('computes the responses of auth, auth-int and auth-conf', () => {
    expect(exchange('auth', ...jdk.auth).response).to.equal('33fad8f2b6abbf7d20f1a14b08424231');
    expect(exchange('auth-int', ...jdk['auth-int']).response).to.equal(
      'aeaf28074937f4c0de7864b8f754fd36',
    );
    expect(exchange('auth-conf', ...jdk['auth-conf']).response).to.equal(
      'a92af92012e67b517dba731f9eddee43',
    );
  });

  it('wraps auth-int as the JDK, and unwraps its answer', () => {
    const { layer } = exchange('auth-int', ...jdk['auth-int']);
    expect(layer?.maxPlainBytes).to.equal(65_520);
    expect(toHex(layer!.wrap(Buffer.from('hello-0')))).to.equal(
      '68656c6c6f2d3024e04d7ee0606dd592a9000100000000',
    );
    const answer = fromHex('68656c6c6f2d30 69a973fcf5d3910ec7f1 0001 00000000');
    expect(Buffer.from(layer!.unwrap(answer)).toString()).to.equal('hello-0');
  });

  it('seals auth-conf with 3DES as the JDK, chained over messages', () => {
    const { layer } = exchange('auth-conf', ...jdk['auth-conf']);
    expect(layer?.maxPlainBytes).to.equal(65_510);
    expect(toHex(layer!.wrap(Buffer.from('hello-0')))).to.equal(
      '8fe67913db8e849f1a1be5b6d62b86b051e1ff73f8caa5ee000100000000',
    );
    expect(toHex(layer!.wrap(Buffer.from('hello-1')))).to.equal(
      '7efc8eaa42e08d4546e5b201769fbd4d2fa24903860bf328000100000001',
    );
  });

  it('takes the strongest protection, whatever the order of the offer', () => {
    const digest = new DigestMd5(secret, auth, 'c');
    const challenge = `realm="default",nonce="n",qop="auth,auth-int,auth-conf",algorithm=md5-sess${allCiphers}`;
    const answer = Buffer.from(digest.respond(Buffer.from(challenge))).toString();
    expect(answer).to.match(/,qop=auth-conf,cipher="3des"$/);
  });

  it('agrees by auth-int when no cipher is shared', () => {
    const digest = new DigestMd5(secret, auth, 'c');
    const challenge = 'nonce="n",qop="auth-conf,auth-int",algorithm=md5-sess,cipher="des"';
    expect(Buffer.from(digest.respond(Buffer.from(challenge))).toString()).to.match(
      /,qop=auth-int$/,
    );
  });

  it('refuses a wrong or missing proof, a second challenge, and agreement without one', () => {
    const bad = (action: (digest: DigestMd5) => void): (() => void) => {
      const digest = new DigestMd5(secret, auth, 'c');
      return () => action(digest);
    };
    const challenge = Buffer.from('nonce="n",algorithm=md5-sess');
    expect(bad((d) => d.finish(undefined))).to.throw(SaslError, 'before it was answered');
    for (const proof of ['rspauth=00000000000000000000000000000000', '', 'rspauth=x']) {
      expect(
        bad((d) => {
          d.respond(challenge);
          d.finish(Buffer.from(proof));
        }),
        proof,
      ).to.throw(SaslError, 'impostor');
    }
    expect(
      bad((d) => {
        d.respond(challenge);
        d.respond(challenge);
      }),
    ).to.throw(SaslError, 'second');
    expect(bad((d) => d.respond(Buffer.from('nonce="n",qop="x",algorithm=md5-sess')))).to.throw(
      SaslError,
      'no protection',
    );
  });

  it('parses quoted commas, equals signs and escapes, and refuses what is malformed', () => {
    const parsed = parseDigestChallenge(
      Buffer.from(
        String.raw`realm="a\"b",nonce="x=/+==",qop="auth-conf,auth-int",,algorithm=md5-sess`,
      ),
    );
    expect(parsed).to.deep.include({
      realm: 'a"b',
      nonce: 'x=/+==',
      qops: ['auth-conf', 'auth-int'],
    });
    for (const text of ['nonce', 'nonce="', 'nonce="a" b', 'nonce="a",nonce="b"']) {
      expect(() => parseDirectives(text), text).to.throw(SaslError);
    }
    expect(() => parseDigestChallenge(Buffer.from('nonce="n"'))).to.throw(SaslError, 'algorithm');
    expect(() =>
      parseDigestChallenge(Buffer.from('nonce="n",algorithm=md5-sess,maxbuf=1')),
    ).to.throw(SaslError, 'buffer size');
  });

  it('computes RC4 as its published vectors', () => {
    expect(toHex(new Rc4(Buffer.from('Key')).update(Buffer.from('Plaintext')))).to.equal(
      'bbf316e8d940af0ad3',
    );
    const cipher = new Rc4(Buffer.from('Wiki'));
    expect(
      toHex(cipher.update(Buffer.from('pe'))) + toHex(cipher.update(Buffer.from('dia'))),
    ).to.equal('1021bf0420');
  });

  for (const cipher of digestCiphers) {
    it(`gives every message back through ${cipher}, and refuses altered ones`, () => {
      const keys = (fill: number): { integrity: Uint8Array; sealing: Uint8Array } => ({
        integrity: new Uint8Array(16).fill(fill),
        sealing: Uint8Array.from({ length: 16 }, (_, i) => i * fill),
      });
      fc.assert(
        fc.property(
          fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
          fc.nat(),
          (messages, at) => {
            const sender = new PrivacyLayer(cipher, keys(3), keys(5), 65_536);
            const receiver = new PrivacyLayer(cipher, keys(5), keys(3), 65_536);
            for (const message of messages) {
              expect(toHex(receiver.unwrap(sender.wrap(message)))).to.equal(toHex(message));
            }
            const wrapped = Buffer.from(sender.wrap(Buffer.from('last')));
            const index = at % wrapped.length;
            wrapped[index] = wrapped[index]! ^ 0x10;
            expect(() => receiver.unwrap(wrapped)).to.throw(RpcFramingError);
          },
        ),
        { numRuns: 60 },
      );
    });
  }
});
