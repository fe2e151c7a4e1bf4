import { type ApwaError, RefusedError } from '@apwa/contracts';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeConfig, loadConfig } from './index.js';

const MODEL = 'models:\n  small:\n    baseUrl: http://127.0.0.1:1/v1\n    name: tiny\n';
const CANARY = 'canary-9f8e7d6c5b4a';

describe('loadConfig', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'apwa-config-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const load = async (text: string, env: NodeJS.ProcessEnv = {}) => {
    const path = join(folder, 'apwa.config.yaml');
    await writeFile(path, text);
    return loadConfig({ path, env });
  };
  const faultsOf = async (text: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> => {
    const error: unknown = await load(text, env).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code: 'invalid_config' });
    return ((error as ApwaError).details.faults ?? []).map(({ field, message }) => `${field}: ${message}`);
  };

  it('should need nothing but a model', async () => {
    const config = await load(MODEL);
    expect(config).toMatchObject({
      model: 'small',
      models: { small: { strategy: 'ordered', endpoints: [{ name: 'tiny', structuredOutput: 'json_schema', parameters: {}, weight: 1 }] } },
      planner: { model: 'small' },
      storage: { url: `file://${folder}/.apwa/storage` },
      nats: { url: 'nats://127.0.0.1:4222' },
      manager: { host: '127.0.0.1', port: 8484, requestsPerMinute: 6_000 },
      executor: { leaseMs: 10_000, heartbeatMs: 2_000 },
      pools: [{ name: 'default', backend: 'processes', slots: 256, min: 2, max: 2, resources: {} }],
      retention: { tables: 'never', runs: 'never', uploads: '24h', exports: 'never' },
      log: { level: 'info' },
    });
    expect(config.models.small?.endpoints[0]).not.toHaveProperty('prices');
    expect(config.limits.sql.rows).toBeGreaterThan(0);
  });

  it('should find files with capabilities beside it', async () => {
    const { capabilities } = await load(`${MODEL}capabilities: { files: [tools/luhn.yaml, /etc/other.yaml] }`);
    expect(capabilities.files).toEqual([join(folder, 'tools/luhn.yaml'), '/etc/other.yaml']);
  });

  it('should take a group of endpoints, and the price of the input for that of its cache', async () => {
    const { models } = await load(`
models:
  big:
    strategy: weighted
    endpoints:
      - { baseUrl: 'http://a/v1', name: x, weight: 3, prices: { input: 2, output: 8 } }
      - { baseUrl: 'http://b/v1', name: x, prices: { input: 2, cacheRead: 0.5, output: 8 } }
`);
    expect(models.big?.strategy).toBe('weighted');
    expect(models.big?.endpoints.map(({ prices }) => prices)).toEqual([
      { input: 2, cacheRead: 2, cacheWrite: 2, output: 8 },
      { input: 2, cacheRead: 0.5, cacheWrite: 2, output: 8 },
    ]);
  });

  it('should refuse an unknown key with the nearest known one, in the words of the file', async () => {
    expect(await faultsOf('models:\n  small:\n    baseURL: http://a/v1\n    name: x\n')).toEqual(
      expect.arrayContaining(['models.small.baseURL: unknown key; did you mean baseUrl?', 'models.small.baseUrl: is missing']),
    );
    expect(await faultsOf(`${MODEL}pols: []\nlimits: { sql: { memory_mb: 3 } }\nzzzzzz: 1\n`)).toEqual(
      expect.arrayContaining([
        'pols: unknown key; did you mean pools?',
        'limits.sql.memory_mb: unknown key; did you mean memoryMb?',
        'zzzzzz: unknown key',
      ]),
    );
    expect(await faultsOf(`${MODEL}    strategy: ordered\n`)).toEqual(['models.small.strategy: unknown key; it needs endpoints']);
    expect(await faultsOf('models: { m: { endpoints: [{ baseUrl: http://a, name: x, wieght: 1 }] } }')).toEqual([
      'models.m.endpoints[0].wieght: unknown key; did you mean weight?',
    ]);
  });

  it('should tell all faults at once, each in a line of plain words', async () => {
    const faults = await faultsOf(`${MODEL}    timeoutMs: soon\n    weight: 0\nmanager: { port: 70000 }\nlog: { level: loud }\nnats: 4\n`);
    expect(faults).toEqual([
      'models.small.timeoutMs: must be a number, but is text',
      'models.small.weight: must be more than 0',
      'nats: must be a list of keys with their values, but is 4',
      'manager.port: must be at most 65535',
      'log.level: must be trace or debug or info or warn or error or silent',
    ]);
  });

  it.each([
    ['a default model that is not there', `${MODEL}model: large\n`, 'model: there is no model large'],
    ["a planner's model that is not there", `${MODEL}planner: { model: large }\n`, 'planner.model: there is no model large'],
    ['a pool with min above max', `${MODEL}pools: [{ name: a, min: 3, max: 2 }]\n`, 'pools[0].min: must not be more than max (2)'],
    ['two pools of one name', `${MODEL}pools: [{ name: a }, { name: a }]\n`, 'pools[1].name: is the name of a pool before it'],
    ['another storage', `${MODEL}storage: { url: 'gs://x' }\n`, 'storage.url: is no place for tables'],
    ['a relative file URL', `${MODEL}storage: { url: 'data' }\n`, 'storage.url: is no place for tables'],
    ['a group of none', 'models: { m: { endpoints: [] } }', 'models.m.endpoints: must have one endpoint or more'],
    ['no models', 'models: {}', 'models: must have one model or more'],
    [
      'a password in the URL',
      'models: { m: { baseUrl: "http://u:p@h/v1", name: x } }',
      'models.m.baseUrl: must hold no user, password, query or fragment: a key belongs in apiKey',
    ],
    [
      'a reserved parameter',
      `${MODEL}    parameters: { stream: true }\n`,
      'models.small.parameters.stream: is set by us and cannot be passed on',
    ],
    ['two keys', `${MODEL}    apiKey: a\n    apiKeyFile: b\n`, 'models.small.apiKeyFile: must not stand beside apiKey'],
    [
      'a heartbeat that is too rare',
      `${MODEL}executor: { leaseMs: 1000, heartbeatMs: 900 }\n`,
      'executor.heartbeatMs: must be at most half of leaseMs (1000)',
    ],
    ['a negative age', `${MODEL}retention: { tables: -3d }\n`, 'retention.tables: must be an age such as 45m, 24h or 30d, or never'],
    ['an age of nothing', `${MODEL}retention: { uploads: 0h }\n`, 'retention.uploads: must be an age such as 45m, 24h or 30d, or never'],
    ['an age without a unit', `${MODEL}retention: { runs: 30 }\n`, 'retention.runs: must be text, but is 30'],
    ['an age of what is not kept', `${MODEL}retention: { export: 1d }\n`, 'retention.export: unknown key; did you mean exports?'],
    [
      'no keys on every address of the machine',
      `${MODEL}manager: { host: 0.0.0.0, auth: none }\n`,
      'manager.auth: must be keys, as manager.host is 0.0.0.0: none is for a host that this machine alone reaches, such as 127.0.0.1',
    ],
    ['another way to tell who asks', `${MODEL}manager: { auth: password }\n`, 'manager.auth: must be keys or none'],
    ['no file for the first key', `${MODEL}manager: { firstKeyFile: '' }\n`, 'manager.firstKeyFile: must not be empty'],
    ['no requests', `${MODEL}manager: { requestsPerMinute: 0 }\n`, 'manager.requestsPerMinute: must be at least 1'],
    ['a journal without room', `${MODEL}executor: { journalBytes: 1000 }\n`, 'executor.journalBytes: must be at least 65536'],
    [
      "a model's name that no variable can hold",
      'models: { a__b: { baseUrl: "http://h", name: x } }',
      'models.a__b: must be a name of letters, digits, ".", "_" and "-" that starts with a letter and has no "__"',
    ],
  ])('should refuse %s', async (_, text, fault) => {
    expect(await faultsOf(text)).toContain(fault);
  });

  describe('clusters', () => {
    const CLUSTER =
      "{ name: main, address: 'http://ray:8265', pools: [{ name: far, max: 4, resources: { cpus: 2, gpus: 1 }, labels: { ray.io/market-type: spot } }] }";

    it('should put the pools of clusters beside the others, from files and from the configuration itself', async () => {
      await writeFile(join(folder, 'laptop.yaml'), 'name: laptop\nstart: local\npools: [{ name: near }]\n');
      const config = await load(`${MODEL}pools: [{ name: own }]\nray: { clusters: [laptop.yaml, ${CLUSTER}] }\n`);
      expect(config.pools).toMatchObject([
        { name: 'own', backend: 'processes' },
        { name: 'near', backend: 'ray', cluster: 'laptop', resources: { cpus: 1 }, placement: 'spread' },
        { name: 'far', backend: 'ray', cluster: 'main', labels: { 'ray.io/market-type': 'spot' } },
      ]);
      expect(config.ray.clusters[0]).toMatchObject({ start: 'local', member: { environment: {} } });
    });

    it('should have no pool of its own making where there are clusters', async () => {
      expect((await load(`${MODEL}ray: { clusters: [${CLUSTER}] }\n`)).pools.map(({ name }) => name)).toEqual(['far']);
      expect(await faultsOf(`${MODEL}pools: []\n`)).toEqual(['pools: must have one pool or more']);
    });

    it('should name the file of a definition that is wrong, and the key in it', async () => {
      const file = join(folder, 'ray', 'main.yaml');
      await mkdir(join(folder, 'ray'));
      await writeFile(file, 'name: Main\nadress: x\ntokenFile: token\npools: [{ name: a, cpus: 3, min: 3 }]\n');
      expect(await faultsOf(`${MODEL}ray: { clusters: [ray/main.yaml] }\n`)).toEqual([
        `name (${file}): must be lower-case letters, digits and -, 31 characters at most`,
        `pools[0].cpus (${file}): unknown key`,
        `adress (${file}): unknown key; did you mean address?`,
      ]);
      await writeFile(file, "name: main\naddress: 'http://ray:8265'\ntokenFile: token\npools: [{ name: a, min: 3 }]\n");
      expect(await faultsOf(`${MODEL}ray: { clusters: [ray/main.yaml] }\n`)).toEqual([
        `pools[0].min (${file}): must not be more than max (2)`,
      ]);
      await writeFile(file, "name: main\naddress: 'http://ray:8265'\ntokenFile: token\npools: [{ name: a }]\n");
      const { ray } = await load(`${MODEL}ray: { clusters: [ray/main.yaml] }\n`);
      expect(ray.clusters[0]?.tokenFile).toBe(join(folder, 'ray', 'token'));
      await expect(load(`${MODEL}ray: { clusters: [none.yaml] }\n`)).rejects.toMatchObject({
        code: 'invalid_config',
        message: `ray.clusters[0]: there is no file ${join(folder, 'none.yaml')}.`,
      });
    });

    it.each([
      ['one without an address', '{ name: a, pools: [{ name: p }] }', 'ray.clusters[0].address: is missing'],
      ['one without pools', "{ name: a, address: 'http://h:1', pools: [] }", 'ray.clusters[0].pools: must have one pool or more'],
      ['an address that is none', '{ name: a, address: ray, pools: [{ name: p }] }', /^ray.clusters\[0\].address: must be a URL of a host/],
      [
        'an address of one of its own',
        "{ name: a, start: local, address: 'http://h:1', pools: [{ name: p }] }",
        /address: must not stand beside/,
      ],
      [
        'CPUs of one that is there',
        "{ name: a, cpus: 2, address: 'http://h:1', pools: [{ name: p }] }",
        /cpus: goes with `start: local` alone/,
      ],
      [
        'a password for all to see',
        "{ name: a, natsUrl: 'nats://u:p@h', address: 'http://h:1', pools: [{ name: p }] }",
        /natsUrl: must be a URL/,
      ],
      ['another backend', "{ name: a, address: 'http://h:1', pools: [{ name: p, backend: external }] }", /backend: unknown key/],
      [
        'a negative number of GPUs',
        "{ name: a, address: 'http://h:1', pools: [{ name: p, resources: { gpus: -1 } }] }",
        /gpus: must be at least 0/,
      ],
      [
        'parts of GPUs above one',
        "{ name: a, address: 'http://h:1', pools: [{ name: p, resources: { gpus: 1.5 } }] }",
        'ray.clusters[0].pools[0].resources.gpus: must be a whole number, or less than 1: Ray counts so',
      ],
      [
        "a resource of Ray's own",
        "{ name: a, address: 'http://h:1', pools: [{ name: p, resources: { custom: { GPU: 1 } } }] }",
        "ray.clusters[0].pools[0].resources.custom.GPU: is Ray's own: it is asked for by gpus",
      ],
      [
        'a member that is ended before it could be replaced',
        "{ name: a, address: 'http://h:1', pools: [{ name: p, residentMb: 512, resources: { memoryMb: 512 } }] }",
        'ray.clusters[0].pools[0].residentMb: must be less than resources.memoryMb (512), at which a member is ended',
      ],
      [
        'a label without a name',
        "{ name: a, address: 'http://h:1', pools: [{ name: p, labels: { '-zone': east } }] }",
        /labels.-zone: must be letters, digits, -, _ and \., .* after a domain/,
      ],
      [
        'a label that Ray does not take',
        "{ name: a, address: 'http://h:1', pools: [{ name: p, labels: { zone: 'east or west' } }] }",
        /labels.zone: must be letters, digits, -, _ and \., the first and the last of them a letter or digit/,
      ],
      [
        'another way to place members',
        "{ name: a, address: 'http://h:1', pools: [{ name: p, placement: tight }] }",
        'ray.clusters[0].pools[0].placement: must be spread or pack',
      ],
    ])('should refuse %s', async (_, cluster, fault) => {
      expect(await faultsOf(`${MODEL}ray: { clusters: [${cluster}] }\n`)).toContainEqual(
        typeof fault === 'string' ? fault : expect.stringMatching(fault),
      );
    });

    it('should refuse two of one name, and a pool that another cluster has', async () => {
      expect(await faultsOf(`${MODEL}ray: { clusters: [${CLUSTER}, ${CLUSTER}] }\n`)).toEqual([
        'ray.clusters[1].pools[0].name: is the name of a pool before it',
        'ray.clusters[1].name: is the name of a cluster before it',
      ]);
    });

    it("should not hand on NATS' password unasked", async () => {
      const nats = "nats: { url: 'nats://u:p@h:4222' }\n";
      expect(await faultsOf(`${MODEL}${nats}ray: { clusters: [${CLUSTER}] }\n`)).toEqual([
        'ray.clusters[0].natsUrlFile: is missing: nats.url holds a password, which everybody who may look at the cluster could read',
      ]);
      const folder = 'nats: { passwordFolder: /run/apwa/nats }\n';
      expect(await faultsOf(`${MODEL}${folder}ray: { clusters: [${CLUSTER}] }\n`)).toEqual([
        'ray.clusters[0].natsUrlFile: is missing: NATS asks for passwords (nats.passwordFolder), and the fabric has one of its own',
      ]);
    });
  });

  it('should take a way into NATS, and refuse one that contradicts itself', async () => {
    const { nats } = await load(`${MODEL}nats: { url: 'tls://h:4222', passwordFolder: /run/apwa/nats, caFile: /ca.pem }\n`);
    expect(nats).toEqual({ url: 'tls://h:4222', passwordFolder: '/run/apwa/nats', caFile: '/ca.pem' });
    expect(await faultsOf(`${MODEL}nats: { url: 'nats://u:p@h', passwordFolder: /x, caFile: /y }\n`)).toEqual([
      'nats.passwordFolder: must not stand beside a user or password in nats.url',
      'nats.caFile: goes with a nats.url that begins with tls:// alone',
    ]);
  });

  it('should take limits of an endpoint, and refuse those that can be none, by name', async () => {
    const limits = '{ requestsPerMinute: 60, tokensPerMinute: 90000, inFlight: 8, reserve: 0.2 }';
    const { models } = await load(`${MODEL}    limits: ${limits}\n`);
    expect(models.small?.endpoints[0]?.limits).toEqual({ requestsPerMinute: 60, tokensPerMinute: 90_000, inFlight: 8, reserve: 0.2 });
    const wrong = '{ requestsPerMinute: -1, tokensPerMinute: 1.5, inFlight: 2000000, reserve: 1, rpm: 3 }';
    expect(await faultsOf(`${MODEL}    limits: ${wrong}\n`)).toEqual([
      'models.small.limits.requestsPerMinute: must be at least 1',
      'models.small.limits.tokensPerMinute: must be an integer, but is 1.5',
      'models.small.limits.inFlight: must be at most 1000000',
      'models.small.limits.reserve: must be at most 0.95',
      expect.stringContaining('models.small.limits.rpm: unknown key'),
    ]);
  });

  it('should put the environment into values', async () => {
    const config = await load(
      `${MODEL}    apiKey: \${KEY}\n    parameters: { note: 'costs $\${X}' }\nmanager: { port: '\${PORT:-9000}' }\n`,
      { KEY: '0123' },
    );
    expect(config.models.small?.endpoints[0]).toMatchObject({ apiKey: '0123', parameters: { note: 'costs ${X}' } });
    expect(config.manager.port).toBe(9000);
  });

  it('should name the key whose variable is missing, once', async () => {
    expect(await faultsOf(`${MODEL}    apiKey: \${KEY}\nmanager: { port: '\${PORT}' }\n`, { KEY: '' })).toEqual([
      'models.small.apiKey: the environment variable KEY is not set',
      'manager.port: the environment variable PORT is not set',
    ]);
  });

  it('should let variables override the file', async () => {
    const config = await load(MODEL, {
      APWA__models__small__baseUrl: 'http://other:8000/v1',
      APWA__models__small__apiKey: '42',
      APWA__models__small__prices__input: '1.5',
      APWA__models__small__prices__output: '3',
      APWA__pools__0__name: 'gpu',
      APWA__pools__0__slots: '64',
      APWA__storage__s3__forcePathStyle: 'true',
    });
    expect(config.models.small?.endpoints[0]).toMatchObject({ baseUrl: 'http://other:8000/v1', apiKey: '42', prices: { input: 1.5 } });
    expect(config.pools).toMatchObject([{ name: 'gpu', slots: 64, min: 2 }]);
    expect(config.storage.s3?.forcePathStyle).toBe(true);
  });

  it('should refuse variables that lead nowhere', async () => {
    expect(
      await faultsOf(MODEL, { APWA__: '1', APWA__models__small__name__x: '1', APWA__manager__prot: '1', APWA__pools__7__slots: '1' }),
    ).toEqual(
      expect.arrayContaining([
        expect.stringContaining('APWA__: must be'),
        'APWA__models__small__name__x: models.small.name holds a value, no keys',
        'manager.prot: unknown key; did you mean port?',
      ]),
    );
  });

  it('should not be fooled by keys of prototypes', async () => {
    expect(await faultsOf(`${MODEL}__proto__: { model: x }\nconstructor: 1\n`)).toEqual(
      expect.arrayContaining(['constructor: unknown key']),
    );
    expect(({} as { model?: string }).model).toBeUndefined();
  });

  it('should name the line of what is no YAML, and not quote it', async () => {
    const faults = await faultsOf(`models:\n  small: { apiKey: ${CANARY}\n`);
    expect(faults[0]).toMatch(/^line \d+: is no YAML/);
    expect(faults.join()).not.toContain(CANARY);
    expect(await faultsOf('- a\n')).toEqual(['document: must be a list of keys with their values']);
    expect(await faultsOf('model: a\nmodel: b\n')).toEqual([expect.stringContaining('line 2: is no YAML (duplicate key')]);
  });

  it('should keep secrets out of errors and logs', async () => {
    const text = `${MODEL}    apiKey: [${CANARY}]\n    timeoutMs: \${T}\nexecutor: { databaseUrl: '${CANARY}' }\nnats: { url: 'x://a:${CANARY}@h' }\n`;
    const error = (await load(text, { T: CANARY }).catch((thrown: unknown) => thrown)) as ApwaError;
    expect(error.details.faults).toHaveLength(4);
    expect(JSON.stringify(error.toPayload())).not.toContain(CANARY);

    const config = await load(
      `${MODEL}    apiKey: ${CANARY}\n    parameters: { user: ${CANARY} }\nexecutor: { databaseUrl: 'postgres://u:${CANARY}@h/d' }\nnats: { url: 'nats://${CANARY}@h' }\nstorage: { s3: { secretAccessKey: ${CANARY}, accessKeyId: ${CANARY} } }\n`,
    );
    const described = JSON.stringify(describeConfig(config));
    expect(described).not.toContain(CANARY);
    expect(described).toContain('postgres://***@h/d');
    expect(described).toContain('"apiKey":"***"');
  });

  it('should make a configuration of the usual variables if there is no file', async () => {
    const cwd = process.cwd();
    process.chdir(folder);
    try {
      const { model, models } = await loadConfig({ env: { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://h/v1', APWA_MODEL: 'm' } });
      expect(models[model]?.endpoints).toMatchObject([{ baseUrl: 'http://h/v1', apiKey: 'k', name: 'm' }]);
      await expect(loadConfig({ env: { OPENAI_API_KEY: 'k' } })).resolves.toMatchObject({
        models: { default: { endpoints: [{ baseUrl: 'https://api.openai.com/v1' }] } },
      });
      await expect(loadConfig({ env: { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://h' } })).rejects.toThrow('APWA_MODEL must say');
      await expect(loadConfig({ env: {} })).rejects.toThrow(/There is no configuration: write .*apwa.config.yaml/);
      await expect(loadConfig({ env: { APWA__models__a__baseUrl: 'http://h', APWA__models__a__name: 'm' } })).resolves.toMatchObject({
        model: 'a',
      });
    } finally {
      process.chdir(cwd);
    }
  });

  it('should refuse a file that was named and is not there', async () => {
    await expect(loadConfig({ env: { APWA_CONFIG: join(folder, 'none.yaml'), OPENAI_API_KEY: 'k' } })).rejects.toThrow(
      'there is no such file',
    );
    await expect(loadConfig({ path: folder, env: {} })).rejects.toThrow("can't be read (EISDIR)");
  });
});
