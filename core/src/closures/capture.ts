import type { CallSite } from '@heddle/common';

import { ByteWriter } from '../codec/byte-writer.js';
import { UnsupportedValueError } from '../codec/errors.js';
import { ValueEncoder } from '../codec/value/encoder.js';
import { describeTrail } from '../codec/value/trail.js';
import type { ClosureData } from '../plan/index.js';
import { DriverCode } from './driver-code.js';
import { currentProgram, type DriverProgram } from './driver-program.js';
import { ClosureError } from './errors.js';
import { Extension, SNAPSHOT_VERSION } from './extension.js';
import { warnAboutSize, warnAboutWrites } from './closure-warnings.js';
import { ConstantInputs } from './program-code.js';
import type { UnitMetadata } from './program-metadata.js';

/** A program without functions of its own, for engine tests that capture plain values. */
const NO_PROGRAM_REASON =
  'it was not made by the modules of a program that heddle built (run it with `heddle submit`, or with `node --import heddle/register`)';

/**
 * Takes what the roots capture, now: one snapshot, whose roots share bindings and identity.
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
        const constant = error.isForeign ? error.constant : undefined;
        if (constant !== undefined && !this.#remade.has(constant)) this.#remade.add(constant);
        else throw this.#closureError(error);
      }
    }
  }

  #plain(): ClosureData {
    const writer = new ByteWriter();
    writer.u8(SNAPSHOT_VERSION);
    writer.varint(0);
    const code = new CaptureCode(new PlainProgram() as never, false, this.#remade);
    this.#encode(writer, code, [...this.#roots]);
    return this.#data(writer, [...new Set(code.broadcastIds)], [...new Set(code.accumulatorIds)]);
  }

  #snapshot(program: DriverProgram): ClosureData {
    const body = new ByteWriter();
    const code = new CaptureCode(program, false, this.#remade);
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
  ): { constant: number; bytes: Uint8Array }[] {
    const ordered: { constant: number; bytes: Uint8Array }[] = [];
    const state = new Map<number, 'open' | 'done'>();
    const visit = (constant: number): void => {
      if (state.has(constant)) return;
      state.set(constant, 'open');
      const inputs = new ByteWriter();
      const code = new CaptureCode(program, true, this.#remade);
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
  return new CellRefusal(reason, first, '', false, undefined, undefined, {});
}

/** Stands in where no program was built: values travel, functions do not. */
class PlainProgram {
  readonly metadata = {
    hash: '',
    units: [],
    scopes: [{ parent: -1, cells: [] }],
    constants: [],
    imports: [],
  };
  readonly imports = { find: () => undefined };
  readonly setRaw = (): void => undefined;
}

interface NamedCell {
  readonly name: string;
  readonly constant: number | undefined;
}

