import { assertNever } from '@heddle/common';
import type { LoopShape, StepForm } from './loop-shape.js';
import { asPair, asWhole, wholeOf, type RecordText } from './record-text.js';
import { sinkText, type SinkText } from './sink-text.js';
import { TextWriter } from './text-writer.js';

/**
 * The text of one loop: a function expression of `(h, source, from, to, state, sink, p0, p1, …)` that
 * takes one piece of its input through all steps into the sink and returns whether the sink has had
 * enough. The pieces are small (a batch), so that V8 optimises the function between calls; one call
 * for a whole partition would depend on replacement inside the running loop, which is slower by half.
 *
 * - `h`: `LoopHelpers`, the rare paths; `source`: the records of a `Piece`, `from` and `to` its bounds
 *   (the `PieceSource` itself for `generate`); `state`: `LoopState`, what lives from piece to piece;
 *   `sink`: the sink's object or function;
 * - `pN`: the parameter of step N: the user's function or a sampler.
 *
 * With a `glom` in the shape, a last call without a `source` sends the arrays on.
 *
 * `at` always holds the number of the step that runs (-1: the source, `steps.length`: the sink), so
 * that an error can be given the label of its operator, also when what was thrown has no stack. Since
 * it is only read in the outermost handler it costs next to nothing in optimised code.
 */
export function loopText(shape: LoopShape): string {
  return new LoopText(shape).text();
}

class LoopText {
  readonly #shape: LoopShape;
  readonly #sink: SinkText;
  readonly #out = new TextWriter(2);
  /** Of steps: reads their state into variables before the loop, and writes it back after it. */
  readonly #head: string[] = [];
  readonly #tail: string[] = [];

  constructor(shape: LoopShape) {
    this.#shape = shape;
    this.#sink = sinkText(shape.sink);
  }

