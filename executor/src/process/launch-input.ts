import { closeSync, readFileSync } from 'node:fs';
import { AttemptKey, KEY_BYTES } from '../transport/index.js';
import { LaunchSpecError, parseLaunchSpec, type ExecutorLaunchSpec } from './launch-spec.js';

/** Where the launcher of local modes puts the specification and the key. */
const inputDescriptor = 3;

/** What a launcher gives an executor process. */
export interface LaunchInput {
  readonly spec: ExecutorLaunchSpec;
  readonly key: AttemptKey;
}

/** The specification and the key as one text: a line of JSON, then the key's bytes in hex. */
export function formatLaunchInput({ spec, key }: LaunchInput): string {
  return `${JSON.stringify(spec)}\n${key.bytes().toString('hex')}\n`;
}

/** Reads what `formatLaunchInput` wrote from descriptor 3, and closes it. @throws LaunchSpecError */
export function readLaunchInput(): LaunchInput {
  const input = readFileSync(inputDescriptor);
  closeSync(inputDescriptor);
  const lineEnd = input.indexOf(0x0a);
  if (lineEnd < 0) throw new LaunchSpecError('has no end');
  const spec = parseLaunchSpec(input.toString('utf8', 0, lineEnd));
  const keyText = input.toString('latin1', lineEnd + 1).trim();
  input.fill(0);
  if (keyText.length !== 2 * KEY_BYTES) throw new LaunchSpecError('comes without a key');
  return { spec, key: AttemptKey.fromBytes(Buffer.from(keyText, 'hex')) };
}
