import { AsyncLocalStorage } from 'node:async_hooks';

/** What a flow of asynchronous calls has set for the jobs it starts. Never changed in place. */
export interface FlowState {
  readonly jobGroup: string | undefined;
  readonly description: string | undefined;
  readonly tags: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, string>;
}

const emptyState: FlowState = {
  jobGroup: undefined,
  description: undefined,
  tags: new Set(),
  properties: new Map(),
};

/**
 * Job group, description, tags and local properties of the current asynchronous flow.
 *
 * A change holds for the flow that makes it, from there on, and for what it starts later; flows that
 * run already keep what they had. Source: Spark 4.0 `SparkContext.localProperties` (which is by
 * thread).
 */
export class FlowProperties {
  readonly #storage = new AsyncLocalStorage<FlowState>();

  get current(): FlowState {
    return this.#storage.getStore() ?? emptyState;
  }

  /** Changes the current flow from here on. */
  change(change: Partial<FlowState>): void {
    this.#storage.enterWith({ ...this.current, ...change });
  }

  /** Runs `fn` in a flow of its own with these changes; the caller's flow stays as it is. */
  within<R>(change: Partial<FlowState>, fn: () => R): R {
    return this.#storage.run({ ...this.current, ...change }, fn);
  }
}
