import { HeddleContext } from 'heddle';

/** The context of a suite: there while its tests run. */
export interface SuiteContext {
  readonly sc: HeddleContext;
}

/** Settings of the suites' application; the runner may add some for its master. */
type Conf = Readonly<Record<string, string | number | boolean>>;

let sharesContexts = false;
let shared: { readonly context: HeddleContext; readonly conf: string } | undefined;

/**
 * Lets suites that follow each other and want the same settings use one context: where executors are
 * containers, each context costs seconds. For the runner, before it loads the suites.
 */
export function shareContexts(): void {
  sharesContexts = true;
  after(stopShared);
}

/**
 * Starts a context before the tests of the enclosing `describe` and stops it after them. Tests take
 * `sc` from what this returns, inside `it` only.
 */
export function useContext(conf: Conf = {}): SuiteContext {
  let context: HeddleContext | undefined;
  before(async () => {
    context = sharesContexts ? await sharedContext(conf) : await newContext(conf);
  });
  after(async () => {
    if (!sharesContexts) await context?.stop();
    context = undefined;
  });
  return {
    get sc(): HeddleContext {
      if (context === undefined) throw new Error('the context is there inside tests only');
      return context;
    },
  };
}

function newContext(conf: Conf): Promise<HeddleContext> {
  return HeddleContext.getOrCreate({ appName: 'suites', conf });
}

async function sharedContext(conf: Conf): Promise<HeddleContext> {
  const wanted = JSON.stringify(conf);
  if (shared?.conf !== wanted || shared.context.isStopped) {
    await stopShared();
    shared = { context: await newContext(conf), conf: wanted };
  }
  return shared.context;
}

async function stopShared(): Promise<void> {
  await shared?.context.stop();
  shared = undefined;
}
