import type { CallSite } from '@heddle/common';

import type { DriverProgram } from './driver-program.js';
import type { UnitMetadata } from './program-metadata.js';
import { sourcePosition } from './source-maps.js';

/** A write in a task to a variable that the driver's own code reads. */
export interface LostWrite {
  readonly variable: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const warned = new Set<string>();
let listener: (write: LostWrite) => void = (write) => {
  process.stderr.write(`${write.message}\n`);
};

/** Says where warnings about lost writes go; stderr unless something else was set. */
export function onLostWrite(listen: (write: LostWrite) => void): void {
  listener = listen;
}

/** Warns once for each line that writes, in a captured function, what the driver's code reads. */
export function warnAboutWrites(
  program: DriverProgram,
  units: ReadonlySet<UnitMetadata>,
  callSite: CallSite,
): void {
  for (const unit of units) {
    const writes = unit.writes ?? [];
    for (let i = 0; i < writes.length; i += 3) {
      const cell = program.metadata.scopes[writes[i]!]!.cells[writes[i + 1]!]!;
      if (cell.ownerReads !== true) continue;
      const at = sourcePosition(program.metadata.hash, writes[i + 2]!);
      const file = at?.file ?? callSite.file;
      const line = at?.line ?? callSite.line;
      const id = `${program.metadata.hash} ${file}:${line}`;
      if (warned.has(id)) continue;
      warned.add(id);
      listener({
        variable: cell.name,
        file,
        line,
        message: `warning: ${file}:${line}: the driver will not see this write to ${cell.name}, which happens in a task on a copy: use an accumulator`,
      });
    }
  }
}
