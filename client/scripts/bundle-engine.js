// Bundles the engine into client/dist/bundle: one file for each way in, common code in shared
// chunks, so that every way in sees the same instance of each module. Loading a hundred small files
// takes longer than the rest of the start together.
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../../', import.meta.url);
const output = new URL('../dist/bundle/', import.meta.url);

/** Ways in. Names are part of the contract with `engine-files.ts`, which finds them at run time. */
const entries = {
  // the command
  command: 'client/dist/src/command/main.js',
  // `node --import heddle/register`
  register: 'client/dist/src/register.js',
  // what a driver's `import 'heddle'` means
  index: 'core/dist/src/index.js',
  // what a task thread runs
  'thread-main': 'executor/dist/src/thread/thread-main.js',
  // what an executor process runs
  'executor-main': 'executor/dist/src/process/executor-main.js',
  // what containers of YARN run
  'yarn-am-main': 'am/dist/src/master/main.js',
  'yarn-executor-main': 'am/dist/src/executor/main.js',
  'yarn-driver-main': 'client/dist/src/yarn/driver/main.js',
  // what serves map outputs of ended executors in local-cluster mode
  'shuffle-service-main': 'executor/dist/src/shuffle-service/shuffle-service-main.js',
};

const entryPoints = Object.entries(entries).map(([name, path]) => ({
  in: fileURLToPath(new URL(path, root)),
  out: name,
}));

// Built aside and put in place at the end: a running `heddle` never sees half a bundle.
const fresh = new URL(`../dist/bundle.${process.pid}/`, import.meta.url);
await mkdir(fresh, { recursive: true });
const result = await build({
  entryPoints,
  outdir: fileURLToPath(fresh),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  chunkNames: 'chunk-[hash]',
  // The user's own, if any.
  external: ['typescript'],
  plugins: [
    { name: 'esbuild-stays-outside', setup: keepEsbuildOutside },
    { name: 'http-without-undici', setup: leaveUndiciOut },
  ],
  define: { HEDDLE_BUNDLED: 'true' },
  // CommonJS packages inside (winston) ask for `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
});
await restoreClassNames(fresh);
await writeFile(new URL('package.json', fresh), '{ "type": "module", "sideEffects": true }\n');
await rm(output, { recursive: true, force: true });
await rename(fresh, output);

const sizes = await Promise.all(
  (await readdir(output)).map(async (name) => (await stat(new URL(name, output))).size),
);
const totalKiB = Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024);
process.stdout.write(
  `engine bundle: ${Object.keys(result.metafile.outputs).length} files, ${totalKiB} KiB\n`,
);

/**
 * esbuild calls a class that mentions itself `_Name`, and one whose name another module has too
 * `Name2`. Names of classes are seen by users (messages, `error.name`), so the first kind gets its
 * name back, and the second kind is refused for errors. (esbuild's own `keepNames` would cost a call
 * for each closure that the engine creates.)
 */
async function restoreClassNames(folder) {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.js')) continue;
    const file = new URL(name, folder);
    const text = await readFile(file, 'utf8');
    const renamed = /^(?:var \w+ = )?class (\w*Error\d+)\b/m.exec(text);
    if (renamed !== null) throw new Error(`two classes have one name: ${renamed[1]} in ${name}`);
    const restored = text.replace(
      /^(var (\w+) = class _\2(?: extends [\w.$]+)? \{)$/gm,
      "$1\n  static { Object.defineProperty(this, 'name', { value: '$2', configurable: true }); }",
    );
    if (restored !== text) await writeFile(file, restored);
  }
}

/**
 * esbuild carries its own binary beside its files, so it is not bundled. It is CommonJS: asked for with
 * `require`, Node need not look for its exports first.
 */
function keepEsbuildOutside({ onResolve, onLoad }) {
  onResolve({ filter: /^esbuild$/ }, () => ({ path: 'esbuild', namespace: 'outside' }));
  onLoad({ filter: /.*/, namespace: 'outside' }, () => ({
    contents: `import { createRequire } from 'node:module';
      const esbuild = createRequire(import.meta.url)('esbuild');
      export const { build, transform } = esbuild;
      export default esbuild;`,
    loader: 'js',
  }));
}

/**
 * An `import` of `node:http` reads all of its exports, among them three that load the whole of undici
 * (`fetch`): a third of the start of an executor process, and 10 GiB of address space. Nothing here
 * uses those three.
 */
function leaveUndiciOut({ onResolve, onLoad }) {
  onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
    kind === 'import-statement' ? { path: 'http', namespace: 'builtin' } : undefined,
  );
  onLoad({ filter: /.*/, namespace: 'builtin' }, () => {
    const lazy = new Set(['WebSocket', 'CloseEvent', 'MessageEvent', 'globalAgent']);
    const names = Object.keys(http).filter((name) => !lazy.has(name));
    return {
      contents: `const http = process.getBuiltinModule('node:http');
        export const { ${names.join(', ')} } = http;
        export default http;`,
      loader: 'js',
    };
  });
}
