import { RemoteFileSystemError } from '../errors.js';
import type { BlockLocation } from '../file-system.js';
import { NotWebHdfsError } from './errors.js';
import { blockLocationsOf, JsonObject, locatedBlocksOf } from './json-answers.js';
import type { NameNodeClient } from './name-node-client.js';

/** Bytes of a file whose locations one call asks for: some thousand blocks of usual size. */
const windowBytes = 512 * 1024 * 1024 * 1024;

type Operation = 'GETFILEBLOCKLOCATIONS' | 'GET_BLOCK_LOCATIONS';

/**
 * Asks where blocks are: by the public operation, by the older private one where a server does not
 * know it (old releases; HttpFS before 3.4 answers a bare 400), else not at all: work then has no
 * preferred places. What a server knows is remembered.
 */
export class BlockLocator {
  readonly #nameNodes: NameNodeClient;
  #operation: Operation | undefined = 'GETFILEBLOCKLOCATIONS';

  constructor(nameNodes: NameNodeClient) {
    this.#nameNodes = nameNodes;
  }

  /** Blocks that overlap a range, by offset. @throws FileNotFoundError */
  async locate(path: string, offset: number, length: number): Promise<BlockLocation[]> {
    const blocks: BlockLocation[] = [];
    const end = offset + length;
    let position = offset;
    while (position < end) {
      const part = await this.#ask(path, position, Math.min(end - position, windowBytes));
      const fresh = part.filter((block) => block.offset + block.length > position);
      const last = fresh.at(-1);
      // The file ends before the range does.
      if (last === undefined) break;
      blocks.push(...fresh);
      position = last.offset + last.length;
    }
    return blocks;
  }

  async #ask(path: string, offset: number, length: number): Promise<BlockLocation[]> {
    for (let op = this.#operation; op !== undefined; op = this.#operation) {
      try {
        const answer = await this.#nameNodes.json({
          method: 'GET',
          op,
          path,
          operation: 'locate the blocks of',
          parameters: { offset, length },
        });
        const json = new JsonObject(answer);
        return op === 'GETFILEBLOCKLOCATIONS' ? blockLocationsOf(json) : hostsOnly(json);
      } catch (error) {
        if (!isUnknown(error)) throw error;
        this.#operation = op === 'GETFILEBLOCKLOCATIONS' ? 'GET_BLOCK_LOCATIONS' : undefined;
      }
    }
    return [{ offset, length, hosts: [] }];
  }
}

function hostsOnly(json: JsonObject): BlockLocation[] {
  return locatedBlocksOf(json).map(({ offset, length, replicas }) => ({
    offset,
    length,
    hosts: replicas.map((replica) => replica.hostName),
  }));
}

/** The server does not know the operation, and says so in one way or another. */
function isUnknown(error: unknown): boolean {
  if (error instanceof NotWebHdfsError) return / status 400\b/.test(error.reason);
  return (
    error instanceof RemoteFileSystemError &&
    /IllegalArgumentException|UnsupportedOperationException|QueryParamException/.test(
      error.javaClassName,
    )
  );
}
