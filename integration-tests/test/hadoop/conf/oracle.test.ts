import { readdirSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  HadoopConfiguration,
  HadoopSettingError,
  SiteFileError,
  type HadoopTimeUnit,
  defaultValues,
  deprecatedKeys,
  loadHadoopConfiguration,
  readSiteFile,
} from '@heddle/hadoop-conf';
import { expect } from 'chai';

import { type MiniCluster, sharedCluster } from '../../../src/cluster/index.js';

/** What one way of reading a key gives: a value, null for none, or the class of an error. */
type Reading = string | number | boolean | null | readonly string[] | { readonly error: string };
type Readings = Readonly<Record<string, Reading>>;

interface OracleAnswer {
  readonly keys?: Readonly<Record<string, Readings>>;
  readonly error?: string;
}

// Sources stay in the repository; only compiled files are in `dist`.
const repository = fileURLToPath(new URL('../../../../../', import.meta.url));
const oracle = join(repository, 'integration-tests/cluster/java/ConfigurationOracle.java');
const corpus = join(repository, 'integration-tests/test/hadoop/conf/corpus');
const brokenCorpus = join(repository, 'hadoop-conf/test/corpus');
const environment = { ORACLE_SET: 'from environment', ORACLE_EMPTY: '' };
const systemProperties = {
  'user.name': userInfo().username,
  'user.home': homedir(),
  'java.io.tmpdir': '/tmp',
};

function reading(read: () => Reading | undefined): Reading {
  try {
    return read() ?? null;
  } catch (error) {
    if (error instanceof HadoopSettingError) return { error: 'refused' };
    throw error;
  }
}

function ourReadings(conf: HadoopConfiguration, key: string): Readings {
  const duration = (unit: HadoopTimeUnit): Reading => reading(() => conf.getDurationMs(key, unit));
  return {
    raw: reading(() => conf.getRaw(key)),
    value: reading(() => conf.get(key)),
    trimmed: reading(() => conf.getTrimmed(key)),
    list: reading(() => conf.getList(key)),
    boolean: reading(() => conf.getBoolean(key)),
    integer: reading(() => conf.getInteger(key)),
    bytes: reading(() => conf.getSizeBytes(key)),
    number: reading(() => conf.getNumber(key)),
    millisecondsBareMs: duration('ms'),
    millisecondsBareS: duration('s'),
  };
}

/** Where we refuse on purpose what Hadoop takes: numbers that a JavaScript number does not hold, or no numbers. */
function isBeyondUs(kind: string, theirs: Reading): boolean {
  if (kind === 'number') return theirs === 'NaN' || theirs === 'Infinity' || theirs === '-Infinity';
  return typeof theirs === 'number' && !Number.isSafeInteger(theirs);
}

function normalized(kind: string, theirs: Reading): Reading {
  const isError = theirs !== null && typeof theirs === 'object' && 'error' in theirs;
  return isError || isBeyondUs(kind, theirs) ? { error: 'refused' } : theirs;
}

const groups = [
  ...['variables', 'forms', 'deprecated', 'values'].map((name) => [name]),
  ['finals-1', 'finals-2'],
  ['finals-2', 'finals-1'],
  ['deprecated', 'deprecated-later'],
  ['deprecated-later', 'deprecated'],
].map((names) => names.map((name) => join(corpus, `${name}.xml`)));
const parts = ['core', 'hdfs', 'yarn', 'mapred'].map((part) => `${part}-default.xml`);
const broken = readdirSync(brokenCorpus)
  .filter((name) => name.startsWith('broken-'))
  .map((name): [string] => [join(brokenCorpus, name)]);

