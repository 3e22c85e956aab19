import { randomUUID } from 'node:crypto';
import { mapConcurrently } from '@heddle/webhdfs';
import type { ActionCall, DriverCore } from '../context/driver-core.js';
import { CheckpointDirectoryError } from '../errors/index.js';
import { abortSave, commitSave, prepareSave } from '../output/index.js';
import type { CommittedFile, FilePiece, Sink } from '../plan/index.js';
import { StorageLevel, StorageLevelValue } from '../storage/storage-level.js';
import { decodeResult } from './actions/run.js';
import type { CheckpointState, PreparedFacts, RddNode } from './rdd-node.js';

const concurrentLookups = 16;

/** Marks an RDD: the next action that needs it writes it to the checkpoint directory. */
export function markReliable(node: RddNode): void {
  const { core } = node;
  core.checkRunning();
  if (core.checkpoints.directory === undefined) throw new CheckpointDirectoryError();
  // As in Spark a mark stays what it was made; what is done is done.
  if (node.checkpoint !== undefined) return;
  node.checkpoint = { kind: 'reliable', isDone: false };
  core.checkpoints.wereMarked = true;
}

/** Marks an RDD: after the next action that needs it, its cached blocks are all there is of it. */
export function markLocal(node: RddNode): void {
  const { core } = node;
  core.checkRunning();
  if (node.checkpoint?.isDone === true || node.checkpoint?.kind === 'local') return;
  if (node.checkpoint !== undefined) {
    core.logger.warn('an RDD that was marked for checkpoint() gets a local checkpoint instead', {
      rdd: node.toString(),
    });
  }
  node.checkpoint = { kind: 'local', isDone: false };
  if (node.storageLevel === undefined) core.cleaner.watchPersisted(node);
  node.storageLevel = lastingLevel(node.storageLevel ?? StorageLevel.MEMORY_AND_DISK);
  core.checkpoints.wereMarked = true;
}

/** The level of a local checkpoint: its blocks must not be evicted, so that they may go to disk. */
export function lastingLevel(level: StorageLevel): StorageLevel {
  if (level.useDisk) return level;
  const { useMemory, useOffHeap, deserialized, replication } = level;
  return Object.freeze(
    new StorageLevelValue(true, useMemory, useOffHeap, deserialized, replication),
  );
}

/** Where checkpoints of an application go, and whether any were asked for. */
export class Checkpoints {
  /** URI of a directory of this application alone. */
  directory: string | undefined;
  /** Without any mark no lineage needs to be searched for them. */
  wereMarked = false;

  /** Makes a directory of its own below `path`. @throws FileSystemError and the like */
  async setDirectory(core: DriverCore, path: string): Promise<void> {
    const { fileSystem, path: absolute } = core.application.fileSystems.resolve(path);
    if (fileSystem.scheme === 'file' && core.application.master.startsWith('yarn')) {
      core.logger.warn(
        'the checkpoint directory is on this machine: executors elsewhere need another',
        {
          directory: fileSystem.uri(absolute),
        },
      );
    }
    const parent = absolute === '/' ? '' : absolute;
    const directory = `${parent}/${randomUUID()}`;
    await fileSystem.makeDirectories(directory);
    this.directory = fileSystem.uri(directory);
  }
}

/**
 * Writes the marked RDDs that a job has just needed, nearest to it first, and cuts their lineage.
 * Rejects when that fails; the mark stays, so that the next action tries again.
 */
export async function checkpointMarked(
  core: DriverCore,
  node: RddNode,
  call: ActionCall,
): Promise<void> {
  if (!core.checkpoints.wereMarked) return;
  for (const marked of nearestMarked(node)) {
    const state = marked.checkpoint!;
    if (state.running !== undefined) {
      // Another action writes it; when that fails it is that one's error.
      await state.running.catch(() => undefined);
      continue;
    }
    state.running = (
      state.kind === 'reliable'
        ? writeReliable(core, marked, state, call)
        : keepLocal(core, marked, state, call)
    ).finally(() => delete state.running);
    await state.running;
  }
}

