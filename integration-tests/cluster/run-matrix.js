// Runs the Hadoop tests on every kind of cluster, one after another, and prints a table of the results.
// `make test-matrix` calls it; names of kinds as arguments run only those.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tests = 'integration-tests/dist/test/hadoop';
const programs = 'integration-tests/dist/test/matrix';
const everywhere = ['cluster/cluster', 'rpc/applications', 'rpc/masters'].map(
  (name) => `${tests}/${name}.test.js`,
);
const single = ['cluster/faults', 'rpc/faults'].map((name) => `${tests}/${name}.test.js`);
const clusters = `${tests}/matrix/clusters.matrix.js`;
const kinds = {
  default: {
    profile: 'default',
    files: [...everywhere, ...single, `${tests}/conf/oracle.test.js`, clusters],
  },
  'hadoop-3.5': { profile: 'hadoop-3.5', files: [...everywhere, ...single, clusters] },
  ha: {
    profile: 'ha',
    files: [
      ...everywhere,
      `${tests}/matrix/ha-webhdfs.matrix.js`,
      `${tests}/matrix/ha.matrix.js`,
      `${programs}/ha.matrix.js`,
    ],
  },
  integrity: { profile: 'integrity', files: everywhere },
  privacy: { profile: 'privacy', files: everywhere },
  rolling: { profile: 'rolling', files: [`${programs}/rolling.matrix.js`] },
  httpfs: { profile: 'default', files: [`${tests}/matrix/httpfs.matrix.js`] },
  tls: {
    profile: 'tls',
    files: [`${programs}/tls.matrix.js`, `${tests}/matrix/contract.matrix.js`],
  },
  docker: {
    profile: 'default',
    way: 'docker',
    files: [
      ...everywhere,
      ...single,
      `${tests}/matrix/docker.matrix.js`,
      // The wall is made for loopback addresses; the suites kill executors by their numbers, which are
      // others' numbers outside of a container.
      ...globSync('integration-tests/dist/test/yarn/*.test.js', { cwd: root })
        .filter((file) => !/\/(walled-client|suites)\.test\.js$/.test(file))
        .sort(),
    ],
    boundMs: 60 * 60_000,
  },
};
const usualBoundMs = 20 * 60_000;

async function run(name, { profile, way, files, boundMs = usualBoundMs }) {
  process.stdout.write(`== ${name}\n`);
  const begin = Date.now();
  const hooks = 'integration-tests/dist/src/cluster/shared-cluster.js';
  const mocha = 'node_modules/mocha/bin/mocha.js';
  const child = spawn(
    process.execPath,
    [mocha, '--no-config', '--no-color', '--forbid-pending', '--require', hooks, ...files],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: boundMs,
      env: {
        ...process.env,
        HEDDLE_CLUSTER_PROFILE: profile,
        HEDDLE_CLUSTER_WAY: way ?? 'processes',
      },
    },
  );
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text) => {
    process.stdout.write(text);
    output += text;
  });
  const [code] = await once(child, 'close');
  const passed = Number(/^\s*(\d+) passing\b/m.exec(output)?.[1] ?? 0);
  const failed = Number(/^\s*(\d+) failing\b/m.exec(output)?.[1] ?? 0);
  const ok = code === 0 && passed > 0;
  return {
    name,
    passed,
    failed: ok ? failed : Math.max(failed, 1),
    seconds: Math.round((Date.now() - begin) / 1000),
  };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in kinds));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no ${unknown.join(', ')}; there are ${Object.keys(kinds).join(', ')}.\n`,
  );
  process.exit(2);
}
const results = [];
// Containers need an engine and rights that not every machine gives: only when asked for.
const names = wanted.length > 0 ? wanted : Object.keys(kinds).filter((name) => name !== 'docker');
for (const name of names) results.push(await run(name, kinds[name]));
process.stdout.write('\n| cluster | passed | failed | time |\n| --- | --- | --- | --- |\n');
for (const { name, passed, failed, seconds } of results) {
  process.stdout.write(`| ${name} | ${passed} | ${failed} | ${seconds} s |\n`);
}
process.exitCode = results.every(({ failed }) => failed === 0) ? 0 : 1;
