import type { ClusterHost, ClusterPlan, Daemon } from './cluster-plan.js';
import type { Command } from './java-command.js';

/** How daemons are run: as processes of this machine, or in containers. */
export interface ClusterWay {
  /**
   * Makes sure of what the machine needs and all clusters of this way share; may take minutes, once.
   * @throws Error saying what to install
   */
  prepareMachine(): Promise<void>;
  /** Makes hosts, networks and names; called once before any daemon. */
  prepare(plan: ClusterPlan): Promise<void>;
  /** Starts a daemon and returns when its process exists. */
  startDaemon(plan: ClusterPlan, daemon: Daemon, command: Command): Promise<void>;
  /** Sends a signal; false when the daemon does not run. */
  signalDaemon(plan: ClusterPlan, daemon: Daemon, signal: NodeJS.Signals): Promise<boolean>;
  isDaemonRunning(plan: ClusterPlan, daemon: Daemon): Promise<boolean>;
  /** Tells whether every thread of a daemon stands still after SIGSTOP. */
  isDaemonPaused(plan: ClusterPlan, daemon: Daemon): Promise<boolean>;
  /** Resident memory of a daemon in bytes; 0 when it does not run. */
  daemonMemoryBytes(plan: ClusterPlan, daemon: Daemon): Promise<number>;
  /** Takes a worker off the network, its containers included. */
  cutOff(plan: ClusterPlan, host: ClusterHost): Promise<void>;
  /** Undoes `cutOff`. */
  rejoin(plan: ClusterPlan, host: ClusterHost): Promise<void>;
  /** Ends whatever still runs, containers included, and undoes `prepare`. */
  release(plan: ClusterPlan): Promise<void>;
}
