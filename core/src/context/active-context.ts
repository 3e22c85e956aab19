import type { HeddleConf } from '../conf/heddle-conf.js';
import { ContextExistsError } from '../errors/index.js';
import type { HeddleContext } from './heddle-context.js';

/** The context of this process, from the moment that it is asked for until it has stopped. */
let active: Promise<HeddleContext> | undefined;

/**
 * The context of the process: the one that there is, or a new one by `create`. One that is being
 * stopped is waited for.
 *
 * @throws ContextExistsError when the one that there is has another master than is asked for
 */
export async function activeOrCreate(
  conf: HeddleConf,
  create: () => Promise<HeddleContext>,
): Promise<HeddleContext> {
  while (active !== undefined) {
    const current = active;
    // A context that failed to start is nobody's; its own caller is told.
    const context = await current.catch(() => undefined);
    if (context?.isStopped === false) {
      checkSame(context, conf);
      context.adopt(conf);
      return context;
    }
    await context?.stop();
    release(current);
  }
  const creating = create();
  active = creating;
  try {
    return await creating;
  } catch (error) {
    release(creating);
    throw error;
  }
}

function release(context: Promise<HeddleContext>): void {
  if (active === context) active = undefined;
}

function checkSame(context: HeddleContext, conf: HeddleConf): void {
  const wanted = conf.get('heddle.master');
  const { requestedMaster } = context;
  if (wanted !== undefined && wanted !== context.master && wanted !== requestedMaster) {
    throw new ContextExistsError(
      `this process has a context already (${context.applicationId}, master ${context.master}), and one ` +
        `with master ${wanted} was asked for; there is one context in a process: stop() that one first`,
      context.applicationId,
    );
  }
}
