declare const HEDDLE_BUNDLED: boolean | undefined;

/**
 * Whether this code runs from the engine's bundle (`client/scripts/bundle-engine.js`), where all ways
 * in stand in one folder, or from the packages' own files, as in tests.
 */
const isBundled = typeof HEDDLE_BUNDLED !== 'undefined' && HEDDLE_BUNDLED;

/** What `import 'heddle'` means in a driver: the very instance of the engine that runs it. */
export function engineModuleUrl(): string {
  return isBundled ? new URL('./index.js', import.meta.url).href : import.meta.resolve('heddle');
}

/** What a task thread starts with; `undefined` where the executor's own default is right. */
export function threadEntryUrl(): URL | undefined {
  return isBundled ? new URL('./thread-main.js', import.meta.url) : undefined;
}

/** What an executor process of this host starts with. */
export function executorEntryUrl(): URL {
  return isBundled
    ? new URL('./executor-main.js', import.meta.url)
    : new URL('process/executor-main.js', import.meta.resolve('@heddle/executor'));
}

/** What the process starts with that serves map outputs of ended executors of this host. */
export function shuffleServiceEntryUrl(): URL {
  return isBundled
    ? new URL('./shuffle-service-main.js', import.meta.url)
    : new URL('shuffle-service/shuffle-service-main.js', import.meta.resolve('@heddle/executor'));
}

/** Folder of the engine's bundle, which containers of a cluster get. */
export function engineBundleDirectory(): URL {
  return isBundled ? new URL('./', import.meta.url) : new URL('../bundle/', import.meta.url);
}
