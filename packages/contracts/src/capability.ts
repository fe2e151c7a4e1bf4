import { z } from 'zod';
import {
  CallLimits,
  CapabilityId,
  CapabilityKind,
  CapabilityName,
  CapabilityVersion,
  definitionParts,
  Effects,
} from './capability-parts.js';
import { ClusterName } from './ids.js';
import { effectsOfHttp, HttpCapability } from './http-capability.js';
import { JavascriptCapability } from './javascript-capability.js';
import { McpCapability } from './mcp-capability.js';
import { TemplateCapability } from './template-capability.js';

/** What whoever plans, checks or calls has to know of a capability; not how it is carried out. */
export const Capability = z.strictObject({
  id: CapabilityId,
  kind: CapabilityKind,
  description: definitionParts.description,
  effects: Effects,
  input: definitionParts.input,
  output: definitionParts.output,
});
export type Capability = z.infer<typeof Capability>;

const milliseconds = z.number().int();
const IDENTIFIER = /^[A-Za-z_]\w{0,99}$/;

/**
 * A function in Python that is run on a Ray cluster: called with a row's arguments by name, it returns a dict. Where `function` names a
 * class, one instance of it is made, and that is called. It is known by the hash of its content, wherever it came from.
 */
export const PythonCapability = z
  .strictObject({
    kind: z.literal('python'),
    ...definitionParts,
    /** Rows may be run again after a fault: what must not be called twice can't be called this way yet. */
    effects: z
      .enum(['none', 'idempotent'], { error: 'must be none or idempotent: nothing keeps unsafe functions from being called twice yet' })
      .default('none'),
    /** The text of a module. */
    source: z.string().min(1).max(200_000).optional(),
    /** In place of the source: a module that is on the nodes, or comes with a package of `pip`. */
    module: z
      .string()
      .max(200)
      .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, 'must be the name of a Python module')
      .optional(),
    function: z.string().regex(IDENTIFIER, 'must be the name of a function or a class').default('run'),
    /** Requirements as pip takes them, installed on the node before it is called. */
    pip: z
      .array(
        z
          .string()
          .max(300)
          .regex(/^[A-Za-z0-9]/, 'must be a requirement such as numpy==2.3.5'),
      )
      .max(50)
      .default([]),
    /** A cluster of the configuration. Default: the first one that has a node large enough, or the first. */
    cluster: ClusterName.optional(),
    cpus: z.number().nonnegative().max(1024).default(1),
    gpus: z.number().nonnegative().max(1024).default(0),
    /** What its process may take; one that takes more fails its row. */
    memoryMb: z.number().int().min(64).max(4_194_304).default(1_024),
    /** `task`: each batch has a process of its own. `actor`: processes stay, and what they have loaded with them. */
    reuse: z.enum(['task', 'actor']).default('task'),
    /** Batches at a time at most, over all runs. */
    instances: z.number().int().min(1).max(1_000).default(4),
    /** Of its rows' calls, over all runs, for what it calls in its turn. Left out: not limited beside `instances`. */
    limits: CallLimits.optional(),
    /** Rows that go to it together. */
    maxBatch: z.number().int().min(1).max(1_000).default(64),
    /** How long a row waits for others of its batch. */
    maxWaitMs: milliseconds.min(0).max(60_000).default(5),
    /** Of a row. */
    timeoutMs: milliseconds.min(100).max(3_600_000).default(60_000),
    /** Until it can be called: imports, and what stands outside of the function. */
    loadTimeoutMs: milliseconds.min(1_000).max(3_600_000).default(300_000),
    /** It is run in a sandbox, or not at all: always of what a planner brings. Left out: with the rights of the nodes' user. */
    sandboxed: z.literal(true, { error: 'must be true, or left out' }).optional(),
  })
  .refine(({ source, module }) => (source === undefined) !== (module === undefined), {
    path: ['source'],
    message: 'must be the text of a module, or left out where module names one',
  })
  .refine(({ sandboxed, module }) => !sandboxed || module === undefined, {
    path: ['module'],
    message: 'must be left out, for source in its place: no module of the nodes is in the sandbox',
  })
  .refine(({ sandboxed, pip }) => !sandboxed || pip.length === 0, {
    path: ['pip'],
    message: 'must be left out: in the sandbox is what comes with Python, and nothing else',
  });
export type PythonCapability = z.infer<typeof PythonCapability>;

/** A function in Python of which nobody has to vouch for the author. */
export const SandboxedPython = PythonCapability.refine(({ sandboxed }) => sandboxed === true, {
  path: ['sandboxed'],
  message: 'must be true',
});

/** What a planner may say of a function in Python that it brings. That it is sandboxed is not for it to say. */
export const PlannedPython = z
  .strictObject({
    kind: z.literal('python'),
    name: definitionParts.name,
    description: definitionParts.description,
    effects: z.literal('none', { error: 'must be none: in its sandbox it can change nothing' }).default('none'),
    input: definitionParts.input,
    output: definitionParts.output,
    source: z.string().min(1).max(200_000),
    function: z.string().regex(IDENTIFIER, 'must be the name of a function or a class').default('run'),
    memoryMb: z.number().int().min(64).max(1_024).default(256),
    /** Of a call. */
    timeoutMs: milliseconds.min(100).max(60_000).default(5_000),
  })
  .transform((planned): PythonCapability => PythonCapability.parse({ ...planned, ...PLANNED }));

/** What it takes of a node, by Ray's count: little, so that it finds room beside members. */
export const PLANNED_CPUS = 0.1;
const PLANNED = { sandboxed: true, cpus: PLANNED_CPUS, instances: 2, loadTimeoutMs: 10_000 } as const;

/** How a capability is carried out, for all kinds but `builtin`. */
export const CapabilityDefinition = z.discriminatedUnion('kind', [
  PythonCapability,
  JavascriptCapability,
  HttpCapability,
  McpCapability,
  TemplateCapability,
]);
export type CapabilityDefinition = z.infer<typeof CapabilityDefinition>;

/** A registered capability, by its name. The manager puts its definition in this place before anything runs. */
export const RegisteredCapability = z.strictObject({
  kind: z.literal('registered'),
  name: CapabilityName,
  /** Left out: the newest one, when the plan is checked. */
  version: CapabilityVersion.optional(),
});
export type RegisteredCapability = z.infer<typeof RegisteredCapability>;

/** What a plan may bring: definitions, and names of the registry that stand for some. */
export const PlanCapability = z.discriminatedUnion('kind', [...CapabilityDefinition.options, RegisteredCapability]);
export type PlanCapability = z.infer<typeof PlanCapability>;

/** Whether it runs where nothing can be reached, so that nobody has to agree to it first. */
export const isSandboxed = (definition: CapabilityDefinition): boolean =>
  definition.kind === 'javascript' || (definition.kind === 'python' && definition.sandboxed === true);

/** What calling it again would do. */
export const effectsOf = (definition: CapabilityDefinition): Effects =>
  definition.kind === 'http' ? effectsOfHttp(definition) : definition.effects;

export const capabilityIdOf = ({ kind, name }: Pick<CapabilityDefinition, 'kind' | 'name'>): CapabilityId => `${kind}:${name}`;

/** SHA-256 of a function's content, its keys in order: the same content is the same function. */
export const CapabilityHash = z.string().regex(/^[0-9a-f]{64}$/);
export type CapabilityHash = z.infer<typeof CapabilityHash>;
