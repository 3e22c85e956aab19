/**
 * `node --import heddle/register app.ts`: runs a program in local mode without the `heddle` command.
 *
 * Preloaded before the program. It does nothing in worker threads, which inherit `--import`: a hook
 * that started threads there would breed without end.
 */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  // Found by name at run time: this package never depends on what runs it.
  const launcherPackage = '@heddle/client/register';
  let register: { registerProgram(): Promise<void> };
  try {
    register = (await import(launcherPackage)) as typeof register;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write(
      'heddle/register: the package @heddle/client, which runs programs, is not installed or not built\n',
    );
    process.exit(1);
  }
  await register.registerProgram();
}
