import {
  type AmendmentCause,
  type ErrorPayload,
  type Fault,
  type Plan,
  PermanentError,
  RefusedError,
  excerpt,
  noUsage,
} from '@apwa/contracts';
import { type ChatMessage, type Model, type ModelAnswer } from '@apwa/model';
import { Inject, Injectable } from '@nestjs/common';
import { type Spent, askPlanner, placeOf } from '../planner/ask.js';
import { SUBMISSIONS, overtime, submissionsLeft, timeLeft } from '../planner/limits.js';
import { systemPrompt } from '../planner/prompt.js';
import { surroundingsOf } from '../planner/surroundings.js';
import { type Turn, type TurnOutcome, TurnsRepository } from '../planner/turns.repository.js';
import { type Amendment } from '../generated/prisma/client.js';
import { type RunRecord, factsOf, planOf, requestOf, viewOf } from '../runs/run-record.js';
import { faultOf } from '../runs/step-facts.js';
import { CONFIG, type Config, PLANNER_MODEL } from '../settings.js';
import { openOf } from './amend-facts.js';
import { AmendToolsService, type AmendOutcome } from './amend-tools.service.js';
import { type AmendmentEnd, AmendmentsRepository } from './amendments.repository.js';
import { AMENDMENT_REMINDER, amendmentPrompt, amendmentRejection } from './prompt.js';
import { redoable } from './redo.js';
import { SamplesService } from './samples.service.js';
import { standingsOf } from './standings.js';
import { summaryOf } from './summary.js';
import { AMEND_TOOLS } from './tool-definitions.js';
import { failureOf } from './work-hash.js';

type Result = { turn: Pick<Turn, 'messages' | 'notes' | 'outcome'>; end: AmendmentEnd | null };

/**
 * Shows the planner how a run under way goes, and writes down what it wants changed. As the planning, it keeps nothing: each turn begins with what Postgres
 * holds and ends by writing it down. Whatever prevents an amendment ends it alone: the run goes on, or fails, as it would have.
 */
