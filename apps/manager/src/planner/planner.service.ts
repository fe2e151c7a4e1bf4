import { type Fault, PermanentError, RefusedError, excerpt, noUsage } from '@apwa/contracts';
import { type ChatMessage, type Model, type ModelAnswer } from '@apwa/model';
import { Inject, Injectable } from '@nestjs/common';
import { requestedSteps } from '../plans/plans.service.js';
import { type RunRecord, requestOf } from '../runs/run-record.js';
import { StagesService } from '../stages/stages.service.js';
import { CONFIG, type Config, PLANNER_MODEL } from '../settings.js';
import { askPlanner, placeOf } from './ask.js';
import { SUBMISSIONS, overtime, submissionsLeft, timeLeft } from './limits.js';
import { REMINDER, rejection, systemPrompt, taskPrompt } from './prompt.js';
import { surroundingsOf } from './surroundings.js';
import { toldTools } from './tool-definitions.js';
import { type ToolContext, ToolsService } from './tools.service.js';
import { type Turn, type TurnEnd, TurnsRepository } from './turns.repository.js';

/** What a turn came to, as it is written down. */
interface TurnResult {
  turn: Pick<Turn, 'messages' | 'notes' | 'outcome'>;
  end: TurnEnd;
}

/**
 * The agent that turns a goal into a plan. It keeps nothing: each turn begins with what Postgres holds and ends by writing it
 * down, so that whoever takes over a run goes on at the turn after the last finished one.
 */
@Injectable()
export class PlannerService {
  constructor(
    private readonly turns: TurnsRepository,
    private readonly tools: ToolsService,
    private readonly executor: StagesService,
    @Inject(PLANNER_MODEL) private readonly model: Model,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async takeTurn(record: RunRecord, signal: AbortSignal): Promise<void> {
    const { id } = record.run;
    const history = await this.turns.history(id);
    const last = history.at(-1);
    const python = await this.executor.hasSandbox(signal);
    if (!last) return this.begin(record, python);
    const { planningStartedAt, createdAt } = record.run;
    const leftMs = timeLeft(this.config.planner, history, planningStartedAt ?? createdAt, 'plan');
    const limited = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
    const spent = { usage: noUsage(), costUsd: 0 };
    const turn = last.turn + 1;
    try {
      const asked = {
        model: this.model,
        place: placeOf(this.config),
        messages: history.flatMap(({ messages }) => messages),
        tools: toldTools({ python }),
      };
      const answer = await askPlanner(asked, limited, spent);
      const { outputs, allowUnsafe } = requestOf(record);
      const context = { runId: id, inputs: record.inputs, requested: requestedSteps(outputs), allowUnsafe, spent, signal: limited };
      const result = await this.answer(answer, history, context);
      await this.turns.add(id, { turn, ...result.turn, ...spent }, result.end);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const error: unknown = limited.aborted ? overtime(this.config.planner, 'plan') : thrown;
      if (!(error instanceof PermanentError || error instanceof RefusedError)) throw error;
      // What failed calls have cost is the run's cost too.
      const failed = { turn, messages: [], notes: [excerpt(error.message)], outcome: 'failed' as const, ...spent };
      await this.turns.add(id, failed, { failure: error.toPayload() });
    }
  }

  private async begin(record: RunRecord, python: boolean): Promise<void> {
    const inputs = record.inputs.map(({ name, table }) => ({ name, rows: Number(table.rows ?? 0) }));
    const messages: ChatMessage[] = [
      { role: 'system', content: systemPrompt(surroundingsOf(this.config, { python })) },
      { role: 'user', content: taskPrompt(requestOf(record), inputs) },
    ];
    await this.turns.add(record.run.id, { turn: 0, messages, notes: [], outcome: 'prompt', usage: noUsage(), costUsd: 0 });
  }

  /** Carries out what the model answered. */
  private async answer(answer: ModelAnswer, history: Turn[], context: ToolContext): Promise<TurnResult> {
    if (answer.kind !== 'tool_calls') return afterText(answer, history);
    const messages: ChatMessage[] = [answer.message];
    const notes: string[] = [];
    const result: TurnResult = { turn: { messages, notes, outcome: 'tools' }, end: {} };
    let submitted = false;
    for (const call of answer.calls) {
      const reply = (content: string) => messages.push({ role: 'tool', tool_call_id: call.id, content });
      if (call.name === 'submit_plan' && submitted) {
        reply('Only one plan is looked at in a turn: this one was not.');
        continue;
      }
      submitted ||= call.name === 'submit_plan';
      const outcome = await this.tools.call(call, context);
      notes.push(outcome.note);
      switch (outcome.kind) {
        case 'shown':
          reply(outcome.content);
          break;
        case 'accepted':
          reply('The plan is valid.');
          result.end.plan = outcome.plan;
          result.turn.outcome = 'accepted';
          break;
        case 'declined':
          reply('The run ends without a plan.');
          result.end.failure ??= outcome.error;
          break;
        case 'rejected': {
          const left = submissionsLeft(history);
          reply(rejection(outcome.faults, left));
          result.turn.outcome = 'rejected';
          if (left <= 0) result.end.failure = rejected(outcome.faults).toPayload();
          break;
        }
      }
    }
    // Who submits a valid plan has made one.
    if (result.end.plan) delete result.end.failure;
    return result;
  }
}

const rejected = (faults: Fault[]): RefusedError =>
  new RefusedError('plan_rejected', `The planner submitted ${SUBMISSIONS} plans, and none was valid.`, { field: 'plan', faults });

const afterText = (answer: Exclude<ModelAnswer, { kind: 'tool_calls' }>, history: Turn[]): TurnResult => {
  const messages: ChatMessage[] = [answer.message, { role: 'user', content: REMINDER }];
  const turn = { messages, notes: [`answers without a tool call: ${excerpt(answer.text)}`], outcome: 'text' as const };
  const reminded = history.some(({ outcome }) => outcome === 'text');
  if (!reminded) return { turn, end: {} };
  const message = 'The planner answered with text instead of a plan, twice.';
  return { turn, end: { failure: new PermanentError('planner_gave_no_plan', message, { field: 'goal', value: answer.text }).toPayload() } };
};
