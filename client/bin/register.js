// What `heddle/register` loads first: finds a Node that is new enough, then the engine's bundle.
import { existsSync } from 'node:fs';
import { findPinnedNode, isNodeNewEnough, noNodeMessage, runNode } from './pinned-node.js';

const bundle = new URL('../dist/bundle/register.js', import.meta.url);

/** Bundles the program of this process and puts its driver in the place of the file that was named. */
export async function registerProgram() {
  if (!existsSync(bundle)) {
    process.stderr.write('heddle/register: the engine is not built yet: run `make build`\n');
    process.exit(1);
  }
  if (isNodeNewEnough()) {
    const { registerProgram: register } = await import(bundle.href);
    await register();
    return;
  }
  const binary = findPinnedNode();
  if (binary === undefined) {
    process.stderr.write(`${noNodeMessage()}\n`);
    process.exit(1);
  }
  runNode(binary, [...process.execArgv, ...process.argv.slice(1)]);
  // The other process runs the program; this one must never come to it.
  await new Promise(() => undefined);
}