/** A refused value with the variable that led to it. */
class CellRefusal extends Error {
  constructor(
    readonly reason: string,
    readonly variable: string,
    readonly holder: string,
    readonly isForeign: boolean,
    readonly constant: number | undefined,
    readonly constantRefusal: string | undefined,
    options: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** Everything that functions reach, as it is now. */
class CaptureCode extends DriverCode {
  readonly kind = 'capture';
  readonly exact = true;
  protected readonly inThread: boolean;
  readonly units = new Set<UnitMetadata>();
  readonly broadcastIds: number[] = [];
  /** Constants that the encoding refers to: they must be there before it is read. */
  readonly writtenConstants = new Set<number>();
  readonly accumulatorIds: number[] = [];
  readonly #remade: ReadonlySet<number>;
  /** Values of variables, to name what is refused inside them. */
  readonly #named = new Map<unknown, NamedCell>();
  #cell: NamedCell | undefined;
  readonly #constantValues = new Map<unknown, readonly [constant: number, place: number]>();

  constructor(program: DriverProgram, inThread: boolean, remade: ReadonlySet<number>) {
    super(program);
    this.inThread = inThread;
    this.#remade = remade;
    this.#collectConstantValues();
  }

  /** Values of constants that tasks make again: they are named wherever they turn up. */
  #collectConstantValues(): void {
    if (this.#remade.size === 0) return;
    this.metadata.scopes[0]!.cells.forEach(({ constant }, cell) => {
      if (constant === undefined || !this.#remade.has(constant[0])) return;
      const content = this.readCell(this.program.moduleScope!, cell);
      const value = content?.value;
      if (typeof value === 'function' || (typeof value === 'object' && value !== null)) {
        this.#constantValues.set(value, constant);
      }
    });
  }

  protected override unitVisited(unit: UnitMetadata): void {
    this.units.add(unit);
  }

  protected override cellVisited(scope: number, cell: number, value: unknown): void {
    if (scope < 0) {
      this.#cell = undefined;
      return;
    }
    const { name, constant } = this.metadata.scopes[scope]!.cells[cell]!;
    this.#cell = { name, constant: constant?.[0] };
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    if (isObject && !this.#named.has(value)) this.#named.set(value, this.#cell);
  }

  protected override referenceVisited(reference: { kind: string; id: number }): void {
    (reference.kind === 'broadcast' ? this.broadcastIds : this.accumulatorIds).push(reference.id);
  }

  override writeFunction(encoder: ValueEncoder, value: (...args: never[]) => unknown): void {
    if (!this.#writeConstant(encoder, value)) super.writeFunction(encoder, value);
  }

  override writeObject(encoder: ValueEncoder, value: object): boolean {
    return this.#writeConstant(encoder, value) || super.writeObject(encoder, value);
  }

  #writeConstant(encoder: ValueEncoder, value: object): boolean {
    const constant = this.#constantValues.get(value);
    if (constant === undefined) return false;
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.CONSTANT);
    encoder.writer.varint(constant[0]);
    encoder.writer.varint(constant[1]);
    this.writtenConstants.add(constant[0]);
    return true;
  }

  protected override refuseFunction(value: (...args: never[]) => unknown): never {
    if (this.program instanceof PlainProgram) throw new UnsupportedValueError(NO_PROGRAM_REASON);
    return super.refuseFunction(value);
  }

  /** Which variable led to a refused value. */
  locate(error: UnsupportedValueError, encoder: ValueEncoder, root: unknown): CellRefusal {
    const trail = encoder.trail();
    const culprit = encoder.culprit;
    const whole = culprit === undefined || trail.includes(culprit) ? trail : [...trail, culprit];
    let variable = this.#cell?.name;
    let named = this.#cell;
    let at = whole.length - 1;
    if (variable === undefined) {
      for (; at >= 0 && named === undefined; at--) named = this.#named.get(whole[at]);
      if (named === undefined) variable = rootName(root, whole);
      else variable = named.name + describeTrail(whole[at + 1], whole.slice(at + 2));
    } else if (culprit !== undefined) {
      const from = whole.findLastIndex((node) => this.#named.get(node) === this.#cell);
      if (from >= 0) variable += describeTrail(whole[from], whole.slice(from + 1));
    }
    const constant = this.#eligibleConstant(whole, named) ?? this.#constantHolding(culprit);
    const refusal =
      named?.constant === undefined ? undefined : this.metadata.constants[named.constant]!.refusal;
    return new CellRefusal(
      error.reason,
      variable,
      this.#holderOf(trail),
      error.isForeign,
      constant,
      refusal,
      { cause: error },
    );
  }

  /** The nearest constant on the way to the refused value that a task may make again. */
  #eligibleConstant(trail: readonly object[], nearest: NamedCell | undefined): number | undefined {
    const candidates = [nearest, ...trail.map((node) => this.#named.get(node)).reverse()];
    for (const candidate of candidates) {
      const constant = candidate?.constant;
      if (constant !== undefined && this.metadata.constants[constant]!.refusal === undefined) {
        return constant;
      }
    }
    return undefined;
  }

  /** A constant whose value is the refused object itself, however it was reached. */
  #constantHolding(culprit: object | undefined): number | undefined {
    const moduleScope = this.program.moduleScope;
    if (culprit === undefined || moduleScope === undefined) return undefined;
    for (const [cell, { constant }] of this.metadata.scopes[0]!.cells.entries()) {
      if (constant === undefined || this.metadata.constants[constant[0]]!.refusal !== undefined)
        continue;
      if (this.readCell(moduleScope, cell)?.value === culprit) return constant[0];
    }
    return undefined;
  }

  #holderOf(trail: readonly object[]): string {
    const holder = trail.findLast(
      (node) => typeof node === 'function' && this.unitOf(node) !== undefined,
    );
    if (holder === undefined) return '';
    const { name } = this.metadata.units[this.unitOf(holder)!]!;
    return name === '' ? 'the function' : name;
  }
}

function rootName(root: unknown, trail: readonly object[]): string {
  const path = describeTrail(root, trail);
  const place = /^\[(\d+)\](.*)$/s.exec(path);
  if (place === null) return 'an argument';
  return `argument ${Number(place[1]) + 1}${place[2] ?? ''}`;
}
