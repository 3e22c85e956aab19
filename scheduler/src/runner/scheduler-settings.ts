import type { ConfigSource } from '@heddle/common';
import { readOptionalSetting, readSetting, settings } from '@heddle/common';
import type { AllocationOptions } from '../allocation/allocation-options.js';
import type { ExclusionOptions } from '../exclusion/exclusion-options.js';
import { DEFAULT_SHARING } from '../tasks/launch-sharing.js';
import type { SpeculationOptions } from '../tasks/speculation.js';
import type { SchedulerOptions } from './scheduler-options.js';

/** What `heddle.adaptive`, `.speculation`, `.excludeOnFailure` and the like say; for launchers. */
export function schedulerSettings(
  source: ConfigSource,
): Pick<
  SchedulerOptions,
  'adaptiveTargetBytes' | 'sharing' | 'speculation' | 'exclusion' | 'executorWaitTimeoutMs'
> {
  return {
    executorWaitTimeoutMs: readSetting(source, settings.executorWaitTimeout),
    ...(readSetting(source, settings.adaptiveEnabled) && {
      adaptiveTargetBytes: readSetting(source, settings.adaptiveTargetSize),
      sharing: DEFAULT_SHARING,
    }),
    ...(readSetting(source, settings.speculation) && { speculation: speculation(source) }),
    ...(readSetting(source, settings.excludeEnabled) && { exclusion: exclusion(source) }),
  };
}

function speculation(source: ConfigSource): SpeculationOptions {
  return {
    quantile: readSetting(source, settings.speculationQuantile),
    multiplier: readSetting(source, settings.speculationMultiplier),
    intervalMs: readSetting(source, settings.speculationInterval),
    minTaskRuntimeMs: readSetting(source, settings.speculationMinTaskRuntime),
  };
}

function exclusion(source: ConfigSource): ExclusionOptions {
  return {
    timeoutMs: readSetting(source, settings.excludeTimeout),
    maxTaskAttemptsPerExecutor: readSetting(source, settings.excludeTaskPerExecutor),
    maxTaskAttemptsPerHost: readSetting(source, settings.excludeTaskPerNode),
    stageMaxFailedTasksPerExecutor: readSetting(source, settings.excludeStagePerExecutor),
    stageMaxFailedExecutorsPerHost: readSetting(source, settings.excludeStagePerNode),
    applicationMaxFailedTasksPerExecutor: readSetting(
      source,
      settings.excludeApplicationPerExecutor,
    ),
    applicationMaxFailedExecutorsPerHost: readSetting(source, settings.excludeApplicationPerNode),
    onFetchFailure: readSetting(source, settings.excludeFetchFailure),
    unschedulableTimeoutMs: readSetting(source, settings.excludeUnschedulableTimeout),
  };
}

/**
 * What `heddle.dynamicAllocation` says; undefined when the number of executors is fixed.
 *
 * @param executors `heddle.executor.instances`, or 0 when it was not given
 * @param outputsAreServed a shuffle service on each node serves map outputs of executors that left
 */
export function allocationSettings(
  source: ConfigSource,
  executors: number,
  slotsPerExecutor: number,
  outputsAreServed: boolean,
): AllocationOptions | undefined {
  if (!readSetting(source, settings.dynamicAllocation)) return undefined;
  const minExecutors = readSetting(source, settings.dynamicAllocationMin);
  const backlogTimeoutMs = readSetting(source, settings.dynamicAllocationBacklog);
  return {
    minExecutors,
    maxExecutors: readOptionalSetting(source, settings.dynamicAllocationMax) ?? Infinity,
    initialExecutors: Math.max(
      minExecutors,
      readOptionalSetting(source, settings.dynamicAllocationInitial) ?? 0,
      executors,
    ),
    slotsPerExecutor,
    ratio: readSetting(source, settings.dynamicAllocationRatio),
    backlogTimeoutMs,
    sustainedBacklogTimeoutMs:
      readOptionalSetting(source, settings.dynamicAllocationSustained) ??
      Math.max(1, backlogTimeoutMs),
    idleTimeoutMs: readSetting(source, settings.dynamicAllocationIdle),
    cachedIdleTimeoutMs:
      readOptionalSetting(source, settings.dynamicAllocationCachedIdle) ?? Infinity,
    shuffleIdleTimeoutMs:
      readOptionalSetting(source, settings.dynamicAllocationShuffleIdle) ?? Infinity,
    outputsAreServed,
  };
}
