/** Remembers which operator a task's error came out of; the innermost one is told first and stays. */
export class FailureLabel {
  #thrown: unknown;
  #label: string | undefined;

  /** Called by every loop that an error passes on its way out. */
  note(thrown: unknown, label: string): void {
    if (this.#label !== undefined && this.#thrown === thrown) return;
    this.#thrown = thrown;
    this.#label = label;
  }

  /** Whether an error has passed a loop. */
  get hasFailed(): boolean {
    return this.#label !== undefined;
  }

  /** `map at app.ts:12`, or undefined when this was not thrown inside an operator. */
  labelOf(thrown: unknown): string | undefined {
    return this.#thrown === thrown ? this.#label : undefined;
  }
}