/** Marked nodes that are reached without passing another one. */
function nearestMarked(node: RddNode): RddNode[] {
  const found: RddNode[] = [];
  const seen = new Set<RddNode>([node]);
  const stack = [node];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.checkpoint?.isDone === false) {
      found.push(top);
      continue;
    }
    for (const { parent } of top.facts.dependencies) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      stack.push(parent);
    }
  }
  return found;
}

/** Source: Spark 4.0 `ReliableRDDCheckpointData.doCheckpoint`, with the commit of a save. */
async function writeReliable(
  core: DriverCore,
  node: RddNode,
  state: CheckpointState,
  call: ActionCall,
): Promise<void> {
  const { fileSystems, applicationId, applicationAttemptId, programHash } = core.application;
  const saveId = core.ids.nextSave();
  const save = await prepareSave(fileSystems, {
    path: `${core.checkpoints.directory!}/rdd-${node.rddId}`,
    overwrite: true,
    applicationId,
    applicationAttemptId,
    saveId,
  });
  let files: CommittedFile[];
  try {
    files = await runOnAll(core, node, call, {
      kind: 'checkpoint',
      output: { temporaryDirectory: save.temporaryDirectory, saveId },
    });
    await commitSave(save, files, programHash, core.logger);
  } catch (error) {
    await abortSave(save).catch((failure: unknown) => {
      core.logger.warn('the temporary folder of a failed checkpoint could not be removed', {
        directory: save.temporaryDirectory,
        error: String(failure),
      });
    });
    throw error;
  }
  const { fileSystem, destination } = save;
  const pieces = await mapConcurrently(files, concurrentLookups, async (file) => {
    const path = `${destination}/${file.name}`;
    const blocks =
      fileSystem.scheme === 'file' ? [] : await fileSystem.blockLocations(path, 0, file.sizeBytes);
    return {
      path: fileSystem.uri(path),
      offset: 0,
      length: file.sizeBytes,
      fileSizeBytes: file.sizeBytes,
      hosts: blocks[0]?.hosts ?? [],
    } satisfies FilePiece;
  });
  state.directory = fileSystem.uri(destination);
  state.isDone = true;
  node.cut({
    ...cutFacts(node),
    operator: () => ({ kind: 'checkpoint' }),
    source: (partition) => ({
      kind: 'checkpoint',
      piece: pieces[partition]!,
      records: files[partition]!.records,
    }),
    hosts: (partition) => pieces[partition]!.hosts,
  });
}

/** Source: Spark 4.0 `LocalRDDCheckpointData.doCheckpoint`. */
async function keepLocal(
  core: DriverCore,
  node: RddNode,
  state: CheckpointState,
  call: ActionCall,
): Promise<void> {
  const { runner } = core.application;
  const isKept = (): boolean => runner.isFullyCached(node.rddId, node.partitionCount);
  // What is cached is only opened; the others are computed and kept.
  if (!isKept()) await runOnAll(core, node, call, { kind: 'take', limit: 1 }, () => undefined);
  if (node.partitionCount > 0 && !isKept()) {
    core.logger.warn('a local checkpoint was not made: not all partitions could be kept', {
      rdd: node.toString(),
    });
    return;
  }
  state.isDone = true;
  node.cut({ ...cutFacts(node), operator: () => ({ kind: 'localCheckpoint' }) });
}

/** What stays of a node without its lineage; the records in the files never change. */
function cutFacts(node: RddNode): Omit<PreparedFacts, 'operator'> {
  const { partitionCount, partitioning } = node.facts;
  return { partitionCount, partitioning, dependencies: [], determinacy: 'determinate' };
}

async function runOnAll<R>(
  core: DriverCore,
  node: RddNode,
  call: ActionCall,
  sink: Sink,
  decode: (bytes: Uint8Array) => R = decodeResult<R>,
): Promise<R[]> {
  const results: R[] = [];
  const partitions = Array.from({ length: node.partitionCount }, (_, i) => i);
  await core.runPlainJob(
    {
      node,
      partitions,
      sink: { build: () => sink },
      onResult: (position, bytes) => {
        results[position] = decode(bytes);
      },
    },
    call,
  );
  return results;
}
