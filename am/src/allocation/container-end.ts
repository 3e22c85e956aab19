/** Why a container ended, for people and for the scheduler. */
export interface ContainerEnd {
  /** One line: what happened, and what to change where that helps. */
  readonly reason: string;
  /** Whether it is the application's own fault: counts towards the limits of failures. */
  readonly countsAsFailure: boolean;
  /** Whether the whole node is gone, with everything on it. */
  readonly hostLost: boolean;
}

/** What the AM itself had asked for, which decides before the exit code does. */
export type EndIntent = 'none' | 'stopped' | 'released';

interface Explanation {
  readonly text: string;
  readonly counts: boolean;
  readonly hostLost?: boolean;
}

/**
 * `ContainerExitStatus` of Hadoop 3.4.3 and the exit codes of executors, each with its meaning, whether
 * it counts, and what to change.
 */
const explanations: ReadonlyMap<number, Explanation> = new Map([
  [0, { text: 'the executor ended by itself', counts: false }],
  [50, { text: 'an uncaught error ended the executor; its log shows it', counts: true }],
  [
    52,
    {
      text: 'the executor ran out of memory: raise heddle.executor.memory (--executor-memory), or use more partitions',
      counts: true,
    },
  ],
  [
    53,
    {
      text: 'the executor could not use its local directory (is a disk of the node full or read-only?)',
      counts: true,
    },
  ],
  [56, { text: 'the executor lost the ApplicationMaster and ended itself', counts: false }],
  [57, { text: 'the executor was declared dead and ended itself', counts: false }],
  [
    58,
    {
      text: 'the program in the container is not the one that was submitted; was a staged file changed?',
      counts: true,
    },
  ],
  [
    59,
    { text: 'the executor had no valid credentials in HADOOP_TOKEN_FILE_LOCATION', counts: true },
  ],
  [
    126,
    {
      text: 'the Node binary may not be executed in the container (a local directory mounted noexec?): see heddle doctor and heddle.yarn.nodeArchive',
      counts: true,
    },
  ],
  [
    127,
    {
      text: 'the Node binary was not found in the container or cannot run there (glibc 2.28 is needed): see heddle doctor and heddle.yarn.nodeArchive',
      counts: true,
    },
  ],
  [
    134,
    {
      text: 'Node aborted; most often its heap was full: raise heddle.executor.memory (--executor-memory)',
      counts: true,
    },
  ],
  [
    137,
    {
      text: 'the process was killed (SIGKILL), most often by the kernel for want of memory: raise heddle.executor.memoryOverhead, or take smaller executors',
      counts: true,
    },
  ],
  [139, { text: 'the process crashed (SIGSEGV)', counts: true }],
  [143, { text: 'the process was ended (SIGTERM)', counts: true }],
  [
    154,
    {
      text: 'the NodeManager lost sight of the container, most often when it was restarted',
      counts: false,
    },
  ],
  [-1000, { text: 'the container could not be started', counts: true }],
  [-100, { text: 'the container was taken back by YARN, or its node is lost', counts: false }],
  [-101, { text: 'the disks of the node failed', counts: false, hostLost: true }],
  [
    -102,
    { text: 'the container was preempted: its queue had to give resources back', counts: false },
  ],
  [
    -103,
    {
      text: 'YARN killed the container for its virtual memory: raise heddle.executor.memoryOverhead, or ask the operator for yarn.nodemanager.vmem-check-enabled=false (libraries with WebAssembly reserve 10 GB each)',
      counts: true,
    },
  ],
  [
    -104,
    {
      text: 'YARN killed the container for its physical memory: raise heddle.executor.memoryOverhead (memory outside of the heap), or heddle.executor.memory',
      counts: true,
    },
  ],
  [-105, { text: 'the container was stopped by the ApplicationMaster', counts: false }],
  [-106, { text: 'the container was stopped by the ResourceManager', counts: false }],
  [-107, { text: 'the application has ended', counts: false }],
  [-108, { text: 'the node had no room for the container', counts: false }],
  [
    -109,
    { text: 'YARN killed the container because its logs grew too large: print less', counts: true },
  ],
]);

/** Exit codes that show only in a container's diagnostics as a lost node. */
const lostNode = /released on a \*lost\* node/;
/** Kinds of memory kills name their figures in the diagnostics. */
const memoryFigures = /Current usage: ([^.]*(?:\.\d+[^.]*)*)\. Killing container/;

/**
 * Judges an ended container: first by what was asked for, then by its exit status.
 *
 * @param exitStatus exit code, or a negative `ContainerExitStatus`
 * @param diagnostics YARN's text, with its repetitions and stack traces
 */
export function explainContainerEnd(
  exitStatus: number,
  diagnostics: string,
  intent: EndIntent,
): ContainerEnd {
  if (intent === 'released') return quiet('the container was given back');
  if (intent === 'stopped') return quiet('the container was stopped by the ApplicationMaster');
  const known = explanations.get(exitStatus);
  const hostLost = known?.hostLost === true || lostNode.test(diagnostics);
  if (hostLost && exitStatus === -100) {
    return { reason: 'the node is lost (exit status -100)', countsAsFailure: false, hostLost };
  }
  const text = known?.text ?? 'the executor failed; its log says why';
  const detail = detailOf(exitStatus, diagnostics);
  return {
    reason: `${text} (exit status ${exitStatus}${detail === '' ? '' : `; ${detail}`})`,
    countsAsFailure: known?.counts ?? true,
    hostLost,
  };
}

function quiet(reason: string): ContainerEnd {
  return { reason, countsAsFailure: false, hostLost: false };
}

/** The one line of YARN's diagnostics that says more than the code. */
function detailOf(exitStatus: number, diagnostics: string): string {
  if (exitStatus === -103 || exitStatus === -104) {
    return memoryFigures.exec(diagnostics)?.[1]?.trim() ?? '';
  }
  if (exitStatus === -1000) return firstTelling(diagnostics);
  if (exitStatus === 126 || exitStatus === 127) return firstTelling(diagnostics);
  return '';
}

const noise =
  /^(?:\[[^\]]*\])?(?:Exception from container-launch|Container id:|Exit code:|Last \d+ bytes|Container exited|Shell output:|\s*at |Failing this attempt|$)/;

/** The first line of diagnostics that is no frame, head or repetition. */
function firstTelling(diagnostics: string): string {
  const permission = /Permission denied[^\n]*|No space left on device[^\n]*/.exec(diagnostics);
  if (permission !== null) return permission[0].slice(0, 300);
  for (const line of diagnostics.split('\n')) {
    const text = line.replace(/^\[\d{4}-[^\]]*\]/, '').trim();
    if (text !== '' && !noise.test(text)) return text.slice(0, 300);
  }
  return '';
}
