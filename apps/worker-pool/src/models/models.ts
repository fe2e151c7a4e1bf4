import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Config, type ModelConfig } from '@apwa/config';
import { RefusedError } from '@apwa/contracts';
import { createModel, type Model } from '@apwa/model';
import { type CallGate, modelGate } from '../permits/call-gate.js';
import { Permits } from '../permits/permits.js';
import { CONFIG } from '../tokens.js';

/** A model of the configuration, with the gate that all its calls of this member pass. */
export interface OpenModel {
  readonly config: ModelConfig;
  readonly model: Model;
  readonly gate: CallGate;
}

/** The models that this member has called, each opened once. */
@Injectable()
export class Models implements OnApplicationShutdown {
  readonly #open = new Map<string, OpenModel>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly permits: Permits,
  ) {}

  /** RefusedError `unknown_model` if the configuration has no model of that name. */
  open(name: string): OpenModel {
    const known = this.#open.get(name);
    if (known) return known;
    const config = Object.hasOwn(this.config.models, name) ? this.config.models[name] : undefined;
    if (!config) {
      const allowed = Object.keys(this.config.models).join(', ');
      throw new RefusedError('unknown_model', `there is no model "${name}" in the configuration`, { field: 'model', value: name, allowed });
    }
    const gate = modelGate(name, config, { asks: (urgent) => this.permits.schedule(urgent) });
    const model = createModel(config, { name });
    const opened = { config, model, gate };
    this.permits.add({ gate, probe: (endpoint, signal) => model.probe(endpoint, signal) });
    this.#open.set(name, opened);
    return opened;
  }

  onApplicationShutdown(): void {
    for (const { model } of this.#open.values()) model.close();
    this.#open.clear();
  }
}
