/** Where in the user's program an operator was called. */
export interface CallSite {
  /** Operator as the user wrote it, such as `reduceByKey`. */
  readonly operator: string;
  /** Source file of the user (after source maps), or `<unknown>`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `map at app.ts:12` — the short form of debug strings, stage names and logs. */
export function callSiteShort(site: CallSite): string {
  const name = site.file.slice(site.file.lastIndexOf('/') + 1);
  return `${site.operator} at ${name}:${site.line}`;
}
