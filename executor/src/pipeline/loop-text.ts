import { assertNever } from '@heddle/common';
import { batchSize, type LoopShape, type StepForm } from './loop-shape.js';

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
 * With a `glom` in the shape, a last call with `from` = -1 sends the arrays on.
 *
 * `at` always holds the number of the step that runs (-1: the source, `steps.length`: the sink), so
 * that an error can be given the label of its operator, also when what was thrown has no stack. Since
 * it is only read in the outermost handler it costs next to nothing in optimised code.
 */
export function loopText(shape: LoopShape): string {
  return new LoopText(shape).text();
}

// Batches are allocated at their full size and filled by index: `push` into a growing array costs two
// to eight times as much. A batch that stays shorter is cut.

/** A record on its way through the loop: one variable, or a pair that has not been allocated. */
type Current =
  | { readonly kind: 'whole'; readonly name: string; readonly isPair: boolean }
  | { readonly kind: 'pair'; readonly key: string; readonly value: string };

class LoopText {
  readonly #shape: LoopShape;
  /** Reads the state into variables before the loop. */
  readonly #head: string[] = [];
  readonly #body: string[] = [];
  /** Writes the variables back after it. */
  readonly #tail: string[] = [];
  #indent = 2;
  #names = 0;

  constructor(shape: LoopShape) {
    this.#shape = shape;
  }

  text(): string {
    const { steps, sink } = this.#shape;
    const parameters = ['h', 'source', 'from', 'to', 'state', 'sink', ...steps.map((_, i) => `p${i}`)];
    const star = sink === 'generate' ? '*' : '';
    this.#declareSink();
    this.#block(sink === 'take' ? 'done: {' : '{', () => this.#main());
    return [
      `(function${star} heddleLoop(${parameters.join(', ')}) {`,
      `  'use strict';`,
      `  let at = -1;`,
      ...this.#head.map((line) => `  ${line}`),
      `  try {`,
      ...this.#body,
      `  } catch (error) {`,
      `    throw h.located(error, at);`,
      `  }`,
      ...this.#tail.map((line) => `  ${line}`),
      `})`,
    ].join('\n');
  }

