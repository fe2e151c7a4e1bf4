import { seededRandom } from './seeded-random.js';

/** `before`: the call fails and has done nothing; `after`: it was carried out, and its answer is lost. */
export type FaultTime = 'before' | 'after';

export interface FaultPlan {
  /** Whose methods fail: the names that the stores go by. */
  stores: readonly string[];
  when: FaultTime;
  /** The first call of each method, or a share of its calls, by a random of its own that is seeded. */
  how: 'once' | { share: number; seed: number };
}

export interface StoreTerms {
  /** The name that plans and reports call it by. */
  name: string;
  /** What its methods fail with. */
  fault: (method: string) => Error;
  /** Methods that never fail: they do no I/O, or are none of who uses the store. */
  except?: readonly string[];
}

/**
 * Stores of a service (repositories, transactions, storage) whose methods fail on demand. What does not fail is the real call, and so is
 * what fails after it applied.
 */
export class StoreFaults {
  /** Calls while a plan for the method's store was on, by `store.method`. */
  readonly calls = new Map<string, number>();
  /** Calls that failed, by `store.method`, in their order. */
  struck: string[] = [];
  #plan: FaultPlan | null = null;
  readonly #randoms = new Map<string, () => number>();

  /** Whatever this plan says, from now on, in place of what was before. */
  begin(plan: FaultPlan): void {
    this.struck = [];
    this.#randoms.clear();
    this.#plan = plan;
  }

  /** No more faults. */
  heal(): void {
    this.#plan = null;
  }

  /** The store as who uses it is to see it. Each method on its prototypes counts, those that are added later too. */
  through<Store extends object>(store: Store, terms: StoreTerms): Store {
    const methods = new Set(methodsOf(store).filter((method) => !terms.except?.includes(method)));
    for (const method of methods) this.calls.set(`${terms.name}.${method}`, this.calls.get(`${terms.name}.${method}`) ?? 0);
    return new Proxy(store, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        const method = String(property);
        // By the store itself, whose private fields no proxy has.
        const call = (...given: unknown[]): unknown => Reflect.apply(value, target, given);
        if (!methods.has(method)) return call;
        return (...given: unknown[]) => this.#call(terms, method, () => call(...given), isGenerator(value));
      },
    });
  }

  #call({ name, fault }: StoreTerms, method: string, call: () => unknown, iterated: boolean): unknown {
    const when = this.#strikes(name, method);
    if (when === null) return call();
    if (iterated) return endingIn(fault(method), when === 'after' ? (call() as AsyncIterable<unknown>) : null);
    const applied = when === 'after' ? Promise.resolve(call()) : Promise.resolve();
    return applied.then(() => Promise.reject(fault(method)));
  }

  #strikes(store: string, method: string): FaultTime | null {
    if (!this.#plan?.stores.includes(store)) return null;
    const key = `${store}.${method}`;
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1);
    const { when, how } = this.#plan;
    if (how === 'once' ? this.struck.includes(key) : this.#randomOf(key, how.seed) >= how.share) return null;
    this.struck.push(key);
    return when;
  }

  #randomOf(key: string, seed: number): number {
    const random = this.#randoms.get(key) ?? seededRandom(seed);
    this.#randoms.set(key, random);
    return random();
  }
}

/** The names of an object's methods, those of classes that its own extends among them. */
const methodsOf = (store: object): string[] => {
  const names = new Set<string>();
  for (let from: unknown = Object.getPrototypeOf(store); from !== Object.prototype && from !== null; from = Object.getPrototypeOf(from))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from as object)))
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
  return [...names];
};

/** By its tag: Jest gives tests other constructors than those of Node's own modules. */
const isGenerator = (method: unknown): boolean => Object.prototype.toString.call(method) === '[object AsyncGeneratorFunction]';

async function* endingIn(fault: Error, items: AsyncIterable<unknown> | null): AsyncIterable<unknown> {
  if (items) yield* items;
  throw fault;
}
