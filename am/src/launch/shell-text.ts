import { HeddleError } from '@heddle/common';

/** A value cannot be handed to a container, because YARN rewrites it and offers no way around that. */
export class LaunchTextError extends HeddleError {
  readonly code = 'LAUNCH_TEXT';

  constructor(
    readonly what: string,
    readonly reason: string,
  ) {
    super(`${what} cannot be passed to a container: ${reason}`);
  }
}

/**
 * One argument of a container's command, so that the program gets exactly this text.
 *
 * The NodeManager pastes the command between double quotes into a script that gives it to another
 * shell: `exec /bin/bash -c "<command>"` (`ContainerLaunch`, Hadoop 3.4.3). So the text is put into
 * single quotes for the inner shell, and what double quotes leave alive is escaped for the outer one.
 *
 * @throws LaunchTextError for what YARN replaces before any shell sees it, and for zero bytes
 */
export function commandArgument(text: string): string {
  refuseReplaced('an argument', text);
  const inner = `'${text.replaceAll("'", `'\\''`)}'`;
  return escapeForDoubleQuotes(inner);
}

/**
 * The value of an environment variable as the launch context carries it, so that the process gets
 * exactly this text: the NodeManager writes `export NAME="<value>"`.
 *
 * @throws LaunchTextError
 */
export function environmentValue(name: string, text: string): string {
  refuseReplaced(`the environment variable ${name}`, text);
  return escapeForDoubleQuotes(text);
}

/** @throws LaunchTextError for what is no name of a variable in a shell */
export function environmentName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new LaunchTextError(
      `the environment variable ${JSON.stringify(name)}`,
      'its name must consist of letters, digits and _',
    );
  }
  return name;
}

function escapeForDoubleQuotes(text: string): string {
  return text.replace(/[\\`"$]/g, String.raw`\$&`);
}

const replaced = ['{{', '}}', '<LOG_DIR>', '<CPS>', '<ADD_OPENS>'];

function refuseReplaced(what: string, text: string): void {
  if (text.includes('\0')) throw new LaunchTextError(what, 'it holds a zero byte');
  for (const mark of replaced) {
    if (text.includes(mark)) {
      throw new LaunchTextError(
        what,
        `YARN replaces ${mark} in it; encode the value (base64), or put it into a file given with --files`,
      );
    }
  }
}
