import { base, ping } from './cycle-a.js';

export function pong(n: number): number {
  return n <= 0 ? base + 1 : ping(n - 1);
}
