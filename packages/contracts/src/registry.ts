import { z } from 'zod';
import { Capability, CapabilityDefinition } from './capability.js';
import { CapabilityName, CapabilityVersion, RegisteredVersion } from './capability-parts.js';
import { RunId } from './ids.js';
import { CapabilityExample, MAX_EXAMPLES } from './javascript-capability.js';

/** Who may name a capability: `global` all plans, `run:run_…` those of the run whose planner built it; `builtin` ones are there without anybody registering them. */
export const CapabilityScope = z.union([z.enum(['builtin', 'global']), z.templateLiteral(['run:', RunId])]);
export type CapabilityScope = z.infer<typeof CapabilityScope>;

/** A capability as lists show it: the newest version of its name. Version, hash and time are null of what is built in. */
export const CapabilityEntry = z.strictObject({
  ...Capability.pick({ id: true, kind: true, description: true, effects: true }).shape,
  name: CapabilityName,
  scope: CapabilityScope,
  version: CapabilityVersion.nullable(),
  hash: RegisteredVersion.shape.hash.nullable(),
  createdAt: z.iso.datetime().nullable(),
});
export type CapabilityEntry = z.infer<typeof CapabilityEntry>;

/** By name. `next`: the `after` of the next page, null where there is none. */
export const CapabilityList = z.strictObject({ capabilities: z.array(CapabilityEntry), next: z.string().nullable() });
export type CapabilityList = z.infer<typeof CapabilityList>;

/** `GET /v1/capabilities` */
export const CapabilityQuery = z.strictObject({
  /** Words, each of which stands in the name or the description, in upper or lower case. */
  q: z.string().max(500).optional(),
  /** Also what was built for this run. */
  run: RunId.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** The last name of the page before. */
  after: CapabilityName.optional(),
});
export type CapabilityQuery = z.infer<typeof CapabilityQuery>;

/** `GET /v1/capabilities/:name` */
export const CapabilityVersionQuery = z.strictObject({
  /** Left out: the newest that is offered. Those that were removed stay readable. */
  version: z.coerce.number().int().min(1).max(1_000_000).optional(),
  /** Look among what was built for this run first. */
  run: RunId.optional(),
});
export type CapabilityVersionQuery = z.infer<typeof CapabilityVersionQuery>;

/** A capability with all that is known of it. */
export const CapabilityDetails = z.strictObject({
  ...CapabilityEntry.shape,
  input: Capability.shape.input,
  output: Capability.shape.output,
  /** What a call may take, by the names that its definition has for it: `timeoutMs`, `memoryMb` … */
  limits: z.record(z.string(), z.number()),
  /** Null of what is built in. Secrets stand in it by name alone. */
  definition: CapabilityDefinition.nullable(),
  /** Calls that this version was tried by before it was registered. */
  examples: z.array(CapabilityExample),
  /** This version is offered no more; plans that were checked before have its content. */
  removedAt: z.iso.datetime().nullable(),
  /** All of its name, the newest first. */
  versions: z.array(z.strictObject({ ...RegisteredVersion.shape, createdAt: z.iso.datetime(), removedAt: z.iso.datetime().nullable() })),
});
export type CapabilityDetails = z.infer<typeof CapabilityDetails>;

/** `POST /v1/capabilities`: a new name, or the next version of one. The same content again is the version that it was. */
export const AddCapabilityRequest = z.strictObject({
  definition: CapabilityDefinition,
  /** Of what runs in a sandbox alone: kind `javascript`, and `python` with `sandboxed`. One that gives something else is refused (`examples_failed`), and nothing is registered. */
  examples: z.array(CapabilityExample).max(MAX_EXAMPLES).default([]),
});
export type AddCapabilityRequest = z.infer<typeof AddCapabilityRequest>;
