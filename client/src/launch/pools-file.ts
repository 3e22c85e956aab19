import { readFile } from 'node:fs/promises';
import { ConfigError, settings } from '@heddle/common';

/** A share of the task slots for FAIR scheduling. */
export interface ConfiguredPool {
  readonly name: string;
  readonly mode: 'FIFO' | 'FAIR';
  readonly weight: number;
  readonly minShare: number;
}

const members = new Set(['mode', 'weight', 'minShare']);

/**
 * The pools of an allocation file: a JSON object whose members are pools, such as
 * `{ "reports": { "mode": "FAIR", "weight": 2, "minShare": 1 } }`; all three may be left out.
 *
 * @throws ConfigError when the file cannot be read or describes no pools
 */
export async function readPoolsFile(file: string): Promise<readonly ConfiguredPool[]> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fault(file, (error as Error).message, error);
  }
  if (!isRecord(content)) throw fault(file, 'it must hold an object with one member for each pool');
  return Object.entries(content).map(([name, pool]) => toPool(file, name, pool));
}

function toPool(file: string, name: string, pool: unknown): ConfiguredPool {
  if (!isRecord(pool)) throw fault(file, `pool '${name}' is not an object`);
  const unknownMember = Object.keys(pool).find((member) => !members.has(member));
  if (unknownMember !== undefined) {
    throw fault(
      file,
      `pool '${name}' has '${unknownMember}'; it may have ${[...members].join(', ')}`,
    );
  }
  const { mode = 'FIFO', weight = 1, minShare = 0 } = pool;
  if (mode !== 'FIFO' && mode !== 'FAIR')
    throw fault(file, `the mode of pool '${name}' must be FIFO or FAIR`);
  if (typeof weight !== 'number' || !(weight > 0)) {
    throw fault(file, `the weight of pool '${name}' must be a number above 0`);
  }
  if (typeof minShare !== 'number' || !Number.isInteger(minShare) || minShare < 0) {
    throw fault(file, `the minShare of pool '${name}' must be a whole number of at least 0`);
  }
  return { name, mode, weight, minShare };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(file: string, message: string, cause?: unknown): ConfigError {
  const { key } = settings.schedulerAllocationFile;
  return new ConfigError(key, `${key}: ${file}: ${message}`, { cause });
}
