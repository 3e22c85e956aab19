import { readFileSync } from 'node:fs';
const text = readFileSync(new URL('./words.txt', import.meta.url), 'utf8');
export const words = () => text.trim().split(' ');
