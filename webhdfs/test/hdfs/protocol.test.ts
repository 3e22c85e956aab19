import { expect } from 'chai';
import {
  FileExistsError,
  NameNodeUnavailableError,
  NotWebHdfsError,
  ReadFailedError,
} from '../../src/index.js';
import { expectError } from '../file-system-contract.js';
import {
  answer,
  clientOf,
  fileStatus,
  refuse,
  ScriptedServer,
  type Script,
} from './scripted-server.js';

describe('WebHDFS, states that daemons are seldom in', () => {
  const servers: ScriptedServer[] = [];
  const start = async (script: Script): Promise<ScriptedServer> => {
    const server = await ScriptedServer.start(script);
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  const standby: Script = ({ response }) =>
    refuse(
      response,
      'StandbyException',
      'Operation category READ is not supported in state standby',
    );
  const active: Script = ({ response }) => answer(response, 200, { FileStatus: fileStatus(3) });

  it('A-086 finds the active NameNode behind a standby, and stays with it', async () => {
    const first = await start(standby);
    const second = await start(active);
    const client = clientOf(first, second);
    for (let i = 0; i < 3; i += 1) expect((await client.status('/a')).sizeBytes).to.equal(3);
    expect(first.seen).to.have.length(1);
    expect(second.seen).to.have.length(3);
  });

  it('lists every NameNode with its reason when none is active', async () => {
    const client = clientOf(await start(standby), await start(standby));
    const error = await expectError(client.status('/a'), NameNodeUnavailableError);
    expect(error.failures.map(({ server }) => server.slice(0, 3))).to.deep.equal(['nn0', 'nn1']);
    expect(error.failures[0]!.reason).to.include('state standby');
    expect(error.attempts).to.equal(6);
  });

  it('bounds the wait for a server that takes a request and says nothing', async () => {
    const silent = await start(() => undefined);
    const client = clientOf(silent, await start(active));
    expect((await client.status('/a')).sizeBytes).to.equal(3);
    expect(silent.seen).to.have.length(1);
  });

  it('repeats what a server asks to repeat', async () => {
    let calls = 0;
    const server = await start(({ response, ...rest }) => {
      calls += 1;
      if (calls < 3) refuse(response, 'RetriableException', 'later');
      else active({ response, ...rest });
    });
    expect((await clientOf(server).status('/a')).sizeBytes).to.equal(3);
    expect(calls).to.equal(3);
  });

  it('refuses a login page, and a redirect to one, naming both hosts', async () => {
    const page = await start(({ response }) => response.end('<html>log in</html>'));
    const shown = await expectError(clientOf(page).status('/a'), NotWebHdfsError);
    expect(shown.message).to.include(page.host).and.to.include('<html>log in</html>');
    const gate = await start(({ op, response }) => {
      if (op !== 'OPEN') answer(response, 200, { FileStatus: fileStatus(3) });
      else response.writeHead(307, { location: 'https://sso.example.com/login?x=1' }).end();
    });
    const reader = await clientOf(gate).openRead('/a');
    const sent = await expectError(reader.read(0, Buffer.alloc(3)), NotWebHdfsError);
    expect(sent.message).to.include(gate.host).and.to.include('sso.example.com');
  });

  it('falls back to the older block locations, then to none, and remembers', async () => {
    const located = { startOffset: 0, block: { numBytes: 9 }, locations: [{ hostName: 'w1' }] };
    const old = await start(({ op, response }) => {
      if (op === 'GET_BLOCK_LOCATIONS') {
        answer(response, 200, { LocatedBlocks: { locatedBlocks: [located] } });
      } else response.writeHead(400).end('bad request');
    });
    const client = clientOf(old);
    for (let i = 0; i < 2; i += 1) {
      expect(await client.blockLocations('/a', 0, 9)).to.deep.equal([
        { offset: 0, length: 9, hosts: ['w1'] },
      ]);
    }
    const asked = ['GETFILEBLOCKLOCATIONS', 'GET_BLOCK_LOCATIONS', 'GET_BLOCK_LOCATIONS'];
    expect(old.seen).to.deep.equal(asked);
    const none = await start(({ response }) => {
      const message = 'Invalid value for webhdfs parameter "op"';
      refuse(response, 'IllegalArgumentException', message);
    });
    expect(await clientOf(none).blockLocations('/a', 2, 5)).to.deep.equal([
      { offset: 2, length: 5, hosts: [] },
    ]);
  });

  it('lists a directory in batches, and at once where a server knows none', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const entry = (name: string) => ({ ...fileStatus(1), pathSuffix: name });
    const batches = await start(({ query, response }) => {
      const from = names.indexOf(query.get('startAfter') ?? '') + 1;
      const some = names.slice(from, from + 2);
      answer(response, 200, {
        DirectoryListing: {
          partialListing: { FileStatuses: { FileStatus: some.map(entry) } },
          remainingEntries: names.length - from - some.length,
        },
      });
    });
    expect(await clientOf(batches).listNames('/d')).to.deep.equal(names);
    expect(batches.seen).to.have.length(3);
    const whole = await start(({ op, response }) => {
      if (op === 'LISTSTATUS') {
        answer(response, 200, { FileStatuses: { FileStatus: names.map(entry) } });
      } else refuse(response, 'IllegalArgumentException', 'No enum constant LISTSTATUS_BATCH');
    });
    expect(await clientOf(whole).listNames('/d')).to.deep.equal(names);
  });

  it('resumes an answer that breaks off, at the byte where it broke', async () => {
    const content = Buffer.from('0123456789'.repeat(1000));
    const offsets: number[] = [];
    const server = await start(({ op, path, query, raw, response }) => {
      if (op === 'GETFILESTATUS') {
        answer(response, 200, { FileStatus: fileStatus(content.length) });
      } else if (op === 'OPEN' && !query.has('data')) {
        const location = `http://${raw.headers.host}/webhdfs/v1${path}${raw.url!.slice(raw.url!.indexOf('?'))}&data=1`;
        response.writeHead(307, { location }).end();
      } else if (op === 'OPEN') {
        const from = Number(query.get('offset'));
        const rest = content.subarray(from, from + Number(query.get('length')));
        offsets.push(from);
        response.writeHead(200, { 'content-length': rest.length });
        if (offsets.length > 2) response.end(rest);
        else response.write(rest.subarray(0, 3000), () => response.destroy());
      } else refuse(response, 'IllegalArgumentException', 'unknown');
    });
    const reader = await clientOf(server).openRead('/a');
    const found = Buffer.alloc(content.length + 5);
    expect(await reader.read(0, found)).to.equal(content.length);
    expect(found.subarray(0, content.length).equals(content)).to.equal(true);
    expect(offsets).to.deep.equal([0, 3000, 6000]);
  });

  it('gives up reading when no attempt brings a byte, and says what each node said', async () => {
    const server = await start(({ op, path, query, raw, response }) => {
      if (op === 'GETFILESTATUS') answer(response, 200, { FileStatus: fileStatus(10) });
      else if (op === 'OPEN' && !query.has('data')) {
        const location = `http://${raw.headers.host}/webhdfs/v1${path}?op=OPEN&data=1`;
        response.writeHead(307, { location }).end();
      } else refuse(response, 'BlockMissingException', 'Could not obtain block: blk_1');
    });
    const reader = await clientOf(server).openRead('/a');
    const error = await expectError(reader.read(4, Buffer.alloc(6)), ReadFailedError);
    expect(error.offset).to.equal(4);
    expect(error.failures[0]!.reason).to.include('Could not obtain block');
  });

  it('renames through HttpFS, which knows no rename options, and sees what it did', async () => {
    const files = new Map([['/a', 1]]);
    const rename = (from: string, to: string): boolean => {
      const fileId = files.get(from);
      if (fileId === undefined || files.has(to)) return false;
      files.delete(from);
      files.set(to, fileId);
      return true;
    };
    const script: Script = ({ op, path, query, response }) => {
      const fileId = files.get(path);
      if (op === 'RENAME') {
        answer(response, 200, { boolean: rename(path, query.get('destination')!) });
      } else if (fileId === undefined) refuse(response, 'FileNotFoundException', 'none');
      else answer(response, 200, { FileStatus: fileStatus(1, fileId) });
    };
    const client = clientOf(await start(script));
    await client.rename('/a', '/b');
    expect([...files]).to.deep.equal([['/b', 1]]);
    files.set('/c', 2);
    await expectError(client.rename('/b', '/c'), FileExistsError);
    expect([...files.keys()]).to.deep.equal(['/b', '/c']);
  });
});
