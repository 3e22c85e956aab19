import { InternalError } from '@heddle/common';
import type { RddNode } from './rdd-node.js';
import type { RDD } from './rdd.js';

type RddClass = new (node: RddNode) => RDD<unknown>;
let rddClass: RddClass | undefined;

/** Called once by the module of the class `RDD`, which the modules of its methods cannot import. */
export function setRddClass(c: RddClass): void {
  rddClass = c;
}

const faces = new WeakMap<RddNode, RDD<unknown>>();

/** The one `RDD` object of a node; `T` is what the caller's operator makes of its records. */
export function rddOf<T>(node: RddNode): RDD<T> {
  let face = faces.get(node);
  if (face === undefined) {
    if (rddClass === undefined) throw new InternalError('the class RDD is not loaded');
    face = new rddClass(node);
    faces.set(node, face);
  }
  return face as RDD<T>;
}
