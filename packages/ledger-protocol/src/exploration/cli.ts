import { parseArgs } from 'node:util';
import { RULES, rulesWithout, type Rule } from '../rules.js';
import { FAULTS } from '../simulation/nemesis.js';
import { report } from '../simulation/report.js';
import { simulate } from '../simulation/simulate.js';
import { explore } from './explore.js';
import { SMALL } from './world.js';

const USAGE = `npm run explore -- [--rows 2] [--members 2] [--faults 2] [--seconds 1] [--splits 0] [--redrives 0] [--executors 1] [--cancels] [--poison]
  [--without RULE,RULE] [--max-states 20000000]
Explores every state of the shard protocol and prints each invariant that breaks, with a shortest way to it.

npm run explore -- --seeds 2000 [--kinds KIND,KIND] [--without RULE,RULE]
Runs so many random schedules of three members and 500 rows, faults among them, and prints each that breaks an invariant.

npm run explore -- --seed 17 [--kinds KIND,KIND] [--without RULE,RULE]
Runs one of them and prints what happens in it.

Rules: ${RULES.join(', ')}
Kinds of faults: ${FAULTS.join(', ')}; none
`;

const number = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    rows: number,
    members: number,
    faults: number,
    seconds: number,
    splits: number,
    redrives: number,
    executors: number,
    without: { type: 'string' },
    'max-states': number,
    seeds: number,
    seed: number,
    kinds: { type: 'string' },
    cancels: { type: 'boolean' },
    poison: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const rules = (values.without ?? '').split(',').filter(Boolean);
const kinds = values.kinds?.split(',').filter((kind) => kind !== 'none');
const unknown = [
  ...rules.filter((rule) => !(RULES as readonly string[]).includes(rule)),
  ...(kinds ?? []).filter((kind) => !(FAULTS as readonly string[]).includes(kind)),
];
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`no such rule or kind: ${unknown.join(', ')}\n`);
  print(USAGE);
  process.exit(unknown.length > 0 ? 2 : 0);
}
const sized = (name: 'rows' | 'members' | 'faults' | 'seconds' | 'splits' | 'redrives') => Number(values[name] ?? SMALL[name]);
const begun = performance.now();
if (values.seeds ?? values.seed) {
  const options = { rules: rulesWithout(...(rules as Rule[])), faults: kinds ? FAULTS.filter((fault) => kinds.includes(fault)) : FAULTS };
  const seeds = values.seed ? [Number(values.seed)] : Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
  const trace = values.seed ? (line: () => string) => print(line()) : undefined;
  let broken = 0;
  let steps = 0;
  let extraCalls = 0;
  for (const seed of seeds) {
    const simulated = simulate(seed, { ...options, trace });
    steps += simulated.steps;
    extraCalls += simulated.extraCalls;
    if (!simulated.broken) continue;
    broken++;
    print(report(simulated, options));
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  print(`${seeds.length} schedules, ${steps} steps, ${seconds} s, ${extraCalls} extra calls, ${broken || 'none'} broken`);
  process.exit(broken > 0 ? 1 : 0);
}
const found = explore(
  {
    rows: sized('rows'),
    members: sized('members'),
    faults: sized('faults'),
    seconds: sized('seconds'),
    splits: sized('splits'),
    redrives: sized('redrives'),
    executors: values.executors === '2' ? 2 : 1,
    cancels: values.cancels ?? false,
    poison: values.poison ?? false,
    rules: rulesWithout(...(rules as Rule[])),
  },
  { maxStates: Number(values['max-states'] ?? 20_000_000), untilBroken: rules.length > 0 },
);
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
print(`${found.states} states, ${found.ends} ends, ${seconds} s, at most ${found.extraCalls} extra calls${found.cut ? ', cut off' : ''}`);
for (const [name, way] of Object.entries(found.broken)) print(`BROKEN: ${name}\n${way.map((step) => `    ${step}`).join('\n')}`);
if (Object.keys(found.broken).length === 0) print(found.cut ? 'nothing broken so far' : 'all invariants hold');
process.exit(Object.keys(found.broken).length > 0 ? 1 : 0);
