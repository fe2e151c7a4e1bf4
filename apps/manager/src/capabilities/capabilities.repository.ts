import { type CapabilityDefinition, type CapabilityExample, RefusedError, effectsOf } from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { toJson } from '../database/json.js';
import { type Capability as CapabilityRow, Prisma } from '../generated/prisma/client.js';
import { contentOf, hashOfContent } from './content.js';

export { type CapabilityRow };

/** As lists need it: what a call is made of stays where it is. */
export type CapabilitySummary = Omit<CapabilityRow, 'definition' | 'examples' | 'runId' | 'removedAt'>;

export const GLOBAL = 'global';
export const scopeOfRun = (runId: string): string => `run:${runId}`;
/** Where a name is looked for, the first place first. */
export const scopesFor = (runId?: string): string[] => (runId === undefined ? [GLOBAL] : [scopeOfRun(runId), GLOBAL]);

export interface NewCapability {
  /** Null: it is everybody's. */
  runId: string | null;
  definition: CapabilityDefinition;
  examples: CapabilityExample[];
}

/** Versions of registered capabilities. None of them ever changes but for whether it is offered. */
@Injectable()
export class CapabilitiesRepository {
  constructor(private readonly database: Database) {}

  /** The newest of each name that all words are found in, by name. */
  async list(scopes: string[], words: string[], limit: number, after?: string): Promise<CapabilitySummary[]> {
    return this.database.$queryRaw<CapabilitySummary[]>`
      ${newestOf(scopes, words)} WHERE hits = ${words.length} AND name COLLATE "C" > ${after ?? ''} ORDER BY name COLLATE "C" LIMIT ${limit}`;
  }

  /** The newest of each name that any of the words is found in; those with most of them first. */
  async search(scopes: string[], words: string[]): Promise<CapabilitySummary[]> {
    return this.database.$queryRaw<CapabilitySummary[]>`
      ${newestOf(scopes, words)} WHERE hits > 0 ORDER BY hits DESC, name COLLATE "C" LIMIT ${MOST_FOUND}`;
  }

  /** All versions of a name in the first scope that has any, the newest first. */
  async versions(scopes: string[], name: string): Promise<CapabilityRow[]> {
    const rows = await this.database.capability.findMany({ where: { name, scope: { in: scopes } }, orderBy: { version: 'desc' } });
    const scope = scopes.find((one) => rows.some((row) => row.scope === one && row.removedAt === null)) ?? rows[0]?.scope;
    return rows.filter((row) => row.scope === scope);
  }

  /** Names that are offered in a scope. */
  async names(scope: string): Promise<string[]> {
    const where = { scope, removedAt: null };
    const rows = await this.database.capability.findMany({ where, distinct: ['name'], select: { name: true }, orderBy: { name: 'asc' } });
    return rows.map(({ name }) => name);
  }

  /** The next version of its name, or the one that has this content; it is offered from now on. RefusedError where its kind is another than before. */
  async add({ runId, definition, examples }: NewCapability): Promise<CapabilityRow> {
    const { name, kind, description } = definition;
    const scope = runId === null ? GLOBAL : scopeOfRun(runId);
    const hash = hashOfContent(definition);
    return this.database.$transaction(async (queries) => {
      // Two at once would both be the next version.
      await queries.$executeRaw`LOCK TABLE manager.capabilities IN SHARE ROW EXCLUSIVE MODE`;
      const before = await queries.capability.findMany({
        where: { scope, name },
        orderBy: { version: 'desc' },
        omit: { definition: true },
      });
      const [newest] = before;
      if (newest && newest.kind !== kind) throw otherKind(kind, newest);
      const same = before.find((row) => row.hash === hash);
      const key = { scope, name, version: same?.version ?? 0 };
      if (same) return queries.capability.update({ where: { scope_name_version: key }, data: { removedAt: null } });
      const data = { scope, name, kind, description, effects: effectsOf(definition), hash, runId, version: (newest?.version ?? 0) + 1 };
      return queries.capability.create({ data: { ...data, definition: toJson(contentOf(definition)), examples: toJson(examples) } });
    });
  }

  /** No version of it is offered any more. */
  async remove(name: string): Promise<void> {
    await this.database.capability.updateMany({ where: { scope: GLOBAL, name, removedAt: null }, data: { removedAt: new Date() } });
  }
}

/** More than these nobody looks at. */
const MOST_FOUND = 200;

/** What a run has of its own comes before what is everybody's: `run:…` stands behind `global` in the alphabet. */
const newestOf = (scopes: string[], words: string[]): Prisma.Sql => Prisma.sql`
  SELECT newest.* FROM (
    SELECT DISTINCT ON (name) scope, name, version, kind, description, effects, hash, created_at AS "createdAt"
    FROM manager.capabilities WHERE removed_at IS NULL AND scope = ANY(${scopes})
    ORDER BY name, scope DESC, version DESC) AS newest,
  LATERAL (
    SELECT count(*)::int AS hits FROM unnest(${words}::text[]) AS word
    WHERE strpos(lower(newest.name || ' ' || newest.description), word) > 0) AS found`;

const otherKind = (kind: string, { name, kind: before }: Pick<CapabilityRow, 'name' | 'kind'>): RefusedError =>
  new RefusedError('invalid_capability', `${name} is of the kind ${before}, in all of its versions.`, {
    field: 'definition.kind',
    value: kind,
    allowed: `${before}, or another name`,
  });
