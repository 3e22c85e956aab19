import type { CallSite } from '@heddle/common';

import { ByteWriter } from '../codec/byte-writer.js';
import { UnsupportedValueError } from '../codec/errors.js';
import { ValueEncoder } from '../codec/value/encoder.js';
import type { ClosureData } from '../plan/index.js';
import { CaptureCode, CellRefusal, PlainProgram, type CaptureOptions } from './capture-code.js';
import { warnAboutSize, warnAboutWrites } from './closure-warnings.js';
import { currentProgram, type DriverProgram } from './driver-program.js';
import { ClosureError } from './errors.js';
import { SNAPSHOT_VERSION } from './extension.js';
import { ConstantInputs } from './program-code.js';
import { WithheldCells } from './tracking-code.js';

/**
 * Takes what the roots capture, now: one snapshot, whose roots share bindings and identity.
 *
 * Refused at the call is what functions reach directly: variables of the roots, of the functions that
 * these reach, and what constructors of classes that they name use. A class that came along whole, with
 * an instance or by its name, goes without variables that only its methods use and that cannot travel:
 * their first use in a task throws (`withheld.ts`).
 *
 * Layout: version, number of constants to make again, for each its number, the size of its inputs
 * and these, then the array of roots.
 *
 * @param roots functions and values of one call of a transformation or action
 * @throws ClosureError naming the variable that cannot travel, with the line of the call
 */
export function captureClosure(roots: readonly unknown[], callSite: CallSite): ClosureData {
  const capture = new Capture(roots, callSite);
  return capture.take();
}

class Capture {
  readonly #roots: readonly unknown[];
  readonly #callSite: CallSite;
  /** Constants whose value cannot travel, in the order in which they were found. */
  readonly #remade = new Set<number>();
  /** Variables that only classes which came along use, and that cannot travel. */
  readonly #withheld = new WithheldCells();
  #directIsChecked = false;

  constructor(roots: readonly unknown[], callSite: CallSite) {
    this.#roots = roots;
    this.#callSite = callSite;
  }

