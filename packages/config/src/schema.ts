import { Age, ageMs, ClusterName, MAX_AMENDMENTS, PoolName, Resources } from '@apwa/contracts';
import { z } from 'zod';
import { CapabilitiesConfig, McpServers, Secrets } from './capabilities.js';
import { setting } from './setting.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Keys of a request's body that are ours to set: passed-on parameters may not name them. */
export const RESERVED_PARAMETERS = [
  'messages',
  'model',
  'stream',
  'stream_options',
  'n',
  'tools',
  'tool_choice',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
] as const;

export const PricesConfig = z.strictObject({
  input: setting(z.number().nonnegative(), 'Tokens read that no cache held. USD per million tokens.'),
  cacheRead: setting(z.number().nonnegative(), "Tokens read from the provider's cache. USD per million tokens.", {
    default: 'the price of `input`',
  }),
  cacheWrite: setting(z.number().nonnegative(), "Tokens written to the provider's cache. USD per million tokens.", {
    default: 'the price of `input`',
  }),
  output: setting(z.number().nonnegative(), 'Tokens written, reasoning included. USD per million tokens.'),
});
export type PricesConfig = z.infer<typeof PricesConfig>;

export const RateLimitsConfig = z.strictObject({
  requestsPerMinute: setting(
    z.number().int().min(1).max(100_000_000).optional(),
    'Calls per minute, shared by every worker of the cluster. Left out: learned from what the endpoint answers.',
  ),
  tokensPerMinute: setting(
    z.number().int().min(1).max(1_000_000_000_000).optional(),
    'Tokens per minute, read and written, shared by every worker of the cluster. Left out: learned from what the endpoint answers.',
  ),
  inFlight: setting(
    z.number().int().min(1).max(1_000_000).optional(),
    'Calls under way at the same time, shared by every worker of the cluster. Left out: not limited, until the endpoint refuses calls.',
  ),
  reserve: setting(
    z.number().min(0).max(0.95).default(0),
    'Share of each limit, configured or learned, that runs leave to others who use the same key. 0 to 0.95.',
  ),
});
export type RateLimitsConfig = z.infer<typeof RateLimitsConfig>;

export const StructuredOutput = z.enum(['json_schema', 'tool', 'prompt']);
export type StructuredOutput = z.infer<typeof StructuredOutput>;

