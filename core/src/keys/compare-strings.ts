/**
 * Order of two strings by code point: unlike `<`, which goes by UTF-16 code units and sorts
 * characters beyond U+FFFF before U+E000.
 */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  return compareFrom(a, b, 0, length);
}

/** As `compareStrings`, for strings that are known to agree in their first `start` code units. */
export function compareStringsFrom(a: string, b: string, start: number): number {
  return compareFrom(a, b, start, Math.min(a.length, b.length));
}

function compareFrom(a: string, b: string, start: number, length: number): number {
  for (let i = start; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) {
      if (left < 0xd800 && right < 0xd800) return left - right;
      return compareCodePoints(a, b, i);
    }
  }
  return a.length - b.length;
}

function compareCodePoints(a: string, b: string, difference: number): number {
  // A difference right after a high surrogate belongs to the code point that started there.
  const before = difference > 0 ? a.charCodeAt(difference - 1) : 0;
  const start = before >= 0xd800 && before <= 0xdbff ? difference - 1 : difference;
  const order = a.codePointAt(start)! - b.codePointAt(start)!;
  // Equal only for a lone high surrogate in both: then what follows it decides.
  return order !== 0 ? order : a.codePointAt(difference)! - b.codePointAt(difference)!;
}
