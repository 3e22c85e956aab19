import type { hadoop } from '#protocol';

interface EnumNames<E extends number, Name extends string> {
  /** `unknown` for numbers without a name here: a newer server must not stop an application by a new state. */
  readonly from: (value: E | null | undefined) => Name | 'unknown';
  readonly to: (name: Name) => E;
}

/** An enum of the protocol as strings. */
function namesOf<E extends number>() {
  return <const Names extends Readonly<Record<number, string>>>(
    names: Names,
  ): EnumNames<E, Extract<Names[keyof Names], string>> => {
    type Name = Extract<Names[keyof Names], string>;
    const byNumber = new Map(
      Object.entries(names).map(([number, name]) => [Number(number), name as Name]),
    );
    const byName = new Map([...byNumber].map(([number, name]) => [name, number as E]));
    return {
      from: (value) => byNumber.get(value ?? -1) ?? 'unknown',
      to: (name) => byName.get(name)!,
    };
  };
}

/** `ContainerStateProto`. */
export const containerStates = namesOf<hadoop.yarn.ContainerStateProto>()({
  1: 'new',
  2: 'running',
  3: 'complete',
});

/** `ContainerSubStateProto`. */
export const containerSubStates = namesOf<hadoop.yarn.ContainerSubStateProto>()({
  1: 'scheduled',
  2: 'running',
  3: 'paused',
  4: 'completing',
  5: 'done',
});

/** `NodeStateProto`. */
export const nodeStates = namesOf<hadoop.yarn.NodeStateProto>()({
  1: 'new',
  2: 'running',
  3: 'unhealthy',
  4: 'decommissioned',
  5: 'lost',
  6: 'rebooted',
  7: 'decommissioning',
  8: 'shutdown',
});

/** `AMCommandProto`; old ResourceManagers, newer ones throw instead. */
export const amCommands = namesOf<hadoop.yarn.AMCommandProto>()({ 1: 'resync', 2: 'shutdown' });

/** `SchedulerResourceTypes`. */
export const schedulerResourceTypes = namesOf<hadoop.yarn.SchedulerResourceTypes>()({
  0: 'memory',
  1: 'cpu',
});

/** `FinalApplicationStatusProto`. */
export const finalStatuses = namesOf<hadoop.yarn.FinalApplicationStatusProto>()({
  0: 'undefined',
  1: 'succeeded',
  2: 'failed',
  3: 'killed',
  4: 'ended',
});

/** `YarnApplicationStateProto`. */
export const applicationStates = namesOf<hadoop.yarn.YarnApplicationStateProto>()({
  1: 'new',
  2: 'newSaving',
  3: 'submitted',
  4: 'accepted',
  5: 'running',
  6: 'finished',
  7: 'failed',
  8: 'killed',
});

/** `LocalResourceTypeProto`. */
export const localResourceTypes = namesOf<hadoop.yarn.LocalResourceTypeProto>()({
  1: 'archive',
  2: 'file',
  3: 'pattern',
});

/** `LocalResourceVisibilityProto`. */
export const localResourceVisibilities = namesOf<hadoop.yarn.LocalResourceVisibilityProto>()({
  1: 'public',
  2: 'private',
  3: 'application',
});

/** `ApplicationAccessTypeProto`. */
export const accessTypes = namesOf<hadoop.yarn.ApplicationAccessTypeProto>()({
  1: 'view',
  2: 'modify',
});

/** `SignalContainerCommandProto`. */
export const containerSignals = namesOf<hadoop.yarn.SignalContainerCommandProto>()({
  1: 'threadDump',
  2: 'gracefulShutdown',
  3: 'forcefulShutdown',
});

/** What `from` gives. */
export type NameOf<E extends { readonly from: (value: never) => string }> = ReturnType<E['from']>;
/** What `to` takes: the same without `unknown`. */
export type KnownNameOf<E extends { readonly from: (value: never) => string }> = Exclude<
  NameOf<E>,
  'unknown'
>;
