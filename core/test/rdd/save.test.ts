import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { rejection } from '../support/expect-error.js';
import { FakeApplication } from '../support/fake-application.js';

describe('saveAsTextFile on the driver', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;
  let directory: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-save-'));
    fake = new FakeApplication();
    // Each task writes its file as a real one does.
    fake.respond = ({ sink }, partition) => {
      if (sink.kind !== 'saveAsTextFile') throw new Error(sink.kind);
      const temporaryName = `attempt-${partition}`;
      const at = join(new URL(sink.output.temporaryDirectory).pathname, temporaryName);
      writeFileSync(at, `${partition}\n`);
      return {
        value: {
          partition,
          name: `part-0000${partition}`,
          temporaryName,
          sizeBytes: 2,
          records: 1,
        },
      };
    };
    sc = await fake.start();
  });

  afterEach(async () => {
    await sc.stop();
    rmSync(directory, { recursive: true });
  });

  it('publishes all files at once, with _SUCCESS', async () => {
    const path = join(directory, 'out');
    await sc.range(0, 4, 1, 2).saveAsTextFile(path);
    expect(readdirSync(path).sort()).to.deep.equal(['_SUCCESS', 'part-00000', 'part-00001']);
    expect(readFileSync(join(path, 'part-00001'), 'utf8')).to.equal('1\n');
    expect(readdirSync(directory)).to.deep.equal(['out']);
  });

  it('refuses an existing output before anything runs, sampling too', async () => {
    const path = join(directory, 'out');
    mkdirSync(path);
    const sorted = sc.range(0, 4, 1, 2).sortBy(Math.sqrt, true, 2);
    expect(await rejection(sorted.saveAsTextFile(path))).to.have.property('code', 'OUTPUT_EXISTS');
    expect(fake.jobs).to.have.length(0);
  });

  it('below a file says that a file stands where a directory is needed', async () => {
    const file = join(directory, 'file.txt');
    writeFileSync(file, 'x');
    for (const below of ['out', 'deep/er/out']) {
      for (const overwrite of [false, true]) {
        const path = join(file, below);
        const error = await rejection(sc.range(4).saveAsTextFile(path, { overwrite }));
        expect(error).to.include({ code: 'NOT_A_DIRECTORY', path: file });
        expect(error.message).to.equal(
          `cannot save to ${path} below ${file}: a file stands where a directory is needed`,
        );
      }
    }
    expect(fake.jobs).to.have.length(0);
    expect(readFileSync(file, 'utf8')).to.equal('x');
  });

  it('replaces it when told to', async () => {
    const path = join(directory, 'out');
    mkdirSync(path);
    writeFileSync(join(path, 'old'), '');
    await sc.range(0, 4, 1, 1).saveAsTextFile(path, { overwrite: true });
    expect(readdirSync(path).sort()).to.deep.equal(['_SUCCESS', 'part-00000']);
  });

  it('leaves nothing behind when a task fails', async () => {
    fake.respond = () => {
      throw new Error('task failed');
    };
    const path = join(directory, 'out');
    const error = await rejection(sc.range(0, 4, 1, 2).saveAsTextFile(path));
    expect(error.message).to.equal('task failed');
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('writes only _SUCCESS for an RDD without partitions (B.1)', async () => {
    const path = join(directory, 'out');
    await sc.emptyRDD().saveAsTextFile(path);
    expect(readdirSync(path)).to.deep.equal(['_SUCCESS']);
    expect(existsSync(join(path, 'part-00000'))).to.equal(false);
  });
});
