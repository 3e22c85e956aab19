import { InternalError } from '@heddle/common';
import { encodeValue, TaskAccumulator } from 'heddle/internal';
import type { AccumulatorParam, AccumulatorUpdate, RootRef, StageBinary } from 'heddle/internal';
import { StagePipelines } from '../pipeline/stage-pipelines.js';
import type { ThreadBroadcasts } from './broadcasts.js';
import type { ThreadBindings, ThreadClosure, ThreadProgram } from './thread-program.js';

/** A stage as one thread keeps it: its generated loops and its functions, made at first use. */
export class StageCode {
  readonly stage: StageBinary;
  readonly pipelines: StagePipelines;
  readonly program: ThreadProgram;
  readonly accumulators: StageAccumulators;
  /** One for all closures of the stage: they see each other's classes. */
  readonly #bindings: ThreadBindings;
  readonly #closures: (ThreadClosure | undefined)[] = [];

  constructor(stage: StageBinary, program: ThreadProgram, broadcasts: ThreadBroadcasts) {
    this.stage = stage;
    this.pipelines = new StagePipelines(stage.plan);
    this.program = program;
    this.accumulators = new StageAccumulators(stage);
    this.#bindings = {
      broadcast: (id) => broadcasts.find(id),
      accumulator: (id) => this.accumulators.find(id),
    };
  }

  closure(index: number): ThreadClosure {
    let closure = this.#closures[index];
    if (closure === undefined) {
      const data = this.stage.plan.closures[index];
      if (data === undefined) throw new InternalError(`the stage's plan has no closure ${index}`);
      closure = this.program.instantiate(data, this.#bindings);
      this.#closures[index] = closure;
    }
    return closure;
  }
}

/** The captured values of one attempt: every closure that it touches is decoded once. */
export class AttemptRoots {
  readonly #code: StageCode;
  readonly #roots: (readonly unknown[] | undefined)[] = [];

  constructor(code: StageCode) {
    this.#code = code;
  }

  root(ref: RootRef): unknown {
    const roots = (this.#roots[ref.closure] ??= this.#code.closure(ref.closure).roots());
    return roots[ref.root];
  }

  freshRoot(ref: RootRef): unknown {
    // The attempt's own copy first: its decoding resets the captured bindings.
    this.root(ref);
    return this.#code.closure(ref.closure).freshRoot(ref.root);
  }
}

/** The task halves of the accumulators that a stage's functions reach; each attempt starts at zero. */
export class StageAccumulators {
  readonly #stage: StageBinary;
  readonly #byId = new Map<number, TaskAccumulator>();

  constructor(stage: StageBinary) {
    this.#stage = stage;
    for (const spec of stage.plan.accumulators ?? []) {
      this.#byId.set(spec.id, new TaskAccumulator(spec));
    }
  }

  find(id: number): TaskAccumulator {
    const accumulator = this.#byId.get(id);
    if (accumulator === undefined) {
      throw new InternalError(`the stage's plan does not say how accumulator ${id} adds`);
    }
    return accumulator;
  }

  begin(roots: AttemptRoots): void {
    for (const spec of this.#stage.plan.accumulators ?? []) {
      const param =
        spec.kind === 'custom'
          ? (roots.root(spec.param) as AccumulatorParam<unknown, unknown>)
          : undefined;
      this.find(spec.id).begin(param);
    }
  }

  /** What the attempt added. */
  updates(code: ThreadProgram['code']): AccumulatorUpdate[] {
    const updates: AccumulatorUpdate[] = [];
    for (const [accumulatorId, accumulator] of this.#byId) {
      if (!accumulator.wasUsed) continue;
      updates.push({ accumulatorId, value: encodeValue(accumulator.partial, code) });
    }
    return updates;
  }
}