export const EndpointConfig = z.strictObject({
  baseUrl: setting(
    z.string().regex(/^https?:\/\/[^\s]+$/, 'must be a URL that begins with http:// or https://'),
    'Where the OpenAI-compatible API begins, for example `https://api.openai.com/v1`. Nothing is sent to any other host.',
  ),
  apiKey: setting(z.string().min(1).optional(), 'The key, best written as `${NAME}`. Left out: no `Authorization` header is sent.', {
    secret: 'value',
  }),
  apiKeyFile: setting(
    z.string().min(1).optional(),
    'A file that holds the key and nothing else. It is read when the key is used, so that a key can be replaced while services run.',
  ),
  name: setting(z.string().min(1).max(200), "The provider's own id of the model, for example `gpt-4.1-mini`."),
  contextTokens: setting(
    z.number().int().min(256).default(128_000),
    'Tokens that the model takes at most, prompt and answer together. A longer prompt fails its row without a call; of an agent, older results of capabilities are left out before.',
  ),
  outputTokens: setting(
    z.number().int().min(1).default(8_192),
    'Tokens of the longest answer, reasoning included, where a template does not say it. Sent with every call.',
  ),
  outputTokensParameter: setting(
    z.enum(['max_completion_tokens', 'max_tokens']).default('max_completion_tokens'),
    'The parameter in which the endpoint takes the longest answer. Older servers know `max_tokens` only.',
  ),
  structuredOutput: setting(
    StructuredOutput.default('json_schema'),
    'How the endpoint is made to answer in JSON: by `response_format` with a strict JSON Schema, by a forced tool call, or by asking for it in the prompt.',
  ),
  timeoutMs: setting(
    z
      .number()
      .int()
      .min(100)
      .max(HOUR_MS)
      .default(3 * MINUTE_MS),
    'The longest a call may take, answer included, where a template does not say it. Milliseconds.',
  ),
  weight: setting(
    z.number().positive().max(1_000).default(1),
    'Share of the calls that the endpoint gets in a `weighted` group, beside the other weights.',
  ),
  prices: setting(PricesConfig.optional(), 'What tokens cost. Left out: calls count as free, and runs with a budget in money are refused.'),
  limits: setting(
    RateLimitsConfig.optional(),
    'What the account allows. Left out: learned from `x-ratelimit-*` headers, and from answers with status 429.',
  ),
  parameters: setting(
    z.record(z.string(), z.json()).default({}),
    `Further keys of the request's body, passed on as they are, for example \`temperature: 0\`. Not allowed: ${RESERVED_PARAMETERS.map((key) => `\`${key}\``).join(', ')}.`,
  ),
  cachesPrompts: setting(
    z.boolean().default(false),
    'Whether the endpoint caches the beginning of prompts. If so, the first call of a stage goes alone, and those after it find the cache filled.',
  ),
});
export type EndpointConfig = z.infer<typeof EndpointConfig>;

export const ModelConfig = z.strictObject({
  strategy: setting(
    z.enum(['ordered', 'weighted']).default('ordered'),
    '`ordered`: the first endpoint is called, and the next ones on further tries, and while it is at its limit, out of quota or down. `weighted`: each call draws one by weight, of those that take calls.',
  ),
  endpoints: setting(
    z.array(EndpointConfig).min(1, 'must have one endpoint or more'),
    'The endpoints of the group. A model with one endpoint may have its keys in place of this one.',
  ),
});
export type ModelConfig = z.infer<typeof ModelConfig>;

export const PlannerConfig = z.strictObject({
  model: setting(z.string(), 'A name of `models`: who plans.', { default: 'the default model' }),
  maxTurns: setting(z.number().int().min(1).max(200).default(20), 'Turns of the planner for one plan at most.'),
  maxTokens: setting(z.number().int().min(1_000).default(200_000), 'Tokens that the planner may read and write for one plan.'),
  timeoutMs: setting(
    z
      .number()
      .int()
      .min(1_000)
      .max(HOUR_MS)
      .default(10 * MINUTE_MS),
    'The longest that planning may take. Milliseconds.',
  ),
  amendments: setting(
    z.number().int().min(0).max(MAX_AMENDMENTS).default(3),
    'How often the planner may change the plan of a run under way; runs may be given fewer, and none more. 0: never.',
  ),
});
export type PlannerConfig = z.infer<typeof PlannerConfig>;

export const S3Config = z.strictObject({
  endpoint: setting(
    z
      .string()
      .regex(/^https?:\/\/[^\s]+$/, 'must be a URL that begins with http:// or https://')
      .optional(),
    'URL of an S3-compatible server. Left out: that of AWS for the region.',
    { secret: 'url' },
  ),
  region: setting(z.string().min(1).default('us-east-1'), 'The region.'),
  accessKeyId: setting(z.string().min(1).optional(), 'Left out, together with the secret: found as the AWS tools find it.', {
    secret: 'value',
  }),
  secretAccessKey: setting(z.string().min(1).optional(), 'The secret of the access key, best written as `${NAME}`.', { secret: 'value' }),
  forcePathStyle: setting(
    z.boolean().default(false),
    'Whether the bucket stands in the path instead of the host name. Most servers other than AWS want `true`.',
  ),
});
export type S3Config = z.infer<typeof S3Config>;

export const StorageConfig = z.strictObject({
  url: setting(z.string(), 'Where tables are stored: `file:///folder` (one machine, or a volume that all share) or `s3://bucket/prefix`.', {
    default: '`.apwa/storage` beside the configuration file',
  }),
  s3: setting(S3Config.optional(), 'How S3 is reached, if `url` begins with `s3://`.'),
});
export type StorageConfig = z.infer<typeof StorageConfig>;

