import type { CallSite } from '@heddle/common';

import { translatePosition } from './source-maps.js';

/** Frames of the engine between the user's call and here are fewer than this. */
const MAX_FRAMES = 16;

interface Frame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Folder of the engine's own files: frames in it are never the user's. */
const engineRoot = new URL('../', import.meta.url).href;

/**
 * Where the user's code called an operator. Cheap enough for every transformation: a few structured
 * frames, no stack text.
 */
export function captureCallSite(operator: string): CallSite {
  const frame = userFrame();
  if (frame === undefined) return { operator, file: '<unknown>', line: 0, column: 0 };
  const source = translatePosition(frame.file, frame.line, frame.column);
  return { operator, ...(source ?? frame) };
}

function userFrame(): Frame | undefined {
  const { stackTraceLimit } = Error;
  const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = MAX_FRAMES;
  Error.prepareStackTrace = (_error, frames) => frames;
  try {
    Error.captureStackTrace(holder, captureCallSite);
    for (const frame of holder.stack as NodeJS.CallSite[]) {
      const file = frame.getScriptNameOrSourceURL();
      if (file === null || file.startsWith('node:') || isEngineFile(file)) continue;
      return { file, line: frame.getLineNumber() ?? 0, column: frame.getColumnNumber() ?? 0 };
    }
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}

function isEngineFile(file: string): boolean {
  if (file.startsWith(engineRoot)) return true;
  return file.startsWith('/') && `file://${file}`.startsWith(engineRoot);
}
