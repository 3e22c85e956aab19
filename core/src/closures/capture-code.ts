import type { AnyFunction } from '../codec/value/value-code.js';
import { UnsupportedValueError } from '../codec/errors.js';
import type { ValueEncoder } from '../codec/value/encoder.js';
import { describeTrail } from '../codec/value/trail.js';
import type { DriverProgram } from './driver-program.js';
import { Extension, Home } from './extension.js';
import type { ScopeRef } from './program-code.js';
import type { CellMetadata, UnitMetadata } from './program-metadata.js';
import { TrackingCode, type CellPlace, type WithheldCells } from './tracking-code.js';

/** Why functions are refused where no program was built. */
const NO_PROGRAM_REASON =
  'it was not made by the modules of a program that heddle built (run it with `heddle submit`, or with `node --import heddle/register`)';

/** Stands in where no program was built, as in engine tests: values travel, functions do not. */
export class PlainProgram {
  readonly metadata = {
    hash: '',
    units: [],
    scopes: [{ parent: -1, cells: [] }],
    constants: [],
    imports: [],
  };
  readonly imports = { find: (): undefined => undefined };
  readonly setRaw = (): void => undefined;
}

/** What is known of a refused value. */
interface Refusal {
  readonly reason: string;
  /** The variable that led to it, with the way into its value. */
  readonly variable: string;
  /** The function or class that uses that variable; empty when there is none. */
  readonly holder: string;
  readonly isForeign: boolean;
  /** A constant that tasks may make again instead. */
  readonly constant?: number | undefined;
  /** Why the nearest constant may not be made again. */
  readonly constantRefusal?: string | undefined;
  /** The innermost variable that a class on the way uses; none when no class is on the way. */
  readonly place?: CellPlace | undefined;
}

/** A refused value with the variable that led to it. */
export class CellRefusal extends Error implements Refusal {
  readonly reason: string;
  readonly variable: string;
  readonly holder: string;
  readonly isForeign: boolean;
  readonly constant: number | undefined;
  readonly constantRefusal: string | undefined;
  readonly place: CellPlace | undefined;

  constructor(refusal: Refusal, options: ErrorOptions) {
    super(refusal.reason, options);
    this.reason = refusal.reason;
    this.variable = refusal.variable;
    this.holder = refusal.holder;
    this.isForeign = refusal.isForeign;
    this.constant = refusal.constant;
    this.constantRefusal = refusal.constantRefusal;
    this.place = refusal.place;
  }
}

/** How a capture looks at what it meets. */
export interface CaptureOptions {
  /** Whether functions live once per thread: those that initialisers of constants use. */
  readonly inThread: boolean;
  /** Leaves out what methods of classes use: only to see what is refused at the call. */
  readonly directOnly: boolean;
  /** Constants that tasks make again. */
  readonly remade: ReadonlySet<number>;
  readonly withheld: WithheldCells;
}

/** Everything that functions reach, as it is now. */
export class CaptureCode extends TrackingCode {
  readonly kind = 'capture';
  readonly exact = true;
  protected readonly inThread: boolean;
  readonly units = new Set<UnitMetadata>();
  readonly broadcastIds: number[] = [];
  /** Constants that the encoding refers to: they must be there before it is read. */
  readonly writtenConstants = new Set<number>();
  readonly accumulatorIds: number[] = [];
  readonly #options: CaptureOptions;
  readonly #constantValues = new Map<unknown, readonly [constant: number, place: number]>();
  /** Classes that functions name, and may make instances of; kept with `directOnly`. */
  readonly #namedClasses = new Set<unknown>();

  constructor(program: DriverProgram, options: CaptureOptions) {
    super(program, options.withheld);
    this.inThread = options.inThread;
    this.#options = options;
    this.#collectConstantValues();
  }

