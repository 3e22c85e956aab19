import { translateStack } from './source-maps.js';

const MAX_CAUSES = 16;

/**
 * The same error, with the positions of task copies in its stack and its causes' stacks replaced by
 * the user's files and lines.
 */
export function translateErrorStacks(error: Error): Error {
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < MAX_CAUSES; depth++) {
    const { stack } = current;
    if (typeof stack === 'string') {
      const translated = translateStack(stack);
      // A stack that cannot be written (a frozen error) stays as it came.
      if (translated !== stack) Reflect.set(current, 'stack', translated);
    }
    current = current.cause;
  }
  return error;
}

/**
 * Makes every stack of this process show the user's files and lines instead of the driver copy's,
 * when it is first looked at. A formatter that was installed before is kept.
 */
export function installStackTranslation(): void {
  const earlier = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, frames) => {
    const stack: unknown = earlier?.(error, frames);
    if (earlier !== undefined && typeof stack !== 'string') return stack;
    return translateStack(typeof stack === 'string' ? stack : formatStack(error, frames));
  };
}

function formatStack(error: Error, frames: readonly NodeJS.CallSite[]): string {
  let head: string;
  try {
    head = Error.prototype.toString.call(error);
  } catch {
    head = '<error>';
  }
  return [head, ...frames.map((frame) => `    at ${String(frame)}`)].join('\n');
}
