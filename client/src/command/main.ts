import { runCommand } from './run-command.js';

// The entry of the command's bundle: the one file of the command that reads the environment.
const { env } = process;
const wrapper = env['HEDDLE_WRAPPER_PID'];
delete env['HEDDLE_WRAPPER_PID'];
void runCommand(process.argv.slice(2), wrapper === undefined ? undefined : Number(wrapper));
