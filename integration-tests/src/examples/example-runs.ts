/** What an example prints, with inputs that stand in the repository or here. */
export interface ExampleRun {
  readonly name: string;
  /** What it shows, for the name of a test. */
  readonly claim: string;
  /**
   * Its arguments.
   *
   * @param poem where the text of `poem` was put
   * @param scripts folder of the scripts for streaming
   */
  args(poem: string, scripts: string): readonly string[];
  /** All that it prints, or with `printsMore` the end of it. */
  readonly output: string | RegExp;
  readonly printsMore?: true;
}

/** A small text for the example that counts words. */
export const poem = [
  'Tyger Tyger, burning bright,',
  'In the forests of the night;',
  'What immortal hand or eye,',
  'Could frame thy fearful symmetry?',
  'In what distant deeps or skies,',
  'Burnt the fire of thine eyes?',
  '',
].join('\n');

/** Every example, with its whole output. */
export const exampleRuns: readonly ExampleRun[] = [
  {
    name: 'word-count',
    claim: 'prints the most frequent words',
    args: (path) => [path, '5'],
    output: [
      '       3  the',
      '       2  in',
      '       2  of',
      '       2  or',
      '       2  tyger',
      '25 different words, 32 in all',
      '',
    ].join('\n'),
  },
  {
    name: 'pi',
    claim: 'throws the same darts in every run',
    args: () => ['4', '20000'],
    output: '62998 of 80000 darts hit: pi is about 3.1499\n',
  },
  {
    name: 'walk-through',
    claim: 'sums up to exactly 2500000000000 (A-020)',
    args: () => [],
    output: 'the sum is 2500000000000\n',
    printsMore: true,
  },
  {
    name: 'k-means',
    claim: 'finds the centres that the points were made around',
    args: () => [],
    output: [
      '3 centres after 4 rounds:',
      '  (10.00, 2.00) with 1001 points',
      '  (4.00, 9.00) with 998 points',
      '  (1.00, 1.00) with 1001 points',
      '',
    ].join('\n'),
  },
  {
    name: 'page-rank',
    claim: 'ranks the pages',
    args: () => [],
    output: [
      '1.5339  home',
      '1.4918  help',
      '1.2271  about',
      '0.9871  blog',
      '0.9685  team',
      '0.7932  news',
      '0.6613  cart',
      '0.3373  shop',
      '',
    ].join('\n'),
  },
  {
    name: 'log-analysis',
    claim: 'joins the log with its tables',
    args: () => [],
    output: [
      '372 requests, 4 unreadable lines',
      '',
      'status codes:',
      '  200  281',
      '  304  27',
      '  404  46',
      '  500  18',
      '',
      'bytes sent by country:',
      '  IN  1719282',
      '  US  1640780',
      '  DE  1468511',
      '  JP  1336373',
      '  FR  1304694',
      '',
      'users without a request, and requests without a user:',
      '  guest is unknown, 38 requests',
      '  silent01 never came',
      '  silent02 never came',
      '  user19 never came',
      '  user20 never came',
      '',
      'bytes of a request: mean 22662.3, largest 49974',
      'largest answer: /products/2',
      '',
    ].join('\n'),
  },
  {
    name: 'map-reduce',
    claim: 'runs mapper, combiner and reducer of a MapReduce job (A-215 A-216 A-217)',
    args: () => [],
    output: [
      'S0 had 22 degrees at most',
      'S1 had 25 degrees at most',
      'S2 had 28 degrees at most',
      'S0: 22 readings, 1 below zero',
      'S0: month 12 was below zero',
      'S1: 23 readings, 0 below zero',
      'S2: 22 readings, 0 below zero',
      '',
    ].join('\n'),
  },
  {
    name: 'reduce-side-join',
    claim: 'joins by hand as join does (A-218)',
    args: () => ['1'],
    output: /^([1-9]\d+) pairs by hand, \1 by join\nthe same\n$/,
  },
  {
    name: 'streaming',
    claim: 'runs a mapper and a reducer of Hadoop Streaming as they are (A-219)',
    args: (path, scripts) => [path, `${scripts}/mapper.sh`, `${scripts}/reducer.awk`],
    output: [
      'bright\t1',
      'burning\t1',
      'burnt\t1',
      'could\t1',
      'deeps\t1',
      'distant\t1',
      'eye\t1',
      'eyes\t1',
      'fearful\t1',
      'fire\t1',
      'forests\t1',
      'frame\t1',
      'hand\t1',
      'immortal\t1',
      'in\t2',
      'night\t1',
      'of\t2',
      'or\t2',
      'skies\t1',
      'symmetry\t1',
      'the\t3',
      'thine\t1',
      'thy\t1',
      'tyger\t2',
      'what\t2',
      '',
    ].join('\n'),
  },
  {
    name: 'processes',
    claim: 'has a process for each executor, not for each of 1000 tasks (A-220)',
    args: () => [],
    output: '1000 tasks ran on 1 executors, in 1 processes\n',
  },
];

/** Whether an example printed what it should. */
export function isOutputOf(run: ExampleRun, printed: string): boolean {
  const { output, printsMore } = run;
  if (typeof output !== 'string') return output.test(printed);
  return printsMore === true ? printed.endsWith(output) : printed === output;
}
