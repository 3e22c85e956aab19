import type { ValueEncoder } from '../codec/value/encoder.js';
import { DriverCode } from './driver-code.js';
import type { DriverProgram } from './driver-program.js';
import type { ScopeRef } from './program-code.js';
import type { WithheldCell } from './withheld.js';

/** A variable: an instance of a scope, and a cell of it. */
export interface CellPlace {
  readonly scope: ScopeRef;
  readonly cell: number;
}

/** Variables whose values stay behind. */
export class WithheldCells {
  readonly #cells = new Map<ScopeRef, Map<number, WithheldCell>>();

  has({ scope, cell }: CellPlace): boolean {
    return this.get(scope, cell) !== undefined;
  }

  get(scope: ScopeRef, cell: number): WithheldCell | undefined {
    return this.#cells.get(scope)?.get(cell);
  }

  add({ scope, cell }: CellPlace, withheld: WithheldCell): void {
    const known = this.#cells.get(scope);
    if (known === undefined) this.#cells.set(scope, new Map([[cell, withheld]]));
    else known.set(cell, withheld);
  }
}

/** Remembers which variable every value came from, to find the one that led to a refused value. */
export abstract class TrackingCode extends DriverCode {
  readonly #withheld: WithheldCells;
  /** By value of a variable: the variable where it was met first. */
  readonly #places = new Map<unknown, CellPlace>();
  #current: CellPlace | undefined;

  constructor(program: DriverProgram, withheld: WithheldCells) {
    super(program);
    this.#withheld = withheld;
  }

  protected override withheldCell(scope: ScopeRef, cell: number): WithheldCell | undefined {
    return this.#withheld.get(scope, cell);
  }

  protected override cellVisited(scope: ScopeRef | undefined, cell: number, value: unknown): void {
    if (scope === undefined) {
      this.#current = undefined;
      return;
    }
    this.#current = { scope, cell };
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    if (isObject && !this.#places.has(value)) this.#places.set(value, this.#current);
  }

  /** The variable whose value was being written when an error came. */
  protected get current(): CellPlace | undefined {
    return this.#current;
  }

  /** The variable that a value is the whole value of. */
  protected placeOfValue(value: unknown): CellPlace | undefined {
    return this.#places.get(value);
  }

  /** After an error: the nodes from the root to the refused value. */
  protected wayTo(encoder: ValueEncoder): object[] {
    const trail = encoder.trail();
    const { culprit } = encoder;
    return culprit === undefined || trail.includes(culprit) ? trail : [...trail, culprit];
  }

  /**
   * After an error: the innermost variable on the way to the refused value that a class used, or
   * something that came along with a class; undefined when no class is on that way.
   */
  placeOf(encoder: ValueEncoder): CellPlace | undefined {
    const way = this.wayTo(encoder);
    const classAt = way.findIndex((node) => this.isClassOfProgram(node));
    if (classAt < 0) return undefined;
    if (this.#current !== undefined) return this.#current;
    for (let at = way.length - 1; at > classAt; at--) {
      const place = this.#places.get(way[at]);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Whether a node is a class that the program declares. */
  protected isClassOfProgram(node: unknown): boolean {
    if (typeof node !== 'function') return false;
    const unit = this.unitOf(node);
    return unit !== undefined && this.metadata.units[unit]!.class !== undefined;
  }
}
