import { type z } from 'zod';
import { Config, EndpointConfig } from './schema.js';
import { kindOf, shapeOf, unwrap } from './schema-tree.js';
import { metaOf } from './setting.js';

const defaultOf = (schema: z.ZodType): unknown => (schema.def as { defaultValue?: unknown }).defaultValue;

const isOptional = (schema: z.ZodType): boolean => ['optional', 'default', 'prefault'].includes(schema.def.type);

const rangeOf = ({ minValue: min, maxValue: max }: { minValue: number | null; maxValue: number | null }): string => {
  const low = min !== null && Number.isFinite(min) && min > Number.MIN_SAFE_INTEGER ? min : undefined;
  const high = max !== null && Number.isFinite(max) && max < Number.MAX_SAFE_INTEGER ? max : undefined;
  if (low === undefined) return high === undefined ? '' : ` ≤ ${high}`;
  return high === undefined ? ` ≥ ${low}` : ` ${low}–${high}`;
};

const typeOf = (schema: z.ZodType): string => {
  const inner = unwrap(schema) as unknown as { options: string[]; isInt: boolean; minValue: number | null; maxValue: number | null };
  switch (kindOf(schema)) {
    case 'string':
      return 'text';
    case 'number':
      return `${inner.isInt ? 'integer' : 'number'}${rangeOf(inner)}`;
    case 'boolean':
      return '`true`, `false`';
    case 'enum':
      return inner.options.map((option) => `\`${option}\``).join(', ');
    case 'array':
      return 'list';
    case 'record':
      return 'names with values';
    default:
      return 'keys';
  }
};

const defaultText = (schema: z.ZodType): string => {
  const told = metaOf(schema)?.default;
  if (told !== undefined) return told;
  const value = defaultOf(schema);
  if (['string', 'number', 'boolean'].includes(typeof value)) return `\`${value as string | number | boolean}\``;
  return isOptional(schema) ? '' : '**required**';
};

/** A cell of a Markdown table. */
const cell = (text: string): string => text.replaceAll('|', '\\|');

const table = (shape: Record<string, z.ZodType>): string[] => [
  '| key | type | default | what it does |',
  '| --- | --- | --- | --- |',
  ...Object.entries(shape).map(
    ([key, schema]) =>
      `| \`${key}\` | ${cell(typeOf(schema))} | ${cell(defaultText(schema))} | ${cell(metaOf(schema)?.description ?? '')} |`,
  ),
  '',
];

interface Section {
  path: string;
  schema: z.ZodType;
}

/** The objects inside of a schema, each with the path that its keys have. */
const sectionsOf = ({ path, schema }: Section): Section[] => {
  const inner = unwrap(schema) as unknown as { element: z.ZodType; valueType: z.ZodType };
  switch (kindOf(schema)) {
    case 'object':
      return [
        { path, schema: unwrap(schema) },
        ...Object.entries(shapeOf(schema)).flatMap(([key, child]) => sectionsOf({ path: path ? `${path}.${key}` : key, schema: child })),
      ];
    case 'array':
      return sectionsOf({ path: `${path}[]`, schema: inner.element });
    case 'record':
      return sectionsOf({ path: `${path}.NAME`, schema: inner.valueType });
    default:
      return [];
  }
};

const INTRODUCTION = `# Configuration

<!-- Made from the schema by \`npm run docs -w @apwa/config\`: change it there. -->

Every service reads one file, \`apwa.config.yaml\` in its working directory or the one that \`APWA_CONFIG\` names. It is checked in full at
start; a key that is not on this page is refused. Only \`models\` must be there:

\`\`\`yaml
models:
  small:
    baseUrl: https://api.openai.com/v1
    apiKey: \${OPENAI_API_KEY}
    name: gpt-4.1-mini
    contextTokens: 1047576
    prices: { input: 0.4, cacheRead: 0.1, output: 1.6 }
    limits: { requestsPerMinute: 5000, tokensPerMinute: 4000000 }
\`\`\`

A model may be a group of endpoints, which stand in for each other:

\`\`\`yaml
models:
  small:
    strategy: weighted
    endpoints:
      - { baseUrl: 'http://gpu-1:8000/v1', name: my-model, weight: 3 }
      - { baseUrl: 'http://gpu-2:8000/v1', name: my-model, weight: 1 }
\`\`\`

**The environment.** \`\${NAME}\` in a value stands for the environment variable NAME, \`\${NAME:-text}\` gives it a default, and \`$\${NAME}\`
is the text itself. A variable \`APWA__\` followed by the names of keys, two underscores between them, overrides the file:
\`APWA__manager__port=9000\`, \`APWA__models__small__baseUrl=http://127.0.0.1:8000/v1\`, \`APWA__pools__0__slots=64\`.

**Without a file**, \`OPENAI_API_KEY\` makes a configuration with one model: \`APWA_MODEL\` at \`OPENAI_BASE_URL\`.
`;

/** The page on the configuration, made from its schema. */
export const renderDocs = (): string => {
  const sections = sectionsOf({ path: '', schema: Config }).filter(
    ({ path }) => !path.endsWith('.resources') && !path.endsWith('[].resources'),
  );
  const body = sections.flatMap(({ path, schema }) => [
    path ? `## \`${path}\`` : '## All keys',
    '',
    ...(schema === EndpointConfig ? ['The same keys stand right under `models.NAME` where a model is one endpoint.', ''] : []),
    ...table(shapeOf(schema)),
  ]);
  return [INTRODUCTION, '<!-- prettier-ignore-start -->', '', ...body, '<!-- prettier-ignore-end -->', ''].join('\n');
};
