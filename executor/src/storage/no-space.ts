/** `writeSync` of `node:fs` in the form that we use it; tests put a full disk in its place. */
export type WriteFunction = (
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number | null,
) => number;

/** Whether an error of `node:fs` says that a disk, a quota or a file size limit is exhausted. */
export function isNoSpace(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

/** Whether a directory cannot take files at all (gone, read-only, broken disk): try the next one. */
export function isUnusableDirectory(error: unknown): boolean {
  const code = errnoOf(error);
  return (
    code === 'ENOENT' ||
    code === 'EROFS' ||
    code === 'EACCES' ||
    code === 'EPERM' ||
    code === 'EIO' ||
    code === 'ENOTDIR'
  );
}

/** The `code` of a system error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
