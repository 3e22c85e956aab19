import { ArgumentError } from '@heddle/common';
import { expect } from 'chai';
import { HadoopConfiguration, HadoopSettingError } from '@heddle/hadoop-conf';
import { webHdfsOptions } from '../../src/hadoop.js';
import type { ClusterScheme } from '../../src/index.js';

const ha = {
  'fs.defaultFS': 'hdfs://prod',
  'dfs.nameservices': 'prod',
  'dfs.ha.namenodes.prod': 'nn1,nn2',
  'dfs.namenode.rpc-address.prod.nn1': 'one:8020',
  'dfs.namenode.rpc-address.prod.nn2': 'two:8020',
  'dfs.namenode.http-address.prod.nn1': 'one:50070',
  'dfs.namenode.http-address.prod.nn2': 'two:50070',
};
const single = {
  'fs.defaultFS': 'hdfs://nn:8020',
  'dfs.namenode.http-address': '0.0.0.0:50070',
};

function origins(
  overrides: Record<string, string>,
  scheme: ClusterScheme,
  authority: string,
): string[] {
  const conf = new HadoopConfiguration({ siteFiles: [], overrides });
  const options = webHdfsOptions({ conf, user: 'alice' }, scheme, authority);
  return options.nameNodes.map(({ origin }) => origin);
}

describe('the servers of a path', () => {
  it('A-086 are all NameNodes of a name service, in their order', () => {
    const both = ['http://one:50070', 'http://two:50070'];
    expect(origins(ha, 'hdfs', 'prod')).to.deep.equal(both);
    expect(origins(ha, 'hdfs', '')).to.deep.equal(both);
    expect(origins(ha, 'webhdfs', 'prod')).to.deep.equal(both);
  });

  it('are the HTTP address of the site files for the NameNode that they name', () => {
    expect(origins(single, 'hdfs', 'nn:8020')).to.deep.equal(['http://nn:50070']);
    expect(origins(single, 'hdfs', 'nn')).to.deep.equal(['http://nn:50070']);
    expect(origins(single, 'hdfs', '')).to.deep.equal(['http://nn:50070']);
  });

  it('are the default port of another cluster, not the HTTP address of this one', () => {
    expect(origins(single, 'hdfs', 'elsewhere:8020')).to.deep.equal(['http://elsewhere:9870']);
    const other = { ...single, 'dfs.namenode.http-address': 'nn:50070' };
    expect(origins(other, 'hdfs', 'elsewhere:8020')).to.deep.equal(['http://elsewhere:9870']);
  });

  it('are the authority itself for webhdfs and swebhdfs', () => {
    expect(origins(single, 'webhdfs', 'gateway:14000')).to.deep.equal(['http://gateway:14000']);
    expect(origins(single, 'webhdfs', 'nn')).to.deep.equal(['http://nn:9870']);
    expect(origins(single, 'swebhdfs', 'nn')).to.deep.equal(['https://nn:9871']);
    expect(origins({}, 'webhdfs', '[::1]:9870')).to.deep.equal(['http://[::1]:9870']);
  });

  it('name fs.defaultFS when a path needs it and it is not set', () => {
    expect(() => origins({}, 'hdfs', '')).to.throw(HadoopSettingError, /fs\.defaultFS/);
    const s3 = { 'fs.defaultFS': 's3a://bucket' };
    expect(() => origins(s3, 'hdfs', '')).to.throw(HadoopSettingError, /s3a:\/\/bucket/);
  });

  it('blame the path for what it says itself, and the setting for what that says', () => {
    for (const authority of ['host:99999', 'host:port', 'me@host:8020', 'a b']) {
      for (const scheme of ['hdfs', 'webhdfs'] as const) {
        expect(() => origins(single, scheme, authority), authority)
          .to.throw(ArgumentError, authority)
          .with.property('message')
          .that.does.not.include('fs.defaultFS');
      }
    }
    const wrong = { 'fs.defaultFS': 'hdfs://nn:99999' };
    expect(() => origins(wrong, 'hdfs', '')).to.throw(HadoopSettingError, /fs\.defaultFS/);
  });
});