  #line(text: string): void {
    this.#body.push('  '.repeat(this.#indent) + text);
  }

  #block(open: string, fill: () => void, close = '}'): void {
    this.#line(open);
    this.#indent++;
    fill();
    this.#indent--;
    this.#line(close);
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  #main(): void {
    const { steps, sink } = this.#shape;
    if (sink === 'generate') {
      this.#block('for (let piece; (piece = source.next()) !== undefined; at = -1) {', () => {
        this.#line('const records = piece.source, from = piece.from, to = piece.to;');
        this.#pieceLoop('records');
      });
      this.#gloms();
    } else if (steps.includes('glom')) {
      this.#block('if (from >= 0) {', () => this.#pieceLoop('source'));
      this.#block('else {', () => this.#gloms());
    } else {
      this.#pieceLoop('source');
    }
  }

  #pieceLoop(source: string): void {
    const { source: form, steps, sink } = this.#shape;
    if (sink === 'count' && steps.length === 0 && form !== 'cursor') {
      this.#line('n += to - from;');
      return;
    }
    const name = this.#name('r');
    const counted = form === 'range';
    if (counted || form === 'realRange') {
      this.#line(`const start = ${source}.start, step = ${source}.step;`);
    }
    const open = counted
      ? `for (let i = from, ${name} = start + step * from; i < to; i++, ${name} += step) {`
      : 'for (let i = from; i < to; i++) {';
    this.#block(open, () => {
      switch (form) {
        case 'range':
          // Whole numbers below 2^53: adding is exact, and cheaper than multiplying.
          break;
        case 'realRange':
          this.#line(`const ${name} = start + step * i;`);
          break;
        case 'array':
        case 'pairArray':
          this.#line(`const ${name} = ${source}[i];`);
          break;
        case 'cursor':
          // Not open while the iterator itself runs: what throws or ends is not closed again.
          this.#line('at = -1;');
          this.#line(`${source}.open = false;`);
          this.#line(`const next = ${source}.iterator.next();`);
          this.#line(`if (next.done) { ${source}.exhausted = true; break; }`);
          this.#line(`${source}.open = true;`);
          this.#line(`const ${name} = next.value;`);
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
    const id = this.#name('');
    const [list, cursor, open] = [`list${id}`, `cursor${id}`, `open${id}`];
    const record = `r${id}`;
    this.#line(`at = ${step};`);
    this.#line(`const ${list} = Array.isArray(${iterable});`);
    this.#line(`const ${cursor} = ${list} ? undefined : h.iterate(${iterable}, ${step});`);
    this.#line(`let ${open} = !${list};`);
    this.#block('try {', () => {
      this.#block(`for (let i${id} = 0; ; i${id}++) {`, () => {
        this.#line(`let ${record};`);
        this.#block(`if (${list}) {`, () => {
          this.#line(`if (i${id} >= ${iterable}.length) break;`);
          this.#line(`${record} = ${iterable}[i${id}];`);
        });
        this.#block('else {', () => {
          this.#line(`at = ${step};`);
          this.#line(`${open} = false;`);
          this.#line(`const next${id} = ${cursor}.next();`);
          this.#line(`if (next${id}.done) break;`);
          this.#line(`${record} = next${id}.value;`);
          this.#line(`${open} = true;`);
        });
        body(record);
      });
    });
    this.#block('catch (error) {', () => {
      this.#line(`if (${open}) { ${open} = false; h.abandon(${cursor}); }`);
      this.#line('throw error;');
    });
    this.#block('finally {', () => this.#line(`if (${open}) h.close(${cursor});`));
  }

  /** What follows a `glom`: its array is complete when the loop before it has ended. */
  #gloms(): void {
    const { steps } = this.#shape;
    for (let step = 0; step < steps.length; step++) {
      if (steps[step] !== 'glom') continue;
      // `continue` inside leaves this block, as it would leave a turn of a loop.
      this.#block('do {', () => this.#steps(step + 1, wholeOf(`glom${step}`)), '} while (false);');
    }
  }

  #steps(step: number, current: Current): void {
    const form = this.#shape.steps[step];
    if (form === undefined) {
      this.#line(`at = ${step};`);
      this.#emit(current);
      return;
    }
    this.#step(form, step, current);
  }

  #step(form: StepForm, step: number, current: Current): void {
    const parameter = `p${step}`;
    switch (form) {
      case 'map': {
        const input = this.#whole(current);
        const output = this.#call(step, input);
        return this.#steps(step + 1, wholeOf(output));
      }
      case 'filter': {
        const input = this.#whole(current);
        const keep = this.#call(step, input);
        this.#line(`if (!${keep}) continue;`);
        // A promise is truthy. V8 drops this test where it knows that the value is a boolean.
        this.#line(`if (typeof ${keep} === 'object') h.noPromise(${keep}, ${step});`);
        return this.#steps(step + 1, this.#same(current, input));
      }
      case 'flatMap': {
        const output = this.#call(step, this.#whole(current));
        return this.#iterate(output, step, (name) => this.#steps(step + 1, wholeOf(name)));
      }
      case 'keyBy': {
        const value = this.#whole(current);
        const key = this.#call(step, value);
        return this.#steps(step + 1, { kind: 'pair', key, value });
      }
      case 'mapValues': {
        const pair = this.#pair(current, step);
        const value = this.#call(step, pair.value);
        return this.#steps(step + 1, { kind: 'pair', key: pair.key, value });
      }
      case 'flatMapValues': {
        const pair = this.#pair(current, step);
        const output = this.#call(step, pair.value);
        return this.#iterate(output, step, (name) =>
          this.#steps(step + 1, { kind: 'pair', key: pair.key, value: name }),
        );
      }
      case 'keys':
        return this.#steps(step + 1, wholeOf(this.#pair(current, step).key));
      case 'values':
        return this.#steps(step + 1, wholeOf(this.#pair(current, step).value));
      case 'pairWithNull':
        return this.#steps(step + 1, {
          kind: 'pair',
          key: this.#whole(current),
          value: 'null',
        });
      case 'sampleBernoulli':
        this.#line(`if (!${parameter}.accept()) continue;`);
        return this.#steps(step + 1, current);
      case 'samplePoisson': {
        const copies = this.#name('copies');
        return this.#block(
          `for (let ${copies} = ${parameter}.copies(); ${copies} > 0; ${copies}--) {`,
          () => this.#steps(step + 1, current),
        );
      }
      case 'zipWithIndex': {
        this.#head.push(`let index${step} = state.indexes[${step}];`);
        this.#tail.unshift(`state.indexes[${step}] = index${step};`);
        const key = this.#whole(current);
        const value = this.#name('v');
        this.#line(`const ${value} = index${step}++;`);
        return this.#steps(step + 1, { kind: 'pair', key, value });
      }
      case 'glom':
        this.#head.push(`const glom${step} = state.gloms[${step}];`);
        return this.#line(`glom${step}.push(${this.#whole(current)});`);
      default:
        return assertNever(form, 'step form');
    }
  }

  #call(step: number, argument: string): string {
    const name = this.#name('v');
    this.#line(`at = ${step};`);
    this.#line(`const ${name} = p${step}(${argument});`);
    return name;
  }

  /** The record as one value; allocates a pair that so far was two variables. */
  #whole(current: Current): string {
    if (current.kind === 'whole') return current.name;
    const name = this.#name('r');
    this.#line(`const ${name} = [${current.key}, ${current.value}];`);
    return name;
  }

  /** A pair that `#whole` allocated stays allocated: the next step must see the same array. */
  #same(current: Current, name: string): Current {
    return current.kind === 'whole' ? current : { kind: 'whole', name, isPair: true };
  }

  /** Key and value of the record, after a check that it is a pair where that is not known. */
  #pair(current: Current, step: number): { key: string; value: string } {
    if (current.kind === 'pair') return current;
    const { name } = current;
    if (!current.isPair) {
      this.#line(
        `if (!Array.isArray(${name}) || ${name}.length !== 2) { at = ${step}; h.notAPair(${name}, ${step}); }`,
      );
    }
    const key = this.#name('k');
    const value = this.#name('v');
    this.#line(`const ${key} = ${name}[0], ${value} = ${name}[1];`);
    return { key, value };
  }

  #declareSink(): void {
    const { sink } = this.#shape;
    const keep = (name: string): void => {
      this.#head.push(`let ${name} = state.${name};`);
      this.#tail.push(`state.${name} = ${name};`);
    };
    switch (sink) {
      case 'count':
        keep('n');
        break;
      case 'reduce':
        keep('has');
        keep('acc');
        break;
      case 'aggregate':
        keep('acc');
        break;
      case 'sum':
        keep('n');
        keep('sum');
        keep('lost');
        break;
      case 'pull':
        // As many records come out as go in, at most.
        this.#head.push('const out = new Array(to - from);', 'let n = 0;');
        this.#tail.push('out.length = n;', 'state.out = out;');
        break;
      case 'batches':
        keep('out');
        keep('n');
        break;
      case 'take':
        this.#head.push('let left = state.limit;');
        keep('out');
        keep('n');
        this.#tail.push('state.limit = left;', 'return left <= 0;');
        return;
      case 'generate':
        this.#head.push('let size = 1, out = new Array(size), n = 0;');
        this.#tail.push('if (n > 0) { out.length = n; yield out; }');
        return;
      case 'foreach':
      case 'pairs':
      case 'records':
        break;
      default:
        assertNever(sink, 'sink form');
    }
    this.#tail.push('return false;');
  }

  #emit(current: Current): void {
    const sinkStep = this.#shape.steps.length;
    switch (this.#shape.sink) {
      case 'count':
        return this.#line('n++;');
      case 'reduce': {
        const record = this.#whole(current);
        return this.#line(
          `if (has) acc = sink(acc, ${record}); else { has = true; acc = ${record}; }`,
        );
      }
      case 'aggregate':
        return this.#line(`acc = sink(acc, ${this.#whole(current)});`);
      case 'sum': {
        // Neumaier's compensated sum, in variables of the loop.
        const record = this.#whole(current);
        this.#line('n++;');
        this.#block(`if (typeof ${record} === 'number') {`, () => {
          this.#line(`const next = sum + ${record};`);
          this.#line(
            `lost += Math.abs(sum) >= Math.abs(${record}) ? sum - next + ${record} : ${record} - next + sum;`,
          );
          this.#line('sum = next;');
        });
        return this.#line(`else sink.addOther(${record}, n);`);
      }
      case 'foreach': {
        const returned = this.#name('v');
        this.#line(`const ${returned} = sink(${this.#whole(current)});`);
        return this.#line(`if (${returned} !== undefined) h.noPromise(${returned}, ${sinkStep});`);
      }
      case 'batches':
      case 'take':
        this.#line(`out[n++] = ${this.#whole(current)};`);
        this.#line(
          `if (n === ${batchSize}) { const full = out; out = new Array(${batchSize}); n = 0; sink.addBatch(full); }`,
        );
        if (this.#shape.sink === 'take') this.#line('if (--left <= 0) break done;');
        return;
      case 'pairs': {
        const pair = this.#pair(current, sinkStep);
        return this.#line(`sink.add(${pair.key}, ${pair.value});`);
      }
      case 'records':
        return this.#line(`sink.add(${this.#whole(current)});`);
      case 'pull':
        return this.#line(`out[n++] = ${this.#whole(current)};`);
      case 'generate':
        this.#line(`out[n++] = ${this.#whole(current)};`);
        return this.#block('if (n === size) {', () => {
          this.#line('const full = out;');
          this.#line(`if (size < ${batchSize}) size *= 2;`);
          this.#line('out = new Array(size);');
          this.#line('n = 0;');
          this.#line('yield full;');
        });
      default:
        return assertNever(this.#shape.sink, 'sink form');
    }
  }
}

function wholeOf(name: string): Current {
  return { kind: 'whole', name, isPair: false };
}
