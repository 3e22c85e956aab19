import { availableParallelism } from 'node:os';
import { ConfigError } from '@heddle/common';
import { expect } from 'chai';
import { describeMaster, parseMaster } from '../../src/launch/master.js';

function refusal(text: string): string {
  try {
    parseMaster(text);
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    expect((error as ConfigError).key).to.equal('heddle.master');
    return (error as ConfigError).message;
  }
  throw new Error(`${text} was not refused`);
}

describe('the master', () => {
  it('of local modes says the number of task threads and of failures (A-032, A-033)', () => {
    expect(parseMaster('local')).to.include({ threads: 1, maxFailures: undefined });
    expect(parseMaster('local[4]')).to.include({ threads: 4, maxFailures: undefined });
    expect(parseMaster('local[2,3]')).to.include({ threads: 2, maxFailures: 3 });
    expect(parseMaster(' local[ 2 , 3 ] ')).to.include({ threads: 2, maxFailures: 3 });
    expect(parseMaster('local[*]')).to.include({ threads: availableParallelism() });
    expect(parseMaster('local[*,5]')).to.include({
      threads: availableParallelism(),
      maxFailures: 5,
    });
  });

  it('is shown as it is used', () => {
    expect(describeMaster(parseMaster('local'))).to.equal('local[1]');
    expect(describeMaster(parseMaster('local[2,3]'))).to.equal('local[2,3]');
  });

  it('of executor processes says their number, threads and memory (A-034)', () => {
    const master = parseMaster(' local-cluster[ 2 , 1 , 1024 ]');
    expect(master).to.deep.equal({ kind: 'localCluster', executors: 2, slots: 1, memoryMb: 1_024 });
    expect(describeMaster(master)).to.equal('local-cluster[2,1,1024]');
    expect(parseMaster('yarn')).to.deep.equal({ kind: 'yarn' });
    expect(refusal('local-cluster[0,1,1024]')).to.contain('0 executors');
    expect(refusal('local-cluster[1,0,1024]')).to.contain('0 task threads');
    expect(refusal('local-cluster[1,1,64]')).to.contain('the least is 128');
    expect(refusal('local-cluster[1,1,99999999999]')).to.contain('the most 1048576');
    expect(refusal('local-cluster[2,1]')).to.contain('did you mean local-cluster[E,C,M]?');
  });

  it('with no thread, no allowed failure or too many threads is refused', () => {
    expect(refusal('local[0]')).to.contain('no task thread');
    expect(refusal('local[2,0]')).to.contain('the least is 1');
    expect(refusal('local[100000]')).to.contain('the most is 1024');
  });

  it('of another version or system is refused as not supported (A-038)', () => {
    expect(refusal('mesos://host:5050')).to.contain('not supported').and.contain('Mesos');
    for (const text of ['yarn-client', 'yarn-cluster']) {
      expect(refusal(text)).to.contain(`the master ${text} is not supported in this version`);
      expect(refusal(text)).to.contain(`--deploy-mode ${text.slice(5)}`);
    }
    for (const text of ['spark://host:7077', 'k8s://host']) {
      expect(refusal(text)).to.contain('not supported');
    }
  });

  it('that is mistyped is refused with what was meant', () => {
    expect(refusal('locla')).to.contain('did you mean local[*]?');
    expect(refusal('local(2)')).to.contain('did you mean local[N]?');
    expect(refusal('local[-1]')).to.contain('is not a master');
    expect(refusal('')).to.contain('is not a master');
  });
});
