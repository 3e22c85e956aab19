import type { Command } from 'commander';

/** What `heddle ls`, `status`, `kill`, `logs` and `doctor` are asked for. */
export type VerbRequest =
  | { readonly verb: 'ls'; readonly all: boolean; readonly json: boolean }
  | { readonly verb: 'status'; readonly applicationId: string; readonly json: boolean }
  | { readonly verb: 'kill'; readonly applicationId: string; readonly json: boolean }
  | {
      readonly verb: 'logs';
      readonly applicationId: string;
      /** Only this container: its id, or the end of it. */
      readonly container: string | undefined;
      readonly follow: boolean;
      readonly json: boolean;
    }
  | {
      readonly verb: 'doctor';
      /** `key=value`, as `heddle submit` takes them. */
      readonly conf: readonly string[];
      readonly queue: string | undefined;
      readonly json: boolean;
    };

/** Adds the verbs to the command line. @param asked told when one of them is read */
export function addVerbs(
  root: Command,
  finish: (command: Command) => Command,
  asked: (request: VerbRequest) => void,
): void {
  const verb = (name: string, summary: string): Command =>
    finish(
      root
        .command(name)
        .summary(summary)
        .description(summary)
        .helpOption('-h, --help', 'print this text')
        .option('--json', 'write JSON on stdout'),
    );
  verb('ls', 'list applications on YARN')
    .option('--all', 'also those that have ended')
    .action((flags: { all?: boolean; json?: boolean }) =>
      asked({ verb: 'ls', all: flags.all === true, json: flags.json === true }),
    );
  verb('status', 'show an application on YARN')
    .argument('<application>', 'id, such as application_1700000000000_0001')
    .action((applicationId: string, flags: { json?: boolean }) =>
      asked({ verb: 'status', applicationId, json: flags.json === true }),
    );
  verb('kill', 'end an application on YARN')
    .argument('<application>', 'its id')
    .action((applicationId: string, flags: { json?: boolean }) =>
      asked({ verb: 'kill', applicationId, json: flags.json === true }),
    );
  verb('logs', 'print the logs of an application on YARN')
    .argument('<application>', 'its id')
    .option(
      '--container <id>',
      'only this container: its id, the end of it, or am for the ApplicationMaster',
    )
    .option('-f, --follow', 'go on while the application runs')
    .action(
      (applicationId: string, flags: { container?: string; follow?: boolean; json?: boolean }) =>
        asked({
          verb: 'logs',
          applicationId,
          container: flags.container,
          follow: flags.follow === true,
          json: flags.json === true,
        }),
    );
  verb('doctor', 'check what programs on YARN need, and say what to do')
    .option(
      '--conf <key=value>',
      'a setting of the programs to come; may be given again for others',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option('--queue <name>', 'the queue of the programs to come')
    .action((flags: { conf: string[]; queue?: string; json?: boolean }) =>
      asked({ verb: 'doctor', conf: flags.conf, queue: flags.queue, json: flags.json === true }),
    );
}
