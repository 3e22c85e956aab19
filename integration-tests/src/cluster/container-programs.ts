import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { type ClusterPlan, containerProgramDirectory } from './cluster-plan.js';

const sources = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Node and what comes with it. */
const hidden = /^(node|nodejs|npm|npx|corepack|yarn|yarnpkg|pnpm|bun|deno)([-.]?\d.*)?$/;

/**
 * Makes the directory that is the whole PATH of containers: links to the machine's programs, without any Node,
 * so that no test passes because the machine happens to have one.
 */
export function writeContainerPrograms(plan: ClusterPlan): void {
  const directory = containerProgramDirectory(plan);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const linked = new Set<string>();
  for (const source of sources) {
    let names: string[];
    try {
      names = readdirSync(source);
    } catch {
      continue;
    }
    for (const name of names) {
      if (linked.has(name) || hidden.test(name)) continue;
      linked.add(name);
      symlinkSync(join(source, name), join(directory, name));
    }
  }
}
