#!/usr/bin/env node
// The `heddle` command: finds a Node that is new enough and starts the engine's bundle under it,
// with the heap limit that was asked for. Nothing else happens here, since it is paid on every start.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { driverHeapMb } from './driver-heap.js';
import { findPinnedNode, isNodeNewEnough, noNodeMessage, runNode } from './pinned-node.js';

const bundle = new URL('../dist/bundle/command.js', import.meta.url);
const words = process.argv.slice(2);

if (!existsSync(bundle)) {
  process.stderr.write('heddle: the engine is not built yet: run `make build`\n');
  process.exitCode = 1;
} else {
  const heapMb = driverHeapMb(words);
  if (isNodeNewEnough() && heapMb === undefined) {
    await import('./engine.js');
  } else {
    const binary = isNodeNewEnough() ? process.execPath : findPinnedNode();
    if (binary === undefined) {
      process.stderr.write(`${noNodeMessage()}\n`);
      process.exitCode = 1;
    } else {
      const flags = heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`];
      const engine = fileURLToPath(new URL('engine.js', import.meta.url));
      runNode(binary, [...flags, engine, ...words]);
    }
  }
}
