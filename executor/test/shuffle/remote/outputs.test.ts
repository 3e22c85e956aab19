import { cpSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { silentLogger } from '@heddle/common';
import { expect } from 'chai';
import type { MapOutputStatus } from 'heddle/internal';
import { keyedPartSeal } from '../../../src/shuffle/keyed-part-seal.js';
import { PartReader } from '../../../src/shuffle/part-reader.js';
import { crcSeal } from '../../../src/shuffle/part-seal.js';
import { openLocalPart } from '../../../src/shuffle/part-source.js';
import { ExecutorShuffle } from '../../../src/shuffle/remote/executor-shuffle.js';
import { AttemptKey } from '../../../src/transport/index.js';
import { useLocalDirectory } from '../test-environment.js';
import { FetchFixture, pairsInto } from './fetch-fixture.js';

describe('map outputs on a host of several executors', function () {
  this.timeout(300_000);

  it('A-163 dropping a shuffle deletes its outputs, also those of executors that are gone, and no others', async () => {
    const fixture = new FetchFixture();
    try {
      const gone = await fixture.addExecutor('e1');
      const input = fixture.write(pairsInto(1), [[[1, 'a']], [[2, 'b']]]);
      const other = fixture.write({ ...pairsInto(1), shuffleId: 50 }, [[[1, 'a']]]);
      // Another executor of the same host, with the same application directories.
      const living = new ExecutorShuffle({
        applicationId: 'test_1700000000000_0001',
        slots: 1,
        localDirectories: [gone.directory],
        logger: silentLogger,
        shuffle: {
          client: fixture.client,
          routes: { route: () => undefined },
          find: () => undefined,
          partSealKey: fixture.key.derive('part-seal'),
        },
      });
      const folder = (mapId: string): string => join(gone.directory, 'output', mapId);
      cpSync(folder(other.outputs[0]!.mapId), folder('heddle_another_application_s5_t1'), {
        recursive: true,
      });
      await living.removeShuffle(5);
      for (const { mapId } of input.outputs) expect(existsSync(folder(mapId))).to.equal(false);
      expect(readdirSync(join(gone.directory, 'output')).sort()).to.deep.equal(
        [other.outputs[0]!.mapId, 'heddle_another_application_s5_t1'].sort(),
      );
    } finally {
      await fixture.close();
    }
  });

  describe('while they are published', () => {
    const local = useLocalDirectory();

    it('two attempts race 1,000 times: whatever is visible is one complete version', async () => {
      const key = AttemptKey.generate().derive('part-seal');
      const seal = keyedPartSeal(key);
      const attempts = [0, 1].map(
        (attempt) =>
          new Worker(new URL('./publish-worker.js', import.meta.url), {
            execArgv: [],
            workerData: { directory: local.path, attempt, rounds: 1_000, key },
          }),
      );
      const published: MapOutputStatus[] = [];
      for (const worker of attempts) {
        worker.on('message', (status: MapOutputStatus) => published.push(status));
      }
      const ended = attempts.map(
        async (worker) => new Promise<number>((resolve) => worker.once('exit', resolve)),
      );
      const output = join(local.path, 'output');
      let looked = 0;
      const state = { running: true };
      void Promise.all(ended).then(() => (state.running = false));
      const complete = (mapId: string): void => {
        expect(readdirSync(join(output, mapId)).sort()).to.deep.equal([
          'file.out',
          'file.out.index',
        ]);
        expect(lstatSync(join(output, mapId)).mode & 0o777).to.equal(0o750);
      };
      while (state.running) {
        const visible = readdirSync(output).filter((name) => !name.startsWith('_temporary_'));
        for (const mapId of visible.slice(-20)) {
          complete(mapId);
          looked += 1;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await Promise.all(ended)).to.deep.equal([0, 0]);
      expect(looked).to.be.greaterThan(0);
      expect(published).to.have.length(2_000);
      expect(new Set(published.map(({ mapId }) => mapId)).size).to.equal(2_000);
      expect(readdirSync(output)).to.have.length(2_000);
      for (const status of published) {
        const location = { ...status, executorId: '', host: '' };
        const reader = new PartReader(location, 0, openLocalPart(location, 0), seal, 1 << 20);
        expect(reader.next()).not.to.equal(undefined);
        reader.close();
      }
    });

    it('a part that was sealed with another key, or with a checksum, is refused', () => {
      const seal = keyedPartSeal(AttemptKey.generate().derive('part-seal'));
      const other = keyedPartSeal(AttemptKey.generate().derive('part-seal'));
      const identity = { shuffleId: 1, mapPartition: 2, mapId: 'm', generation: 0 };
      const bytes = Buffer.from('the bytes of a part');
      const sealer = seal.begin(identity, 3);
      sealer.update(bytes);
      const made = sealer.finish();
      expect(made.length).to.equal(seal.sizeBytes);
      const matches = (with_: typeof seal, id = identity, reducer = 3, from = bytes): boolean => {
        const verifier = with_.verifier(id, reducer, made.subarray(0, with_.sizeBytes));
        verifier.update(from.subarray(0, 4));
        verifier.update(from.subarray(4));
        return verifier.matches();
      };
      expect(matches(seal)).to.equal(true);
      expect(matches(other)).to.equal(false);
      expect(matches(crcSeal)).to.equal(false);
      expect(matches(seal, { ...identity, generation: 1 })).to.equal(false);
      expect(matches(seal, { ...identity, mapId: 'n' })).to.equal(false);
      expect(matches(seal, identity, 4)).to.equal(false);
      expect(matches(seal, identity, 3, Buffer.from('the bytes of a parT'))).to.equal(false);
      // The same part sealed twice has two nonces.
      const again = seal.begin(identity, 3);
      again.update(bytes);
      expect(Buffer.from(again.finish()).equals(Buffer.from(made))).to.equal(false);
    });
  });
});
