// The suites as a program for `heddle submit`: mocha runs inside the driver, wherever that is.
// node_modules/.bin/heddle submit --master yarn integration-tests/src/suites/in-driver/main.ts "$PWD" [pattern of titles]
import { mocha } from './load-mocha.js';
import '../index.js';

const [, , , pattern] = process.argv;
if (pattern !== undefined) mocha.grep(new RegExp(pattern));
let passed = 0;
const finished = Promise.withResolvers<number>();
const runner = mocha.run((failures) => finished.resolve(failures));
runner.on('pass', () => (passed += 1));
runner.on('fail', (test, error: Error) => {
  console.log(JSON.stringify({ failed: test.fullTitle(), error: error.stack ?? String(error) }));
});
const started = performance.now();
const failures = await finished.promise;
const seconds = Math.round((performance.now() - started) / 1_000);
console.log(JSON.stringify({ passed, failures, pending: runner.stats?.pending ?? 0, seconds }));
process.exitCode = failures === 0 ? 0 : 1;
