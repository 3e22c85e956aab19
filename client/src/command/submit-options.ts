import { Command, CommanderError } from 'commander';
import { isProgramName } from './find-program.js';
import { addVerbs, type VerbRequest } from '../yarn/verbs/verb-request.js';

/** The words of `heddle submit`, read but not yet judged. */
export interface SubmitOptions {
  readonly app: string;
  /** Everything after the program, untouched. */
  readonly args: readonly string[];
  readonly master: string | undefined;
  readonly name: string | undefined;
  readonly conf: readonly string[];
  readonly propertiesFile: string | undefined;
  readonly files: string | undefined;
  readonly driverMemory: string | undefined;
  readonly executorMemory: string | undefined;
  readonly executorCores: string | undefined;
  readonly numExecutors: string | undefined;
  readonly deployMode: string | undefined;
  readonly queue: string | undefined;
  readonly archives: string | undefined;
  readonly external: readonly string[];
  readonly check: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
}

/** What the command line asks for. */
export type CommandRequest =
  | { readonly kind: 'submit'; readonly options: SubmitOptions }
  | { readonly kind: 'verb'; readonly request: VerbRequest }
  /** Help or version: text for stdout, exit 0. */
  | { readonly kind: 'text'; readonly text: string }
  /** Bad arguments: text for stderr, exit 1; `json` when JSON lines were asked for. */
  | { readonly kind: 'refused'; readonly text: string; readonly json: boolean };

const exitCodeHelp = `
Exit codes:
  0        the program ended well
  1        bad arguments, the program did not start, or it ended with an error
  13       the program waits for something that can never happen
  129-143  ended by a signal (130: Ctrl-C, 143: SIGTERM), everything removed
  others   what the program gave to process.exit()`;

/**
 * Reads the words after `heddle`. The first word after `submit` that is no option is the program;
 * everything behind it belongs to the program, also what looks like an option.
 */
export function parseCommandLine(words: readonly string[], version: string): CommandRequest {
  let text = '';
  let request: CommandRequest | undefined;
  const collect = (value: string, before: string[]): string[] => [...before, value];
  const output = {
    writeOut: (part: string) => void (text += part),
    writeErr: (part: string) => void (text += part),
  };
  const root = new Command('heddle')
    .description('Runs TypeScript and JavaScript data programs.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this text')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput(output)
    .showSuggestionAfterError();
  root.addHelpText('after', '\nExample:\n  heddle submit --master "local[4]" app.ts input.txt');

  root
    .command('submit')
    .summary('run a program')
    .description('Bundles a program and runs it.')
    .usage('[options] <app.ts> [args...]')
    .argument('<app>', 'the program: a TypeScript or JavaScript file')
    .argument('[args...]', "the program's own arguments, untouched")
    .passThroughOptions()
    .helpOption('-h, --help', 'print this text')
    .option(
      '--master <master>',
      'local | local[N] | local[*] | local[N,F] | local-cluster[E,C,M] | yarn  (default: local[*])',
    )
    .option('--name <name>', 'name of the application (default: name of the file)')
    .option('--conf <key=value>', 'a setting; may be given again for others', collect, [])
    .option('--properties-file <file>', 'settings, one "key value" or "key=value" a line')
    .option('--files <a,b#name>', 'files for the tasks: HeddleFiles.get(name) finds them')
    .option('--driver-memory <size>', 'heap limit of the driver, such as 2g')
    .option('--executor-memory <size>', 'what an executor may use, such as 2g')
    .option('--executor-cores <n>', 'tasks that an executor process runs at once')
    .option('--num-executors <n>', 'number of executor processes')
    .option('--deploy-mode <mode>', 'on YARN, where the driver runs: client | cluster')
    .option('--queue <name>', 'on YARN, the queue of the application')
    .option('--archives <a,b#name>', 'on YARN, archives that are unpacked for the tasks')
    .option(
      '--external <package>',
      'leave an npm package out of the bundle; may be given again',
      collect,
      [],
    )
    .option('--check', 'check the types of the program with its own TypeScript first')
    .option('-v, --verbose', 'print what runs, and each setting with where it came from')
    .option('--json', 'write logs, errors and a final report as JSON lines on stderr')
    .option('--version', 'print the version')
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureOutput(output)
    .showSuggestionAfterError()
    .action((app: string, args: string[], flags: ParsedFlags) => {
      request = { kind: 'submit', options: toOptions(app, args, flags) };
    });

  addVerbs(
    root,
    (command) => command.exitOverride().configureOutput(output).showSuggestionAfterError(),
    (verb) => (request = { kind: 'verb', request: verb }),
  );

  if (words[0] === 'submit' && asksForVersion(words)) return { kind: 'text', text: `${version}\n` };
  const json = asksForJson(words);
  if (words.length === 0) return { kind: 'refused', text: root.helpInformation(), json };
  try {
    root.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text };
    return { kind: 'refused', text: text.replace(/^error: /, 'heddle: '), json };
  }
  return request ?? { kind: 'refused', text: root.helpInformation(), json };
}

interface ParsedFlags {
  master?: string;
  name?: string;
  conf: string[];
  propertiesFile?: string;
  files?: string;
  driverMemory?: string;
  executorMemory?: string;
  executorCores?: string;
  numExecutors?: string;
  deployMode?: string;
  queue?: string;
  archives?: string;
  external: string[];
  check?: boolean;
  verbose?: boolean;
  json?: boolean;
}

function toOptions(app: string, args: readonly string[], flags: ParsedFlags): SubmitOptions {
  return {
    app,
    args,
    master: flags.master,
    name: flags.name,
    conf: flags.conf,
    propertiesFile: flags.propertiesFile,
    files: flags.files,
    driverMemory: flags.driverMemory,
    executorMemory: flags.executorMemory,
    executorCores: flags.executorCores,
    numExecutors: flags.numExecutors,
    deployMode: flags.deployMode,
    queue: flags.queue,
    archives: flags.archives,
    external: flags.external,
    check: flags.check === true,
    verbose: flags.verbose === true,
    json: flags.json === true,
  };
}

/** Whether words that cannot be understood ask for JSON lines; what follows a program is its own. */
function asksForJson(words: readonly string[]): boolean {
  if (words[0] !== 'submit') return false;
  const program = words.findIndex((word) => word === '--' || isProgramName(word));
  return words.slice(0, program === -1 ? words.length : program).includes('--json');
}

/** `submit --version` without a program, which commander would refuse as a missing argument. */
function asksForVersion(words: readonly string[]): boolean {
  return words.length === 2 && words[1] === '--version';
}
