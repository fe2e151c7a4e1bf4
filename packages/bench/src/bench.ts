import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { tempDir } from '@apwa/test-kit';
import { describeMachine, type Machine } from './measure/machine.js';
import { requireProc } from './measure/processes.js';
import { type Outcome } from './report/outcome.js';
import { printMachine, printTable, resultsTable } from './report/print.js';
import { StubModel } from './stub/stub-model.js';
import { type Suite } from './suite.js';

export interface BenchOptions {
  suites: readonly { suite: Suite; values: Record<string, unknown> }[];
  repetitions: number;
  /** Where the figures go as JSON. */
  output: string;
  /** Lines of progress. */
  say: (line: string) => void;
  /** Lines of the report. */
  print: (line: string) => void;
}

interface Report extends Outcome {
  suite: string;
  settings: Record<string, unknown>;
  seconds: number;
}

/** Runs suites one after the other and reports each as it ends; the last line sums them up for machines. */
export const runBench = async ({ suites, repetitions, output, say, print }: BenchOptions): Promise<void> => {
  await requireProc();
  const machine = await describeMachine();
  print(printMachine(machine));
  const dir = await tempDir('bench-files');
  const reports: Report[] = [];
  try {
    for (const { suite, values } of suites) {
      say(`${suite.name}: ${suite.description}`);
      const startedAt = performance.now();
      const stub = await StubModel.start();
      const outcome = await suite.run({ repetitions, stub, dir: dir.path, say }, values).finally(() => stub.stop());
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      reports.push({ suite: suite.name, settings: values, seconds, ...outcome });
      for (const table of [...outcome.tables, resultsTable(outcome.results)]) print(`\n${printTable(table)}`);
      await write(output, machine, repetitions, reports);
    }
  } finally {
    await dir.remove();
  }
  print(`\nAll figures: ${output}`);
  const results = reports.flatMap((report) => report.results);
  print(JSON.stringify({ suite: reports.map(({ suite }) => suite).join(','), machine, results }));
};

/** Written after each suite: hours of work are not lost to the last one. */
const write = async (path: string, machine: Machine, repetitions: number, suites: readonly Report[]): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify({ at: new Date().toISOString(), machine, repetitions, suites }, null, 2)}\n`);
};
