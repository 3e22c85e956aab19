import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';

import { taskScriptName } from './program-metadata.js';

/** What the build leaves for translating stacks; all offsets are in characters. */
export interface SourcesFile {
  readonly version: number;
  /** Source map of the flat program, with absolute paths of the user's files. */
  readonly map: string;
  readonly flat: LineStarts;
  readonly driver: GeneratedText;
  readonly task: GeneratedText;
}

export type LineStarts = readonly number[];

/** A text made of pieces of the flat program. */
export interface GeneratedText {
  readonly lines: LineStarts;
  /** Triples: offset here, offset in the flat program, length. */
  readonly segments: readonly number[];
}

export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Registered {
  readonly driverNames: readonly string[];
  readonly taskName: string;
  readonly sourcesFile: string;
  sources: LoadedSources | undefined;
}

interface LoadedSources {
  readonly file: SourcesFile;
  readonly map: TraceMap;
}

const programs = new Map<string, Registered>();

/** Tells where the maps of a program are; nothing is read before a position is asked for. */
export function registerSources(
  hash: string,
  files: { readonly driverFile: string; readonly sourcesFile: string },
): void {
  const { driverFile, sourcesFile } = files;
  const path = driverFile.startsWith('file:') ? fileURLToPath(driverFile) : driverFile;
  programs.set(hash, {
    driverNames: [pathToFileURL(path).href, path],
    taskName: taskScriptName(hash),
    sourcesFile,
    sources: undefined,
  });
}

function load(program: Registered): LoadedSources | undefined {
  if (program.sources !== undefined) return program.sources;
  try {
    const file = JSON.parse(readFileSync(program.sourcesFile, 'utf8')) as SourcesFile;
    program.sources = { file, map: new TraceMap(file.map) };
  } catch {
    // Without maps positions stay those of the generated text.
    return undefined;
  }
  return program.sources;
}

/** Position in the user's source of an offset in the flat program. */
export function sourcePosition(hash: string, flatOffset: number): SourcePosition | undefined {
  const program = programs.get(hash);
  const sources = program === undefined ? undefined : load(program);
  return sources === undefined ? undefined : fromFlat(sources, flatOffset);
}

function fromFlat(sources: LoadedSources, offset: number): SourcePosition | undefined {
  const lines = sources.file.flat;
  const line = lastAtMost(lines, 1, offset);
  const found = originalPositionFor(sources.map, {
    line: line + 1,
    column: offset - lines[line]!,
  });
  if (found.source === null) return undefined;
  return { file: found.source, line: found.line, column: found.column + 1 };
}

/** Position in the user's source for a position in the driver copy or the task copy; lines and columns from 1. */
export function translatePosition(
  fileName: string,
  line: number,
  column: number,
): SourcePosition | undefined {
  for (const program of programs.values()) {
    const isTask = fileName === program.taskName;
    if (!isTask && !program.driverNames.includes(fileName.split('?')[0]!)) continue;
    const sources = load(program);
    if (sources === undefined) return undefined;
    const text = isTask ? sources.file.task : sources.file.driver;
    const start = text.lines[line - 1];
    if (start === undefined) return undefined;
    const flat = flatOffsetOf(text, start + column - 1);
    return flat === undefined ? undefined : fromFlat(sources, flat);
  }
  return undefined;
}

function flatOffsetOf(text: GeneratedText, offset: number): number | undefined {
  const { segments } = text;
  if (segments.length === 0) return undefined;
  const at = lastAtMost(segments, 3, offset) * 3;
  if (segments[at]! > offset) return undefined;
  // A position in inserted text belongs to the piece before it.
  return segments[at + 1]! + Math.min(offset - segments[at]!, Math.max(0, segments[at + 2]! - 1));
}

/** Index (in units of `stride`) of the last element that is not greater. */
function lastAtMost(values: readonly number[], stride: number, limit: number): number {
  let low = 0;
  let high = values.length / stride - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (values[middle * stride]! <= limit) low = middle;
    else high = middle - 1;
  }
  return Math.max(low, 0);
}

const FRAME = /(\()?((?:file:\/\/\/|heddle-task:\/\/\/|\/)[^\s()]*?):(\d+):(\d+)(\))?/g;

/**
 * A stack trace with positions of the driver copy and of task copies replaced by the user's files
 * and lines. Other lines stay as they are.
 */
export function translateStack(stack: string): string {
  if (programs.size === 0) return stack;
  return stack.replace(
    FRAME,
    (
      whole,
      open: string | undefined,
      file: string,
      line: string,
      column: string,
      close: string | undefined,
    ) => {
      const found = translatePosition(file, Number(line), Number(column));
      if (found === undefined) return whole;
      return `${open ?? ''}${found.file}:${found.line}:${found.column}${close ?? ''}`;
    },
  );
}
