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
  const earlier = Reflect.get(Error, 'prepareStackTrace') as StackFormatter | undefined;
  const format = earlier ?? formatStack;
  Error.prepareStackTrace = (error, frames): unknown => {
    const stack = format(error, frames);
    return typeof stack === 'string' ? translateStack(stack) : stack;
  };
}

type StackFormatter = (error: Error, frames: NodeJS.CallSite[]) => unknown;

function formatStack(error: Error, frames: NodeJS.CallSite[]): string {
  let head: string;
  try {
    head = Error.prototype.toString.call(error);
  } catch {
    head = '<error>';
  }
  return [head, ...frames.map((frame) => `    at ${frameText(frame)}`)].join('\n');
}

/** V8's own text of a frame. */
function frameText(frame: NodeJS.CallSite): string {
  return (frame as { toString(): string }).toString();
}
