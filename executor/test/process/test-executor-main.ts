import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { LaunchInputReader } from '../../src/process/launch-input.js';
import { runExecutorProcess } from '../../src/process/run-executor-process.js';

// An executor process whose task threads run `user-functions.ts` instead of a bundled program. With
// HEDDLE_TEST_PROXY=<port>:<file> it goes through a proxy to its hub, whose port it writes to the file.
// With HEDDLE_TEST_REQUESTS=<file> it adds a line to that file for each request that it is asked.
const requestsFile = process.env['HEDDLE_TEST_REQUESTS'];
if (requestsFile !== undefined) {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    appendFileSync(requestsFile, `${request.method} ${request.url}\n`);
  });
}
const input = new LaunchInputReader();
await input.outline();
const launch = await input.rest();
if (launch === undefined) process.exit(0);
const [proxyPort, portFile] = process.env['HEDDLE_TEST_PROXY']?.split(':') ?? [];
if (portFile !== undefined) writeFileSync(portFile, String(launch.spec.driver.port));
const driver = { ...launch.spec.driver, ...(proxyPort && { port: Number(proxyPort) }) };
await runExecutorProcess({
  ...launch,
  spec: { ...launch.spec, driver },
  logTo: 'stdout',
  threadEntry: new URL('../host/test-thread.js', import.meta.url),
});
