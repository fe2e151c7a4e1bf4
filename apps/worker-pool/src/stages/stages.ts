import { Inject, Injectable } from '@nestjs/common';
import {
  type AgentTemplate,
  ApwaError,
  type CommittedShard,
  executorOperations,
  type MapWork,
  PermanentError,
  RefusedError,
  type ShardRange,
  type StageWork,
} from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { type Logger } from '@apwa/service';
import { type Storage } from '@apwa/tables';
import { Models } from '../models/models.js';
import { SharedAnswers } from '../rows/shared-answers.js';
import { LOG, STORAGE } from '../tokens.js';
import { createCapabilityStage } from './capability-stage.js';
import { type AgentTools, createAgentTools } from '../capabilities/agent-tools.js';
import { Capabilities } from '../capabilities/capabilities.js';
import { createModelStage } from './model-stage.js';
import { type InputRows, openInput } from './input-rows.js';
import { type MapStage } from './map-stage.js';

/** What is run for a stage's shards. */
export type ReadyStage = MapStage | { readonly kind: 'job'; readonly work: Exclude<StageWork, { kind: 'map' }> };

/** Stages that are kept ready: more than a member works for at a time. */
const KEPT = 200;

/** The stages of this member's shards: the executor is asked once for each. */
@Injectable()
export class Stages {
  readonly #ready = new Map<string, Promise<ReadyStage>>();
  readonly #answers = new SharedAnswers();

  constructor(
    private readonly messaging: Messaging,
    private readonly models: Models,
    private readonly capabilities: Capabilities,
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Errors: of the request, of the storage; RefusedError if the stage can't be run as it is. A failure is not kept. */
  ready(stageId: string): Promise<ReadyStage> {
    const known = this.#ready.get(stageId);
    if (known) return known;
    const made = this.#make(stageId);
    this.#ready.set(stageId, made);
    made.catch(() => this.#ready.delete(stageId));
    const [oldest] = this.#ready.keys();
    if (this.#ready.size > KEPT && oldest) this.#ready.delete(oldest);
    return made;
  }

  async #make(stageId: string): Promise<ReadyStage> {
    const { work } = await this.messaging.request(executorOperations.getStageWork, { stageId });
    if (work.kind !== 'map') return { kind: 'job', work };
    try {
      return await this.#map(stageId, work);
    } catch (thrown) {
      const error = ApwaError.from(thrown);
      // A fault of ours that every member would meet again: the stage ends with it instead of being tried for ever.
      throw error.class === 'internal' ? new PermanentError('stage_unusable', error.message, { cause: thrown }) : error;
    }
  }

  async #map(stageId: string, work: MapWork): Promise<MapStage> {
    const { template } = work;
    const { storage } = this;
    const answers = this.#answers.of(stageId);
    switch (template.mode) {
      case 'llm':
      case 'agent': {
        const modelName = work.model;
        if (modelName === null) throw new RefusedError('unknown_model', 'The stage names no model.', { field: 'model', value: null });
        // Before anything is read: a wrong name costs nothing.
        const model = this.models.open(modelName);
        return createModelStage({
          log: this.log,
          stageId,
          work,
          template,
          model,
          modelName,
          openModel: (name) => this.models.open(name),
          input: await this.#input(work),
          storage,
          answers,
          tools: template.mode === 'agent' ? this.#tools(stageId, template, work, modelName) : null,
        });
      }
      case 'capability':
        return createCapabilityStage({
          stageId,
          template,
          work,
          rows: await this.#input(work),
          storage,
          answers,
          capabilities: this.capabilities,
        });
    }
  }

  #tools(stageId: string, template: AgentTemplate, { capabilities: definitions = [] }: MapWork, model: string): AgentTools {
    return createAgentTools(
      stageId,
      template.capabilities.map((id) => this.capabilities.open(id, stageId, definitions, model)),
      this.models.open(model).model.contextTokens,
    );
  }

  #input({ input }: MapWork): Promise<InputRows> {
    return openInput(input, this.storage, (stageId, range) => this.#committed(stageId, range));
  }

  async #committed(stageId: string, within: ShardRange): Promise<CommittedShard[]> {
    const shards: CommittedShard[] = [];
    for (let more = true; more;) {
      const after = shards.at(-1)?.range.first ?? -1;
      const page = await this.messaging.request(executorOperations.listCommittedShards, { stageId, after, within, limit: 500 });
      shards.push(...page.shards);
      more = page.more;
    }
    return shards;
  }
}