const poolName = setting(PoolName, 'Name of the pool: lower-case letters, digits and `-`.');

const poolSettings = {
  slots: setting(z.number().int().min(1).max(20_000).default(256), 'Calls that each member keeps under way.'),
  min: setting(
    z.number().int().min(0).max(1_000).default(2),
    'Members that are kept even when there is no work. 0: the first work starts one.',
  ),
  max: setting(
    z.number().int().min(1).max(1_000).default(2),
    'Members at most. Above `min`, as many are started as the work that waits can keep busy. Says nothing for the backend `external`.',
  ),
  idleMs: setting(
    z
      .number()
      .int()
      .min(100)
      .max(24 * HOUR_MS)
      .default(MINUTE_MS),
    'A member above `min` that has had nothing to do for so long is let go, one after the other. Milliseconds.',
  ),
  resources: setting(
    Resources.default({}),
    'What each member has: `cpus`, `memoryMb`, `gpus`, `custom`. A template that asks for resources runs in a pool that has them.',
  ),
  memoryMb: setting(
    z.number().int().min(64).optional(),
    "Limit of a member's JavaScript heap: one that reaches it ends at once. Not of the backend `external`. Mebibytes. Left out: Node's own.",
  ),
  residentMb: setting(
    z.number().int().min(64).optional(),
    'Memory of all kinds that a member may take up, child processes not counted: one that has more finishes its calls, hands its work on and is replaced. Best below what its machine or container gives it. Mebibytes. Left out: not limited.',
  ),
};

export const PoolConfig = z.strictObject({
  name: poolName,
  backend: setting(
    z.enum(['processes', 'external']).default('processes'),
    '`processes`: the executor starts the members as its children. `external`: somebody else runs them, and they join. Pools on Ray stand in the definitions of their clusters.',
  ),
  ...poolSettings,
});

/** As Ray and Kubernetes take them; a key may have a domain before it. */
const LABEL = '[A-Za-z0-9]([\\w.-]{0,61}[A-Za-z0-9])?';
const LABEL_WORDS = 'letters, digits, -, _ and ., the first and the last of them a letter or digit, 63 characters at most';
const labels = z.record(
  z.string().regex(new RegExp(`^([a-z0-9.-]{1,253}/)?${LABEL}$`), `must be ${LABEL_WORDS}, after a domain and / or without one`),
  z.string().regex(new RegExp(`^${LABEL}$`), `must be ${LABEL_WORDS}`),
);

export const RayPoolConfig = z.strictObject({
  name: poolName,
  ...poolSettings,
  resources: setting(
    Resources.default({ cpus: 1 }),
    "What each member takes of its node, by Ray's count: `cpus`, `memoryMb`, `gpus`, `custom`. A template that asks for resources runs in a pool that has them. `memoryMb` is a limit as well: a member that has more of it resident, child processes not counted, is ended at once.",
    { default: '`cpus: 1`' },
  ),
  labels: setting(
    labels.default({}),
    'Labels that a node must have, all of them, to get members of this pool: those of `ray start --labels`, or of a worker group of KubeRay.',
  ),
  placement: setting(
    z.enum(['spread', 'pack']).default('spread'),
    '`spread`: members go to as many nodes as there are. `pack`: to the fullest node that has room.',
  ),
});
export type RayPoolConfig = z.infer<typeof RayPoolConfig>;

/** A pool of whatever backend, as the services see it. */
export type PoolConfig = z.infer<typeof PoolConfig> | (RayPoolConfig & { backend: 'ray'; cluster: string });

