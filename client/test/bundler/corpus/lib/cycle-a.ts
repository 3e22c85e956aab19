import { pong } from './cycle-b.js';

export const base = 100;
export function ping(n: number): number {
  return n <= 0 ? base : pong(n - 1);
}
