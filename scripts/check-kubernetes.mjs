// Renders what stands in infra/kubernetes and holds it against the schemas of Kubernetes and KubeRay, fields that they don't know
// included; and whether all secrets, configurations and claims that pods name are made. Nothing is sent to a cluster.
// The tools come from Go's and Python's package registries; where one of them is missing, it says so.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';

const KUSTOMIZE = 'sigs.k8s.io/kustomize/kustomize/v5@v5.8.1';
const KUBECONFORM = 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0';
/** Where the definition of RayCluster is. */
const KUBERAY = 'github.com/ray-project/kuberay/ray-operator@v1.6.2';
/** A package of PyPI that holds the schemas of Kubernetes' own kinds. */
const SCHEMAS = 'kubernetes-validate==1.37.0';
const KUBERNETES = '1.37.0';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'infra', 'kubernetes');
const cache = join(root, '.cache', 'kubernetes');
const schemas = join(cache, `schemas-${KUBERNETES}`);
const overlays = {
  example: ['../../infra/kubernetes/example', []],
  'example with a Redis for the control store': [
    '../../infra/kubernetes/example',
    ['../../infra/ray/clusters/kuberay/gcs-fault-tolerance'],
  ],
  'example with TLS to NATS': ['../../infra/kubernetes/example', ['../../infra/kubernetes/tls']],
};

const run = async (program, args, options = {}) => {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 64 * 1024 * 1024, ...options });
  return stdout;
};

const runs = (program, ...args) =>
  run(program, args).then(
    () => true,
    () => false,
  );

/** A Go program of this version, built once; its path. */
const goProgram = async (path) => {
  const [module, version] = path.split('@');
  const name = module.split('/').findLast((part) => !/^v\d+$/.test(part));
  const bin = join(cache, `${name}-${version}`);
  if (!existsSync(join(bin, name))) await run('go', ['install', path], { cwd: cache, env: { ...process.env, GOBIN: bin, GOFLAGS: '' } });
  return join(bin, name);
};

/** What a schema for servers leaves open: keys that it does not name, and numbers as text. */
const closed = (schema) => {
  if (schema === null || typeof schema !== 'object') return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const { 'x-kubernetes-int-or-string': either, ...rest } = schema;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, closed(value)]));
  if (either) return { type: ['string', 'integer'] };
  return schema.type === 'object' && schema.properties && !schema.additionalProperties && !schema['x-kubernetes-preserve-unknown-fields']
    ? { ...inner, additionalProperties: false }
    : inner;
};

const rayClusterSchema = async () => {
  const { Dir } = JSON.parse(await run('go', ['mod', 'download', '-json', KUBERAY], { cwd: cache }));
  const definition = parse(await readFile(join(Dir, 'config', 'crd', 'bases', 'ray.io_rayclusters.yaml'), 'utf8'));
  return closed(definition.spec.versions.find(({ name }) => name === 'v1').schema.openAPIV3Schema);
};

/** Prints a file of an archive. */
const EXTRACT = 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))';

/** The schemas of Kubernetes' own kinds, by the names of their files: each with all that it refers to. */
const kubernetesSchemas = async (place) => {
  await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', place, SCHEMAS]);
  const wheel = (await readdir(place)).find((name) => name.endsWith('.whl'));
  const path = `kubernetes_validate/kubernetes-json-schema/v${KUBERNETES}-local-strict/_definitions.json`;
  const text = await run('python3', ['-c', EXTRACT, join(place, wheel), path]);
  await rm(join(place, wheel));
  const { $defs } = JSON.parse(text.replaceAll('/api/_definitions.json#', '#'));
  const needed = (schema, found = new Set()) => {
    for (const [, name] of JSON.stringify(schema).matchAll(/"#\/\$defs\/([^"]+)"/g))
      if (!found.has(name)) needed($defs[name], found.add(name));
    return found;
  };
  return Object.values($defs).flatMap((schema) =>
    (schema['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }) => ({
      name: [kind.toLowerCase(), group.split('.')[0], version].filter(Boolean).join('-'),
      schema: { ...schema, $defs: Object.fromEntries([...needed(schema)].map((name) => [name, $defs[name]])) },
    })),
  );
};

