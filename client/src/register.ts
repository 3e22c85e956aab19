import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { CommandConsole } from './command/command-console.js';
import { findProgram } from './command/find-program.js';
import { prepareProgram } from './command/run-program.js';

/** The replacement module finds the program's process here; the two have no other way to meet. */
const returnedSlot = Symbol.for('heddle.register.returned');

/**
 * For `node --import heddle/register app.ts`: bundles the program that this process was started with,
 * and puts the driver's copy in its place. Node then loads the program as it always does, and is
 * given a module that imports the driver. The original file is never read as code, so that enums
 * and the like, which Node's own type stripping refuses, work too.
 */
export async function registerProgram(): Promise<void> {
  const entry = process.argv[1];
  // `node --import heddle/register` without a program: a prompt, or `--eval`.
  if (entry === undefined) return;
  const console = new CommandConsole(false);
  let program: string;
  try {
    program = await findProgram(entry);
  } catch (error) {
    console.tell('error', `heddle: ${(error as Error).message}`);
    process.exit(1);
  }
  const prepared = prepareProgram({
    entry: program,
    args: process.argv.slice(2),
    submitted: new Map(),
    external: [],
    check: false,
    verbose: false,
    console,
    wrapperPid: undefined,
  });
  let driverUrl: string;
  try {
    driverUrl = await prepared.driverUrl;
  } catch (error) {
    prepared.process.failed(error);
    // The process ends; Node must not come to the original file before that.
    return new Promise<never>(() => undefined);
  }
  Reflect.set(globalThis, returnedSlot, () => prepared.process.returned());
  replaceModule(pathToFileURL(program).href, driverUrl);
}

function replaceModule(url: string, driverUrl: string): void {
  const source = `await import(${JSON.stringify(driverUrl)});\nglobalThis[Symbol.for(${JSON.stringify(returnedSlot.description)})]();\n`;
  registerHooks({
    load(loaded, context, next) {
      if (loaded.split('?', 1)[0] !== url) return next(loaded, context);
      return { format: 'module', source, shortCircuit: true };
    },
  });
}