describe('Site files, read by us and by Hadoop’s own Configuration', function () {
  this.timeout(120_000);
  let cluster: MiniCluster;
  const answers = new Map<string, OracleAnswer>();
  const deprecations = new Map<string, string[]>();

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    // One JVM for all questions.
    const questions = [...groups, ['defaults'], ...parts.map((part) => [part]), ...broken];
    const input = questions.map((words) => words.join('\t')).join('\n');
    const { code, stdout, stderr } = await cluster.runHadoop(oracle, [], { input, environment });
    expect(code, stderr).to.equal(0);
    const lines = stdout.trim().split('\n');
    for (const question of questions) {
      answers.set(question.join(), JSON.parse(lines.shift()!) as OracleAnswer);
    }
    for (const line of lines) {
      const [old, replacement] = line.split('\t').map((word) => word.trim());
      deprecations.set(old!, [...(deprecations.get(old!) ?? []), replacement!]);
    }
  });

  function ours(files: readonly string[]): HadoopConfiguration {
    const siteFiles = files.map((file) => readSiteFile(file)!);
    return new HadoopConfiguration({
      siteFiles,
      environment,
      systemProperties,
      withDefaults: false,
    });
  }

  function differences(
    conf: HadoopConfiguration,
    theirs: Readonly<Record<string, Readings>>,
  ): string[] {
    const found: string[] = [];
    for (const [key, readings] of Object.entries(theirs)) {
      const mine = ourReadings(conf, key);
      for (const [kind, value] of Object.entries(readings)) {
        // A bare -1 means "never" in many keys: we keep it, where Hadoop converts it like any other number.
        if (kind === 'millisecondsBareS' && value === -1000 && readings['raw'] === '-1') continue;
        // A key that is not set gives the caller's default, which the oracle chose.
        const isDefault = readings['raw'] === null && typeof value === 'number';
        const expected = JSON.stringify(isDefault ? null : normalized(kind, value));
        const actual = JSON.stringify(mine[kind]);
        if (actual !== expected) found.push(`${key} ${kind}: Hadoop ${expected}, we ${actual}`);
      }
    }
    return found;
  }

  it('agree on every key and every way of reading it, in a corpus of tricky files', () => {
    const found: string[] = [];
    for (const files of groups) {
      const { keys: theirs, error } = answers.get(files.join())!;
      expect(theirs, error).to.not.equal(undefined);
      const conf = ours(files);
      found.push(...differences(conf, theirs!));
      const mine = new Set<string>();
      for (const file of files)
        for (const { name } of readSiteFile(file)!.properties) mine.add(name);
      for (const name of mine) {
        if (conf.getRaw(name) !== undefined && !deprecatedKeys.has(name) && !(name in theirs!)) {
          found.push(`${name}: only we have it`);
        }
      }
    }
    expect(found).to.deep.equal([]);
  });

  it('agree on every key of the cluster’s own files over the built-in defaults', () => {
    const conf = loadHadoopConfiguration({
      directories: [cluster.confDir],
      environment,
      systemProperties,
    });
    const theirs = answers.get('defaults')!.keys!;
    const keys = [...conf.entries()].map(([key]) => key);
    expect(keys.length).to.be.above(120);
    const known = Object.fromEntries(keys.map((key) => [key, theirs[key]]));
    expect(keys.filter((key) => known[key] === undefined)).to.deep.equal([]);
    expect(differences(conf, known as Record<string, Readings>)).to.deep.equal([]);
    for (const file of readdirSync(cluster.confDir).filter((name) => /-site\.xml$/.test(name))) {
      for (const { name } of readSiteFile(join(cluster.confDir, file))!.properties) {
        expect(conf.get(name), name).to.not.equal(undefined);
      }
    }
  });

  it('agree that broken files are broken; where we alone refuse, it is for what could read other files', () => {
    const onlyWeRefuse: string[] = [];
    for (const [file] of broken) {
      expect(() => readSiteFile(file), file).to.throw(SiteFileError);
      if (answers.get(file)!.error === undefined) onlyWeRefuse.push(basename(file));
    }
    expect(onlyWeRefuse.sort()).to.deep.equal([
      'broken-doctype.xml',
      'broken-include.xml',
      'broken-root.xml',
    ]);
  });

  it('have the same old names for the same keys', () => {
    const sorted = (map: ReadonlyMap<string, readonly string[]>): [string, string[]][] =>
      [...map].map(([old, names]): [string, string[]] => [old, [...names].sort()]).sort();
    expect(sorted(deprecatedKeys)).to.deep.equal(sorted(deprecations));
  });

  it('know the same defaults for the keys that we have defaults for', () => {
    const ours: string[] = [];
    const theirs: string[] = [];
    for (const [key, { file, value }] of defaultValues) {
      ours.push(`${file} ${key}=${value}`);
      const raw = answers.get(file)!.keys![key]?.['raw'];
      theirs.push(`${file} ${key}=${typeof raw === 'string' ? raw : '(nothing)'}`);
    }
    expect(ours).to.deep.equal(theirs).and.to.have.length.above(70);
  });
});
