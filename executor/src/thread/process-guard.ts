import { ProcessControlError } from './errors.js';

/**
 * Keeps a task from ending the process that it shares: `process.exit` ends its thread alone (Node
 * does that in worker threads; the host is told why), `abort` and signals to the own process are
 * typed errors.
 */
export function guardProcess(onExit: (exitCode: string) => void): void {
  const exit = process.exit.bind(process);
  process.exit = (code?: number | string | null): never => {
    onExit(String(code ?? process.exitCode ?? 0));
    return exit(code);
  };
  process.abort = (): never => {
    throw new ProcessControlError('process.abort()');
  };
  const kill = process.kill.bind(process);
  process.kill = (pid: number, signal?: string | number): true => {
    // 0 and negative numbers are process groups, and this process is in its own.
    const hitsSelf = pid === process.pid || pid <= 0;
    if (hitsSelf && signal !== 0) throw new ProcessControlError('process.kill of its own process');
    return kill(pid, signal);
  };
}