export const ClusterConfig = z.strictObject({
  name: setting(ClusterName, 'Name of the cluster: lower-case letters, digits and `-`.'),
  start: setting(
    z.enum(['none', 'local']).default('none'),
    '`none`: the cluster is there, at `address`. `local`: the executor makes one on its own machine and ends it with itself; Python 3.11 or newer must be there.',
  ),
  address: setting(
    z
      .string()
      .regex(/^https?:\/\/[^\s/]+\/?$/, 'must be a URL of a host and a port, such as http://ray-head:8265')
      .optional(),
    "Where the head's dashboard serves the Jobs API, for example `http://ray-head:8265`. Not for `start: local`.",
  ),
  tokenFile: setting(
    z.string().min(1).optional(),
    'A file that holds the token which the cluster asks for (`RAY_AUTH_MODE=token`), and nothing else. Read when it is used. Not for `start: local`, which makes its own.',
  ),
  natsUrl: setting(
    z
      .string()
      .regex(/^(nats|tls):\/\/[^\s@]+$/, 'must be a URL that begins with nats:// or tls:// and holds no user or password')
      .optional(),
    'Where NATS listens, as the nodes reach it. It can be read by who may look at the cluster. Left out: `nats.url`, unless that holds a password.',
  ),
  natsUrlFile: setting(
    z.string().min(1).optional(),
    'In place of `natsUrl`: a file on the node that runs the fabric (the head, as a rule), which holds the address with user and password. Must be there where NATS asks for passwords.',
  ),
  natsCaFile: setting(
    z.string().min(1).optional(),
    "With `tls://`: a file on that node with the certificates, as PEM, of who may vouch for NATS' own. Left out: those that Python trusts. Not for `start: local`, which takes `nats.caFile`.",
  ),
  member: setting(
    z
      .strictObject({
        command: setting(
          z.array(z.string().min(1)).min(1).optional(),
          'What starts a member on a node: a program and its arguments. Left out: this Node with the worker pool beside the executor, as they are on its own machine.',
        ),
        environment: setting(
          z.record(z.string().min(1), z.string()).default({}),
          "What members have in their environment beside the node's own, for example `APWA_CONFIG`. No place for secrets of others: who may read the NATS subjects of the fabric reads it.",
        ),
        folder: setting(z.string().min(1).optional(), 'The working directory of members. Left out: where Ray starts its workers.'),
      })
      .prefault({}),
    'How members are started on the nodes.',
  ),
  sandbox: setting(
    z.enum(['namespaces', 'none']).default('namespaces'),
    'What functions in Python run in that a model wrote. `namespaces`: those of the kernel, on nodes that allow them; they are refused on others. `none`: they are refused.',
  ),
  cpus: setting(
    z.number().int().min(1).max(1_024).optional(),
    'Of `start: local`: CPUs that the cluster counts with. Left out: those of the machine.',
  ),
  pools: setting(z.array(RayPoolConfig).min(1, 'must have one pool or more'), 'The pools whose members run on this cluster.'),
});
export type ClusterConfig = z.infer<typeof ClusterConfig>;

const RayConfig = z.strictObject({
  clusters: setting(
    z.array(ClusterConfig).default([]),
    'The clusters: each the path of a definition, relative to this file, or the definition itself. Several serve at once.',
  ),
});

const WorkLimits = {
  memoryMb: (value: number, what: string) =>
    setting(z.number().int().min(32).default(value), `Memory of ${what}; more ends it. Mebibytes.`),
  timeoutMs: (value: number, what: string) =>
    setting(
      z
        .number()
        .int()
        .min(100)
        .max(24 * HOUR_MS)
        .default(value),
      `The longest that ${what} may take. Milliseconds.`,
    ),
};