@Injectable()
export class AmenderService {
  constructor(
    private readonly turns: TurnsRepository,
    private readonly amendments: AmendmentsRepository,
    private readonly tools: AmendToolsService,
    private readonly samples: SamplesService,
    @Inject(PLANNER_MODEL) private readonly model: Model,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async begin(record: RunRecord, about: { step: string; tableId: string; cause: AmendmentCause }): Promise<void> {
    const plan = planOf(record);
    const error = errorOf(record, about.step);
    const failure = plan && error ? failureOf(plan, about.step, error.code) : null;
    await this.amendments.begin(record, { step: about.step, tableId: about.tableId, cause: about.cause, failure });
  }

  /** Nothing comes of what is under way. */
  async giveUp(record: RunRecord, reason: string): Promise<void> {
    const open = openOf(record.amendments);
    if (open) await this.amendments.giveUp(record, open.number, reason);
  }

  async takeTurn(record: RunRecord, signal: AbortSignal): Promise<void> {
    const open = openOf(record.amendments);
    const plan = planOf(record);
    if (!open || !plan) return;
    const turn = (record.turns.at(-1)?.turn ?? 0) + 1;
    const history = await this.turns.history(record.run.id, open.number);
    if (history.length === 0) return this.ask(record, { open, plan, turn }, signal);
    const spent: Spent = { usage: noUsage(), costUsd: 0 };
    const messages = history.flatMap((one) => one.messages);
    let limited = signal;
    try {
      limited = AbortSignal.any([signal, AbortSignal.timeout(timeLeft(this.config.planner, history, open.startedAt, 'answer'))]);
      const asked = { model: this.model, place: placeOf(this.config), messages, tools: AMEND_TOOLS };
      const answer = await askPlanner(asked, limited, spent);
      const result = await this.answer(answer, { record, open, plan, history }, limited);
      await this.amendments.addTurn(record, open.number, { turn, ...result.turn, ...spent }, result.end);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const error: unknown = limited.aborted ? overtime(this.config.planner, 'answer') : thrown;
      if (!(error instanceof PermanentError || error instanceof RefusedError)) throw error;
      // What failed calls have cost is the run's cost too.
      const failed = { turn, messages: [], notes: [excerpt(error.message)], outcome: 'failed' as const, ...spent };
      await this.amendments.addTurn(record, open.number, failed, { outcome: 'failed', reason: error.message });
    }
  }

  /** The first turn holds what the planner is shown. */
  private async ask(
    record: RunRecord,
    { open, plan, turn }: { open: Amendment; plan: Plan; turn: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { steps, amend } = factsOf(record);
    const about = { step: open.stepId, cause: open.cause as AmendmentCause, error: errorOf(record, open.stepId) };
    const samples = await this.samples.of(record, open.stepId, signal);
    const standings = standingsOf(steps);
    const may = { standings, redoable: redoable({ before: plan, steps, standings }) };
    const summary = summaryOf({ run: viewOf(record), about, ...may, left: amend.left, samples });
    const messages: ChatMessage[] = [
      { role: 'system', content: systemPrompt(surroundingsOf(this.config, { python: false })) },
      { role: 'user', content: amendmentPrompt({ goal: requestOf(record).goal ?? null, plan, ...about }, summary) },
    ];
    const notes = [`looks at step ${open.stepId} (${open.cause})`];
    await this.amendments.addTurn(record, open.number, { turn, messages, notes, outcome: 'prompt', usage: noUsage(), costUsd: 0 }, null);
  }

  /** Carries out what the model answered. */
  private async answer(
    answer: ModelAnswer,
    context: { record: RunRecord; open: Amendment; plan: Plan; history: Turn[] },
    signal: AbortSignal,
  ): Promise<Result> {
    const { history } = context;
    if (answer.kind !== 'tool_calls') return afterText(answer, history);
    const messages: ChatMessage[] = [answer.message];
    const notes: string[] = [];
    let outcome: TurnOutcome = 'tools';
    let end: AmendmentEnd | null = null;
    for (const call of answer.calls) {
      const reply = (content: string) => messages.push({ role: 'tool', tool_call_id: call.id, content });
      if (end || outcome === 'rejected') {
        reply('Only the first answer of a turn counts: this call was not looked at.');
        continue;
      }
      const came = await this.tools.call(call, context, signal);
      notes.push(came.note);
      switch (came.kind) {
        case 'shown':
          reply(came.content);
          break;
        case 'rejected': {
          const left = submissionsLeft(history);
          reply(amendmentRejection(came.faults, left));
          outcome = 'rejected';
          if (left <= 0) end = { outcome: 'failed', reason: rejected(came.faults) };
          break;
        }
        case 'ended':
          reply('It is done.');
          outcome = 'accepted';
          end = endOf(came, context);
          break;
      }
    }
    return { turn: { messages, notes, outcome }, end };
  }
}

const errorOf = (record: RunRecord, id: string): ErrorPayload | null => {
  const { steps } = factsOf(record);
  const step = steps.find((one) => one.id === id);
  return step ? faultOf(step, steps) : null;
};

const endOf = (
  { end }: Extract<AmendOutcome, { kind: 'ended' }>,
  { record, open }: { record: RunRecord; open: Amendment },
): AmendmentEnd => {
  if (end.outcome !== 'ended') return end;
  const { reason } = end;
  const fault = errorOf(record, open.stepId);
  const said = `The planner ended the run: ${reason}`;
  const error: ErrorPayload = fault
    ? { ...fault, message: `${fault.message} ${said}` }
    : { code: 'ended_by_planner', class: 'permanent', message: said, field: `steps.${open.stepId}` };
  return { outcome: 'ended', reason, error };
};

const rejected = (faults: Fault[]): string => {
  const [first] = faults;
  return `The planner submitted ${SUBMISSIONS} amended plans, and none was valid: ${first ? `${first.field} ${excerpt(first.message)}` : ''}.`;
};

const afterText = (answer: Exclude<ModelAnswer, { kind: 'tool_calls' }>, history: Turn[]): Result => {
  const messages: ChatMessage[] = [answer.message, { role: 'user', content: AMENDMENT_REMINDER }];
  const turn = { messages, notes: [`answers without a tool call: ${excerpt(answer.text)}`], outcome: 'text' as const };
  const reminded = history.some(({ outcome }) => outcome === 'text');
  return { turn, end: reminded ? { outcome: 'failed', reason: 'The planner answered with text instead of an amendment, twice.' } : null };
};
