import { type Amounts, type ErrorPayload, type Fault, type JsonSchema } from '@apwa/contracts';
import { type Model } from '@apwa/model';
import { type CallCost } from '../budgets/call-cost.js';
import { type PromptBuilder } from '../prompts/prompt-builder.js';
import { type RetryPolicy } from './decide.js';
import { type FirstCall } from './first-call.js';
import { type CallGate } from '../permits/call-gate.js';
import { type TokenEstimate } from '../permits/token-estimate.js';

/** What the calls of a stage in this member share. */
export interface StageCalls {
  readonly stageId: string;
  readonly prompts: PromptBuilder;
  readonly model: Model;
  /** Of the model: shared with other stages that use it. */
  readonly gate: CallGate;
  /** What calls of the stage take. */
  readonly estimate: TokenEstimate;
  /** How much of a budget they take. */
  readonly cost: CallCost;
  readonly first: FirstCall;
  readonly policy: RetryPolicy;
  readonly output: { name: string; schema: JsonSchema };
  /** Faults of a value against the template's own schema; none if it is valid. */
  validate(value: unknown): Fault[];
  /** The longest answer in tokens: undefined is what the endpoint's configuration says; `extended` after an answer was cut off. */
  readonly outputTokens: { first: number | undefined; extended: number };
  /** What `first` comes to; of several endpoints the longest. */
  readonly longestOutput: number;
  /** The longest call; what the model's configuration says if left out. */
  readonly timeoutMs: number | undefined;
  /** What the configuration says of it; of several endpoints the shortest. */
  readonly longestCallMs: number;
  /** A provider's figures were above what is possible. */
  impossible(figures: { told: Amounts; counted: Amounts }): void;
  /** Why the stage was stopped by this member; null while it goes on. */
  fault: ErrorPayload | null;
}
