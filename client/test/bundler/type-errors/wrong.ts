const label: string = String(1);
export const n: number = label;