export const LimitsConfig = z.strictObject({
  sql: setting(
    z
      .strictObject({
        memoryMb: WorkLimits.memoryMb(1_024, 'a query'),
        timeoutMs: WorkLimits.timeoutMs(10 * MINUTE_MS, 'a query'),
        rows: setting(z.number().int().min(1).default(100_000_000), 'Rows of the result at most.'),
      })
      .prefault({}),
    'Queries of plans.',
  ),
  import: setting(
    z
      .strictObject({
        memoryMb: WorkLimits.memoryMb(1_024, 'an import'),
        timeoutMs: WorkLimits.timeoutMs(HOUR_MS, 'an import'),
        maxRowBytes: setting(
          z
            .number()
            .int()
            .min(1_024)
            .default(16 * 1024 * 1024),
          'The largest row of a file, and the longest text of a document. Bytes.',
        ),
        maxDocumentBytes: setting(
          z
            .number()
            .int()
            .min(1_024)
            .default(128 * 1024 * 1024),
          'The largest document (PDF, DOCX, HTML …), unpacked; the row of a larger one fails. Bytes.',
        ),
        documentTimeoutMs: WorkLimits.timeoutMs(MINUTE_MS, 'reading one document'),
      })
      .prefault({}),
    'Imports of files into tables.',
  ),
  uploadBytes: setting(
    z
      .number()
      .int()
      .positive()
      .default(100 * 1024 ** 3),
    'The largest file that is taken. Bytes.',
  ),
});
export type LimitsConfig = z.infer<typeof LimitsConfig>;

/** Of what is never old enough to go. */
const NEVER = 'never';

const RetentionAge = z
  .string()
  .refine((text) => text === NEVER || Age.safeParse(text).success, 'must be an age such as 45m, 24h or 30d, or never');

/** How old something must be to go, in milliseconds; null: it stays for ever. */
export const retentionMs = (age: string): number | null => (age === NEVER ? null : ageMs(age));

export const RetentionConfig = z.strictObject({
  tables: setting(
    RetentionAge.default(NEVER),
    'Age after which a table goes, with its exports: `30d`, `12h`, `never`. One that a run reads which has not ended, that is being exported, or that a table which stays is made from, stays.',
  ),
  runs: setting(RetentionAge.default(NEVER), 'Age after which the record of a run that has ended goes, once none of its tables is left.'),
  uploads: setting(
    RetentionAge.default('24h'),
    'Age after which an upload goes: since it was last added to or, if it was imported, since the last import of it ended.',
  ),
  exports: setting(RetentionAge.default(NEVER), 'Age after which the file of an export goes. Its table stays.'),
});
export type RetentionConfig = z.infer<typeof RetentionConfig>;

/** The names of models stand in environment variables too, between two underscores. */
const ModelName = z
  .string()
  .regex(
    /^(?!.*__)[A-Za-z][A-Za-z0-9._-]{0,62}$/,
    'must be a name of letters, digits, ".", "_" and "-" that starts with a letter and has no "__"',
  );

