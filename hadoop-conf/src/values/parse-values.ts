/** Java's `Long` range, in which Hadoop computes sizes and durations. */
const maxLong = 2n ** 63n - 1n;

const sizePrefixes: Readonly<Record<string, bigint>> = {
  k: 2n ** 10n,
  m: 2n ** 20n,
  g: 2n ** 30n,
  t: 2n ** 40n,
  p: 2n ** 50n,
  e: 2n ** 60n,
};

/**
 * Bytes of `4096`, `64k`, `128m`, `1g`: one binary prefix letter of either case, no `b` after it
 * (`StringUtils.TraditionalBinaryPrefix`, Hadoop 3.4.3).
 *
 * @returns undefined when the text is no size or is beyond what a number holds exactly
 */
export function parseBinarySize(text: string): number | undefined {
  const match = /^([+-]?\d+)([kmgtpe]?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const factor = match[2] === '' ? 1n : sizePrefixes[match[2]!.toLowerCase()]!;
  return safeNumber(BigInt(match[1]!) * factor);
}

/** Units of Hadoop's durations (`Configuration.ParsedTimeDuration`). */
export type HadoopTimeUnit = 'ns' | 'us' | 'ms' | 's' | 'm' | 'h' | 'd';

const nanosecondsPerUnit: Readonly<Record<HadoopTimeUnit, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/**
 * Milliseconds of `30s`, `5m`, `1d`, `-1`; whole numbers only, the unit right behind, `ns us ms s m h d` of either case.
 *
 * @param bareUnit unit of a number without one: each key has its own
 * @returns whole milliseconds, cut towards zero as Java's `TimeUnit.convert` does; undefined for anything else
 */
export function parseHadoopDuration(text: string, bareUnit: HadoopTimeUnit): number | undefined {
  const match = /^([+-]?\d+)(ns|us|ms|s|m|h|d)?$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const unit = (match[2] as HadoopTimeUnit | undefined) ?? bareUnit;
  const amount = BigInt(match[1]!);
  // A bare -1 means "for ever" or "never" in many keys: it must not be rounded to 0.
  if (match[2] === undefined && amount === -1n) return -1;
  return safeNumber((amount * nanosecondsPerUnit[unit]) / nanosecondsPerUnit.ms);
}

/** A whole number in decimal or, with `0x`, in hexadecimal without a plus sign (`Configuration.getInt`, `getLong`). */
export function parseHadoopInteger(text: string): number | undefined {
  const match = /^(?:(-?)0[xX]([0-9a-fA-F]+)|([+-]?)(\d+))$/.exec(text.trim());
  if (match === null) return undefined;
  const magnitude = match[2] === undefined ? BigInt(match[4]!) : BigInt(`0x${match[2]}`);
  return safeNumber((match[1] ?? match[3]) === '-' ? -magnitude : magnitude);
}

/**
 * `true` or `false` of either case; anything else is undefined, and Hadoop then silently takes the default
 * (`Configuration.getBoolean`).
 */
export function parseHadoopBoolean(text: string): boolean | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : undefined;
}

/** Parts between commas or line ends, trimmed, without empty ones and repetitions (`getTrimmedStringCollection`). */
export function parseHadoopList(text: string): string[] {
  const parts = text.split(/[,\n]/).map((part) => part.trim());
  return [...new Set(parts)].filter((part) => part !== '');
}

function safeNumber(value: bigint): number | undefined {
  if (value > maxLong || value < -maxLong - 1n) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}
