import { hadoop } from '#protocol';

import { CredentialsFormatError, RpcError } from '../errors.js';
import { decodeMessage, encodeMessage, encodeVarint, readDelimited } from '../wire/protobuf.js';
import type { Token } from './token.js';
import { WritableReader, WritableWriter } from './writable.js';

const { CredentialsProto } = hadoop.common;

/** Tokens and secrets by alias, as in `HADOOP_TOKEN_FILE_LOCATION` and in a container's launch context. */
export interface Credentials {
  readonly tokens: ReadonlyMap<string, Token>;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
}

/** 0 = Writable, which every release reads and writes by default; 1 = protobuf, since 3.0. */
export type CredentialsFormat = 0 | 1;

const magic = Buffer.from('HDTS', 'ascii');

/**
 * A credentials file:
 *
 *     0  48 44 54 53   "HDTS"
 *     4  00 | 01       format
 *     5  format 0:  vint count, { Text alias, vint n, identifier, vint n, password, Text kind, Text service }
 *                   vint count, { Text alias, vint n, secret }
 *        format 1:  varint n, CredentialsProto
 *
 * @param format @default 0, which every release reads
 */
export function encodeCredentials(
  credentials: Credentials,
  format: CredentialsFormat = 0,
): Uint8Array {
  const writer = new WritableWriter().raw(magic).raw(Uint8Array.of(format));
  if (format === 1) {
    const message = encodeMessage(CredentialsProto, {
      tokens: [...credentials.tokens].map(([alias, token]) => ({ alias, token })),
      secrets: [...credentials.secrets].map(([alias, secret]) => ({ alias, secret })),
    });
    return writer.raw(encodeVarint(message.length)).raw(message).finish();
  }
  writer.vint(credentials.tokens.size);
  for (const [alias, token] of credentials.tokens) writeToken(writer.text(alias), token);
  writer.vint(credentials.secrets.size);
  for (const [alias, secret] of credentials.secrets) writer.text(alias).bytes(secret);
  return writer.finish();
}

/**
 * Reads either format; bytes behind it are ignored, since ResourceManagers write whole buffers.
 *
 * @throws CredentialsFormatError
 */
export function decodeCredentials(bytes: Uint8Array): Credentials {
  if (bytes.length < 5 || !magic.equals(bytes.subarray(0, 4))) {
    throw new CredentialsFormatError('they do not begin with "HDTS"');
  }
  const format = bytes[4]!;
  if (format === 0) return decodeWritable(new WritableReader(bytes, 5));
  if (format === 1) return decodeProtobuf(bytes);
  throw new CredentialsFormatError(`format ${format} is not known here (0 and 1 are)`);
}

/** The token of a kind; undefined when there is none, the first when there are several. */
export function tokenOfKind(credentials: Credentials, kind: string): Token | undefined {
  return credentials.tokens.values().find((token) => token.kind === kind);
}

/** The same without the tokens of a kind: an executor must not hold its ApplicationMaster's token. */
export function withoutKind(credentials: Credentials, kind: string): Credentials {
  const tokens = new Map([...credentials.tokens].filter(([, token]) => token.kind !== kind));
  return { tokens, secrets: credentials.secrets };
}

/** `Token.encodeToUrlString`: base64url without padding; for `delegation=` and REST submissions. */
export function encodeTokenToUrl(token: Token): string {
  const writer = new WritableWriter();
  writeToken(writer, token);
  return Buffer.from(writer.finish()).toString('base64url');
}

/** @throws CredentialsFormatError */
export function decodeTokenFromUrl(text: string): Token {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) {
    throw new CredentialsFormatError('a token in a URL is base64url');
  }
  return readToken(new WritableReader(Buffer.from(text, 'base64url')));
}

function writeToken(writer: WritableWriter, token: Token): void {
  writer.bytes(token.identifier).bytes(token.password).text(token.kind).text(token.service);
}

function readToken(reader: WritableReader): Token {
  const identifier = reader.bytes();
  const password = reader.bytes();
  return { identifier, password, kind: reader.text(), service: reader.text() };
}

function decodeWritable(reader: WritableReader): Credentials {
  const tokens = new Map<string, Token>();
  for (let left = reader.count(); left > 0; left -= 1) {
    const alias = reader.text();
    tokens.set(alias, readToken(reader));
  }
  const secrets = new Map<string, Uint8Array>();
  for (let left = reader.count(); left > 0; left -= 1) {
    const alias = reader.text();
    secrets.set(alias, reader.bytes());
  }
  return { tokens, secrets };
}

function decodeProtobuf(bytes: Uint8Array): Credentials {
  try {
    const part = readDelimited(bytes, 5);
    const message = decodeMessage(CredentialsProto, part.bytes, 'credentials');
    const tokens = message.tokens.map(({ alias, token }): [string, Token] => {
      if (token === null || token === undefined) {
        throw new CredentialsFormatError(`the token ${JSON.stringify(alias)} is empty`);
      }
      const { identifier, password, kind, service } = token;
      return [alias, { identifier: identifier.slice(), password: password.slice(), kind, service }];
    });
    const secrets = message.secrets.map(({ alias, secret }): [string, Uint8Array] => [
      alias,
      secret?.slice() ?? new Uint8Array(0),
    ]);
    return { tokens: new Map(tokens), secrets: new Map(secrets) };
  } catch (error) {
    if (error instanceof CredentialsFormatError || !(error instanceof RpcError)) throw error;
    throw new CredentialsFormatError(error.message, { cause: error });
  }
}
