import { HeddleContext } from 'heddle';

/** The context of a suite: there while its tests run. */
export interface SuiteContext {
  readonly sc: HeddleContext;
}

/** Settings of the suites' application; the runner may add some for its master. */
type Conf = Readonly<Record<string, string | number | boolean>>;

/**
 * Starts a context before the tests of the enclosing `describe` and stops it after them. Tests take
 * `sc` from what this returns, inside `it` only.
 */
export function useContext(conf: Conf = {}): SuiteContext {
  let context: HeddleContext | undefined;
  before(async () => {
    context = await HeddleContext.getOrCreate({ appName: 'suites', conf });
  });
  after(async () => {
    await context?.stop();
    context = undefined;
  });
  return {
    get sc(): HeddleContext {
      if (context === undefined) throw new Error('the context is there inside tests only');
      return context;
    },
  };
}