  take(): ClosureData {
    const program = currentProgram();
    for (;;) {
      try {
        return program === undefined ? this.#plain() : this.#snapshot(program);
      } catch (error) {
        if (!(error instanceof CellRefusal)) throw error;
        if (!this.#remake(error) && !this.#withhold(program, error))
          throw this.#closureError(error);
      }
    }
  }

  /** Lets tasks make a constant again whose value was refused; false when that is no way out. */
  #remake(refusal: CellRefusal): boolean {
    const constant = refusal.isForeign ? refusal.constant : undefined;
    if (constant === undefined || this.#remade.has(constant)) return false;
    this.#remade.add(constant);
    return true;
  }

  /**
   * Leaves a refused variable behind that only a class on the way to it uses.
   *
   * @throws ClosureError when something that cannot travel is reached directly
   */
  #withhold(program: DriverProgram | undefined, refusal: CellRefusal): boolean {
    const { place } = refusal;
    if (program === undefined || place === undefined || this.#withheld.has(place)) return false;
    this.#checkDirect(program);
    const { operator, file, line } = this.#callSite;
    const holder = refusal.holder === '' ? 'a class' : refusal.holder;
    this.#withheld.add(place, {
      variable: refusal.variable,
      reason: refusal.reason,
      message: `${refusal.variable} that ${holder} uses cannot travel to a task: ${refusal.reason}. The function of ${operator} at ${file}:${line} took it along with a class, and only methods that do without it can be called in a task`,
      file,
      line,
    });
    return true;
  }

  /** Looks at everything but what methods of classes use. */
  #checkDirect(program: DriverProgram): void {
    while (!this.#directIsChecked) {
      try {
        const code = new CaptureCode(program, this.#options(false, true));
        this.#encode(new ByteWriter(), code, [...this.#roots]);
        this.#constantInputs(program, new Set(), new Set(), true);
        this.#directIsChecked = true;
      } catch (error) {
        if (!(error instanceof CellRefusal)) throw error;
        if (!this.#remake(error)) throw this.#closureError(error);
      }
    }
  }

  #options(inThread: boolean, directOnly = false): CaptureOptions {
    return { inThread, directOnly, remade: this.#remade, withheld: this.#withheld };
  }

  #plain(): ClosureData {
    const writer = new ByteWriter();
    writer.u8(SNAPSHOT_VERSION);
    writer.varint(0);
    const code = new CaptureCode(new PlainProgram() as never, this.#options(false));
    this.#encode(writer, code, [...this.#roots]);
    return this.#data(writer, [...new Set(code.broadcastIds)], [...new Set(code.accumulatorIds)]);
  }

  #snapshot(program: DriverProgram): ClosureData {
    const body = new ByteWriter();
    const code = new CaptureCode(program, this.#options(false));
    this.#encode(body, code, [...this.#roots]);
    const writer = new ByteWriter(body.length + 64);
    writer.u8(SNAPSHOT_VERSION);
    writer.varint(this.#remade.size);
    const broadcasts = new Set(code.broadcastIds);
    const accumulators = new Set(code.accumulatorIds);
    for (const { constant, bytes } of this.#constantInputs(program, broadcasts, accumulators)) {
      writer.varint(constant);
      writer.varint(bytes.length);
      writer.bytes(bytes);
    }
    writer.bytes(body.view());
    warnAboutWrites(program, code.units, this.#callSite);
    return this.#data(writer, [...broadcasts], [...accumulators]);
  }

  #data(writer: ByteWriter, broadcastIds: number[], accumulatorIds: number[]): ClosureData {
    warnAboutSize(writer.length, this.#callSite);
    return {
      snapshot: writer.finish(),
      rootCount: this.#roots.length,
      callSite: this.#callSite,
      broadcastIds,
      accumulatorIds,
    };
  }

  #encode(writer: ByteWriter, code: CaptureCode, root: unknown): void {
    const encoder = new ValueEncoder(writer, code);
    try {
      encoder.encode(root);
    } catch (error) {
      if (error instanceof UnsupportedValueError) throw code.locate(error, encoder, root);
      throw error;
    }
  }

  /** What the initialisers of constants read: a constant after those that it needs itself. */
  #constantInputs(
    program: DriverProgram,
    broadcasts: Set<number>,
    accumulators: Set<number>,
    directOnly = false,
  ): { constant: number; bytes: Uint8Array }[] {
    const ordered: { constant: number; bytes: Uint8Array }[] = [];
    const state = new Map<number, 'open' | 'done'>();
    const visit = (constant: number): void => {
      if (state.has(constant)) return;
      state.set(constant, 'open');
      const inputs = new ByteWriter();
      const code = new CaptureCode(program, this.#options(true, directOnly));
      this.#encode(inputs, code, new ConstantInputs(constant));
      for (const id of code.broadcastIds) broadcasts.add(id);
      for (const id of code.accumulatorIds) accumulators.add(id);
      for (const needed of code.writtenConstants) {
        if (state.get(needed) === 'open') throw circularConstants(program, constant, needed);
        visit(needed);
      }
      state.set(constant, 'done');
      ordered.push({ constant, bytes: inputs.finish() });
    };
    for (const constant of this.#remade) visit(constant);
    return ordered;
  }

  #closureError(refusal: CellRefusal): ClosureError {
    const { operator, file, line } = this.#callSite;
    const holder = refusal.holder === '' ? '' : ` that ${refusal.holder} uses`;
    const advice = refusal.isForeign ? `; ${this.#adviceFor(refusal)}` : '';
    const reason = refusal.reason + advice;
    return new ClosureError(
      `${operator} at ${file}:${line}: ${refusal.variable}${holder} cannot travel to a task: ${reason}`,
      refusal.variable,
      reason,
      file,
      line,
      { cause: refusal },
    );
  }

  #adviceFor(refusal: CellRefusal): string {
    const why =
      refusal.constantRefusal === undefined
        ? ''
        : `the task cannot make it again by its initialiser either, since ${refusal.constantRefusal}; `;
    return `${why}make it in the task with executorLocal(() => …), or declare it as a module-level const`;
  }
}

function circularConstants(program: DriverProgram, a: number, b: number): CellRefusal {
  const { constants } = program.metadata;
  const [first, second] = [constants[a]!.names.join(', '), constants[b]!.names.join(', ')];
  const reason = `its initialiser needs ${second}, which a task must make again too, and that needs ${first}`;
  return new CellRefusal({ reason, variable: first, holder: '', isForeign: false }, {});
}
