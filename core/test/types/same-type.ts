/** `true` when both types are identical, also in `any`, optional and readonly. */
export type Same<A, B> =
  (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles with `true` only when `A` and `B` are the same type. */
export declare function sameType<A, B>(same: Same<A, B>): void;

/** Compiles with `true` only when the value's type is exactly `Expected`. */
export declare function hasType<Expected>(): <Actual>(
  value: Actual,
  same: Same<Actual, Expected>,
) => void;
