import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const pysparkVersion = '4.3.0';

/** A Spark distribution and the compiled jobs, both below `workDirectory`. */
export interface SparkPeer {
  /** Folder of the distribution. */
  readonly home: string;
  /** The command line of one row, before the row's own arguments. @param options of `spark-submit` */
  command(options?: readonly string[]): readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Installs Spark from the PyPI package `pyspark` and compiles `Jobs.scala` with the Scala compiler
 * inside its jars, when that has not been done. Needs `python3` and a JDK of version 17 or later.
 */
export function prepareSpark(
  workDirectory: string,
  source: string,
  path: string,
  master: string,
): SparkPeer {
  mkdirSync(workDirectory, { recursive: true });
  const venv = join(workDirectory, 'venv');
  if (!existsSync(join(venv, 'bin', 'pip'))) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  }
  if (sparkHome(venv) === undefined) {
    execFileSync(join(venv, 'bin', 'pip'), ['install', '-q', `pyspark==${pysparkVersion}`], {
      stdio: 'inherit',
    });
  }
  const home = sparkHome(venv);
  if (home === undefined) throw new Error(`pip installed pyspark, but it is not below ${venv}`);
  const jar = join(workDirectory, 'jobs.jar');
  if (!existsSync(jar) || statSync(jar).mtimeMs < statSync(source).mtimeMs) {
    const classes = join(workDirectory, 'classes');
    mkdirSync(classes, { recursive: true });
    const jars = join(home, 'jars', '*');
    const compiler = ['-cp', jars, 'scala.tools.nsc.Main', '-nobootcp', '-classpath', jars];
    execFileSync('java', [...compiler, '-d', classes, source], { stdio: 'inherit' });
    execFileSync('jar', ['cf', jar, '-C', classes, '.'], { stdio: 'inherit' });
  }
  const submit = [join(home, 'bin', 'spark-submit'), '--master', master, '--driver-memory', '4g'];
  return {
    home,
    command: (options = []) => [...submit, ...options, '--class', 'Jobs', jar],
    env: { PATH: path, SPARK_HOME: home, SPARK_LOCAL_IP: '127.0.0.1' },
  };
}

function sparkHome(venv: string): string | undefined {
  const lib = join(venv, 'lib');
  if (!existsSync(lib)) return undefined;
  return readdirSync(lib)
    .map((python) => join(lib, python, 'site-packages', 'pyspark'))
    .find((home) => existsSync(join(home, 'jars')));
}
