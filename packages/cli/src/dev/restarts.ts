import { ApwaError } from '@apwa/contracts';
import type { Service, Stack } from '@apwa/stack';
import { duration } from '../display/format.js';
import { concernedBy, type Workspace } from './workspaces.js';

export interface RestartOptions {
  workspaces: Workspace[];
  services: Stack['services'];
  build: (names: string[]) => Promise<boolean>;
  say: (text: string) => void;
}

/** Which service runs an app's program. Members of the pools are children of the executor. */
const serviceOf = (app: string, { model, manager, executor }: Stack['services']): Service | undefined =>
  ({ '@apwa/offline-model': model, '@apwa/manager': manager, '@apwa/executor': executor, '@apwa/worker-pool': executor })[app];

/** Builds what has changed, one change after the other, and starts the services again that it concerns. */
export class Restarts {
  private readonly waiting = new Set<string>();
  private work: Promise<void> | undefined;
  private readonly restarting = new Set<Service>();
  private readonly known = new Set<Service>();

  constructor(private readonly options: RestartOptions) {}

  /** Resolves when everything that was changed until then has been seen to. */
  changed(names: string[]): Promise<void> {
    for (const name of names) this.waiting.add(name);
    this.work ??= Promise.resolve()
      .then(() => this.goOn())
      .finally(() => (this.work = undefined));
    return this.work;
  }

  /** Says once of each service that has ended without being asked to. */
  lookAfter(): void {
    const { services, say } = this.options;
    for (const service of [services.nats, services.postgres, services.model, services.manager, services.executor]) {
      if (!service || this.restarting.has(service)) continue;
      if (service.running) this.known.delete(service);
      else if (!this.known.has(service)) {
        this.known.add(service);
        say(`${service.name} has ended by itself: see ${service.logFile}. It is started again with the next change of its sources.`);
      }
    }
  }

  private async goOn(): Promise<void> {
    const { say, build } = this.options;
    while (this.waiting.size > 0) {
      const names = [...this.waiting];
      this.waiting.clear();
      say(`Building ${names.join(', ')} …`);
      if (!(await build(names))) {
        say('It could not be built: what ran before goes on.');
        continue;
      }
      await this.restart(names);
    }
  }

  private async restart(changed: string[]): Promise<void> {
    const { workspaces, services, say } = this.options;
    const apps = [...concernedBy(changed, workspaces)].filter((name) => workspaces.some((one) => one.name === name));
    const concerned = new Set(apps.map((name) => serviceOf(name, services)).filter((service) => service !== undefined));
    if (concerned.size === 0) say('Built. No service is made of it.');
    for (const service of concerned) {
      this.restarting.add(service);
      const from = performance.now();
      try {
        await service.restart();
        say(`${service.name} runs again, after ${duration(performance.now() - from)}.`);
      } catch (error) {
        say(`${service.name} could not be started again: ${ApwaError.from(error).message}`);
      } finally {
        this.restarting.delete(service);
      }
    }
  }
}
