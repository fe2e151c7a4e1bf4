import { type Health } from '@apwa/contracts';
import { Messaging } from '@apwa/messaging';
import { Controller, Get, Res } from '@nestjs/common';
import { type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Needs } from '../access/needs.js';
import { Database } from '../database/database.js';
import { answers } from '../database/errors.js';

/** A Postgres that takes longer than this for `SELECT 1` is not ready. */
const POSTGRES_MS = 3_000;

@Controller()
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly messaging: Messaging,
  ) {}

  /** The process lives. */
  @Get('healthz')
  @Needs('open')
  healthz(): Health {
    return { status: 'ok', parts: {} };
  }

  /** It can do its work: Postgres and NATS are there. */
  @Get('readyz')
  @Needs('open')
  async readyz(@Res({ passthrough: true }) response: ServerResponse): Promise<Health> {
    const postgres = await Promise.race([answers(this.database), wait(POSTGRES_MS, false, { ref: false })]);
    const parts = { postgres: postgres ? 'ok' : 'unavailable', nats: this.messaging.connected ? 'ok' : 'unavailable' };
    const ok = Object.values(parts).every((part) => part === 'ok');
    if (!ok) response.statusCode = 503;
    return { status: ok ? 'ok' : 'unavailable', parts };
  }
}
