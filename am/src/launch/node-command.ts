import { commandArgument } from './shell-text.js';

/** Names of links in a container's working directory. */
export const containerLinks = {
  /** Archive with `bin/node`. */
  node: 'node',
  /** The engine's bundle. */
  engine: 'engine',
  /** The submitted program with its settings and the client's site files. */
  application: 'application',
  /** Folder of the files given with `--files`. */
  files: 'files',
} as const;

/** What runs in a container. */
export interface NodeCommand {
  /** File of the engine's bundle, such as `am-main.js`. */
  readonly main: string;
  /** Heap of the main thread, in MiB. */
  readonly heapMb: number;
  /** Node's own flags, given by the user. */
  readonly nodeOptions?: readonly string[];
  readonly arguments?: readonly string[];
}

/**
 * The command of a container. `MALLOC_ARENA_MAX` stands here and not in the environment, where the
 * NodeManager would append its own value to it: each arena of glibc takes 64 MB of address space,
 * and YARN may count that. SIGUSR1 must not open a debugger to whoever runs as the same user.
 */
export function nodeCommand(command: NodeCommand): string {
  const words = [
    'MALLOC_ARENA_MAX=2',
    'exec',
    `./${containerLinks.node}/bin/node`,
    '--disable-sigusr1',
    `--max-old-space-size=${command.heapMb}`,
    ...(command.nodeOptions ?? []).map(commandArgument),
    `${containerLinks.engine}/${command.main}`,
    ...(command.arguments ?? []).map(commandArgument),
    '1><LOG_DIR>/stdout',
    '2><LOG_DIR>/stderr',
  ];
  return words.join(' ');
}
