import { assertNever } from '@heddle/common';
import { batchSize, type SinkForm } from './loop-shape.js';
import { asPair, asWhole, type RecordText } from './record-text.js';
import type { TextWriter } from './text-writer.js';

/** How a sink form appears in a loop's text. */
export interface SinkText {
  /** Reads the state into variables before the loop. */
  readonly head: readonly string[];
  /** Writes the variables back after it. */
  readonly tail: readonly string[];
  /** Takes one record; `step` is the number of steps before it. */
  emit(text: TextWriter, record: RecordText, step: number): void;
}

// Batches are allocated at their full size and filled by index: `push` into a growing array costs two
// to eight times as much. A batch that stays shorter is cut.

/** The text of one sink form. */
export function sinkText(form: SinkForm): SinkText {
  switch (form) {
    case 'count':
      return keeping(['n'], (text) => {
        text.line('n++;');
      });
    case 'reduce':
      return keeping(['has', 'acc'], (text, record) => {
        const name = asWhole(text, record);
        text.line(`if (has) acc = sink(acc, ${name}); else { has = true; acc = ${name}; }`);
      });
    case 'aggregate':
      return keeping(['acc'], (text, record) => {
        text.line(`acc = sink(acc, ${asWhole(text, record)});`);
      });
    case 'sum':
      return keeping(['n', 'sum', 'lost'], emitSum);
    case 'foreach':
      return keeping([], (text, record, step) => {
        const returned = text.name('v');
        text.line(`const ${returned} = sink(${asWhole(text, record)});`);
        text.line(`if (${returned} !== undefined) h.noPromise(${returned}, ${step});`);
      });
    case 'pairs':
      return keeping([], (text, record, step) => {
        const { key, value } = asPair(text, record, step);
        text.line(`sink.add(${key}, ${value});`);
      });
    case 'records':
      return keeping([], (text, record) => {
        text.line(`sink.add(${asWhole(text, record)});`);
      });
    case 'batches':
      return keeping(['out', 'n'], emitToBatch);
    case 'take': {
      const { head, tail } = keeping(['out', 'n', 'limit'], emitToBatch);
      return {
        head,
        tail: [...tail.slice(0, -1), 'return limit <= 0;'],
        emit: (text, record) => {
          emitToBatch(text, record);
          text.line('if (--limit <= 0) break done;');
        },
      };
    }
    case 'pull':
      return {
        // As many records come out as go in, at most.
        head: ['const out = new Array(to - from);', 'let n = 0;'],
        tail: ['out.length = n;', 'state.out = out;', 'return false;'],
        emit: (text, record) => {
          text.line(`out[n++] = ${asWhole(text, record)};`);
        },
      };
    case 'generate':
      return {
        head: ['let size = 1, out = new Array(size), n = 0;'],
        tail: ['if (n > 0) { out.length = n; yield out; }'],
        emit: (text, record) => {
          text.line(`out[n++] = ${asWhole(text, record)};`);
          text.block('if (n === size) {', () => {
            text.line('const full = out;');
            text.line(`if (size < ${batchSize}) size *= 2;`);
            text.line('out = new Array(size);');
            text.line('n = 0;');
            text.line('yield full;');
          });
        },
      };
    default:
      return assertNever(form, 'sink form');
  }
}

/** A sink whose variables are those of `LoopState` and that never has enough. */
function keeping(names: readonly string[], emit: SinkText['emit']): SinkText {
  return {
    head: names.map((name) => `let ${name} = state.${name};`),
    tail: [...names.map((name) => `state.${name} = ${name};`), 'return false;'],
    emit,
  };
}

/**
 * A compensated sum in variables of the loop: what rounding takes from each addition is exact
 * (Knuth's TwoSum, which has no branch) and summed apart, as Neumaier's method does.
 */
function emitSum(text: TextWriter, record: RecordText): void {
  const name = asWhole(text, record);
  text.line('n++;');
  text.block(`if (typeof ${name} === 'number') {`, () => {
    text.line(`const next = sum + ${name};`);
    text.line('const added = next - sum;');
    text.line(`lost += sum - (next - added) + (${name} - added);`);
    text.line('sum = next;');
  });
  text.line(`else sink.addOther(${name}, n);`);
}

function emitToBatch(text: TextWriter, record: RecordText): void {
  text.line(`out[n++] = ${asWhole(text, record)};`);
  text.block(`if (n === ${batchSize}) {`, () => {
    text.line('const full = out;');
    text.line(`out = new Array(${batchSize});`);
    text.line('n = 0;');
    text.line('sink.addBatch(full);');
  });
}
