import { cpuMsOf, machineCpuMs } from './processes.js';

/** What a piece of work took. */
export interface Effort {
  seconds: number;
  /** Of the measured processes and all that they started. */
  cpuMs: number;
  /** The same by the parts that were named. */
  parts: Record<string, number>;
  /** Cores that were busy with anything else on the machine meanwhile, on average: the stub and the noise. */
  otherCores: number;
}

/** Runs `work`, and looks at what it took the processes that carry it out, each a root of a tree of processes. */
export const measure = async <T>(roots: ReadonlyMap<string, number>, work: () => Promise<T>): Promise<{ value: T; effort: Effort }> => {
  const look = () => Promise.all([...roots].map(async ([name, pid]) => ({ name, cpuMs: await cpuMsOf([pid]) })));
  const before = await look();
  const machineBefore = await machineCpuMs();
  const startedAt = performance.now();
  const value = await work();
  const ms = performance.now() - startedAt;
  const machine = (await machineCpuMs()) - machineBefore;
  const parts = (await look()).map(({ name, cpuMs }, index) => [name, cpuMs - (before[index]?.cpuMs ?? 0)] as const);
  const cpuMs = parts.reduce((sum, [, used]) => sum + used, 0);
  return { value, effort: { seconds: ms / 1000, cpuMs, parts: Object.fromEntries(parts), otherCores: Math.max(0, machine - cpuMs) / ms } };
};