  text(): string {
    const { steps, sink } = this.#shape;
    const parameters = steps.map((_, step) => `p${step}`);
    this.#out.block(sink === 'take' ? 'done: {' : '{', () => {
      this.#main();
    });
    return [
      `(function${sink === 'generate' ? '*' : ''} heddleLoop(`,
      `  ${['h', 'source', 'from', 'to', 'state', 'sink', ...parameters].join(', ')}`,
      `) {`,
      `  'use strict';`,
      `  let at = -1;`,
      ...[...this.#sink.head, ...this.#head].map((line) => `  ${line}`),
      `  try {`,
      ...this.#out.lines,
      `  } catch (error) {`,
      `    throw h.located(error, at);`,
      `  }`,
      ...[...this.#tail, ...this.#sink.tail].map((line) => `  ${line}`),
      `})`,
    ].join('\n');
  }

  #main(): void {
    const { steps, sink } = this.#shape;
    if (sink === 'generate') {
      this.#out.block('for (let piece; (piece = source.next()) !== undefined; at = -1) {', () => {
        this.#out.line('const records = piece.source, from = piece.from, to = piece.to;');
        this.#pieceLoop('records');
      });
      this.#gloms();
    } else if (steps.includes('glom')) {
      this.#out.block('if (source !== undefined) {', () => this.#pieceLoop('source'));
      this.#out.block('else {', () => this.#gloms());
    } else {
      this.#pieceLoop('source');
    }
  }

  #pieceLoop(source: string): void {
    const { source: form, steps, sink } = this.#shape;
    if (sink === 'count' && steps.length === 0 && form !== 'cursor') {
      this.#out.line('n += to - from;');
      return;
    }
    const name = this.#out.name('r');
    if (form === 'stepRange' || form === 'realRange') {
      this.#out.line(`const start = ${source}.start, step = ${source}.step;`);
    }
    // Whole numbers below 2^53: adding is exact, and cheaper than multiplying.
    const open =
      form === 'stepRange'
        ? `for (let i = from, ${name} = start + step * from; i < to; i++, ${name} += step) {`
        : 'for (let i = from; i < to; i++) {';
    this.#out.block(open, () => {
      switch (form) {
        case 'range':
          this.#out.line(`const ${name} = i;`);
          break;
        case 'stepRange':
          break;
        case 'realRange':
          this.#out.line(`const ${name} = start + step * i;`);
          break;
        case 'array':
        case 'pairArray':
          this.#out.line(`const ${name} = ${source}[i];`);
          break;
        case 'cursor':
          // Not open while the iterator itself runs: what throws or ends is not closed again.
          this.#out.line('at = -1;');
          this.#out.line(`${source}.open = false;`);
          this.#out.line(`const next = ${source}.iterator.next();`);
          this.#out.line(`if (next.done) { ${source}.exhausted = true; break; }`);
          this.#out.line(`${source}.open = true;`);
          this.#out.line(`const ${name} = next.value;`);
          break;
        default:
          assertNever(form, 'source form');
      }
      this.#steps(0, { kind: 'whole', name, isPair: form === 'pairArray' });
    });
  }

  /**
   * Goes through arrays by index and through everything else by its iterator, with one copy of the
   * body, so that nested `flatMap`s do not multiply the text.
   */
  #iterate(iterable: string, step: number, body: (name: string) => void): void {
    const id = this.#out.name('');
    const [list, cursor, open] = [`list${id}`, `cursor${id}`, `open${id}`];
    const record = `r${id}`;
    this.#out.line(`at = ${step};`);
    this.#out.line(`const ${list} = Array.isArray(${iterable});`);
    this.#out.line(`const ${cursor} = ${list} ? undefined : h.iterate(${iterable}, ${step});`);
    this.#out.line(`let ${open} = !${list};`);
    this.#out.block('try {', () => {
      this.#out.block(`for (let i${id} = 0; ; i${id}++) {`, () => {
        this.#out.line(`let ${record};`);
        this.#out.block(`if (${list}) {`, () => {
          this.#out.line(`if (i${id} >= ${iterable}.length) break;`);
          this.#out.line(`${record} = ${iterable}[i${id}];`);
        });
        this.#out.block('else {', () => {
          this.#out.line(`at = ${step};`);
          this.#out.line(`${open} = false;`);
          this.#out.line(`const next${id} = ${cursor}.next();`);
          this.#out.line(`if (next${id}.done) break;`);
          this.#out.line(`${record} = next${id}.value;`);
          this.#out.line(`${open} = true;`);
        });
        body(record);
      });
    });
    this.#out.block('catch (error) {', () => {
      this.#out.line(`if (${open}) { ${open} = false; h.abandon(${cursor}); }`);
      this.#out.line('throw error;');
    });
    this.#out.block('finally {', () => this.#out.line(`if (${open}) h.close(${cursor});`));
  }

  /** What follows a `glom`: its array is complete when the loop before it has ended. */
  #gloms(): void {
    const { steps } = this.#shape;
    for (let step = 0; step < steps.length; step++) {
      if (steps[step] !== 'glom') continue;
      // `continue` inside leaves this block, as it would leave a turn of a loop.
      this.#out.block(
        'do {',
        () => this.#steps(step + 1, wholeOf(`glom${step}`)),
        '} while (false);',
      );
    }
  }

  /** What a record goes through from this step on. */
  #steps(step: number, record: RecordText): void {
    const form = this.#shape.steps[step];
    if (form !== undefined) {
      this.#step(form, step, record);
      return;
    }
    this.#out.line(`at = ${step};`);
    this.#sink.emit(this.#out, record, step);
  }

  #step(form: StepForm, step: number, record: RecordText): void {
    const out = this.#out;
    const next = (result: RecordText): void => {
      this.#steps(step + 1, result);
    };
    switch (form) {
      case 'map':
        next(wholeOf(this.#call(step, asWhole(out, record))));
        break;
      case 'filter': {
        const input = asWhole(out, record);
        const keep = this.#call(step, input);
        out.line(`if (!${keep}) continue;`);
        // A promise is truthy. V8 drops this test where it knows that the value is a boolean.
        out.line(`if (typeof ${keep} === 'object') h.noPromise(${keep}, ${step});`);
        // A pair that was allocated stays allocated: the function may have kept or changed it.
        next(record.kind === 'whole' ? record : { kind: 'whole', name: input, isPair: true });
        break;
      }
      case 'flatMap': {
        const returned = this.#call(step, asWhole(out, record));
        this.#iterate(returned, step, (name) => {
          next(wholeOf(name));
        });
        break;
      }
      case 'keyBy': {
        const value = asWhole(out, record);
        next({ kind: 'pair', key: this.#call(step, value), value });
        break;
      }
      case 'mapValues': {
        const { key, value } = asPair(out, record, step);
        next({ kind: 'pair', key, value: this.#call(step, value) });
        break;
      }
      case 'flatMapValues': {
        const { key, value } = asPair(out, record, step);
        this.#iterate(this.#call(step, value), step, (name) => {
          next({ kind: 'pair', key, value: name });
        });
        break;
      }
      case 'keys':
        next(wholeOf(asPair(out, record, step).key));
        break;
      case 'values':
        next(wholeOf(asPair(out, record, step).value));
        break;
      case 'pairWithNull':
        next({ kind: 'pair', key: asWhole(out, record), value: 'null' });
        break;
      case 'sampleBernoulli':
        out.line(`if (!p${step}.accept()) continue;`);
        next(record);
        break;
      case 'samplePoisson': {
        const copies = out.name('copies');
        out.block(`for (let ${copies} = p${step}.copies(); ${copies} > 0; ${copies}--) {`, () => {
          next(record);
        });
        break;
      }
      case 'zipWithIndex': {
        this.#head.push(`let index${step} = state.indexes[${step}];`);
        this.#tail.push(`state.indexes[${step}] = index${step};`);
        const key = asWhole(out, record);
        const value = out.name('v');
        out.line(`const ${value} = index${step}++;`);
        next({ kind: 'pair', key, value });
        break;
      }
      case 'glom':
        this.#head.push(`const glom${step} = state.gloms[${step}];`);
        out.line(`glom${step}.push(${asWhole(out, record)});`);
        break;
      default:
        assertNever(form, 'step form');
    }
  }

  /** Calls the user's function of a step; gives the name of what it returned. */
  #call(step: number, argument: string): string {
    const name = this.#out.name('v');
    this.#out.line(`at = ${step};`);
    this.#out.line(`const ${name} = p${step}(${argument});`);
    return name;
  }
}
