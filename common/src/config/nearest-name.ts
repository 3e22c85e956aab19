/**
 * The known name that a mistyped one most likely means, or `undefined` when nothing is near.
 *
 * Nearness is the edit distance (with neighbouring letters swapped as one edit), case aside; a name is
 * near when at most a third of its letters differ, or when one is the end of the other
 * (`maxFailures` for `heddle.task.maxFailures`).
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    const allowed = Math.max(2, Math.floor(Math.max(wanted.length, lower.length) / 3));
    const distance =
      lower.endsWith(`.${lastPart(wanted)}`) && lastPart(wanted).length > 3
        ? Math.min(allowed, editDistance(wanted, lower))
        : editDistance(wanted, lower);
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Optimal string alignment distance; names are short, so the plain table is enough. */
function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let j = 0; j <= b.length; j += 1) table[j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    table[i * width] = i;
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1;
      let cost = Math.min(
        table[(i - 1) * width + j]! + 1,
        table[i * width + j - 1]! + 1,
        table[(i - 1) * width + j - 1]! + substitution,
      );
      const swapped =
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, table[(i - 2) * width + j - 2]! + 1);
      table[i * width + j] = cost;
    }
  }
  return table[a.length * width + b.length]!;
}
