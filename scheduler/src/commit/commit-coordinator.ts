import type { CommitRequest } from '../backend/scheduler-backend.js';

/**
 * Lets one attempt of a partition commit, over all stage attempts of one generation of a save.
 *
 * The first attempt that asks is authorised and stays it: repeated asks get the same answer. When it
 * fails, the right is free again. The answer "yes" of an attempt that then succeeds never changes.
 *
 * Source: Spark 4.0 `OutputCommitCoordinator`.
 */
export class CommitCoordinator {
  /** save → `generation/partition` → authorised task attempt */
  readonly #saves = new Map<number, Map<string, number>>();
  /** authorised task attempt → what it holds */
  readonly #held = new Map<number, { readonly saveId: number; readonly key: string }>();

  mayCommit(request: CommitRequest): boolean {
    const key = `${request.generation}/${request.partition}`;
    let authorised = this.#saves.get(request.saveId);
    if (authorised === undefined) {
      authorised = new Map();
      this.#saves.set(request.saveId, authorised);
    }
    const holder = authorised.get(key);
    if (holder !== undefined) return holder === request.taskAttemptId;
    authorised.set(key, request.taskAttemptId);
    this.#held.set(request.taskAttemptId, { saveId: request.saveId, key });
    return true;
  }

  /** The attempt failed, whatever the reason: another one may commit its partition. */
  attemptFailed(taskAttemptId: number): void {
    const held = this.#held.get(taskAttemptId);
    if (held === undefined) return;
    this.#held.delete(taskAttemptId);
    this.#saves.get(held.saveId)?.delete(held.key);
  }

  /** The save's job ended; nobody asks for it again. */
  saveEnded(saveId: number): void {
    for (const taskAttemptId of this.#saves.get(saveId)?.values() ?? []) {
      this.#held.delete(taskAttemptId);
    }
    this.#saves.delete(saveId);
  }

  get isEmpty(): boolean {
    return this.#saves.size === 0 && this.#held.size === 0;
  }
}
