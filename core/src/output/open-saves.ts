const open = new Set<Promise<unknown>>();

/** Keeps a save in mind until it is over, its clean-up included; returns it. */
export function trackSave<T>(save: Promise<T>): Promise<T> {
  const over = save.then(
    () => undefined,
    () => undefined,
  );
  open.add(over);
  void over.then(() => open.delete(over));
  return save;
}

/** Resolves when no save is under way: a process that ends waits for it, so that nothing half written stays. */
export async function openSavesSettled(): Promise<void> {
  while (open.size > 0) await Promise.all(open);
}
