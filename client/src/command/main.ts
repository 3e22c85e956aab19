// The entry of the command's bundle: the one file of the command that reads the environment. It
// imports nothing statically, so that what takes longest can be on its way while the engine loads.
const { env } = process;
const wrapper = env['HEDDLE_WRAPPER_PID'];
delete env['HEDDLE_WRAPPER_PID'];
const words = process.argv.slice(2);
const { runCommand } = await import('./run-command.js');
await runCommand(words, wrapper === undefined ? undefined : Number(wrapper));

export {};
