import { builtinCapabilities } from '@apwa/capabilities';
import {
  type AddCapabilityRequest,
  type Capability,
  type CapabilityDefinition,
  type CapabilityDetails,
  type CapabilityEntry,
  type CapabilityList,
  type CapabilityQuery,
  type CapabilityVersionQuery,
  MAX_CAPABILITIES,
  RefusedError,
  isSandboxed,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { allowedNames } from '../plans/nearest.js';
import { type AllowUnsafe, isAllowed } from '../plans/planned-unsafe.js';
import { CapabilitiesRepository, GLOBAL, scopeOfRun, scopesFor } from './capabilities.repository.js';
import { builtinDetails, builtinEntry, detailsOf, entryOf, nameOf, registeredDefinition } from './capability-view.js';
import { faultsOfNew, faultsOfTrial, refusedCapability } from './new-capability.js';
import { TrialsService } from './trials.service.js';
import { hitsOf, tellingWords, wordsOf } from './words.js';

/** The registry: what is built in, what people have registered, and what planners have built for their runs. */
@Injectable()
export class CapabilitiesService {
  constructor(
    private readonly capabilities: CapabilitiesRepository,
    private readonly trials: TrialsService,
  ) {}

  /** By name; built-in and registered ones have no name in common. */
  async list({ q, run, limit, after }: CapabilityQuery): Promise<CapabilityList> {
    const words = wordsOf(q);
    const registered = await this.capabilities.list(scopesFor(run), words, limit + 1, after);
    const own = builtins().filter((one) => hitsOf(words, one) === words.length && one.name > (after ?? ''));
    const all = [...own, ...registered.map(entryOf)].sort((a, b) => (a.name < b.name ? -1 : 1));
    const capabilities = all.slice(0, limit);
    return { capabilities, next: all.length > limit ? (capabilities.at(-1)?.name ?? null) : null };
  }

  /** Those that most of the query's words are found in, the best first; of those that its run lets a planner call. */
  async search(query: string, { runId, allowUnsafe, limit }: Search): Promise<CapabilityEntry[]> {
    const words = tellingWords(wordsOf(query));
    const registered = await this.capabilities.search(scopesFor(runId), words);
    return [...builtins(), ...registered.map(entryOf)]
      .filter((entry) => isAllowed(entry, allowUnsafe))
      .map((entry) => ({ entry, hits: hitsOf(words, entry) }))
      .filter(({ hits }) => hits > 0)
      .sort((a, b) => b.hits - a.hits || (a.entry.name < b.entry.name ? -1 : 1))
      .slice(0, limit)
      .map(({ entry }) => entry);
  }

  /** RefusedError `not_found`. What was removed is shown all the same. */
  async show(name: string, { version, run }: CapabilityVersionQuery = {}): Promise<CapabilityDetails> {
    const builtin = builtinCapabilities.find(`builtin:${name}`);
    if (builtin && version === undefined) return builtinDetails(builtin);
    const versions = await this.capabilities.versions(scopesFor(run), name);
    const newest = versions.find(({ removedAt }) => removedAt === null) ?? versions[0];
    const row = version === undefined ? newest : versions.find((one) => one.version === version);
    if (row) return detailsOf(row, versions);
    throw newest ? noVersion(name, version, newest.version) : await this.unknown(name, run);
  }

  /** A version is registered when all of its examples give what they must. RefusedError with all that is wrong. */
  async add(request: AddCapabilityRequest, { runId = null, signal }: { runId?: string | null; signal?: AbortSignal } = {}) {
    const { definition, examples } = request;
    const faults = [...faultsOfNew(request), ...(runId === null ? [] : await this.faultsOfBuilt(definition, runId))];
    if (faults.length > 0) throw refusedCapability(faults);
    const failed = faultsOfTrial(request, await this.tried(request, signal));
    if (failed.length > 0) throw refusedCapability(failed, 'examples_failed');
    const { name, version } = await this.capabilities.add({ runId, definition, examples });
    return this.show(name, { version, ...(runId === null ? {} : { run: runId }) });
  }

  /** It is offered no more; what names it already has its content. Again is the same. */
  async remove(name: string): Promise<CapabilityDetails> {
    if (builtinCapabilities.find(`builtin:${name}`))
      throw new RefusedError('builtin_capability', `${name} is built in, and stays.`, {
        field: 'name',
        value: name,
        allowed: 'a registered capability',
      });
    await this.show(name);
    await this.capabilities.remove(name);
    return this.show(name);
  }

  /** How it is carried out: a version that is offered, or null. Left out: the newest. */
  async find(name: string, { version, runId }: { version?: number | undefined; runId?: string | undefined } = {}) {
    const offered = (await this.capabilities.versions(scopesFor(runId), name)).filter(({ removedAt }) => removedAt === null);
    const row = version === undefined ? offered[0] : offered.find((one) => one.version === version);
    return row ? registeredDefinition(row) : null;
  }

  /** All registered ones that a plan may name, for who has named one that is not there. */
  async offered(runId?: string): Promise<Pick<Capability, 'id' | 'description'>[]> {
    return (await this.capabilities.list(scopesFor(runId), [], MOST_NAMES)).map(entryOf);
  }

  private async tried({ definition, examples }: AddCapabilityRequest, signal?: AbortSignal) {
    try {
      return await this.trials.run(definition, examples, signal);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { field, value, allowed } = error.details;
      throw new RefusedError(error.code, error.message, {
        field: field ? `definition.${field}` : 'definition',
        ...(value === undefined ? {} : { value }),
        ...(allowed === undefined ? {} : { allowed }),
      });
    }
  }

  /** What a planner builds runs in a sandbox, has a name that is nobody else's, and is not without end. */
  private async faultsOfBuilt(definition: CapabilityDefinition, runId: string) {
    const { name, kind } = definition;
    if (!isSandboxed(definition))
      return [
        { field: 'definition.kind', message: 'is not for planners', value: kind, allowed: 'javascript, or python that is sandboxed' },
      ];
    const [registered, own] = await Promise.all([this.capabilities.names(GLOBAL), this.capabilities.names(scopeOfRun(runId))]);
    const at = { field: 'definition.name', value: name };
    if (registered.includes(name)) return [{ ...at, message: 'is that of a registered capability', allowed: 'a name of its own' }];
    if (own.includes(name) || own.length < MAX_CAPABILITIES) return [];
    return [{ ...at, message: `would be one more than a run may have`, allowed: `one of ${own.join(', ')}` }];
  }

  private async unknown(name: string, run?: string): Promise<RefusedError> {
    const known = [...builtins(), ...(await this.offered(run))].map(({ id }) => nameOf(id));
    return new RefusedError('not_found', `There is no capability ${name}.`, {
      field: 'name',
      value: name,
      allowed: allowedNames(name, known),
    });
  }
}

const MOST_NAMES = 1_000;

interface Search {
  runId: string;
  allowUnsafe: AllowUnsafe;
  limit: number;
}

const builtins = (): CapabilityEntry[] => builtinCapabilities.list().map(builtinEntry);

const noVersion = (name: string, version: number | undefined, newest: number): RefusedError =>
  new RefusedError('not_found', `There is no version ${version} of ${name}.`, {
    field: 'version',
    value: version,
    allowed: `1 to ${newest}`,
  });
