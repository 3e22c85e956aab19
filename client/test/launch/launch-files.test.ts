import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@heddle/common';
import { expect } from 'chai';
import { readPoolsFile } from '../../src/launch/pools-file.js';
import { stageFiles } from '../../src/launch/staged-files.js';

async function refusal(action: Promise<unknown>): Promise<string> {
  const error: unknown = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(ConfigError);
  return (error as ConfigError).message;
}

describe('launching', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heddle-launch-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  describe('files for the tasks', () => {
    it('are copied under their own name or the one behind #, directories whole', async () => {
      writeFileSync(join(directory, 'a.txt'), 'A');
      mkdirSync(join(directory, 'd'));
      writeFileSync(join(directory, 'd', 'b.txt'), 'B');
      const target = join(directory, 'files');
      await stageFiles(
        [join(directory, 'a.txt'), `${join(directory, 'a.txt')}#other`, join(directory, 'd')],
        target,
      );
      expect(readFileSync(join(target, 'a.txt'), 'utf8')).to.equal('A');
      expect(readFileSync(join(target, 'other'), 'utf8')).to.equal('A');
      expect(readFileSync(join(target, 'd', 'b.txt'), 'utf8')).to.equal('B');
    });

    it('are refused when missing, when two have one name, and when the name leads elsewhere', async () => {
      writeFileSync(join(directory, 'a'), '');
      writeFileSync(join(directory, 'b'), '');
      const target = join(directory, 'files');
      const [a, b] = [join(directory, 'a'), join(directory, 'b')];
      expect(await refusal(stageFiles([join(directory, 'no')], target))).to.contain(
        'there is no file',
      );
      expect(await refusal(stageFiles([a, `${b}#a`], target))).to.contain("would both be 'a'");
      for (const alias of ['', '..', 'x/y']) {
        expect(await refusal(stageFiles([`${a}#${alias}`], target))).to.contain('no usable name');
      }
    });
  });

  describe('an allocation file', () => {
    const read = (content: string) => {
      const file = join(directory, 'pools.json');
      writeFileSync(file, content);
      return readPoolsFile(file);
    };

    it('describes pools, with defaults', async () => {
      expect(await read('{"a":{"mode":"FAIR","weight":2.5,"minShare":3},"b":{}}')).to.deep.equal([
        { name: 'a', mode: 'FAIR', weight: 2.5, minShare: 3 },
        { name: 'b', mode: 'FIFO', weight: 1, minShare: 0 },
      ]);
    });

    it('is refused when it describes something else', async () => {
      expect(await refusal(readPoolsFile(join(directory, 'no.json')))).to.contain('ENOENT');
      expect(await refusal(read('{'))).to.contain('heddle.scheduler.allocation.file');
      expect(await refusal(read('[]'))).to.contain('an object');
      expect(await refusal(read('{"a":1}'))).to.contain("pool 'a' is not an object");
      expect(await refusal(read('{"a":{"wieght":1}}'))).to.contain("'wieght'");
      expect(await refusal(read('{"a":{"mode":"LIFO"}}'))).to.contain('FIFO or FAIR');
      expect(await refusal(read('{"a":{"weight":0}}'))).to.contain('above 0');
      expect(await refusal(read('{"a":{"minShare":1.5}}'))).to.contain('whole number');
    });
  });
});
