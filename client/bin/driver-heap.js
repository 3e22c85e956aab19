// Finds the driver's heap limit before the process starts that has it. Only sizes that are certain
// are taken: whatever is malformed is refused later, by the full parser, with a message.
import { readFileSync } from 'node:fs';

const key = 'heddle.driver.memory';
const factors = { '': 2 ** 20, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
/** Options before the program that take the next word; a program's own arguments are not looked at. */
const withValue = new Set([
  '--master',
  '--name',
  '--conf',
  '--properties-file',
  '--files',
  '--executor-memory',
  '--executor-cores',
  '--num-executors',
  '--external',
]);

/** MiB of the driver's heap that the words of `heddle submit` ask for, or undefined. */
export function driverHeapMb(words) {
  if (words[0] !== 'submit') return undefined;
  let fromFlag;
  let fromConf;
  let propertiesFile;
  for (let i = 1; i < words.length; i += 1) {
    const word = words[i];
    if (!word.startsWith('-') || word === '--') break;
    const cut = word.indexOf('=');
    const name = word.startsWith('--') && cut > 0 ? word.slice(0, cut) : word;
    const takesValue = name === '--driver-memory' || withValue.has(name);
    if (!takesValue) continue;
    const value = name === word ? words[(i += 1)] : word.slice(cut + 1);
    if (value === undefined) break;
    if (name === '--driver-memory') fromFlag = value;
    else if (name === '--properties-file') propertiesFile = value;
    else if (name === '--conf' && value.startsWith(`${key}=`))
      fromConf = value.slice(key.length + 1);
  }
  const text = fromFlag ?? fromConf ?? (propertiesFile && fromProperties(propertiesFile));
  return text === undefined ? undefined : heapMb(text);
}

function fromProperties(file) {
  try {
    const pattern = /^[ \t]*heddle\.driver\.memory[ \t]*[=: \t][ \t]*(\S+)/gm;
    return [...readFileSync(file, 'utf8').matchAll(pattern)].at(-1)?.[1];
  } catch {
    return undefined;
  }
}

function heapMb(text) {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const sizeMb = Math.floor((Number(match[1]) * factors[match[2].toLowerCase()]) / 2 ** 20);
  return sizeMb >= 64 ? sizeMb : undefined;
}
