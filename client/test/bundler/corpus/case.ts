/** One closure shape: what is captured, how it is called in a task thread, and what must come out. */
export interface ClosureCase {
  /** What is shown, as a sentence without a subject. */
  readonly name: string;
  /** Captured together, when the case is run; the first one is called with each of `inputs`. */
  readonly roots: () => readonly unknown[];
  /** Argument lists of the calls. @default one call without arguments */
  readonly inputs?: readonly (readonly unknown[])[];
  /** What the calls return, in order, in every attempt. */
  readonly expected?: readonly unknown[];
  /** Judges outputs on the driver, when equality is not enough. */
  readonly check?: (outputs: readonly unknown[]) => boolean;
  /** Runs on the driver between capture and the task: shows that it comes too late. */
  readonly afterwards?: () => void;
  /** The capture is refused. */
  readonly refused?: { readonly variable?: RegExp; readonly reason: RegExp };
  /** The call throws in the task. */
  readonly throws?: RegExp;
}

/** Keeps the type without widening. */
export function cases(...list: ClosureCase[]): ClosureCase[] {
  return list;
}
