import { prefix } from './config.js';

export let calls = 0;
export const separator = '-';
export function normalise(text: string): string {
  calls++;
  return text.trim().toLowerCase();
}
export const label = (text: string): string => `${prefix}${separator}${text}`;
export default (text: string): string => text.split('').reverse().join('');
export class Tokenizer {
  constructor(private readonly by: string) {}
  split(text: string): string[] {
    return text.split(this.by).map(normalise);
  }
}
export enum Level {
  Low = 1,
  High = 10,
}
export * from './config.js';
export * as config from './config.js';
