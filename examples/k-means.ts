/**
 * Finds clusters of points: `npx heddle submit examples/k-means.ts [clusters] [points]`
 *
 * Shows iteration over a cached data set, a broadcast of each round's centres, and a class of the
 * program's own that travels to the tasks and back.
 */
import { HeddleContext } from 'heddle';

const [clusters = '3', points = '3000'] = process.argv.slice(2);

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}

  distanceTo(other: Point): number {
    return Math.hypot(this.x - other.x, this.y - other.y);
  }

  plus(other: Point): Point {
    return new Point(this.x + other.x, this.y + other.y);
  }

  times(factor: number): Point {
    return new Point(this.x * factor, this.y * factor);
  }

  toString(): string {
    return `(${this.x.toFixed(2)}, ${this.y.toFixed(2)})`;
  }
}

/** Points in rings around three places, the same in every run. */
function makePoint(n: number): Point {
  const centre = [new Point(1, 1), new Point(10, 2), new Point(4, 9)][Math.floor(n / 7) % 3]!;
  const angle = n * 2.399963;
  const radius = Math.sqrt((n % 97) / 97) * 2;
  return centre.plus(new Point(Math.cos(angle) * radius, Math.sin(angle) * radius));
}

function nearest(point: Point, centres: readonly Point[]): number {
  let best = 0;
  for (let i = 1; i < centres.length; i += 1) {
    if (point.distanceTo(centres[i]!) < point.distanceTo(centres[best]!)) best = i;
  }
  return best;
}

await using sc = await HeddleContext.getOrCreate({ appName: 'k-means' });

const data = sc.range(0, Number(points), 1, 4).map(makePoint).cache();
let centres = await data.take(Number(clusters));
let rounds = 0;
let moved = Infinity;
while (moved > 0.001 && rounds < 50) {
  const current = sc.broadcast(centres);
  const sums = await data
    .map((point): [number, [Point, number]] => [nearest(point, current.value), [point, 1]])
    .reduceByKey(([p, n], [q, m]) => [p.plus(q), n + m])
    .collectAsMap();
  const next = centres.map((centre, i) => {
    const sum = sums.get(i);
    return sum === undefined ? centre : sum[0].times(1 / sum[1]);
  });
  moved = Math.max(...next.map((centre, i) => centre.distanceTo(centres[i]!)));
  centres = next;
  rounds += 1;
  await current.destroy();
}

const sizes = await data.map((point) => nearest(point, centres)).countByValue();
console.log(`${centres.length} centres after ${rounds} rounds:`);
centres.forEach((centre, i) =>
  console.log(`  ${centre.toString()} with ${sizes.get(i) ?? 0} points`),
);
