import { type RunEvent, isTerminal } from '@apwa/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { ofAnything } from '../database/errors.js';
import { TurnsRepository } from '../planner/turns.repository.js';
import { LOG, type Logger, TIMES, type Timing } from '../settings.js';
import { RunEvents } from './run-events.js';
import { viewOf } from './run-record.js';
import { RunsRepository } from './runs.repository.js';
import { RunsService } from './runs.service.js';

/** Looks at a watched run this often, in milliseconds, without being told: another manager may be working on it. */
const LOOK_MS = 1_000;

interface Alarms {
  changed: Alarm;
  ended: Alarm;
}

/** Server-sent events of runs. */
@Injectable()
export class RunStreams {
  private readonly open = new Set<AbortController>();

  constructor(
    private readonly service: RunsService,
    private readonly runs: RunsRepository,
    private readonly turns: TurnsRepository,
    private readonly events: RunEvents,
    @Inject(TIMES) private readonly times: Timing,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Ends all streams: clients reconnect to whoever comes next. */
  closeAll(): void {
    for (const stream of this.open) stream.abort();
  }

  /** Sends a run as it is, then whenever it changed, until it has ended or the client has gone. */
  async send(runId: string, response: ServerResponse): Promise<void> {
    await this.service.show(runId);
    const stream = new AbortController();
    this.open.add(stream);
    response.once('close', () => stream.abort());
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Proxies that buffer would hold events back.
      'x-accel-buffering': 'no',
    });
    const changed = new Alarm();
    const ended = new Alarm();
    const silence = this.events.listen(runId, (news) => {
      changed.ring();
      if (news === 'ended') ended.ring();
    });
    const heartbeat = setInterval(() => response.write(': still here\n\n'), this.times.heartbeatMs);
    try {
      await this.follow(runId, response, { changed, ended }, stream.signal);
    } finally {
      clearInterval(heartbeat);
      silence();
      this.open.delete(stream);
      response.end();
    }
  }

  private async follow(runId: string, response: ServerResponse, { changed, ended }: Alarms, signal: AbortSignal): Promise<void> {
    let version = -1;
    let turn = 0;
    while (!signal.aborted) {
      try {
        const record = await this.runs.loadChanged(runId, version);
        if (!record) return;
        if (record !== 'unchanged') {
          const run = viewOf(record);
          const more = record.turns.some((item) => item.turn > turn);
          const turns = more ? await this.turns.notes(runId, turn) : [];
          turn = turns.at(-1)?.turn ?? turn;
          const said = turns.flatMap((item) => item.notes.map((text): RunEvent => ({ type: 'planner', runId, turn: item.turn, text })));
          const now: RunEvent = { type: 'run', run };
          // The state comes first on connecting; later it comes after what led to it, so that the last event is the run's end.
          for (const event of version < 0 ? [now, ...said] : [...said, now]) await write(response, event, signal);
          version = run.version;
          if (isTerminal(run.state)) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        // The client keeps what it has seen; the stream goes on when Postgres is back.
        this.log.warn({ run: runId, error: ofAnything(error).toPayload() }, 'events of a run wait');
      }
      // A burst of changes is some events; the end, after which there is none, waits for no time to pass.
      await ended.wait(this.times.eventMs, signal);
      await changed.wait(LOOK_MS, signal);
    }
  }
}

const write = async (response: ServerResponse, event: RunEvent, signal: AbortSignal): Promise<void> => {
  const id = event.type === 'run' ? `id: ${event.run.version}\n` : '';
  // A slow client gets fewer events, never a growing buffer.
  if (!response.write(`${id}data: ${JSON.stringify(event)}\n\n`) && !signal.aborted) await once(response, 'drain', { signal });
};

/** Rings are kept: one that comes while nobody waits ends the next wait at once. */
class Alarm {
  private rung = false;
  private wakeUp: (() => void) | null = null;

  ring(): void {
    this.rung = true;
    this.wakeUp?.();
  }

  /** Resolves when it rings, after `ms`, or when the signal says so. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done, { once: true });
        this.wakeUp = done;
      });
    }
    this.wakeUp = null;
    this.rung = false;
  }
}
