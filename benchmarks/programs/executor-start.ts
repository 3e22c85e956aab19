import { setTimeout as delay } from 'node:timers/promises';
import { HeddleContext } from 'heddle';

/** How long two executors take to be there, as a program sees it; then they have nothing to do for a while. */
const wanted = 2;
const idleMs = 1_500;
const startedMs = performance.now();
await using sc = await HeddleContext.getOrCreate();
const registered = () => sc.statusTracker.getExecutorInfos().length;
while (registered() < wanted && performance.now() - startedMs < 60_000) await delay(1);
const actionMs = Math.round(performance.now() - startedMs);
console.log(JSON.stringify({ row: 'executor-start', actionMs, check: String(registered()) }));
await delay(idleMs);
