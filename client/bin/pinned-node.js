// Runs before the engine, on whatever Node the machine has: keep the syntax old, import nothing but
// Node's own modules, and do as little as possible.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/** The oldest major version of Node that runs the engine. */
export const minimumNodeMajor = 24;

/** Whether this process can run the engine itself. */
export function isNodeNewEnough(version = process.versions.node) {
  return Number(version.split('.')[0]) >= minimumNodeMajor;
}

/**
 * The Node binary that came with the engine as an npm package, or undefined when that was not
 * installed (another platform, or `npm install --omit=optional`).
 */
export function findPinnedNode(platform = process.platform, arch = process.arch) {
  const packageName = `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    const binary = join(dirname(manifest), 'bin', platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** What a user reads when there is no Node that can run the engine. */
export function noNodeMessage(version = process.version) {
  return [
    `heddle: this machine's Node is ${version}, and the engine needs Node ${minimumNodeMajor} or newer.`,
    `The npm package node-${process.platform}-${process.arch}, which carries one, is not installed here`,
    '(optional dependencies were left out, or there is none for this platform).',
    `Install Node ${minimumNodeMajor} from https://nodejs.org, or run: npm install --include=optional`,
  ].join('\n');
}

/** Replaces this process by `binary args...` where Node can, and otherwise waits for it as a child. */
export function runNode(binary, args) {
  if (isNodeNewEnough() && typeof process.execve === 'function') {
    process.execve(binary, [binary, ...args], process.env);
  }
  const child = spawn(binary, args, {
    stdio: 'inherit',
    env: { ...process.env, HEDDLE_WRAPPER_PID: String(process.pid) },
  });
  // The child decides what a signal means; this process only passes it on and waits. A terminal
  // sends Ctrl-C to both, and the child takes two signals in a row for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`heddle: cannot run ${binary}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + constants.signals[signal]);
  });
}
