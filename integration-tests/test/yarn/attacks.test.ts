import { existsSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import {
  AttemptKey,
  CONTROL_PATH,
  HUB_ID,
  signRequest,
  stockShuffleSecret,
} from '@heddle/executor';
import { decodeCredentials } from '@heddle/hadoop-rpc';
import { hostDirectory } from '@heddle/integration-tests/cluster';
import { listeningPorts, type ListeningPort } from '../../src/yarn/listening-ports.js';
import {
  YarnPrograms,
  type ContainerProcess,
  type RunningProgram,
} from '../../src/yarn/yarn-programs.js';

const planted = 'planted-Xy7-secret';
const plantedInMaster = 'for the ApplicationMaster alone';
const program = `
  import { HeddleContext } from 'heddle';
  import { existsSync, writeFileSync } from 'node:fs';
  const folder = process.argv[2]!;
  const sc = await HeddleContext.getOrCreate();
  const sum = await sc.range(0, 20, 1, 4).map((n): [number, number] => [n % 2, 1]).reduceByKey((a, b) => a + b, 2)
    .mapPartitionsWithIndex((partition, counts) => {
      writeFileSync(folder + '/task-' + partition, '');
      const cell = new Int32Array(new SharedArrayBuffer(4));
      for (let waits = 0; waits < 4_000 && !existsSync(folder + '/go'); waits++) Atomics.wait(cell, 0, 0, 50);
      return counts;
    }).values().sum();
  console.log('sum', sum);
  await sc.stop();
`;

/** Everything that a stranger may ask of any of our ports. */
const strangersRequests: readonly (readonly [string, string])[] = [
  ['GET', '/'],
  ['GET', '/control'],
  ['GET', '/relay'],
  ['QUERY', '/shuffle/parts'],
  ['QUERY', '/shuffle/check'],
  ['GET', '/blocks/0/0'],
  ['GET', '/broadcast/0'],
  ['POST', '/anything'],
  ['GET', '/../../../../etc/passwd'],
  ['GET', '/%2e%2e/%2e%2e/etc/passwd'],
];

describe('Attacks on an application on YARN', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;
  let running: RunningProgram;
  let master: ContainerProcess;
  let executor: ContainerProcess;
  let key: AttemptKey;
  let attemptId: string;

  before(async () => {
    yarn = await YarnPrograms.open('attacks');
    running = await yarn.start('client', program, {
      words: ['--num-executors', '1', '--executor-memory', '256m'],
      conf: {
        'heddle.executorEnv.DB_PASSWORD': planted,
        'heddle.yarn.appMasterEnv.API_TOKEN': plantedInMaster,
      },
      args: [yarn.folder],
    });
    await yarn.until(() => yarn.marks('task-').length > 0, 'a task runs', 90_000);
    master = yarn.one(running.id, 'master');
    executor = yarn.one(running.id, 'executor');
    const tokens = readFileSync(`/proc/${executor.pid}/cwd/container_tokens`);
    const secret = decodeCredentials(tokens).secrets.get('heddle.attempt.key');
    expect(secret, 'the executor has the key of the attempt').to.not.equal(undefined);
    key = AttemptKey.fromBytes(secret!);
    attemptId = `${running.id.replace('application', 'appattempt')}_000001`;
  });

  after(async () => {
    yarn.say('go');
    const ended = await running.result;
    await yarn.tidy();
    yarn.close();
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(ended.stdout, 'nothing of it did any harm').to.contain('sum 20');
  });

  it('what the environment of the ApplicationMaster holds reaches no executor (A11)', () => {
    const environment = readFileSync(`/proc/${executor.pid}/environ`, 'utf8');
    const told = /HEDDLE_EXECUTOR=([^\0]*)/.exec(environment)![1]!;
    const specification = Buffer.from(told, 'base64').toString();
    expect(specification).to.contain('"heddle.executor.memory"');
    expect(specification + environment).to.not.contain(plantedInMaster);
    expect(readFileSync(`/proc/${master.pid}/environ`, 'utf8')).to.contain(plantedInMaster);
  });

  /** Status of the answer; 0 when the connection was closed instead. */
  function ask(
    { host, port }: ListeningPort,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve) => {
      const gone = (): void => resolve({ status: 0, body: '' });
      const sent = request({ host, port, method, path, headers, agent: false, timeout: 10_000 });
      sent.once('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.once('error', gone);
      });
      sent.once('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, body: '' });
      });
      sent.once('timeout', () => sent.destroy());
      sent.once('error', gone);
      sent.end();
    });
  }

  function signed(
    purpose: 'data' | 'control',
    targetId: string,
    path: string,
    by: AttemptKey,
    attempt: string,
  ): { readonly authorization: string } {
    const credentials = { key: by.derive(purpose), attemptId: attempt, callerId: '7' };
    return signRequest(credentials, { method: 'GET', path, targetId }).headers;
  }

  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };

  it('A01 A21: strangers get 401 from every port, but for the page, which tells no secret', async () => {
    const ports = [...listeningPorts(master.pid), ...listeningPorts(executor.pid)];
    expect(ports.length, 'relay, control, page, data').to.be.at.least(4);
    const open: string[] = [];
    for (const port of ports) {
      for (const [method, path] of strangersRequests) {
        for (const headers of [{}, upgrade]) {
          const { status, body } = await ask(port, method, path, headers);
          if (status === 200 || status === 101) open.push(`${method} ${path} ${body}`);
          else expect([0, 400, 401, 404, 405], `${method} ${path}`).to.include(status);
        }
      }
      const { status } = await ask(port, 'GET', '/');
      if (status !== 200) expect(status, 'refused before anything is looked at').to.equal(401);
    }
    expect(open.length, 'the page alone').to.be.greaterThan(0);
    for (const answer of open) {
      expect(answer).to.match(/^GET \/ <!doctype html>/i);
      for (const secret of secrets()) expect(answer).to.not.contain(secret);
    }
  });

  it('A01 A02 A03: no other key, no changed bit, no other attempt, and no connection twice', async () => {
    const [data] = listeningPorts(executor.pid);
    const id = executorId();
    const path = '/nothing/here';
    const good = signed('data', id, path, key, attemptId);
    expect((await ask(data!, 'GET', path, good)).status, 'genuine, and no such route').to.equal(
      404,
    );
    // What only reads may be asked again; a captured connection is of no use.
    const captured = signed('control', HUB_ID, CONTROL_PATH, key, attemptId);
    const twice = async (port: ListeningPort): Promise<string> => {
      const first = await ask(port, 'GET', CONTROL_PATH, { ...captured, ...upgrade });
      const second = await ask(port, 'GET', CONTROL_PATH, { ...captured, ...upgrade });
      return `${first.status} ${second.status}`;
    };
    const answers = [];
    for (const port of listeningPorts(master.pid)) answers.push(await twice(port));
    expect(answers.filter((one) => one.startsWith('101'))).to.deep.equal(['101 401']);
    const oneBit = key.bytes();
    oneBit[3]! ^= 1;
    const wrong: readonly (readonly [AttemptKey, string])[] = [
      [AttemptKey.generate(), attemptId],
      [AttemptKey.fromBytes(oneBit), attemptId],
      [key.forAttempt('appattempt_0_0000_000000'), attemptId],
      [key, attemptId.replace(/1$/, '2')],
    ];
    for (const [other, attempt] of wrong) {
      const headers = signed('data', id, path, other, attempt);
      expect((await ask(data!, 'GET', path, headers)).status).to.be.oneOf([401, 410]);
    }
    for (const authorization of ['', 'Heddle1 ', `Heddle1 ${'x'.repeat(8_000)}`, 'Basic eDp5']) {
      expect((await ask(data!, 'GET', path, { authorization })).status).to.be.oneOf([401, 431, 0]);
    }
    const stranger = AttemptKey.generate();
    const many = Array.from({ length: 1_000 }, async () => {
      const headers = signed('data', id, path, stranger, attemptId);
      return (await ask(data!, 'GET', path, headers)).status;
    });
    const statuses = new Set(await Promise.all(many));
    expect([...statuses].every((status) => [401, 429, 503, 0].includes(status))).to.equal(true);
    await yarn.until(
      async () =>
        (await ask(data!, 'GET', path, signed('data', id, path, key, attemptId))).status === 404,
      'good peers are not locked out',
    );
  });

  it('A07: genuine peers reach nothing outside of what is served, either', async () => {
    const [data] = listeningPorts(executor.pid);
    const id = executorId();
    for (const path of [
      '/../../../../../../etc/passwd',
      '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/blocks/..%2f..%2fetc/passwd',
      '/broadcast/../container_tokens',
      '//etc/passwd',
    ]) {
      const { status, body } = await ask(
        data!,
        'GET',
        path,
        signed('data', id, path, key, attemptId),
      );
      expect([400, 404, 405], path).to.include(status);
      expect(body).to.not.contain('root:');
    }
  });

  it("A12: staged files, tokens and local directories are their owner's alone", async () => {
    const url = `${await yarn.cluster.webHdfsUrl()}/user/${yarn.user}/.heddle/staging/${running.id}`;
    const status = async (path: string): Promise<string> => {
      const answer = await fetch(`${path}?op=GETFILESTATUS&user.name=${yarn.user}`);
      return ((await answer.json()) as { FileStatus: { permission: string } }).FileStatus
        .permission;
    };
    expect(await status(url)).to.equal('700');
    const names = await stagedNames(url);
    expect(names).to.have.length.greaterThan(0);
    for (const name of names) {
      expect(await status(`${url}/${name}`), name).to.equal('600');
      const other = await fetch(`${url}/${name}?op=OPEN&user.name=mallory`, { redirect: 'manual' });
      expect(other.status, 'another user').to.equal(403);
    }
    for (const { pid } of [master, executor]) {
      const mode = statSync(`/proc/${pid}/cwd/container_tokens`).mode & 0o777;
      expect(mode.toString(8)).to.equal('600');
    }
    const folders = readdirSync(appCache()).filter((name) => name.startsWith('executor-'));
    expect(folders).to.have.length.greaterThan(0);
    for (const folder of folders) {
      expect((statSync(join(appCache(), folder)).mode & 0o777).toString(8)).to.equal('700');
    }
  });

  it('A11: no key in arguments, environments, launch scripts, staging, reports; no planted secret in logs', async () => {
    const processes = yarn.processes(running.id);
    const texts = new Map<string, string>();
    for (const { pid } of processes) {
      texts.set(`arguments of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      texts.set(`environment of ${pid}`, readFileSync(`/proc/${pid}/environ`, 'latin1'));
      const directory = readlinkSync(`/proc/${pid}/cwd`);
      for (const name of ['launch_container.sh', 'default_container_executor.sh']) {
        const file = join(directory, name);
        if (existsSync(file)) texts.set(`${name} of ${pid}`, readFileSync(file, 'latin1'));
      }
    }
    const url = `${await yarn.cluster.webHdfsUrl()}/user/${yarn.user}/.heddle/staging/${running.id}`;
    for (const name of await stagedNames(url)) {
      const bytes = Buffer.from(
        await (await fetch(`${url}/${name}?op=OPEN&user.name=${yarn.user}`)).arrayBuffer(),
      );
      texts.set(name, bytes.toString('latin1'));
      if (name.endsWith('.gz'))
        texts.set(`${name}, unpacked`, gunzipSync(bytes).toString('latin1'));
    }
    const report = JSON.stringify(await yarn.rest(`apps/${running.id}`));
    texts.set('report', report);
    for (const [where, text] of texts) {
      for (const secret of secrets()) expect(text.includes(secret), where).to.equal(false);
    }
    expect(texts.size, 'there was something to look at').to.be.greaterThan(6);
    expect(report).to.not.contain(planted);
    const log = await yarn.log(running.id);
    const events = await eventLog();
    expect(events, 'it is the event log').to.contain('applicationStart');
    for (const text of [log, events, ...daemonLogs()]) {
      for (const secret of [planted, ...secrets()]) expect(text.includes(secret)).to.equal(false);
    }
  });

  it('A14: what a user names is text, wherever it goes', async () => {
    const mark = join(yarn.folder, 'executed');
    const nasty = `a'b"c $(touch ${mark}) \`touch ${mark}\` ; touch ${mark} & \\ $HOME <x>`;
    const other = await YarnPrograms.open('spinner');
    try {
      const result = await other.submit(
        'cluster',
        `import { HeddleContext } from 'heddle';
         const sc = await HeddleContext.getOrCreate();
         console.log('seen ' + JSON.stringify([process.argv[2],
           (await sc.parallelize([1], 1).map(() => process.env['NASTY']).collect())[0]]));
         await sc.stop();`,
        {
          words: [
            ...['--num-executors', '1', '--executor-memory', '256m'],
            ...['--name', nasty, '--conf', `heddle.executorEnv.NASTY=${nasty}`],
          ],
          args: [`${nasty}\nsecond line`],
        },
      );
      expect(result.exitCode, result.stderr).to.equal(0);
      const printed = await other.account.printed('cluster', result);
      expect(printed).to.contain(`seen ${JSON.stringify([`${nasty}\nsecond line`, nasty])}`);
      const id = String(result.report?.['applicationId']);
      const { app } = await other.rest<{ app: { name: string } }>(`apps/${id}`);
      expect(app.name).to.equal(nasty);
      expect(existsSync(mark), 'nothing was executed').to.equal(false);
    } finally {
      await other.tidy();
      other.close();
    }
  });

  /** The key and what is derived from it, as texts would hold them. */
  function secrets(): string[] {
    return [key.bytes(), key.derive('data'), key.derive('control'), stockShuffleSecret(key)]
      .map((bytes) => Buffer.from(bytes))
      .flatMap((bytes) => [
        bytes.toString('hex'),
        bytes.toString('base64').slice(0, 40),
        bytes.toString('base64url').slice(0, 40),
        bytes.toString('latin1'),
      ]);
  }

  function executorId(): string {
    const folder = readdirSync(appCache()).find((name) => name.startsWith('executor-'));
    return folder!.slice('executor-'.length);
  }

  function appCache(): string {
    const on = yarn.cluster.plan.hosts.find(({ name }) => name === executor.host)!;
    const local = join(hostDirectory(yarn.cluster.plan, on), 'nm-local', 'usercache');
    return join(local, yarn.user, 'appcache', running.id);
  }

  async function stagedNames(url: string): Promise<string[]> {
    const answer = await fetch(`${url}?op=LISTSTATUS&user.name=${yarn.user}`);
    const body = (await answer.json()) as {
      FileStatuses: { FileStatus: { pathSuffix: string; type: string }[] };
    };
    return body.FileStatuses.FileStatus.filter(({ type }) => type === 'FILE').map(
      ({ pathSuffix }) => pathSuffix,
    );
  }

  async function eventLog(): Promise<string> {
    const url = `${await yarn.cluster.webHdfsUrl()}/user/${yarn.user}/.heddle/events/${running.id}.ndjson.inprogress`;
    return (await fetch(`${url}?op=OPEN&user.name=${yarn.user}`)).text();
  }

  function daemonLogs(): string[] {
    const directory = join(yarn.cluster.plan.directory, 'logs');
    return readdirSync(directory).map((name) => readFileSync(join(directory, name), 'latin1'));
  }
});
