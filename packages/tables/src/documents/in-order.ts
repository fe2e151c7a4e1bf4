/**
 * What `task` makes of each item, in the items' order, with so many under way at once. What is done ahead of its turn is bounded: no more
 * than `ahead` items after the one that is waited for are begun.
 */
export async function* inOrder<Item, Result, Worker>(
  items: readonly Item[],
  workers: readonly Worker[],
  ahead: number,
  task: (worker: Worker, item: Item) => Promise<Result>,
): AsyncGenerator<Result, void> {
  const free = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];
  const acquire = (): Promise<Worker> => {
    const worker = free.pop();
    return worker === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(worker);
  };
  const release = (worker: Worker): void => {
    const next = waiting.shift();
    if (next) next(worker);
    else free.push(worker);
  };
  const run = async (item: Item): Promise<Result> => {
    const worker = await acquire();
    try {
      return await task(worker, item);
    } finally {
      release(worker);
    }
  };
  const begun: Promise<Result>[] = [];
  let next = 0;
  for (let at = 0; at < items.length; at++) {
    for (; next < Math.min(items.length, at + 1 + ahead); next++) {
      const result = run(items[next] as Item);
      // Whoever waits for it hears of its failure.
      result.catch(() => undefined);
      begun.push(result);
    }
    yield await (begun.shift() as Promise<Result>);
  }
}
