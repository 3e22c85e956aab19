import { executorInstances, executorSize } from '@heddle/am';
import { readOptionalSetting, readSetting, settings, type ConfigSource } from '@heddle/common';
import { checkExecutorMemory, containerBytes } from '@heddle/executor';
import type { NewApplication } from './rm-records.js';
import { ResourceLimitError } from './yarn-errors.js';

/** Size of the ApplicationMaster's container. */
export interface MasterSize {
  readonly containerMiB: number;
  readonly virtualCores: number;
  /** Heap of the ApplicationMaster's own process. */
  readonly heapMb: number;
}

const mib = 2 ** 20;
/** Two processes of Node reserve so much address space that a smaller container meets YARN's limit of it. */
const leastDriverContainerMiB = 1_152;
const leastMasterContainerMiB = 640;
const defaultDriverBytes = 1_024 * mib;
/** In cluster mode the driver has the container's memory; the ApplicationMaster needs little. */
const masterHeapBesideDriverMb = 128;

/** The size of the first container that an application's settings ask for. @throws ConfigError */
export function masterSize(source: ConfigSource, deployMode: 'client' | 'cluster'): MasterSize {
  if (deployMode === 'cluster') {
    const memory = readOptionalSetting(source, settings.driverMemory) ?? defaultDriverBytes;
    const total = containerBytes(
      memory,
      readOptionalSetting(source, settings.driverMemoryOverhead),
    );
    return {
      containerMiB: Math.max(leastDriverContainerMiB, Math.ceil(total / mib)),
      virtualCores: readSetting(source, settings.driverCores),
      heapMb: masterHeapBesideDriverMb,
    };
  }
  const memory = readSetting(source, settings.yarnAmMemory);
  const total = containerBytes(memory, readOptionalSetting(source, settings.yarnAmMemoryOverhead));
  return {
    containerMiB: Math.max(leastMasterContainerMiB, Math.ceil(total / mib)),
    virtualCores: readSetting(source, settings.yarnAmCores),
    heapMb: Math.floor(memory / mib),
  };
}

/**
 * Compares what will be asked for with what the cluster gives at most, before anything is uploaded
 * and an executor's memory with its threads.
 *
 * @throws ResourceLimitError naming both numbers and the settings of both sides
 * @throws ConfigError when an executor's memory is too small for its threads
 */
export function checkSizes(source: ConfigSource, master: MasterSize, limits: NewApplication): void {
  const { maximumMemoryMiB, maximumVirtualCores } = limits;
  const executor = executorSize(source);
  const overheadMiB = Math.round(executor.overheadBytes / mib);
  const memory = Math.round(executor.memoryBytes / mib);
  if (executor.containerMiB > maximumMemoryMiB) {
    throw new ResourceLimitError(
      `an executor needs a container of ${executor.containerMiB} MiB (heddle.executor.memory ${memory} MiB and heddle.executor.memoryOverhead ${overheadMiB} MiB), ` +
        `and the cluster gives ${maximumMemoryMiB} MiB at most (yarn.scheduler.maximum-allocation-mb, yarn.nodemanager.resource.memory-mb): make executors smaller`,
    );
  }
  if (executor.slots > maximumVirtualCores) {
    throw new ResourceLimitError(
      `an executor needs ${executor.slots} virtual cores (heddle.executor.cores), and the cluster gives a container ${maximumVirtualCores} at most (yarn.scheduler.maximum-allocation-vcores): use more executors with fewer cores each`,
    );
  }
  if (master.containerMiB > maximumMemoryMiB) {
    throw new ResourceLimitError(
      `the ApplicationMaster needs a container of ${master.containerMiB} MiB (heddle.driver.memory in cluster mode, heddle.yarn.am.memory in client mode, with their overheads), ` +
        `and the cluster gives ${maximumMemoryMiB} MiB at most (yarn.scheduler.maximum-allocation-mb)`,
    );
  }
  if (master.virtualCores > maximumVirtualCores) {
    throw new ResourceLimitError(
      `the ApplicationMaster needs ${master.virtualCores} virtual cores (heddle.driver.cores, heddle.yarn.am.cores), and the cluster gives a container ${maximumVirtualCores} at most (yarn.scheduler.maximum-allocation-vcores)`,
    );
  }
  checkExecutorMemory(executor.memoryBytes, executor.slots);
}

/** One line about what will be asked for. */
export function describeSizes(source: ConfigSource, master: MasterSize): string {
  const executor = executorSize(source);
  const overheadMiB = Math.round(executor.overheadBytes / mib);
  return (
    `asking for an ApplicationMaster of ${master.containerMiB} MiB and ${executorInstances(source)} executors of ` +
    `${executor.containerMiB} MiB (${overheadMiB} MiB of it overhead) with ${executor.slots} task threads each`
  );
}
