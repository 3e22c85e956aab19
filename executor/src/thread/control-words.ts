const killWord = 0;
const commitWord = 1;
const currentWord = 2;
const recallWord = 3;
const words = 4;

const unanswered = 0;
const granted = 1;
const denied = 2;

/** The few words of shared memory through which a host reaches a thread that is busy with a task. */
export class ControlWords {
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Host: asks the run to end; those before it are over. */
  kill(run: number): void {
    if (Atomics.load(this.#words, killWord) < run) Atomics.store(this.#words, killWord, run);
    Atomics.notify(this.#words, commitWord);
  }

  /** Thread: whether this run was asked to end. */
  isKilled(run: number): boolean {
    return Atomics.load(this.#words, killWord) >= run;
  }

  /** Thread: this run begins. */
  begin(run: number): void {
    Atomics.store(this.#words, currentWord, run);
  }

  /**
   * Thread, after `begin`: whether the host has taken the run back. Both ends write their own word
   * before they read the other's, so that what the host takes for taken back never runs.
   */
  isRecalled(run: number): boolean {
    return Atomics.load(this.#words, recallWord) >= run;
  }

  /** Host: takes back this run and those before it that have not begun: see `currentRun` then. */
  recall(run: number): void {
    Atomics.store(this.#words, recallWord, run);
  }

  /** Host: the run that began last. */
  get currentRun(): number {
    return Atomics.load(this.#words, currentWord);
  }

  /** Thread: before it posts the question. */
  expectCommitAnswer(): void {
    Atomics.store(this.#words, commitWord, unanswered);
  }

  /** Host: answers the question. */
  answerCommit(may: boolean): void {
    Atomics.store(this.#words, commitWord, may ? granted : denied);
    Atomics.notify(this.#words, commitWord);
  }

  /** Thread: waits for the answer; undefined when `sliceMs` passed without one. */
  waitForCommitAnswer(sliceMs: number): boolean | undefined {
    Atomics.wait(this.#words, commitWord, unanswered, sliceMs);
    const answer = Atomics.load(this.#words, commitWord);
    return answer === unanswered ? undefined : answer === granted;
  }
}
