import { ArgumentError } from '@heddle/common';

/**
 * Splits a comma list of paths: commas inside `{…}` and after a backslash belong to the path
 * (Hadoop 3.4 `FileInputFormat.getPathStrings`, which knows no backslash).
 * @throws ArgumentError for an empty item
 */
export function splitPathList(text: string): string[] {
  const paths: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (c === '\\') i += 1;
    else if (c === '{') depth += 1;
    else if (c === '}' && depth > 0) depth -= 1;
    else if (c === ',' && depth === 0) {
      paths.push(text.slice(start, i));
      start = i + 1;
    }
  }
  paths.push(text.slice(start));
  if (paths.includes('')) {
    throw new ArgumentError(
      text === '' ? 'an input path must not be empty' : `the list "${text}" holds an empty path`,
    );
  }
  return paths;
}
