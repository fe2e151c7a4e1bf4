import { RefusedError } from '@apwa/contracts';
import { type StubModel } from './stub/stub-model.js';
import { type Outcome } from './report/outcome.js';

/** A size of a suite that the command line can set: `--<suite>-<name> VALUE`. */
export interface Setting<T> {
  description: string;
  /** As it would be written on the command line. */
  default: string;
  /** Throws RefusedError naming `flag` on anything that is no such value. */
  parse: (text: string, flag: string) => T;
}

export type Settings = Record<string, Setting<unknown>>;
export type ValuesOf<S extends Settings> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** What suites work with. */
export interface Bench {
  /** Times that each figure is taken; medians are reported. */
  repetitions: number;
  stub: StubModel;
  /** Folder for files of this benchmark, removed at its end. */
  dir: string;
  /** A line for a person. */
  say: (line: string) => void;
}

export interface Suite {
  readonly name: string;
  readonly description: string;
  readonly settings: Settings;
  /** `values`: of the settings, parsed. */
  run(bench: Bench, values: Record<string, unknown>): Promise<Outcome>;
}

/** A suite whose settings are typed by their parsers. */
export const defineSuite = <S extends Settings>(suite: {
  name: string;
  description: string;
  settings: S;
  run: (bench: Bench, values: ValuesOf<S>) => Promise<Outcome>;
}): Suite => suite;

const refused = (flag: string, text: string, allowed: string): RefusedError =>
  new RefusedError('bad_input', `${flag} ${text} is none that is allowed.`, { field: flag, value: text, allowed });

const parseCount = (text: string, flag: string): number => {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) throw refused(flag, text, 'whole numbers from 1');
  return count;
};

export const count = (description: string, value: number): Setting<number> => ({ description, default: String(value), parse: parseCount });

/** Whole numbers with commas between them. */
export const counts = (description: string, values: number[]): Setting<number[]> => ({
  description,
  default: values.join(','),
  parse: (text, flag) => text.split(',').map((part) => parseCount(part, flag)),
});

/** Names of a list with commas between them, or `none`. */
export const choice = <T extends string>(description: string, allowed: readonly T[]): Setting<T[]> => ({
  description: `${description}: ${allowed.join(', ')}, or none`,
  default: allowed.join(','),
  parse: (text, flag) => {
    if (text === 'none') return [];
    return text.split(',').map((name) => {
      const known = allowed.find((one) => one === name);
      if (!known) throw refused(flag, name, `${allowed.join(', ')}, or none`);
      return known;
    });
  },
});

/** Loads of a model: milliseconds per answer, calls in flight and rows, as `200x100x5000`. */
export interface Load {
  latencyMs: number;
  concurrency: number;
  rows: number;
}

export const loads = (description: string, value: string): Setting<Load[]> => ({
  description: `${description}, each MILLISECONDSxINFLIGHTxROWS`,
  default: value,
  parse: (text, flag) =>
    text.split(',').map((part) => {
      const [, latency, concurrency, rows] = /^(\d+)x(\d+)x(\d+)$/.exec(part) ?? [];
      if (latency === undefined || concurrency === undefined || rows === undefined) throw refused(flag, part, 'such as 200x100x5000');
      return { latencyMs: Number(latency), concurrency: parseCount(concurrency, flag), rows: parseCount(rows, flag) };
    }),
});
