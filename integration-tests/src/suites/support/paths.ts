import { suitesMaster } from './master.js';

/**
 * A path of this machine as programs name it. On YARN a path without a scheme is one of the cluster's
 * file system; suites run where all nodes are on one machine.
 */
export function here(path: string): string {
  // Globs are kept: a URL would escape their braces.
  return suitesMaster() === 'yarn' ? `file://${path}` : path;
}
