export const prefix = 'p';
export let mode = 'unset';
export function setMode(next: string): void {
  mode = next;
}
export const readMode = (): string => mode;
const limits = { small: 1, large: 100 };
export { limits as bounds };
