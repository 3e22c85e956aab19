import type { hadoop } from '#protocol';

import { bigIntToInt64, int64ToBigInt, int64ToNumber } from '../wire/int64.js';

/** `ApplicationIdProto`; text `application_<cluster timestamp>_<id>`. */
export interface ApplicationId {
  readonly clusterTimestamp: number;
  readonly id: number;
}

/** `ApplicationAttemptIdProto`; text `appattempt_<cluster timestamp>_<id>_<attempt>`. */
export interface ApplicationAttemptId {
  readonly applicationId: ApplicationId;
  readonly attempt: number;
}

/** `ContainerIdProto`. Numbers repeat across attempts: only the whole is an identity. */
export interface ContainerId {
  readonly attemptId: ApplicationAttemptId;
  /** `(epoch << 40) | number`; 64 bits. */
  readonly id: bigint;
}

/** A NodeManager: host as YARN names it, and RPC port. */
export interface NodeId {
  readonly host: string;
  readonly port: number;
}

/** `application_1700000000000_0007`. */
export function formatApplicationId({ clusterTimestamp, id }: ApplicationId): string {
  return `application_${clusterTimestamp}_${pad(id, 4)}`;
}

/** `appattempt_1700000000000_0007_000001`. */
export function formatApplicationAttemptId({
  applicationId,
  attempt,
}: ApplicationAttemptId): string {
  const { clusterTimestamp, id } = applicationId;
  return `appattempt_${clusterTimestamp}_${pad(id, 4)}_${pad(attempt, 6)}`;
}

/** `container_1700000000000_0007_01_000002`, with `e17_` before the timestamp after an RM restart. */
export function formatContainerId({ attemptId, id }: ContainerId): string {
  const { clusterTimestamp, id: application } = attemptId.applicationId;
  const epoch = Number(id >> 40n);
  const number = Number(id & 0xff_ffff_ffffn);
  const prefix = epoch === 0 ? '' : `e${pad(epoch, 2)}_`;
  return `container_${prefix}${clusterTimestamp}_${pad(application, 4)}_${pad(attemptId.attempt, 2)}_${pad(number, 6)}`;
}

/** `w1.example:45454`: the key of a node in maps. */
export function formatNodeId({ host, port }: NodeId): string {
  return `${host}:${port}`;
}

/** Undefined when the text is no application id. */
export function parseApplicationId(text: string): ApplicationId | undefined {
  const match = /^application_(\d+)_(\d+)$/.exec(text);
  return match === null ? undefined : { clusterTimestamp: Number(match[1]), id: Number(match[2]) };
}

/** Undefined when the text is no container id, as in the variable `CONTAINER_ID`. */
export function parseContainerId(text: string): ContainerId | undefined {
  const match = /^container_(?:e(\d+)_)?(\d+)_(\d+)_(\d+)_(\d+)$/.exec(text);
  if (match === null) return undefined;
  const applicationId = { clusterTimestamp: Number(match[2]), id: Number(match[3]) };
  const id = (BigInt(match[1] ?? 0) << 40n) | BigInt(match[5]!);
  return { attemptId: { applicationId, attempt: Number(match[4]) }, id };
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

type Optional<T> = T | null | undefined;

/** @internal Absent fields are read as protobuf's defaults. */
export function applicationIdFrom(
  proto: Optional<hadoop.yarn.ApplicationIdProto.$Properties>,
): ApplicationId {
  const clusterTimestamp = int64ToNumber(proto?.cluster_timestamp, 'an application id');
  return { clusterTimestamp, id: proto?.id ?? 0 };
}

/** @internal */
export function applicationIdTo(id: ApplicationId): hadoop.yarn.ApplicationIdProto.$Properties {
  return { id: id.id, cluster_timestamp: bigIntToInt64(BigInt(id.clusterTimestamp)) };
}

/** @internal */
export function attemptIdFrom(
  proto: Optional<hadoop.yarn.ApplicationAttemptIdProto.$Properties>,
): ApplicationAttemptId {
  return {
    applicationId: applicationIdFrom(proto?.application_id),
    attempt: proto?.attemptId ?? 0,
  };
}

/** @internal */
export function attemptIdTo(
  id: ApplicationAttemptId,
): hadoop.yarn.ApplicationAttemptIdProto.$Properties {
  return { application_id: applicationIdTo(id.applicationId), attemptId: id.attempt };
}

/** @internal */
export function containerIdFrom(
  proto: Optional<hadoop.yarn.ContainerIdProto.$Properties>,
): ContainerId {
  return { attemptId: attemptIdFrom(proto?.app_attempt_id), id: int64ToBigInt(proto?.id) };
}

/** @internal */
export function containerIdTo(id: ContainerId): hadoop.yarn.ContainerIdProto.$Properties {
  return { app_attempt_id: attemptIdTo(id.attemptId), id: bigIntToInt64(id.id) };
}

/** @internal */
export function nodeIdFrom(proto: Optional<hadoop.yarn.NodeIdProto.$Properties>): NodeId {
  return { host: proto?.host ?? '', port: proto?.port ?? 0 };
}
