/** Keeps what was used last, up to a sum of weights. Something heavier than all of it is not kept. */
export class BoundedCache<Value> {
  private readonly kept = new Map<string, { value: Value; weight: number }>();
  private weight = 0;

  constructor(private readonly capacity: number) {}

  get(key: string): Value | undefined {
    const entry = this.kept.get(key);
    if (!entry) return undefined;
    // A Map keeps the order of insertion: what is asked for goes to its end.
    this.kept.delete(key);
    this.kept.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, weight: number): void {
    this.remove(key);
    if (weight > this.capacity) return;
    this.kept.set(key, { value, weight });
    this.weight += weight;
    for (const oldest of this.kept.keys()) {
      if (this.weight <= this.capacity) break;
      this.remove(oldest);
    }
  }

  private remove(key: string): void {
    const entry = this.kept.get(key);
    if (!entry) return;
    this.kept.delete(key);
    this.weight -= entry.weight;
  }
}
