import {
  ApwaError,
  type CapabilityId,
  capabilityIdOf,
  type executorOperations,
  PermanentError,
  PLANNED_CPUS,
  type PythonCapability,
  RefusedError,
  TransientError,
  hashOfJson,
} from '@apwa/contracts';
import { Injectable } from '@nestjs/common';
import { type z } from 'zod';
import { ClustersService } from '../ray/clusters.service.js';
import { type RayCluster } from '../ray/ray-cluster.js';
import { StagesService } from '../stages/stages.service.js';
import { definitionOf, resourcesOf } from './definition.js';
import { waitingFor } from './waiting-for.js';

type Registered = z.input<typeof executorOperations.registerCapability.reply>;
type Opened = z.input<typeof executorOperations.openCapability.reply>;

/** Functions that are kept in memory for what is said of their stages. */
const KEPT = 500;

/** Functions in Python. They stand in the work of the stages that call them; a fabric hears of one when it is to be called there. */
@Injectable()
export class CapabilitiesService {
  /** By hash: those that were asked for. */
  readonly #kept = new Map<string, PythonCapability>();

  constructor(
    private readonly clusters: ClustersService,
    private readonly stages: StagesService,
  ) {}

  /** RefusedError `no_cluster`, `unknown_cluster`, `no_sandbox`, or what the cluster refuses it for. */
  async register(capability: PythonCapability): Promise<Registered> {
    const cluster = this.#clusterFor(capability);
    const hash = hashOfJson(capability);
    try {
      await cluster.define(hash, definitionOf(capability));
      return { hash, cluster: cluster.name, checked: true };
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      if (error instanceof TransientError) return { hash, cluster: cluster.name, checked: false };
      throw inPlace(error, capability);
    }
  }

  /** RefusedError as with `register`; TransientError `fabric_away`. */
  async open(stageId: string, id: CapabilityId): Promise<Opened> {
    return this.#openOn(await this.#capabilityOf(stageId, id));
  }

  /** As `open`, of what stands in no stage. */
  openTrial(capability: PythonCapability): Promise<Opened> {
    return this.#openOn(capability);
  }

  /** Where functions can be run that a model wrote, as far as is known. */
  findSandbox(): z.input<typeof executorOperations.findSandbox.reply> {
    const clusters = this.clusters.list();
    const cluster = clusters.find((one) => one.hasSandbox({ cpus: PLANNED_CPUS }));
    if (cluster) return { kind: 'there', cluster: cluster.name };
    const reasons = clusters.map((one) => `cluster ${one.name}: ${one.sandboxMissing()}`);
    return { kind: 'missing', why: reasons.join('; ') || 'the configuration has no Ray cluster' };
  }

  async #openOn(capability: PythonCapability): Promise<Opened> {
    const cluster = this.#clusterFor(capability);
    const hash = this.#keep(capability);
    try {
      return { hash, cluster: cluster.name, generation: await cluster.define(hash, definitionOf(capability)) };
    } catch (thrown) {
      throw inPlace(ApwaError.from(thrown), capability);
    }
  }

  /** Why the rows of a stage wait that calls a function; null if they don't, as far as is known. */
  async waitingFor(stageId: string, hash: string): Promise<string | null> {
    if (!this.#kept.has(hash)) for (const one of await this.#capabilitiesOf(stageId)) this.#keep(one);
    const capability = this.#kept.get(hash);
    const cluster = capability && this.#find(capability);
    // Where no cluster is, members are told so.
    return capability && cluster ? waitingFor({ hash, id: capabilityIdOf(capability), resources: resourcesOf(capability) }, cluster) : null;
  }

  async #capabilityOf(stageId: string, id: CapabilityId): Promise<PythonCapability> {
    const found = (await this.#capabilitiesOf(stageId)).find((one) => capabilityIdOf(one) === id);
    if (found) return found;
    throw new PermanentError('no_capability', `Stage ${stageId} calls no ${id}.`, { field: 'capability', value: id });
  }

  async #capabilitiesOf(stageId: string): Promise<PythonCapability[]> {
    const work = await this.stages.workOf(stageId);
    return work.kind === 'map' ? (work.capabilities ?? []).filter((one) => one.kind === 'python') : [];
  }

  #keep(capability: PythonCapability): string {
    const hash = hashOfJson(capability);
    this.#kept.set(hash, capability);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return hash;
  }

  #clusterFor(capability: PythonCapability): RayCluster {
    const found = this.#find(capability);
    if (found) return found;
    const names = this.clusters.list().map(({ name }) => name);
    if (names.length === 0)
      throw new RefusedError('no_cluster', `${capabilityIdOf(capability)} runs on Ray, and the configuration has no Ray cluster.`, {
        value: capabilityIdOf(capability),
        allowed: 'a configuration with ray.clusters',
      });
    throw new RefusedError('unknown_cluster', `The configuration has no Ray cluster ${capability.cluster}.`, {
      field: 'cluster',
      value: capability.cluster,
      allowed: names.join(', '),
    });
  }

  #find(capability: PythonCapability): RayCluster | undefined {
    const clusters = this.clusters.list();
    const { cluster: wanted } = capability;
    if (wanted !== undefined) return clusters.find(({ name }) => name === wanted);
    const large = clusters.filter((cluster) => cluster.holds(resourcesOf(capability)));
    const safe = capability.sandboxed ? large.find((cluster) => cluster.hasSandbox(resourcesOf(capability))) : undefined;
    return safe ?? large[0] ?? clusters[0];
  }
}

/** What a fabric refuses, at its place in the function. */
const inPlace = (error: ApwaError, { source, module }: PythonCapability): ApwaError =>
  error.code === 'capability_syntax'
    ? new RefusedError(error.code, error.message, {
        field: source === undefined ? 'module' : 'source',
        value: source ?? module,
        allowed: 'Python',
      })
    : error;
