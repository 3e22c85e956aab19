/** Name of the file that makes a kept build findable; written last. */
export const MANIFEST = 'manifest.json';

/** Begins names of folders that are being filled. */
export const UNFINISHED = '.new-';