  /** Values of constants that tasks make again: they are named wherever they turn up. */
  #collectConstantValues(): void {
    const { remade } = this.#options;
    if (remade.size === 0) return;
    this.metadata.scopes[0]!.cells.forEach(({ constant }, cell) => {
      if (constant === undefined || !remade.has(constant[0])) return;
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

  protected override cellsOfClass(metadata: UnitMetadata): readonly number[] {
    return this.#options.directOnly ? [] : metadata.cells;
  }

  /** A function that names a class may make instances of it. */
  protected override cellWritten(
    encoder: ValueEncoder,
    scope: ScopeRef,
    cell: number,
    value: unknown,
  ): void {
    if (!this.#options.directOnly || this.#cellAt({ scope, cell }).around === true) return;
    for (let at = value; this.isClassOfProgram(at); at = Object.getPrototypeOf(at)) {
      if (this.#namedClasses.has(at)) return;
      this.#namedClasses.add(at);
      const named = at as AnyFunction;
      const { construction } = this.metadata.units[this.unitOf(named)!]!.class!;
      if (construction === undefined) continue;
      encoder.later(named, () => {
        this.writeCells(encoder, construction, this.scopeOf(named), Home.THREAD);
      });
    }
  }

  protected override referenceVisited(reference: { kind: string; id: number }): void {
    (reference.kind === 'broadcast' ? this.broadcastIds : this.accumulatorIds).push(reference.id);
  }

  override writeFunction(encoder: ValueEncoder, value: AnyFunction): void {
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

  protected override refuseFunction(value: AnyFunction): never {
    if (this.program instanceof PlainProgram) throw new UnsupportedValueError(NO_PROGRAM_REASON);
    return super.refuseFunction(value);
  }

  /** Which variable led to a refused value. */
  locate(error: UnsupportedValueError, encoder: ValueEncoder, root: unknown): CellRefusal {
    const way = this.wayTo(encoder);
    const { culprit } = encoder;
    let variable: string;
    let named = this.current;
    if (named === undefined) {
      let at = way.length - 1;
      for (; at >= 0 && named === undefined; at--) named = this.placeOfValue(way[at]);
      variable =
        named === undefined
          ? rootName(describeTrail(root, way, this.#privateStep))
          : this.#cellAt(named).name +
            describeTrail(way[at + 1], way.slice(at + 2), this.#privateStep);
    } else {
      variable = this.#cellAt(named).name;
      const current = named;
      const from = way.findLastIndex((node) => isSame(this.placeOfValue(node), current));
      if (culprit !== undefined && from >= 0) {
        variable += describeTrail(way[from], way.slice(from + 1), this.#privateStep);
      }
    }
    const nearest = named === undefined ? undefined : this.#cellAt(named).constant?.[0];
    return new CellRefusal(
      {
        reason: error.reason,
        variable,
        holder: this.#holderOf(encoder.trail()),
        isForeign: error.isForeign,
        constant: this.#eligibleConstant(way, named) ?? this.#constantHolding(culprit),
        constantRefusal:
          nearest === undefined ? undefined : this.metadata.constants[nearest]!.refusal,
        place: this.placeOf(encoder),
      },
      { cause: error },
    );
  }

  #cellAt({ scope, cell }: CellPlace): CellMetadata {
    return this.metadata.scopes[scope.scope]!.cells[cell]!;
  }

  /** The nearest constant on the way to the refused value that a task may make again. */
  #eligibleConstant(way: readonly object[], nearest: CellPlace | undefined): number | undefined {
    const candidates = [nearest, ...way.map((node) => this.placeOfValue(node)).reverse()];
    for (const candidate of candidates) {
      const constant = candidate === undefined ? undefined : this.#cellAt(candidate).constant?.[0];
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

  /** `.#name` where a value is in a private field of an instance. */
  readonly #privateStep = (holder: object, node: object): string | undefined => {
    const ofClass: unknown = Reflect.get(Object.getPrototypeOf(holder) ?? {}, 'constructor');
    if (typeof ofClass !== 'function') return undefined;
    const names: string[] = [];
    // In the order of `readPrivates`: those of its class first, then of the parents.
    for (let at: unknown = ofClass; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
      const unit = this.unitOf(at);
      if (unit !== undefined)
        names.push(...(this.metadata.units[unit]?.class?.privateFields ?? []));
    }
    if (names.length === 0) return undefined;
    const name = names[this.readPrivates(holder, ofClass as AnyFunction)?.indexOf(node) ?? -1];
    return name === undefined ? undefined : `.#${name}`;
  };

  #holderOf(trail: readonly object[]): string {
    const holder = trail.findLast(
      (node) => typeof node === 'function' && this.unitOf(node) !== undefined,
    );
    if (holder === undefined) return '';
    const { name } = this.metadata.units[this.unitOf(holder)!]!;
    return name === '' ? 'the function' : name;
  }
}

function rootName(path: string): string {
  const place = /^\[(\d+)\](.*)$/s.exec(path);
  if (place === null) return 'an argument';
  return `argument ${Number(place[1]) + 1}${place[2] ?? ''}`;
}

function isSame(a: CellPlace | undefined, b: CellPlace): boolean {
  return a?.scope === b.scope && a.cell === b.cell;
}
