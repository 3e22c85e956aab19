export type * from './backend/scheduler-backend.js';
export type { AllocationOptions } from './allocation/allocation-options.js';
export { NoExecutorsError } from './allocation/errors.js';
export { CommitCoordinator } from './commit/commit-coordinator.js';
export type { JobSpec } from './dag/dag-event.js';
export type * from './listener/events.js';
export { EVENT_LOG_VERSION, EventLog, type EventLogOptions } from './listener/event-log.js';
export { ListenerBus } from './listener/listener-bus.js';
export { LocalitySummary, type InputLocality } from './listener/locality-summary.js';
export { REDACTED, redactSettings } from './listener/redact.js';
export { StatusTracker } from './listener/status-tracker.js';
export type { SchedulerOptions, Timers } from './runner/scheduler-options.js';
export { allocationSettings, schedulerSettings } from './runner/scheduler-settings.js';
export { SchedulerRunner } from './runner/scheduler-runner.js';
export {
  LOCALITY_NAMES,
  type LocalityName,
  type LocalityWaits,
  type TaskLocation,
} from './tasks/locality.js';
export { DEFAULT_POOL, type PoolSpec, type SchedulingMode } from './tasks/pool.js';
export { POOL_PROPERTY } from './tasks/task-scheduler.js';
