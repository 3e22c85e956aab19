import { RpcError } from '../../src/errors.js';
import { decodeCredentials, encodeCredentials } from '../../src/credentials/credentials.js';
import { readDelimited } from '../../src/wire/protobuf.js';
import {
  allocateResponseFrom,
  registerResponseFrom,
} from '../../src/yarn/application-master-client.js';
import {
  containerStatusesFrom,
  startContainersResponseFrom,
  stopContainersResponseFrom,
} from '../../src/yarn/container-management-client.js';
import { connectionFrames, fromHex, recordedFrames, secret } from '../support/recorded-frames.js';
import { recordedSession } from '../support/recorded-session.js';

/** A small generator of numbers, so that a failure can be repeated from its seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const readers = [
  registerResponseFrom,
  allocateResponseFrom,
  startContainersResponseFrom,
  stopContainersResponseFrom,
  containerStatusesFrom,
];
const answers = recordedFrames.filter(
  ({ dir, note }) => dir === '<' && note !== 'SASL' && note !== 'WRAP',
);
const sessions = [
  ['main', 'rm', secret('password of the AMRM token')],
  ['privacy', 'rm-new', secret('AMRM token password, privacy')],
  ['integrity', 'rm', secret('AMRM token password, integrity')],
] as const;
const clientId = fromHex('000102030405060708090a0b0c0d0e0f');

/**
 * One mutated response, through a session, the message readers and the credentials reader.
 *
 * @throws whatever is not an RpcError, or when a session holds more than it was given
 */
export function runOne(seed: number): 'accepted' | 'refused' {
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const kind = random();
  try {
    if (kind < 0.4) fuzzHandshake(pick(sessions), random);
    else if (kind < 0.8) fuzzAnswer(pick(answers).bytes, pick(readers), random);
    else fuzzCredentials(random);
    return 'accepted';
  } catch (error) {
    if (error instanceof RpcError) return 'refused';
    throw new Error(`seed ${seed} ended in an untyped error`, { cause: error });
  }
}

function fuzzHandshake(
  [group, conn, password]: (typeof sessions)[number],
  random: () => number,
): void {
  const frames = connectionFrames(group, conn).filter(
    ({ dir, note }) => dir === '<' && !/^response/.test(note),
  );
  const session = recordedSession(group, conn, password, clientId);
  session.start();
  const target = Math.floor(random() * frames.length);
  for (const [index, { bytes }] of frames.entries()) {
    const sent = index === target ? mutate(bytes, random) : bytes;
    session.receive(sent);
    if (session.heldBytes > 1 << 21) throw new Error('a session holds more than its limit');
  }
}

function fuzzAnswer(
  frame: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  random: () => number,
): void {
  const session = recordedSession('main', 'rm', secret('password of the AMRM token'), clientId);
  session.start();
  for (const { bytes } of connectionFrames('main', 'rm').filter(
    ({ note, dir }) => dir === '<' && note === 'SASL',
  )) {
    session.receive(bytes);
  }
  const mutated = mutate(frame, random);
  for (const event of session.receive(mutated)) {
    if (event.kind === 'response') read(event.body);
    if (event.kind === 'broken') throw event.error;
  }
  if (session.heldBytes > mutated.length) throw new Error('a session holds more than it was given');
  // The message alone too, so that most mutations reach its reader.
  if (frame.length > 64) read(mutate(bodyOf(frame), random));
}

function fuzzCredentials(random: () => number): void {
  const token = { identifier: clientId, password: clientId, kind: 'NMToken', service: 'a:1' };
  const credentials = { tokens: new Map([['alias', token]]), secrets: new Map([['s', clientId]]) };
  decodeCredentials(mutate(encodeCredentials(credentials, random() < 0.5 ? 0 : 1), random));
}

function bodyOf(frame: Uint8Array): Uint8Array {
  const header = readDelimited(frame, 4);
  return header.end < frame.length ? readDelimited(frame, header.end).bytes : frame;
}

/** Flips, cuts, repeats, inserts and overwrites with telling bytes. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let result = Buffer.from(bytes);
  for (let left = 1 + Math.floor(random() * 4); left > 0; left -= 1) {
    const at = Math.floor(random() * result.length);
    const choice = random();
    if (choice < 0.45) result[at] = Math.floor(random() * 256);
    else if (choice < 0.6) result[at] = [0x00, 0x7f, 0x80, 0xff][Math.floor(random() * 4)]!;
    else if (choice < 0.75) result = result.subarray(0, at);
    else if (choice < 0.9)
      result = Buffer.concat([result.subarray(0, at), result.subarray(Math.floor(at / 2))]);
    else
      result = Buffer.concat([result.subarray(0, at), Buffer.alloc(5, 0xff), result.subarray(at)]);
    if (result.length === 0) break;
  }
  return result;
}
