globalThis.heddleLoads = (globalThis.heddleLoads ?? 0) + 1;
export const loads = () => globalThis.heddleLoads;
