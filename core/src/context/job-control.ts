import { ArgumentError } from '@heddle/common';
import { checkBoolean, checkText } from '../rdd/arguments.js';
import type { DriverCore } from './driver-core.js';

/** What `setJobGroup` takes. */
export interface JobGroupOptions {
  /**
   * Accepted for programs that come from Spark: a cancelled task always stops, since its thread is
   * replaced when it does not answer.
   */
  readonly interruptOnCancel?: boolean;
}

/** @throws ArgumentError */
export function checkJobGroupOptions(options: JobGroupOptions): void {
  if (options.interruptOnCancel === undefined) return;
  checkBoolean(options.interruptOnCancel, 'setJobGroup', 'interruptOnCancel');
}

/** A tag: not empty, without a comma, since tags are listed between commas. @throws ArgumentError */
export function checkTag(tag: unknown, operator: string): string {
  const text = checkText(tag, operator, 'tag');
  if (text.includes(',')) {
    throw new ArgumentError(
      `${operator}: a tag must not hold a comma, and is ${JSON.stringify(text)}`,
    );
  }
  return text;
}

/** The tags of the current flow with more of them. */
export function withTags(core: DriverCore, tags: Iterable<string>, operator: string): Set<string> {
  const all = new Set(core.flow.current.tags);
  for (const tag of tags) all.add(checkTag(tag, operator));
  return all;
}

/** The local properties of the current flow with changes; `undefined` removes one. */
export function withProperties(
  core: DriverCore,
  changes: Readonly<Record<string, string | undefined>>,
  operator: string,
): Map<string, string> {
  const all = new Map(core.flow.current.properties);
  for (const [key, value] of Object.entries(changes)) {
    checkText(key, operator, 'key');
    if (value === undefined) all.delete(key);
    else if (typeof value === 'string') all.set(key, value);
    else {
      throw new ArgumentError(
        `${operator}: the value of ${key} must be a text or undefined, and is ${String(value)}`,
      );
    }
  }
  return all;
}
