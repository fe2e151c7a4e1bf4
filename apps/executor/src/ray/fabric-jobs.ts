import { type ClusterConfig } from '@apwa/config';
import { RefusedError, TransientError } from '@apwa/contracts';
import { causeOf, type FabricPackage, type JobsClient, packFabric, rayVersion } from '@apwa/ray';

/** The jobs that are fabrics of a cluster, one after the other. */
export class FabricJobs {
  readonly #prefix: string;
  readonly #cluster: string;

  /** `pack`: the code that they run. */
  constructor(
    private readonly config: Pick<ClusterConfig, 'name' | 'sandbox'>,
    private readonly pack: () => FabricPackage = packFabric,
  ) {
    this.#cluster = config.name;
    this.#prefix = `apwa-fabric-${config.name}-`;
  }

  idOf(generation: number): string {
    return `${this.#prefix}${generation}`;
  }

  /**
   * The session of a cluster that a fabric can run on.
   * RefusedError `ray_version` if it is another Ray than the one that is driven, TransientError `ray_unhealthy`.
   */
  async check(jobs: JobsClient): Promise<string> {
    const { ray, session } = await jobs.version();
    if (ray !== rayVersion())
      throw new RefusedError('ray_version', `Cluster ${this.#cluster} runs Ray ${ray}, and this executor drives Ray ${rayVersion()}.`, {
        field: 'ray.clusters[].address',
        value: ray,
        allowed: rayVersion(),
      });
    if (!(await jobs.isHealthy()))
      throw new TransientError('ray_unhealthy', `The control store of cluster ${this.#cluster} does not answer.`);
    return session;
  }

  async submit(jobs: JobsClient, generation: number, natsArguments: readonly string[]): Promise<void> {
    const { uri, zip } = this.pack();
    await jobs.upload(uri, zip);
    const identity = ['--cluster', this.#cluster, '--generation', String(generation)];
    const entrypoint = ['python', '-m', 'apwa_fabric', ...identity, '--sandbox', this.config.sandbox, ...natsArguments];
    await jobs.submit({
      submissionId: this.idOf(generation),
      entrypoint: entrypoint.map(quoted).join(' '),
      workingDir: uri,
      metadata: { 'apwa-cluster': this.#cluster, 'apwa-generation': String(generation) },
    });
  }

  /** Why a fabric failed, by what it printed last; `otherwise` if it printed nothing that tells. */
  async causeOfFailure(jobs: JobsClient, generation: number, otherwise: string): Promise<string> {
    const logs = await jobs.logs(this.idOf(generation));
    return causeOf(logs.trim() === '' ? otherwise : logs);
  }

  /** Stops fabrics of generations before this one, and has Ray forget those that have ended. */
  async clean(jobs: JobsClient, generation: number): Promise<void> {
    const older = (await jobs.jobs()).filter(({ submissionId }) => {
      if (!submissionId?.startsWith(this.#prefix)) return false;
      const of = Number(submissionId.slice(this.#prefix.length));
      return Number.isInteger(of) && of < generation;
    });
    for (const { submissionId, status } of older) {
      if (status === 'PENDING' || status === 'RUNNING') await jobs.stop(submissionId as string);
      else await jobs.delete(submissionId as string);
    }
  }
}

/** As a shell takes it for one word. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
