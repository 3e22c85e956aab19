import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { thrown } from '../support/expect-error.js';
import { FakeApplication } from '../support/fake-application.js';

describe('flow-local properties (B.1 localProperty, B.1 jobGroup)', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    fake.respond = () => ({ value: 0 });
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  const lastJob = () => fake.jobs.at(-1)!.request;

  it('go along with the jobs of the flow that set them', async () => {
    await sc.withJobGroup('outer', async () => {
      sc.setJobGroup('group', 'what it does');
      sc.addJobTag('a');
      sc.addJobTag('b');
      sc.setLocalProperty('pool', 'fast');
      await sc.parallelize([1]).count();
    });
    expect(lastJob()).to.include({ jobGroup: 'group', description: 'what it does' });
    expect(lastJob().tags).to.deep.equal(['a', 'b']);
    expect(lastJob().properties).to.deep.equal({ pool: 'fast' });
  });

  it('are inherited by flows that start later and not by those that run already', async () => {
    const seen: Record<string, string | undefined> = {};
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const before = (async () => {
      await gate;
      seen['before'] = sc.getLocalProperty('k');
    })();
    await sc.withLocalProperties({}, async () => {
      sc.setLocalProperty('k', 'v');
      const child = (async () => {
        await gate;
        seen['child'] = sc.getLocalProperty('k');
        sc.setLocalProperty('k', 'of the child');
        seen['child after'] = sc.getLocalProperty('k');
      })();
      release();
      await Promise.all([before, child]);
      seen['parent'] = sc.getLocalProperty('k');
    });
    expect(seen).to.deep.equal({
      before: undefined,
      child: 'v',
      'child after': 'of the child',
      parent: 'v',
    });
  });

  it('are those of the call of the action, not of a later moment', async () => {
    await sc.withLocalProperties({}, async () => {
      sc.setLocalProperty('k', 'at the call');
      const counting = sc.parallelize([1]).count();
      sc.setLocalProperty('k', 'later');
      await counting;
    });
    expect(lastJob().properties).to.deep.equal({ k: 'at the call' });
  });

  it('end with the scoped forms, which return what the function returns', async () => {
    const value = sc.withJobGroup('g', () => {
      sc.addJobTag('inside');
      return sc.withJobTags(['t'], () => [...sc.getJobTags()]);
    });
    expect(value).to.deep.equal(['inside', 't']);
    expect(sc.getJobTags()).to.be.empty;
    await sc.parallelize([1]).count();
    expect(lastJob().jobGroup).to.equal(undefined);
  });

  it('keep two flows with groups of their own apart', async () => {
    const run = async (group: string): Promise<void> => {
      sc.setJobGroup(group);
      await Promise.resolve();
      await sc.parallelize([1]).setName(group).count();
    };
    await Promise.all([
      sc.withLocalProperties({}, () => run('x')),
      sc.withLocalProperties({}, () => run('y')),
    ]);
    const groups = fake.jobs.map(({ request }) => [request.finalNode.name, request.jobGroup]);
    expect(groups).to.have.deep.members([
      ['x', 'x'],
      ['y', 'y'],
    ]);
  });

  it('can be cleared', () => {
    sc.withLocalProperties({ k: 'v' }, () => {
      sc.setLocalProperty('k', undefined);
      expect(sc.getLocalProperty('k')).to.equal(undefined);
      sc.addJobTag('t');
      sc.removeJobTag('t');
      expect(sc.getJobTags()).to.be.empty;
      sc.addJobTag('t');
      sc.clearJobTags();
      expect(sc.getJobTags()).to.be.empty;
    });
  });

  it('refuse empty tags, tags with a comma and values that are no text', () => {
    expect(thrown(() => sc.addJobTag('a,b'))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => sc.addJobTag(''))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => sc.setLocalProperty('k', 3 as unknown as string))).to.have.property(
      'code',
      'ARGUMENT',
    );
    expect(thrown(() => sc.setJobGroup(''))).to.have.property('code', 'ARGUMENT');
  });

  it('also go with the jobs that preparing starts', async () => {
    fake.respond = ({ sink }) =>
      sink.kind === 'sampleKeys' ? { value: { count: 0, sample: [] } } : { value: 0 };
    await sc.withJobGroup('sorting', () => sc.range(0, 10, 1, 3).sortBy(Number).count());
    expect(fake.jobs.map(({ sink, request }) => [sink.kind, request.jobGroup])).to.deep.equal([
      ['sampleKeys', 'sorting'],
      ['count', 'sorting'],
    ]);
  });
});
