import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type ExternalMember } from '@apwa/test-kit';
import { expectEveryRowOnce, mailPlan, numberedRows, System } from './support/system.js';
import { JournalWatch } from './support/journal-watch.js';
import { externalPool, startMember } from './support/external-member.js';

const LEASE_MS = 2_500;
const SLOTS = 50;
const timing = { executor: { leaseMs: LEASE_MS, heartbeatMs: 400 } };

/** HAZARDS on the whole system: every part is real, and the test runs the members itself, each behind a proxy of its own. */
describe('hazards', () => {
  let system: System;
  const members: ExternalMember[] = [];

  const start = async (latencyMs: number): Promise<void> => {
    system = await System.start({ offlineModel: { latencyMs }, config: { ...timing, ...externalPool(SLOTS) } });
  };
  const member = async (): Promise<ExternalMember> => {
    const one = await startMember(system);
    members.push(one);
    return one;
  };
  afterEach(async () => {
    await Promise.all(members.splice(0).map((one) => one.stop()));
    await system.stop();
  });

  /** The run is over within ten seconds from now, with every row once. */
  const expectEnd = async (id: string, rows: number, withinMs = 10_000): Promise<void> => {
    const ended = await system.wait(id, withinMs + 30_000);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expectEveryRowOnce(await system.rows(ended, 'mails'), rows);
  };

  const parts = async (): Promise<string[]> => {
    const storage = fileURLToPath((await system.config()).storage.url);
    const files = await readdir(join(storage, 'parts'), { recursive: true }).catch(() => []);
    return files.filter((file) => file.endsWith('.parquet'));
  };

  it('should hand a paused member’s shard on for good, and lose nothing when its heir dies at the late commit (H1, H2)', async () => {
    await start(400);
    const a = await member();
    const run = await system.submit({ inputs: { rows: numberedRows(50) }, plan: mailPlan() });
    await eventually(async () => (await system.modelStats()).inFlight > 0);
    await a.process.kill('SIGSTOP');
    const b = await member();
    // B has the shard once A's lease is over, and calls what A did not journal.
    await eventually(
      async () => {
        const rows = await system.ledger<{ number: number }>(`SELECT number FROM attempts WHERE state = 'active' AND number > 1`);
        return rows.length > 0;
      },
      { timeoutMs: 20_000 },
    );
    await a.process.kill('SIGCONT');
    await b.kill();
    await expectEnd(run.id, 50);
  });

  it('should not commit twice, nor lose the part, when the reply to a commit is lost (H3)', async () => {
    await start(300);
    const a = await member();
    const before = (await parts()).length;
    const run = await system.submit({ inputs: { rows: numberedRows(50) }, plan: mailPlan() });
    await eventually(async () => (await system.modelStats()).answered > 0);
    a.nats.dropReplies();
    const committed = () =>
      system.ledger(`SELECT 1 FROM shards h JOIN stages s ON s.id = h.stage_id WHERE s.kind = 'map' AND h.state = 'committed'`);
    // Without replies the journal is not acknowledged either; where the commit went out all the same, its reply is lost.
    await eventually(async () => (await parts()).length > before || (await committed()).length > 0, { timeoutMs: 3_000 }).catch(
      () => undefined,
    );
    a.nats.restore();
    await expectEnd(run.id, 50, 30_000);
    expect((await system.modelStats()).requests).toBeLessThanOrEqual(2 * 50);
  });

  it('should ask nothing again that was journaled, wherever its holder dies: before, at and after the commit (H4, H7)', async () => {
    await start(300);
    const a = await member();
    const imported = await system.submit({ inputs: { rows: numberedRows(50) }, plan: mailPlan() });
    await eventually(async () => (await system.modelStats()).inFlight > 0);
    const journal = await JournalWatch.start(system);
    const before = (await parts()).length;
    // The executor stands still: rows are answered, journaled and written, and the commit finds nobody.
    await system.stack.services.executor.pause();
    await eventually(async () => (await parts()).length > before, { what: 'the part to be written' });
    await eventually(() => journal.rows.size === 50, { what: 'every row to be journaled' });
    await journal.stop();
    await a.kill();
    await system.stack.services.executor.kill();
    await system.stack.services.executor.restart();
    await member();
    await expectEnd(imported.id, 50);
    expect((await system.modelStats()).requests).toBe(50);
    // Killed between commit and purge: the next executor purges.
    await system.stack.services.executor.kill();
    await system.stack.services.executor.restart();
    const purged = () =>
      system.ledger<{ purged: boolean }>(`SELECT h.purged FROM shards h JOIN stages s ON s.id = h.stage_id WHERE s.kind = 'map'`);
    await eventually(async () => (await purged()).every((row) => row.purged), { timeoutMs: 20_000 });
    await system.ledger(`UPDATE sweeps SET due_at = now()`);
    // The part of the holder that died is collected; those that the ledger names stay.
    await eventually(async () => expect((await parts()).sort()).toEqual(await committedParts()) === undefined, { timeoutMs: 30_000 });
  });
  const committedParts = async (): Promise<string[]> => {
    const rows = await system.ledger<{ key: string }>(
      `SELECT content::json -> 'part' ->> 'key' AS key FROM shards WHERE state = 'committed'`,
    );
    return rows.flatMap(({ key }) => (key.endsWith('.parquet') ? [key.replace(/^parts\//, '')] : [])).sort();
  };

  it('should lose no answer of a living member when NATS comes back empty (H6, H9)', async () => {
    await start(300);
    await member();
    const run = await system.submit({ inputs: { rows: numberedRows(600) }, plan: mailPlan() });
    await system.untilDone(run.id, 'mails', 150);
    const { nats } = system.stack.services;
    await nats.kill();
    await rm(join(system.stack.dir, 'nats', 'jetstream'), { recursive: true, force: true });
    await nats.restart();
    await expectEnd(run.id, 600, 60_000);
    const [journal] = await system.ledger<{ incarnation: number }>('SELECT incarnation FROM journals');
    expect(journal?.incarnation).toBe(2);
    expect((await system.modelStats()).requests).toBe(600);
  });

  it('should begin work that nobody was told of: the executor dies at the submission (H15)', async () => {
    await start(0);
    const run = await system.submit({ inputs: { rows: numberedRows(50) }, plan: mailPlan() });
    // There is no member yet, so the stage stands in the ledger and every hint is lost.
    await eventually(async () => (await system.stages(run.id)).some(({ state }) => state === 'running'));
    await system.stack.services.executor.kill();
    await system.stack.services.executor.restart();
    await member();
    await expectEnd(run.id, 50);
  });

  it('should find out what was done while the manager was away (H19)', async () => {
    await start(300);
    await member();
    const run = await system.submit({ inputs: { rows: numberedRows(200) }, plan: mailPlan() });
    await system.untilDone(run.id, 'mails', 1);
    await system.stack.services.manager.kill();
    await eventually(async () => (await system.stages(run.id)).every(({ state }) => state === 'succeeded'), { timeoutMs: 30_000 });
    await system.stack.services.manager.restart();
    await expectEnd(run.id, 200);
  });

  it('should spend no more than a lease on a run that was cancelled behind its back (H18)', async () => {
    await start(200);
    const a = await member();
    const run = await system.submit({ inputs: { rows: numberedRows(5_000) }, plan: mailPlan() });
    await system.untilDone(run.id, 'mails', 100);
    a.nats.freeze();
    await system.client.runs.cancel(run.id);
    expect((await system.wait(run.id)).state).toBe('cancelled');
    await eventually(async () => (await system.modelStats()).inFlight === 0, { timeoutMs: LEASE_MS + 5_000 });
    const { requests } = await system.modelStats();
    a.nats.restore();
    await eventually(async () => (await system.stack.members()).some(({ slots }) => slots.free === SLOTS), { timeoutMs: 20_000 });
    expect((await system.modelStats()).requests).toBe(requests);
  });
});
