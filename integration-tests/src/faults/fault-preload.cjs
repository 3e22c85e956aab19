// Loaded by executor processes of a test before anything else (`--require`): does harm in them that
// no signal can do, as the files of HEDDLE_FAULTS, a folder, say.
//
// - `die-after-grant-<n>`: whoever deletes it kills its process when its task has been answered that it
//   may commit, before it reports so.
// - `cut`: `refuse` or a port. The first two executors that listen cannot connect to each other:
//   they are refused, or led to that port.
// - Each executor writes `listens-<n>` with its port and pid, in the order in which they begin to listen.
// - Each request for parts of map outputs that an executor is asked adds a letter to `part-requests`.
// - Each key that the process signs with is added to `keys`, in hex.
'use strict';
const crypto = require('node:crypto');
const { subscribe } = require('node:diagnostics_channel');
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const net = require('node:net');
const { isMainThread } = require('node:worker_threads');

// Before the engine forbids it to tasks.
const { kill } = process;
const folder = process.env.HEDDLE_FAULTS;
const { readFileSync, writeFileSync, appendFileSync, unlinkSync, readdirSync } = fs;

function claims(start) {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(start)) continue;
    try {
      unlinkSync(`${folder}/${name}`);
      return true;
    } catch {
      // Another process was faster.
    }
  }
  return false;
}

function read(name) {
  try {
    return readFileSync(`${folder}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

if (!isMainThread) {
  // A task thread waits for the answer of its driver, and for nothing else, in this function.
  const { wait } = Atomics;
  Atomics.wait = (words, index, value, ms) => {
    const outcome = wait(words, index, value, ms);
    if (Atomics.load(words, index) === value) return outcome;
    if (!new Error().stack.includes('waitForCommitAnswer')) return outcome;
    if (claims('die-after-grant-')) kill.call(process, process.pid, 'SIGKILL');
    return outcome;
  };
}

if (isMainThread) {
  let own;
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (...words) {
    this.once('listening', () => {
      const { port } = this.address();
      for (let n = 0; own === undefined; n++) {
        try {
          writeFileSync(`${folder}/listens-${n}`, `${port} ${process.pid}`, { flag: 'wx' });
          own = n;
        } catch {
          // Taken.
        }
      }
    });
    return listen.apply(this, words);
  };

  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...words) {
    const options = Array.isArray(words[0]) ? words[0][0] : words[0];
    const cut = read('cut');
    const other = own === 0 ? 1 : own === 1 ? 0 : undefined;
    if (cut !== undefined && other !== undefined && typeof options === 'object') {
      if (String(options.port) === read(`listens-${other}`)?.split(' ')[0]) {
        appendFileSync(`${folder}/was-cut`, `${own} `);
        options.port = cut === 'refuse' ? 1 : Number(cut);
      }
    }
    return connect.apply(this, words);
  };

  subscribe('http.server.request.start', ({ request }) => {
    if (request.url === '/shuffle/parts') appendFileSync(`${folder}/part-requests`, 'x');
  });

  const { createHmac } = crypto;
  const seen = new Set();
  crypto.createHmac = (name, key, ...rest) => {
    const text = ArrayBuffer.isView(key) ? Buffer.from(key).toString('hex') : '';
    if (text.length >= 32 && !seen.has(text)) {
      seen.add(text);
      appendFileSync(`${folder}/keys`, `${text}\n`);
    }
    return createHmac(name, key, ...rest);
  };
}
syncBuiltinESMExports();
