/** Factors of the size suffixes; binary, as in Spark and the JVM (`1k` is 1024 bytes). */
const sizeFactors: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  gib: 2 ** 30,
  t: 2 ** 40,
  tb: 2 ** 40,
  tib: 2 ** 40,
};

/** Factors of the duration suffixes, to milliseconds. */
const durationFactors: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export type SizeUnit = 'b' | 'k' | 'm' | 'g';
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd';

/**
 * Bytes of a text such as `64k`, `512m`, `2g` or `1.5g`; suffixes are binary and may be upper case.
 *
 * @param bareUnit unit of a number without a suffix; there is no common default, each setting says its own
 * @returns `undefined` when the text is no size, is negative or is no whole number of bytes
 */
export function parseSize(text: string, bareUnit: SizeUnit): number | undefined {
  const sizeBytes = parseWithSuffix(text, sizeFactors, bareUnit);
  if (sizeBytes === undefined) return undefined;
  const wholeBytes = Math.floor(sizeBytes);
  return Number.isSafeInteger(wholeBytes) ? wholeBytes : undefined;
}

/**
 * Milliseconds of a text such as `500ms`, `5s`, `10m`, `3h` or `1d`.
 *
 * @param bareUnit unit of a number without a suffix; each setting says its own
 * @returns `undefined` when the text is no duration or is negative
 */
export function parseDuration(text: string, bareUnit: DurationUnit): number | undefined {
  return parseWithSuffix(text, durationFactors, bareUnit);
}

function parseWithSuffix(
  text: string,
  factors: Readonly<Record<string, number>>,
  bareUnit: string,
): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return undefined;
  const unit = match[2] === '' ? bareUnit : match[2]!.toLowerCase();
  const factor = Object.hasOwn(factors, unit) ? factors[unit] : undefined;
  return factor === undefined ? undefined : Number(match[1]) * factor;
}

/** `1.5 GiB`: a size for people. */
export function formatSize(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = sizeBytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${trimNumber(value)} ${units[unit]!}`;
}

/** `2.5 min`: a duration for people. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${trimNumber(durationMs / 1_000)} s`;
  if (durationMs < 3_600_000) return `${trimNumber(durationMs / 60_000)} min`;
  return `${trimNumber(durationMs / 3_600_000)} h`;
}

function trimNumber(value: number): string {
  return String(Number(value.toFixed(1)));
}
