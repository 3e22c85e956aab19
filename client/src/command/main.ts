// The entry of the command's bundle: the one file of the command that reads the environment. It
// imports nothing statically, so that esbuild starts, in a process of its own, while the engine loads.
const { env } = process;
const wrapper = env['HEDDLE_WRAPPER_PID'];
delete env['HEDDLE_WRAPPER_PID'];
const words = process.argv.slice(2);

if (words[0] === 'submit') {
  // Errors come again with the first build, which tells them.
  void import('esbuild').then(({ transform }) => transform('')).catch(() => undefined);
}
void import('./run-command.js').then(({ runCommand }) =>
  runCommand(words, wrapper === undefined ? undefined : Number(wrapper), env),
);
