import { expect } from 'chai';
import fc from 'fast-check';

import {
  decodeCredentials,
  decodeTokenFromUrl,
  encodeCredentials,
  encodeTokenToUrl,
  tokenOfKind,
  withoutKind,
  type Credentials,
} from '../src/credentials/credentials.js';
import { WritableReader, encodeVint } from '../src/credentials/writable.js';
import { CredentialsFormatError } from '../src/errors.js';
import {
  decodeAmRmTokenIdentifier,
  decodeNodeTokenIdentifier,
  encodeAmRmTokenIdentifier,
} from '../src/tokens/token-identifiers.js';
import { fromHex, toHex } from './support/recorded-frames.js';

const token = {
  identifier: fromHex('0a0d0a0908071080d095ffbc31100110b960'),
  password: Uint8Array.from({ length: 20 }, (_, i) => i),
  kind: 'YARN_AM_RM_TOKEN',
  service: '',
};
const credentials: Credentials = {
  tokens: new Map([['', token]]),
  secrets: new Map([['my.secret', Buffer.from('s3cr3t')]]),
};
const v0 =
  '4844545300 01 00 12 0a0d0a0908071080d095ffbc31100110b960 14 000102030405060708090a0b0c0d0e0f10111213' +
  '10 5941524e5f414d5f524d5f544f4b454e 00 01 09 6d792e736563726574 06 733363723374';

function shown({ tokens, secrets }: Credentials): unknown {
  return [
    [...tokens].map(([alias, t]) => [
      alias,
      toHex(t.identifier),
      toHex(t.password),
      t.kind,
      t.service,
    ]),
    [...secrets].map(([alias, bytes]) => [alias, toHex(bytes)]),
  ];
}

describe('credentials files', () => {
  it('writes and reads format 0 byte for byte', () => {
    expect(toHex(encodeCredentials(credentials))).to.equal(v0.replaceAll(' ', ''));
    expect(shown(decodeCredentials(fromHex(v0)))).to.deep.equal(shown(credentials));
  });

  it('writes and reads format 1', () => {
    const bytes = encodeCredentials(credentials, 1);
    expect(toHex(bytes)).to.match(
      /^4844545301590a420a00123e0a12.*12130a096d792e7365637265741a06733363723374$/,
    );
    expect(shown(decodeCredentials(bytes))).to.deep.equal(shown(credentials));
  });

  it('reads the empty file that a NodeManager writes, and ignores bytes behind the secrets', () => {
    expect(shown(decodeCredentials(fromHex('48445453000000')))).to.deep.equal([[], []]);
    expect(shown(decodeCredentials(fromHex(`${v0} 0000ffff`)))).to.deep.equal(shown(credentials));
  });

  it('encodes a token for URLs as Token.encodeToUrlString', () => {
    const text = 'EgoNCgkIBxCA0JX_vDEQARC5YBQAAQIDBAUGBwgJCgsMDQ4PEBESExBZQVJOX0FNX1JNX1RPS0VOAA';
    expect(encodeTokenToUrl(token)).to.equal(text);
    expect(decodeTokenFromUrl(text).kind).to.equal('YARN_AM_RM_TOKEN');
    expect(() => decodeTokenFromUrl('not a token!')).to.throw(CredentialsFormatError);
  });

  it('gives any credentials back in both formats', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const text = fc.string({ unit: 'grapheme' });
    const anyToken = fc.record({ identifier: bytes, password: bytes, kind: text, service: text });
    const any = fc.record({
      tokens: fc.dictionary(text, anyToken).map((o) => new Map(Object.entries(o))),
      secrets: fc.dictionary(text, bytes).map((o) => new Map(Object.entries(o))),
    });
    fc.assert(
      fc.property(any, fc.constantFrom(0 as const, 1 as const), (value, format) => {
        expect(shown(decodeCredentials(encodeCredentials(value, format)))).to.deep.equal(
          shown(value),
        );
      }),
    );
  });

  it('answers any bytes with credentials or a CredentialsFormatError', () => {
    const prefix = fc.constantFrom('48445453', '4844545300', '4844545301', '');
    fc.assert(
      fc.property(prefix, fc.uint8Array({ maxLength: 60 }), (start, rest) => {
        try {
          decodeCredentials(Buffer.concat([fromHex(start), rest]));
        } catch (error) {
          if (!(error instanceof CredentialsFormatError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });

  const vints: readonly [value: number, hex: string][] = [
    [0, '00'],
    [127, '7f'],
    [128, '8f80'],
    [255, '8fff'],
    [256, '8e0100'],
    [65_535, '8effff'],
    [2_147_483_647, '8c7fffffff'],
    [-1, 'ff'],
    [-112, '90'],
    [-113, '8770'],
  ];
  for (const [value, hex] of vints) {
    it(`writes ${value} as Hadoop's vint ${hex}, and reads it`, () => {
      expect(toHex(encodeVint(value))).to.equal(hex);
      expect(new WritableReader(fromHex(hex)).vint()).to.equal(value);
    });
  }

  it('finds a token by kind and leaves a kind out', () => {
    expect(tokenOfKind(credentials, 'YARN_AM_RM_TOKEN')).to.equal(token);
    expect(tokenOfKind(credentials, 'NMToken')).to.equal(undefined);
    const rest = withoutKind(credentials, 'YARN_AM_RM_TOKEN');
    expect([rest.tokens.size, rest.secrets.size]).to.deep.equal([0, 1]);
  });

  it('reads the identifiers of AMRM and NM tokens', () => {
    const identifier = {
      attemptId: { applicationId: { clusterTimestamp: 1_700_000_000_000, id: 7 }, attempt: 1 },
      keyId: 12_345,
    };
    expect(toHex(encodeAmRmTokenIdentifier(identifier))).to.equal(toHex(token.identifier));
    expect(decodeAmRmTokenIdentifier(token.identifier)).to.deep.equal(identifier);
    const nm = fromHex(
      '0a0d0a09080710f1caf6ce9f341001 120d0a0777332e6d696e6910b1a401 1a05616c696365 2095dcb48ffcffffffff01',
    );
    expect(decodeNodeTokenIdentifier(nm)).to.deep.include({
      nodeId: { host: 'w3.mini', port: 21_041 },
      submitter: 'alice',
      keyId: -1_041_420_779,
    });
  });
});
