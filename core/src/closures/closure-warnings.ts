import type { CallSite } from '@heddle/common';

import type { DriverProgram } from './driver-program.js';
import type { UnitMetadata } from './program-metadata.js';
import { sourcePosition } from './source-maps.js';

/** Something about a captured function that works, but hardly as it was meant. */
export type ClosureWarning =
  /** A write in a task to a variable that the driver's own code reads. */
  | {
      readonly kind: 'lostWrite';
      readonly variable: string;
      readonly file: string;
      readonly line: number;
      readonly message: string;
    }
  /** So many captured bytes that a broadcast would be better. */
  | {
      readonly kind: 'largeClosure';
      readonly sizeBytes: number;
      readonly file: string;
      readonly line: number;
      readonly message: string;
    };

/** Captured bytes from which on a broadcast is advised. */
const LARGE_CLOSURE_BYTES = 1_048_576;

const warned = new Set<string>();
let listener: (warning: ClosureWarning) => void = ({ message }) => {
  process.stderr.write(`${message}\n`);
};

/** Says where warnings about captured functions go; stderr unless something else was set. */
export function onClosureWarning(listen: (warning: ClosureWarning) => void): void {
  listener = listen;
}

/** Warns once for each call that captures a lot. */
export function warnAboutSize(sizeBytes: number, callSite: CallSite): void {
  if (sizeBytes < LARGE_CLOSURE_BYTES) return;
  const { operator, file, line } = callSite;
  const id = `size ${file}:${line}:${operator}`;
  if (warned.has(id)) return;
  warned.add(id);
  const size = (sizeBytes / 1_048_576).toFixed(1);
  listener({
    kind: 'largeClosure',
    sizeBytes,
    file,
    line,
    message: `warning: ${file}:${line}: ${operator} captures ${size} MiB, which are decoded anew for each task: sc.broadcast(value) sends them once`,
  });
}

/** A write whose only readers are functions that may yet turn out to run in tasks. */
interface PendingWarning {
  readonly warning: ClosureWarning;
  readonly readers: readonly UnitMetadata[];
}

const pending = new Map<string, PendingWarning>();
/** Functions and classes that went to tasks. */
const captured = new WeakSet<UnitMetadata>();
let flushesAtExit = false;

/**
 * Warns once for each line that writes, in a captured function, what the driver's code reads after it.
 * Where only other functions read it, `flushClosureWarnings` warns if none of these goes to a task.
 */
export function warnAboutWrites(
  program: DriverProgram,
  units: ReadonlySet<UnitMetadata>,
  callSite: CallSite,
): void {
  for (const unit of units) captured.add(unit);
  for (const unit of units) {
    for (const write of unit.writes ?? []) {
      const readers = (write.readers ?? []).map((reader) => program.metadata.units[reader]!);
      const isWaitedFor = write.read === true;
      if (!isWaitedFor && readers.every((reader) => captured.has(reader))) continue;
      const at = sourcePosition(program.metadata.hash, write.at);
      const file = at?.file ?? callSite.file;
      const line = at?.line ?? callSite.line;
      const id = `${program.metadata.hash} ${file}:${line}`;
      if (warned.has(id)) continue;
      const { name } = program.metadata.scopes[write.scope]!.cells[write.cell]!;
      const warning: ClosureWarning = {
        kind: 'lostWrite',
        variable: name,
        file,
        line,
        message: `warning: ${file}:${line}: the driver will not see this write to ${name}, which happens in a task on a copy: use an accumulator`,
      };
      if (isWaitedFor) {
        warned.add(id);
        pending.delete(id);
        listener(warning);
      } else {
        pending.set(id, { warning, readers });
        if (!flushesAtExit) process.once('exit', flushClosureWarnings);
        flushesAtExit = true;
      }
    }
  }
}

/**
 * Gives the warnings that had to wait until it was known which functions run in tasks. Called when
 * the context stops, and when the process ends.
 */
export function flushClosureWarnings(): void {
  for (const [id, { warning, readers }] of pending) {
    if (warned.has(id) || readers.every((reader) => captured.has(reader))) continue;
    warned.add(id);
    listener(warning);
  }
  pending.clear();
}
