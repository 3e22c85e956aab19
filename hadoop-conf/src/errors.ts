import { HeddleError } from '@heddle/common';

/** A site file cannot be read: broken XML, a refused construct, or an unreadable file. */
export class SiteFileError extends HeddleError {
  readonly code = 'SITE_FILE';

  constructor(
    readonly file: string,
    /** 1-based line the reason points at; undefined when the whole file is meant. */
    readonly line: number | undefined,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `${file}${line === undefined ? '' : `:${line}`}: ${reason}; no Hadoop setting can be trusted until this file is repaired`,
      options,
    );
  }
}

/** None of the directories that should hold the site files is there. */
export class ConfDirectoryError extends HeddleError {
  readonly code = 'CONF_DIRECTORY';

  constructor(readonly directories: readonly string[]) {
    super(
      `there is no directory ${directories.join(' and no ')}: HADOOP_CONF_DIR, YARN_CONF_DIR or heddle.hadoop.confDir ` +
        "must name the folder with the cluster's core-site.xml, hdfs-site.xml and yarn-site.xml",
    );
  }
}

/** Where the value of a Hadoop key was set. */
export interface SettingOrigin {
  /** Path of the site file, `core-default.xml` and its like for a built-in default, or `program`. */
  readonly file: string;
  /** 1-based line of the property; undefined for built-in defaults and programs. */
  readonly line: number | undefined;
}

/** `/etc/hadoop/conf/yarn-site.xml:12`, or `default of yarn-default.xml`. */
export function describeOrigin(origin: SettingOrigin | undefined): string {
  if (origin === undefined) return 'not set in any site file';
  if (origin.line !== undefined) return `${origin.file}:${origin.line}`;
  return origin.file.endsWith('-default.xml') ? `default of ${origin.file}` : origin.file;
}

/** A Hadoop setting is missing or its value is not what its accessor needs; names the deciding key. */
export class HadoopSettingError extends HeddleError {
  readonly code = 'HADOOP_SETTING';

  constructor(
    readonly key: string,
    /** The value after expansion; undefined when the key is not set. */
    readonly value: string | undefined,
    readonly origin: SettingOrigin | undefined,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    const shown = value === undefined ? key : `${key} = ${JSON.stringify(value)}`;
    super(`${shown} (${describeOrigin(origin)}): ${reason}`, options);
  }
}