const ensureSchemas = async () => {
  if (existsSync(schemas)) return;
  const place = await mkdtemp(join(cache, 'schemas-'));
  const all = [...(await kubernetesSchemas(place)), { name: 'raycluster-ray-v1', schema: await rayClusterSchema() }];
  await Promise.all(all.map(({ name, schema }) => writeFile(join(place, `${name}.json`), JSON.stringify(schema))));
  await rename(place, schemas);
};

/** An overlay's objects as kustomize writes them. */
const render = async (kustomize, [resource, components]) => {
  const place = await mkdtemp(join(cache, 'overlay-'));
  const from = (path) => relative(place, join(cache, path));
  const document = { resources: [from(resource)], components: components.map(from) };
  await writeFile(join(place, 'kustomization.yaml'), JSON.stringify(document));
  try {
    return await run(kustomize, ['build', place]);
  } finally {
    await rm(place, { recursive: true });
  }
};

/** Every `secretRef: { name }` and the like, wherever it stands. */
const references = (value, found = []) => {
  if (value === null || typeof value !== 'object') return found;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'secret' && (inner?.secretName ?? inner?.name)) found.push(`Secret ${inner.secretName ?? inner.name}`);
    else if (key === 'authOptions' && inner?.secretName) found.push(`Secret ${inner.secretName}`);
    else if (['secretRef', 'secretKeyRef'].includes(key)) found.push(`Secret ${inner.name}`);
    else if (['configMap', 'configMapRef', 'configMapKeyRef'].includes(key)) found.push(`ConfigMap ${inner.name}`);
    else if (key === 'persistentVolumeClaim') found.push(`PersistentVolumeClaim ${inner.claimName}`);
    references(inner, found);
  }
  return found;
};

/** Named by pods and not made; what stays somebody else's is in `given`. */
const missing = (text, given) => {
  const objects = parseAllDocuments(text).map((document) => document.toJS());
  const made = new Set([...given, ...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)]);
  return [...new Set(objects.flatMap((object) => references(object)))].filter((name) => !made.has(name));
};

const check = async () => {
  await mkdir(cache, { recursive: true });
  const [kustomize, kubeconform] = [await goProgram(KUSTOMIZE), await goProgram(KUBECONFORM)];
  await ensureSchemas();
  for (const [name, overlay] of Object.entries(overlays)) {
    const text = await render(kustomize, overlay);
    const file = join(cache, 'rendered.yaml');
    await writeFile(file, text);
    const location = join(schemas, '{{ .ResourceKind }}{{ .KindSuffix }}.json');
    const args = ['-strict', '-summary', '-kubernetes-version', KUBERNETES, '-schema-location', location, file];
    const said = await run(kubeconform, args).catch((failed) => {
      throw new Error(`${name}:\n${failed.stdout}${failed.stderr}`);
    });
    const lost = missing(text, ['Secret apwa-redis', 'Secret apwa-nats-tls']);
    if (lost.length > 0) throw new Error(`${name}: named, and not made: ${lost.join(', ')}`);
    process.stdout.write(`${name}: ${said.replace('Summary: ', '')}`);
  }
};

const lacking = (await runs('go', 'version')) ? ((await runs('python3', '-m', 'pip', '--version')) ? null : 'Python with pip') : 'Go';
if (lacking) process.stdout.write(`Skipped: without ${lacking} the tools that check ${relative(root, folder)} can't be had.\n`);
else
  await check().catch((error) => {
    process.stderr.write(`${error.stderr ?? ''}${error.message}\n`);
    process.exitCode = 1;
  });
