import { EventEmitter } from 'node:events';
import { createReadStream, openSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { Socket, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { cases } from './case.js';

const socket = new Socket();
const server = createServer();
const config = { name: 'x', nested: { connections: [socket] } };
const driverOnly = { [Symbol.for('heddle.driverOnly')]: 'the context lives in the driver alone' };
class Repository {
  constructor(readonly client: Socket) {}
  find(id: number) {
    return [id, this.client.destroyed];
  }
}
class Vault {
  #other = 1;
  #client = socket;
  find(factor: number) {
    return (x: number) => x * this.#other * factor + Number(this.#client.destroyed);
  }
}
class DeepVault extends Vault {
  #own = 2;
  #held = { deep: [server] };
  visit() {
    return () => [this.#own, this.#held];
  }
}
const repository = new Repository(socket);
const viaMethod = (id: number) => repository.find(id);
const descriptor = openSync('/', 'r');
class Bus extends EventEmitter {
  topic = 'orders';
}
const unused = () => socket;
void unused;
const here = import.meta.url;
const folder = () => import.meta.dirname;

export const corpus = cases(
  {
    name: 'a socket',
    roots: () => [() => socket.destroyed],
    refused: { variable: /^socket$/, reason: /net\.Socket of Node/ },
  },
  {
    name: 'a socket deep inside, with the way to it',
    roots: () => [() => config.nested],
    refused: { variable: /^config\.nested\.connections\[0\]$/, reason: /net\.Socket/ },
  },
  {
    name: 'a server',
    roots: () => [() => server.listening],
    refused: { variable: /^server$/, reason: /net\.Server/ },
  },
  {
    name: 'a field of an instance that a method uses',
    roots: () => [viaMethod],
    refused: { variable: /^repository\.client$/, reason: /net\.Socket/ },
  },
  {
    name: 'a private field',
    roots: () => [new Vault().find(2)],
    refused: { variable: /^this\.#client$/, reason: /net\.Socket/ },
  },
  {
    name: 'private fields of a class and of its parent',
    roots: () => {
      const deep = new DeepVault();
      return [() => deep];
    },
    refused: { variable: /^deep\.#(held\.deep\[0\]|client)$/, reason: /net\.(Socket|Server)/ },
  },
  {
    name: 'a stream',
    roots: () => {
      const stream = new PassThrough();
      return [() => stream];
    },
    refused: { variable: /^stream$/, reason: /PassThrough/ },
  },
  {
    name: 'a file stream',
    roots: () => {
      const file = createReadStream('/dev/null');
      file.destroy();
      return [() => file];
    },
    refused: { variable: /^file$/, reason: /Readable|ReadStream/ },
  },
  {
    name: 'a hash',
    roots: () => {
      const hash = createHash('md5');
      return [() => hash];
    },
    refused: { variable: /^hash$/, reason: /crypto\.Hash/ },
  },
  {
    name: 'a timer',
    roots: () => {
      const timer = setTimeout(() => undefined, 1);
      clearTimeout(timer);
      return [() => timer];
    },
    refused: { variable: /^timer$/, reason: /Timeout/ },
  },
  {
    name: 'an event emitter',
    roots: () => {
      const events = new EventEmitter();
      return [() => events];
    },
    refused: { variable: /^events$/, reason: /EventEmitter/ },
  },
  {
    name: "an instance of the program's own class over an event emitter travels",
    roots: () => {
      const bus = new Bus();
      return [() => bus.topic];
    },
    expected: ['orders'],
  },
  {
    name: 'a promise',
    roots: () => {
      const p = Promise.resolve(1);
      return [() => p];
    },
    refused: { variable: /^p$/, reason: /await it before/ },
  },
  {
    name: 'a promise in a Map',
    roots: () => {
      const cache = new Map([['k', Promise.resolve(1)]]);
      return [() => cache];
    },
    refused: { variable: /^cache\.get\("k"\)$/, reason: /promise/ },
  },
  {
    name: 'a WeakMap',
    roots: () => {
      const w = new WeakMap();
      return [() => w];
    },
    refused: { variable: /^w$/, reason: /weak/ },
  },
  {
    name: 'a WeakRef',
    roots: () => {
      const w = new WeakRef({});
      return [() => w];
    },
    refused: { variable: /^w$/, reason: /weak/ },
  },
  {
    name: 'a SharedArrayBuffer',
    roots: () => {
      const b = new SharedArrayBuffer(8);
      return [() => b];
    },
    refused: { variable: /^b$/, reason: /SharedArrayBuffer/ },
  },
  {
    name: 'a view of a SharedArrayBuffer',
    roots: () => {
      const v = new Int32Array(new SharedArrayBuffer(8));
      return [() => v];
    },
    refused: { variable: /^v$/, reason: /SharedArrayBuffer/ },
  },
  {
    name: 'a Proxy',
    roots: () => {
      const p = new Proxy({}, {});
      return [() => p];
    },
    refused: { variable: /^p$/, reason: /Proxy/ },
  },
  {
    name: 'a Proxy of a function',
    roots: () => {
      const p = new Proxy(() => 1, {});
      return [() => p()];
    },
    refused: { variable: /^p$/, reason: /Proxy/ },
  },
  {
    name: 'a running generator',
    roots: () => {
      const g = (function* () {
        yield 1;
      })();
      return [() => g.next()];
    },
    refused: { variable: /^g$/, reason: /generator/ },
  },
  {
    name: 'an iterator',
    roots: () => {
      const i = [1][Symbol.iterator]();
      return [() => i.next()];
    },
    refused: { variable: /^i$/, reason: /iterator/ },
  },
  {
    name: 'process',
    roots: () => {
      const p = process;
      return [() => p.pid];
    },
    refused: { variable: /^p$/, reason: /process/ },
  },
  {
    name: 'process.env',
    roots: () => {
      const { env } = process;
      return [() => env['HOME']];
    },
    refused: { variable: /^env$/, reason: /process\.env/ },
  },
  {
    name: 'what only the driver has',
    roots: () => [() => driverOnly],
    refused: { variable: /^driverOnly$/, reason: /the driver alone/ },
  },
  { name: 'import.meta in a function', roots: () => [folder], refused: { reason: /HeddleFiles/ } },
  {
    name: 'a value of import.meta.url travels',
    roots: () => [() => here.startsWith('file://')],
    expected: [true],
  },
  {
    name: 'a file descriptor is a number',
    roots: () => [() => typeof descriptor],
    expected: ['number'],
  },
  {
    name: 'a transferred buffer',
    roots: () => {
      const b = new ArrayBuffer(4);
      structuredClone(b, { transfer: [b] });
      return [() => b];
    },
    refused: { variable: /^b$/, reason: /transferred/ },
  },
  {
    name: 'a refused value in an argument',
    roots: () => [() => 1, { later: Promise.resolve() }],
    refused: { variable: /argument 2\.later/, reason: /promise/ },
  },
  { name: 'a function as a result', roots: () => [() => () => 1], throws: /cannot leave its task/ },
  {
    name: 'a promise as a part of a result',
    roots: () => [() => [Promise.resolve(1)]],
    throws: /promise/,
  },
  {
    name: 'only what is reached is looked at',
    roots: () => [() => 'no socket here'],
    expected: ['no socket here'],
  },
);