export const Config = z.strictObject({
  model: setting(z.string(), 'The default model: a name of `models`.', { default: 'the first of `models`' }),
  models: setting(
    z.record(ModelName, ModelConfig).refine((models) => Object.keys(models).length > 0, 'must have one model or more'),
    'The models by the names that templates use: each one endpoint, or a group of them.',
  ),
  planner: setting(PlannerConfig, 'The agent that turns a goal into a plan.', { default: '' }),
  storage: setting(StorageConfig, 'Where the data of tables is.', { default: '' }),
  nats: setting(
    z
      .strictObject({
        url: setting(
          z
            .string()
            .regex(/^(nats|tls):\/\/[^\s]+$/, 'must be a URL that begins with nats:// or tls://')
            .default('nats://127.0.0.1:4222'),
          'Where NATS listens; `tls://` where nothing may go there or come from there in the clear. A user and password in it are those of whatever service reads it.',
          { secret: 'url' },
        ),
        passwordFolder: setting(
          z.string().min(1).optional(),
          'A folder with a file for each service (`manager`, `executor`, `worker-pool`) that holds the password of the NATS user of that name. Each service reads its own, whenever it connects, and needs no other to be there. Left out: what `url` says.',
        ),
        caFile: setting(
          z.string().min(1).optional(),
          "With `tls://`: the certificates, as PEM, of who may vouch for NATS' own. Left out: those that Node trusts.",
        ),
      })
      .prefault({}),
    'Messages between the services.',
  ),
  manager: setting(
    z
      .strictObject({
        databaseUrl: databaseUrl('manager'),
        host: setting(z.string().min(1).default('127.0.0.1'), 'Address on which HTTP is served. `0.0.0.0` is every one of the machine.'),
        port: setting(z.number().int().min(0).max(65_535).default(8484), 'Port on which HTTP is served. 0: any that is free.'),
        auth: setting(
          z.enum(['keys', 'none']).optional(),
          '`keys`: every request needs an API key (`apwa keys`). `none`: every program of this machine may do everything, which only a `host` that is loopback allows; pages of the web are refused, by the host or origin that they name.',
          { default: '`none` if `host` is loopback, else `keys`' },
        ),
        firstKeyFile: setting(
          z.string().min(1).optional(),
          'With `keys`, and while there is no key at all: the file whose key becomes the first one, of the scope `admin`. A file that is not there is made, with a new key, for its owner alone to read.',
        ),
        requestsPerMinute: setting(
          z.number().int().min(1).max(1_000_000_000).default(6_000),
          'Requests that are answered per minute for each key or, without keys, each remote address; as many may come at once. Every file of an upload is one. Others are refused (429) with the time to wait.',
        ),
      })
      .prefault({}),
    'The service that owns runs, plans and the catalogue of tables.',
  ),
  executor: setting(
    z
      .strictObject({
        databaseUrl: databaseUrl('executor'),
        leaseMs: setting(
          z
            .number()
            .int()
            .min(500)
            .max(10 * MINUTE_MS)
            .default(10_000),
          'How long a member holds a shard without renewing. After a death that nobody saw, work goes on after this time. Milliseconds.',
        ),
        heartbeatMs: setting(
          z.number().int().min(100).max(MINUTE_MS).default(2_000),
          'How often a member renews its leases: several times within `leaseMs`. Milliseconds.',
        ),
        journalBytes: setting(
          z
            .number()
            .int()
            .min(64 * 1024)
            .default(1024 ** 3),
          "The most that answers on their way take on NATS' disk; keep it well below what is free there. When that is full, members wait with new rows until shards are committed. Bytes.",
        ),
      })
      .prefault({}),
    'The service that owns stages, shards and pools.',
  ),
  pools: setting(z.array(PoolConfig).prefault([{ name: 'default' }]), 'Who does the work: groups of processes with the same resources.', {
    default: 'one pool `default` of two processes; none if there are clusters',
  }),
  ray: setting(RayConfig.prefault({}), 'Ray clusters that members of pools run on.'),
  capabilities: setting(CapabilitiesConfig.prefault({}), 'What capabilities may reach.'),
  secrets: setting(
    Secrets,
    'Secrets of capabilities, by the names that plans have for them. Plans never hold them; members alone send them.',
  ),
  mcpServers: setting(
    McpServers,
    'Servers of the Model Context Protocol, by the names that plans have for them. They stand here alone: a program is code.',
  ),
  limits: setting(LimitsConfig.prefault({}), 'What work other than model calls may use.'),
  retention: setting(RetentionConfig.prefault({}), 'How long things are kept that nobody deletes.'),
  log: setting(
    z
      .strictObject({
        level: setting(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'), 'The least level that is logged.'),
      })
      .prefault({}),
    'Logs of the services, as JSON lines.',
  ),
});
/** `pools` are all of them, those of the clusters too. */
export type Config = Omit<z.infer<typeof Config>, 'pools'> & { pools: PoolConfig[] };

function databaseUrl(service: string) {
  return setting(
    z
      .string()
      .regex(/^postgres(ql)?:\/\/[^\s]+$/, 'must be a URL that begins with postgres:// or postgresql://')
      .default('postgresql://apwa:apwa@127.0.0.1:5432/apwa'),
    `The Postgres database of the ${service}; it keeps to the schema \`${service}\`.`,
    { secret: 'url' },
  );
}
