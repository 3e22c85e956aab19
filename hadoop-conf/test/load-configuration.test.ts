import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { ConfDirectoryError, SiteFileError } from '../src/errors.js';
import {
  confDirectoriesOf,
  javaSystemProperties,
  loadHadoopConfiguration,
} from '../src/load-configuration.js';

describe('loadHadoopConfiguration', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hadoop-conf-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  function write(directory: string, file: string, values: Record<string, string>): void {
    const properties = Object.entries(values).map(
      ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`,
    );
    mkdirSync(join(root, directory), { recursive: true });
    writeFileSync(
      join(root, directory, file),
      `<configuration>\n${properties.join('\n')}\n</configuration>\n`,
    );
  }

  it('takes each file from the first directory that has it', () => {
    write('yarn', 'yarn-site.xml', { 'yarn.resourcemanager.hostname': 'from-yarn-dir' });
    write('hadoop', 'yarn-site.xml', {
      'yarn.resourcemanager.hostname': 'shadowed',
      only: 'shadowed',
    });
    write('hadoop', 'core-site.xml', { 'fs.defaultFS': 'hdfs://${env.NN}' });
    const conf = loadHadoopConfiguration({
      directories: [join(root, 'yarn'), join(root, 'hadoop'), join(root, 'absent')],
      environment: { NN: 'nn1' },
    });
    expect(conf.get('yarn.resourcemanager.hostname')).to.equal('from-yarn-dir');
    expect(conf.get('only')).to.equal(undefined);
    expect(conf.get('fs.defaultFS')).to.equal('hdfs://nn1');
    expect(conf.originOf('fs.defaultFS')).to.deep.equal({
      file: join(root, 'hadoop', 'core-site.xml'),
      line: 2,
    });
  });

  it('refuses a file that is there and cannot be read', () => {
    mkdirSync(join(root, 'd', 'core-site.xml'), { recursive: true });
    expect(() => loadHadoopConfiguration({ directories: [join(root, 'd')] })).to.throw(
      SiteFileError,
      'it cannot be read (EISDIR)',
    );
  });

  it('refuses directories of which none is there, naming them and what names them', () => {
    const directories = [join(root, 'absent'), join(root, 'gone')];
    expect(() => loadHadoopConfiguration({ directories })).to.throw(
      ConfDirectoryError,
      /absent and no .*gone: HADOOP_CONF_DIR/,
    );
  });

  it('is all defaults without any directory', () => {
    const conf = loadHadoopConfiguration({ directories: [] });
    expect(conf.get('fs.defaultFS')).to.equal('file:///');
  });

  it('finds directories as the Hadoop scripts do', () => {
    expect(
      confDirectoriesOf({
        HADOOP_CONF_DIR: '/h:/y',
        YARN_CONF_DIR: '/y',
        HADOOP_HOME: '/opt/hadoop',
      }),
    ).to.deep.equal(['/y', '/h', '/opt/hadoop/etc/hadoop']);
    expect(confDirectoriesOf({ HADOOP_CONF_DIR: '' })).to.deep.equal([]);
  });

  it('answers for the system properties of a JVM', () => {
    expect(javaSystemProperties()).to.include({ 'java.io.tmpdir': '/tmp' });
  });
});
