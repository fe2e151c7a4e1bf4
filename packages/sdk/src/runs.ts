import {
  type ApproveRequest,
  type CancelRequest,
  type EditPlanRequest,
  PlanVersion,
  PlanVersionList,
  type RedriveRequest,
  type ResumeRequest,
  Run,
  RunEvent,
  RunList,
  TransientError,
  isTerminal,
  type RunRequest,
  type StepControl,
} from '@apwa/contracts';
import type { z } from 'zod';
import type { Http } from './http.js';
import { serverSentEvents } from './server-sent-events.js';

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Wait before events are asked for again after their connection broke. */
const RECONNECT_MS = 500;

export const runsClient = (http: Http) => {
  const get = (id: string) => http.json(Run, 'GET', `/v1/runs/${id}`);

  /** The run and what its planner does, until it has ended. A broken connection is opened again for as long as the manager is away. */
  async function* events(id: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<RunEvent, void> {
    // Every new connection tells from the beginning what the planner did.
    const told = new Set<string>();
    for (;;) {
      try {
        const response = await http.send('GET', `/v1/runs/${id}/events`, { signal });
        if (response.body) {
          for await (const data of serverSentEvents(response.body)) {
            const event = RunEvent.parse(JSON.parse(data));
            if (event.type === 'planner') {
              const key = `${event.turn} ${event.text}`;
              if (told.has(key)) continue;
              told.add(key);
            }
            yield event;
            if (event.type === 'run' && isTerminal(event.run.state)) return;
          }
        }
      } catch (error) {
        if (!(error instanceof TransientError) || signal?.aborted) throw error;
      }
      await pause(RECONNECT_MS);
      signal?.throwIfAborted();
    }
  }

  return {
    create: (request: z.input<typeof RunRequest>) => http.json(Run, 'POST', '/v1/runs', { body: request }),
    get,
    list: (page: { limit?: number; after?: string } = {}) => http.json(RunList, 'GET', '/v1/runs', { query: page }),
    /** `reason` is kept with the run. A plan that waits for approval is rejected so. */
    cancel: (id: string, request: CancelRequest = {}) => http.json(Run, 'POST', `/v1/runs/${id}/cancel`, { body: request }),
    /** Calls in flight are finished, none begins: it is `pausing` until then. */
    pause: (id: string) => http.json(Run, 'POST', `/v1/runs/${id}/pause`, { body: {} }),
    /** `budget` raises the limits that it names. */
    resume: (id: string, request: ResumeRequest = {}) => http.json(Run, 'POST', `/v1/runs/${id}/resume`, { body: request }),
    /** One step alone. What needs one that is cancelled is not done. */
    controlStep: (id: string, step: string, control: StepControl) =>
      http.json(Run, 'POST', `/v1/runs/${id}/steps/${encodeURIComponent(step)}/${control}`, { body: {} }),
    /** Of the version that was looked at; refused (`plan_changed`) if there is a newer one. */
    approve: (id: string, request: ApproveRequest) => http.json(Run, 'POST', `/v1/runs/${id}/approve`, { body: request }),
    /** Another plan for a run that waits for approval: its next version. It waits on. */
    editPlan: (id: string, request: z.input<typeof EditPlanRequest>) => http.json(Run, 'PUT', `/v1/runs/${id}/plan`, { body: request }),
    /** The versions of a run's plan, oldest first. */
    plans: (id: string) => http.json(PlanVersionList, 'GET', `/v1/runs/${id}/plans`),
    plan: (id: string, version: number) => http.json(PlanVersion, 'GET', `/v1/runs/${id}/plans/${version}`),
    /** What failed in a run that has ended, again: the run that does it comes back. */
    redrive: (id: string, request: z.input<typeof RedriveRequest> = {}) =>
      http.json(Run, 'POST', `/v1/runs/${id}/redrive`, { body: request }),
    events,
    /** The run when it has ended. */
    async wait(id: string, options: { signal?: AbortSignal } = {}): Promise<Run> {
      for await (const event of events(id, options)) if (event.type === 'run' && isTerminal(event.run.state)) return event.run;
      return get(id);
    },
  };
};
export type RunsClient = ReturnType<typeof runsClient>;
