import { readFile } from 'node:fs/promises';
import { ConfigError } from '@heddle/common';

/**
 * The settings of a properties file, as Spark reads its `spark-defaults.conf`: `key value`,
 * `key=value` or `key: value` a line; `#` and `!` begin comment lines; a backslash at the end of a
 * line continues it. Text is UTF-8. The last line of a key wins.
 *
 * @throws ConfigError for a line without a value, with file and line number
 */
export function parseProperties(text: string, file: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const lines = text.split(/\r\n|\r|\n/);
  for (let i = 0; i < lines.length; i += 1) {
    const lineNumber = i + 1;
    let line = lines[i]!.trim();
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    while (/(?:^|[^\\])(?:\\\\)*\\$/.test(line) && i + 1 < lines.length) {
      i += 1;
      line = line.slice(0, -1) + lines[i]!.trim();
    }
    const match = /^([^\s=:]+)(?:\s*[=:]\s*|\s+)(.+)$/.exec(line);
    if (match === null) {
      const key = /^[^\s=:]*/.exec(line)![0];
      throw new ConfigError(
        key,
        `${file}:${lineNumber}: '${line}' is not a setting; write 'key value' or 'key=value'`,
      );
    }
    values.set(match[1]!, match[2]!);
  }
  return values;
}

/** As `parseProperties`, from a file. @throws ConfigError when it cannot be read */
export async function readPropertiesFile(file: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      '--properties-file',
      `cannot read the properties file ${file}: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
  return parseProperties(text, file);
}
