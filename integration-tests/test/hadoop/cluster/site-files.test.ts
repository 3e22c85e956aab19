import { expect } from 'chai';

import { planCluster, portBaseOf } from '../../../src/cluster/cluster-plan.js';
import { profileNamed } from '../../../src/cluster/profiles.js';
import { siteXml } from '../../../src/cluster/site-files.js';

const facts = {
  way: 'processes',
  names: 'hosts',
  directory: '/none',
  jarDirectory: '/none',
} as const;

describe('The plan of a cluster for tests', () => {
  it('gives every slot its own addresses, names and ports', () => {
    const profile = profileNamed('default');
    const first = planCluster({ ...facts, profile, slot: 0 });
    const second = planCluster({ ...facts, profile, slot: 1 });
    const of = (plan: typeof first): string[] =>
      plan.hosts.flatMap((host) => [host.name, host.address]);
    expect(of(first).filter((one) => of(second).includes(one))).to.deep.equal([]);
    expect(portBaseOf(second) - portBaseOf(first)).to.equal(100);
  });

  it('has pairs of masters where the profile is highly available', () => {
    const plan = planCluster({ ...facts, profile: profileNamed('ha'), slot: 0 });
    const names = plan.daemons.map((daemon) => daemon.name);
    expect(names).to.include.members(['nn1', 'nn2', 'rm1', 'rm2', 'dn3', 'nm3']);
  });

  it('names the profiles that exist when asked for another', () => {
    expect(() => profileNamed('huge')).to.throw(/'huge'.*default, .*hadoop-3\.5, ha/);
  });

  it('writes values that XML would misread', () => {
    expect(siteXml({ a: '1 < 2 && x' })).to.contain('<value>1 &lt; 2 &amp;&amp; x</value>');
  });
});
