import { type Config } from '../settings.js';

/** What a model costs, in US dollars per million tokens. */
interface ShownModel {
  name: string;
  contextTokens: number;
  /** Null: the configuration says none. */
  prices: { input: number; output: number } | null;
}

/** What of the configuration a planner has to know. */
export interface Surroundings {
  /** The default model first, then the others by price. */
  models: [ShownModel, ...ShownModel[]];
  /** Hosts that `builtin:fetch` may read. */
  fetchHosts: string[];
  /** Whether it may bring functions in Python: a cluster has a sandbox for them. */
  python: boolean;
}

export const surroundingsOf = ({ models, model: standard, capabilities }: Config, { python }: { python: boolean }): Surroundings => {
  const shownModel = (name: string): ShownModel => {
    const endpoints = Object.hasOwn(models, name) ? (models[name]?.endpoints ?? []) : [];
    // Of several endpoints the dearest one counts, and the shortest context: nobody knows which one answers.
    const prices = endpoints.flatMap((endpoint) => endpoint.prices ?? []);
    return {
      name,
      contextTokens: Math.min(...endpoints.map((endpoint) => endpoint.contextTokens)),
      prices:
        prices.length < endpoints.length
          ? null
          : { input: Math.max(...prices.map(({ input }) => input)), output: Math.max(...prices.map(({ output }) => output)) },
    };
  };
  const price = ({ prices }: ShownModel): number => (prices ? prices.input + prices.output : Infinity);
  const others = Object.keys(models)
    .filter((name) => name !== standard)
    .map(shownModel)
    .sort((a, b) => price(a) - price(b) || a.name.localeCompare(b.name));
  return { models: [shownModel(standard), ...others], fetchHosts: capabilities.fetchHosts, python };
};

const described = ({ name, contextTokens, prices }: ShownModel, isDefault: boolean): string =>
  `- ${name}${isDefault ? ' (the default)' : ''}: takes ${contextTokens} tokens, instructions, data and answer together; ${
    prices ? `$${prices.input} for a million tokens read, $${prices.output} for a million written` : 'no price is known'
  }`;

const ADVICE = `A step that names no "model" in its template is carried out by the default. Where many rows are to be asked, the number of calls decides what a plan costs: rows × replicas × turns. Take a cheap model for steps over many rows that read, label or extract, and a dearer one, which as a rule is stronger, for the few calls on which much depends: the last levels of a reduce, a judge, a ranking, a comparison of reports. A judge may have a "model" of its own. If the person cares about cost, say in the description of a step which model it has and why.`;

const PYTHON = `

# Functions in Python
try_capability and build_capability take functions in Python too: {"kind": "python", "name": "iban", "description": "…", "input": {…}, "output": {…}, "source": "import re\\n\\ndef run(number):\\n    return {\\"valid\\": re.fullmatch(r\\"[A-Z0-9 ]+\\", number) is not None}"}, called as "python:iban" once it is built. The arguments come by name; it returns a dict. They run on a cluster in a sandbox: Python's standard library and nothing else, no packages, network, files or processes. A plan brings none itself: build it first. Prefer JavaScript, which starts sooner, unless the standard library saves you code: csv, dates, decimals, statistics, unicodedata, difflib.`;

/** For the system prompt: the same in every run, as long as the configuration is. */
export const describeSurroundings = ({ models, fetchHosts, python }: Surroundings): string => `# Models
${models.map((model, index) => described(model, index === 0)).join('\n')}
${models.length > 1 ? ADVICE : 'There is no other: leave "model" out. The number of calls decides what a plan costs: rows × replicas × turns.'}

# Hosts
${
  fetchHosts.length > 0
    ? `builtin:fetch reads pages of these hosts alone: ${fetchHosts.join(', ')}.`
    : 'builtin:fetch may read no host here, so no plan can use it: work that needs pages of the web cannot be done.'
}${python ? PYTHON : ''}`;
