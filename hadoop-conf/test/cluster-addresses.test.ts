import { expect } from 'chai';

import { HadoopSettingError } from '../src/errors.js';
import { HadoopConfiguration } from '../src/hadoop-configuration.js';
import { nameServiceOf } from '../src/name-nodes.js';
import { resourceManagersOf } from '../src/resource-managers.js';

function conf(values: Record<string, string>): HadoopConfiguration {
  const properties = Object.entries(values).map(([name, value], index) => ({
    name,
    value,
    isFinal: false,
    line: index + 2,
  }));
  return new HadoopConfiguration({ siteFiles: [{ file: 'site.xml', properties }] });
}

describe('nameServiceOf', () => {
  it('takes host and port of an authority that is no name service, and the default web port', () => {
    expect(nameServiceOf(conf({}), 'nn.example')).to.deep.equal({
      name: undefined,
      nameNodes: [
        {
          id: undefined,
          rpcAddress: { host: 'nn.example', port: 8020 },
          httpAddress: { host: 'nn.example', port: 9870 },
          httpsAddress: undefined,
        },
      ],
    });
  });

  it('keeps the port of a wildcard web address and takes the host of the RPC address', () => {
    const c = conf({
      'dfs.namenode.http-address': '0.0.0.0:50070',
      'dfs.http.policy': 'HTTP_AND_HTTPS',
    });
    const [nameNode] = nameServiceOf(c, 'nn:9000').nameNodes;
    expect(nameNode?.rpcAddress).to.deep.equal({ host: 'nn', port: 9000 });
    expect(nameNode?.httpAddress).to.deep.equal({ host: 'nn', port: 50_070 });
    expect(nameNode?.httpsAddress).to.deep.equal({ host: 'nn', port: 9871 });
  });

  const ha = {
    'dfs.nameservices': 'other, prod',
    'dfs.ha.namenodes.prod': 'nn1,nn2',
    'dfs.namenode.rpc-address.prod.nn1': 'a:8020',
    'dfs.namenode.rpc-address.prod.nn2': 'b:8021',
    'dfs.namenode.http-address.prod.nn2': 'b-web:1234',
    'dfs.namenode.rpc-address.other': 'c',
  };

  it('lists the NameNodes of a name service in order, with derived web addresses', () => {
    expect(nameServiceOf(conf(ha), 'prod')).to.deep.equal({
      name: 'prod',
      nameNodes: [
        {
          id: 'nn1',
          rpcAddress: { host: 'a', port: 8020 },
          httpAddress: { host: 'a', port: 9870 },
          httpsAddress: undefined,
        },
        {
          id: 'nn2',
          rpcAddress: { host: 'b', port: 8021 },
          httpAddress: { host: 'b-web', port: 1234 },
          httpsAddress: undefined,
        },
      ],
    });
  });

  it('reads a federated name service without high availability', () => {
    expect(nameServiceOf(conf(ha), 'other').nameNodes.map((n) => n.rpcAddress)).to.deep.equal([
      { host: 'c', port: 8020 },
    ]);
  });

  it('gives only https addresses under HTTPS_ONLY', () => {
    const c = conf({ ...ha, 'dfs.http.policy': 'https_only' });
    const [first] = nameServiceOf(c, 'prod').nameNodes;
    expect(first?.httpAddress).to.equal(undefined);
    expect(first?.httpsAddress).to.deep.equal({ host: 'a', port: 9871 });
  });

  it('names the missing key of a listed NameNode', () => {
    const c = conf({ 'dfs.nameservices': 'p', 'dfs.ha.namenodes.p': 'x' });
    expect(() => nameServiceOf(c, 'p')).to.throw(
      HadoopSettingError,
      'dfs.namenode.rpc-address.p.x',
    );
  });
});

describe('resourceManagersOf', () => {
  it('derives every address from the host name and the default ports', () => {
    expect(resourceManagersOf(conf({ 'yarn.resourcemanager.hostname': 'rm' }))).to.deep.equal([
      {
        id: undefined,
        clientAddress: { host: 'rm', port: 8032 },
        schedulerAddress: { host: 'rm', port: 8030 },
        webAddress: { host: 'rm', port: 8088 },
        webScheme: 'http',
      },
    ]);
  });

  it('prefers explicit addresses, and the host name over a wildcard in them', () => {
    const [rm] = resourceManagersOf(
      conf({
        'yarn.resourcemanager.hostname': 'rm',
        'yarn.resourcemanager.address': 'elsewhere:1',
        'yarn.resourcemanager.scheduler.address': '0.0.0.0:2',
        'yarn.http.policy': 'HTTPS_ONLY',
      }),
    );
    expect(rm?.clientAddress).to.deep.equal({ host: 'elsewhere', port: 1 });
    expect(rm?.schedulerAddress).to.deep.equal({ host: 'rm', port: 2 });
    expect(rm?.webAddress).to.deep.equal({ host: 'rm', port: 8090 });
    expect(rm?.webScheme).to.equal('https');
  });

  it('lists the ResourceManagers of a pair by ids, host names and addresses', () => {
    const managers = resourceManagersOf(
      conf({
        'yarn.resourcemanager.ha.enabled': 'true',
        'yarn.resourcemanager.ha.rm-ids': 'rm1, rm2',
        'yarn.resourcemanager.hostname.rm1': 'a',
        'yarn.resourcemanager.hostname.rm2': 'b',
        'yarn.resourcemanager.scheduler.address.rm2': 'b:9030',
      }),
    );
    expect(managers.map((rm) => [rm.id, rm.schedulerAddress, rm.clientAddress])).to.deep.equal([
      ['rm1', { host: 'a', port: 8030 }, { host: 'a', port: 8032 }],
      ['rm2', { host: 'b', port: 9030 }, { host: 'b', port: 8032 }],
    ]);
  });

  it('refuses high availability without two ids', () => {
    const c = conf({
      'yarn.resourcemanager.ha.enabled': 'true',
      'yarn.resourcemanager.ha.rm-ids': 'rm1',
    });
    expect(() => resourceManagersOf(c)).to.throw(
      HadoopSettingError,
      'yarn.resourcemanager.ha.rm-ids = "rm1" (site.xml:3)',
    );
  });

  it('refuses to connect to a wildcard and says which key would tell the host', () => {
    expect(() => resourceManagersOf(conf({}))).to.throw(
      HadoopSettingError,
      /^yarn\.resourcemanager\.hostname .*set this key, or yarn\.resourcemanager\.address/,
    );
  });
});
