declare const brand: unique symbol;

/** A number or string that must not be confused with another kind of id. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

export type JobId = Branded<number, 'JobId'>;
export type StageId = Branded<number, 'StageId'>;
export type ShuffleId = Branded<number, 'ShuffleId'>;
export type RddId = Branded<number, 'RddId'>;
export type BroadcastId = Branded<number, 'BroadcastId'>;
export type AccumulatorId = Branded<number, 'AccumulatorId'>;
/** Unique in the application; never reused, also not by another attempt of the same partition. */
export type TaskAttemptId = Branded<number, 'TaskAttemptId'>;
export type ExecutorId = Branded<string, 'ExecutorId'>;
/** Names one published map output; never reused anywhere (NodeManagers cache index files by it alone). */
export type MapId = Branded<string, 'MapId'>;

export const jobId = (value: number): JobId => value as JobId;
export const stageId = (value: number): StageId => value as StageId;
export const shuffleId = (value: number): ShuffleId => value as ShuffleId;
export const rddId = (value: number): RddId => value as RddId;
export const broadcastId = (value: number): BroadcastId => value as BroadcastId;
export const accumulatorId = (value: number): AccumulatorId => value as AccumulatorId;
export const taskAttemptId = (value: number): TaskAttemptId => value as TaskAttemptId;
export const executorId = (value: string): ExecutorId => value as ExecutorId;
export const mapId = (value: string): MapId => value as MapId;
