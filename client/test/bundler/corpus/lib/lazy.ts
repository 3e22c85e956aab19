export const state = { opened: 1 };
export const lazyValue = (x: number): number => x + state.opened;
