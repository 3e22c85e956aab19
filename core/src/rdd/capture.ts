import { callSiteShort, formatSize, type CallSite } from '@heddle/common';
import { captureClosure } from '../closures/index.js';
import type { DriverCore } from '../context/driver-core.js';
import type { ClosureData } from '../plan/index.js';

/** Captured bytes from which on a broadcast would be better: they go to each executor with each stage. */
const largeSnapshotBytes = 1024 * 1024;

/**
 * Captures the functions and values of a call, as they are now; warns of large ones, naming the call.
 *
 * @throws ClosureError naming the variable that cannot travel
 */
export function captureRoots(
  core: DriverCore,
  roots: readonly unknown[],
  callSite: CallSite,
): ClosureData {
  const closure = captureClosure(roots, callSite);
  const sizeBytes = closure.snapshot.length;
  if (sizeBytes >= largeSnapshotBytes) {
    core.logger.warn(
      'a function takes much data along with every stage that uses it; broadcast the data instead',
      { call: callSiteShort(callSite), captured: formatSize(sizeBytes) },
    );
  }
  return closure;
}
