import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Msg } from '@nats-io/transport-node';
import {
  executorOperations,
  inboxPrefix,
  type JournalPlace,
  journalStream,
  journalSubject,
  PermanentError,
  RefusedError,
  runControlled,
  serviceNames,
  type ServiceName,
  stageChanged,
  workerPoolOperations,
} from '@apwa/contracts';
import { eventually, tempDir } from '@apwa/test-kit';
import { jest } from '@jest/globals';
import { createService, JournalReader, JournalStreams, JournalWriter, Messaging } from '../src/index.js';
import { catchLog } from './support/log.js';
import { testNats, type TestNats } from './support/nats.js';
import { moduleOf, WorkerPoolController } from './support/service.js';

/** Real NATS, with the users and permissions of a deployment. Each test tries what its user may not, or must. */
jest.setTimeout(60_000);

describe('the users of NATS', () => {
  let nats: TestNats;
  const services = new Map<ServiceName, Messaging>();
  const as = (service: ServiceName): Messaging => services.get(service) as Messaging;
  let log: ReturnType<typeof catchLog>;
  let place: JournalPlace;

  beforeAll(async () => {
    nats = await testNats();
    log = catchLog();
    for (const service of serviceNames) services.set(service, await Messaging.connect(nats.access, { name: service, service }));
    await new JournalStreams(as('executor')).ensure(1);
    const subject = journalSubject(1, 'stage', 'shard', 'token');
    place = { stream: journalStream(1), incarnation: 1, subject, shardSubjects: 'apwa.journal.g1.stage.shard.*' };
  });
  afterAll(async () => {
    await Promise.all([...services.values()].map((messaging) => messaging.close()));
    await nats.end();
    log.release();
  });
  // Anew each time: applications that tests start set Nest's logger too.
  beforeEach(() => {
    log = catchLog();
  });

  const refusalOf = async (work: Promise<unknown>): Promise<PermanentError> => {
    const thrown: unknown = await work.then(
      () => null,
      (error: unknown) => error,
    );
    if (!(thrown instanceof PermanentError)) throw new Error(`it was not refused but ended with ${String(thrown)}`);
    return thrown;
  };
  /** What a subscription of a service to a subject comes to: the error, if there is one. */
  const subscribing = async (
    service: ServiceName,
    subject: string,
    heard: (message: Msg) => void = () => undefined,
  ): Promise<Error | null> => {
    const { connection } = as(service);
    let refused: Error | null = null;
    const subscription = connection.subscribe(subject, { callback: (error, message) => void (error ? (refused = error) : heard(message)) });
    await connection.flush();
    subscription.unsubscribe();
    return refused;
  };
  const publishing = async (service: ServiceName, subject: string): Promise<void> => {
    as(service).connection.publish(subject, '{}');
    await as(service).connection.flush();
  };

  it.each([
    ['worker-pool', executorOperations.submitStage.subject],
    ['worker-pool', executorOperations.controlRun.subject],
    ['worker-pool', executorOperations.listMembers.subject],
    ['worker-pool', workerPoolOperations.queryTables.subject],
    ['manager', executorOperations.commit.subject],
    ['fabric', executorOperations.listPools.subject],
    ['fabric', workerPoolOperations.checkSql.subject],
    ['executor', workerPoolOperations.checkSql.subject],
  ] as const)('should refuse that %s asks %s, at once and by name', async (service, subject) => {
    const started = performance.now();
    const error = await refusalOf(as(service).inbox.send(subject, new TextEncoder().encode('{}'), { deadlineMs: 30_000 }));
    expect(error).toMatchObject({ code: 'not_permitted', details: { field: subject } });
    expect(performance.now() - started).toBeLessThan(5_000);
    await eventually(() => log.lines.some((line) => line.startsWith('error: NATS refuses:') && line.endsWith(`publish to ${subject}`)), {
      what: 'the line in the log',
    });
  });

  it.each([
    ['worker-pool', '>'],
    ['worker-pool', 'apwa.>'],
    ['worker-pool', '_INBOX.>'],
    ['worker-pool', `${inboxPrefix('manager')}.>`],
    ['worker-pool', `${inboxPrefix('executor')}.>`],
    ['worker-pool', 'apwa.journal.>'],
    ['worker-pool', executorOperations.claim.subject],
    ['worker-pool', 'apwa.fabric.*.*.order'],
    ['manager', `${inboxPrefix('worker-pool')}.>`],
    ['manager', 'apwa.journal.>'],
    ['fabric', 'apwa.journal.>'],
    ['fabric', `${inboxPrefix('executor')}.>`],
    ['fabric', workerPoolOperations.queryTables.subject],
    ['executor', `${inboxPrefix('manager')}.>`],
  ] as const)('should refuse that %s listens to %s', async (service, subject) => {
    expect(String(await subscribing(service, subject))).toContain(`Permissions Violation for Subscription to "${subject}"`);
    await eventually(() => log.lines.includes(`error: NATS refuses: this service's user may not subscribe to ${subject}`), {
      what: 'the line in the log',
    });
  });

  it('should keep replies from who has not asked', async () => {
    const heard: string[] = [];
    await subscribing('worker-pool', `${inboxPrefix('manager')}.>`, ({ subject }) => heard.push(subject));
    const module = moduleOf(nats.access, WorkerPoolController);
    const service = await createService(module, { service: 'worker-pool', nats: nats.access, logger: false });
    try {
      await expect(
        as('manager').request(workerPoolOperations.checkSql, { tables: [{ name: 't', columns: [] }], query: 'SELECT 1' }),
      ).resolves.toEqual({
        columns: [],
      });
    } finally {
      await service.close();
    }
    expect(heard).toEqual([]);
  });

  it('should let a member answer who has asked it, and nobody else', async () => {
    const replies: string[] = [];
    const inbox = `${inboxPrefix('manager')}.of-this-test`;
    const manager = as('manager').connection;
    const listening = manager.subscribe(inbox, { callback: (_error, message) => void replies.push(message.string()) });
    const member = as('worker-pool').connection;
    const asked = member.subscribe(workerPoolOperations.checkSql.subject, { callback: (_error, message) => void message.respond('asked') });
    await Promise.all([manager.flush(), member.flush()]);
    member.publish(inbox, 'not asked');
    await member.flush();
    manager.publish(workerPoolOperations.checkSql.subject, '{}', { reply: inbox });
    await eventually(() => replies.length > 0, { what: 'the answer' });
    expect(replies).toEqual(['asked']);
    expect(log.lines).toContain(`error: NATS refuses: this service's user may not publish to ${inbox}`);
    listening.unsubscribe();
    asked.unsubscribe();
  });

  it.each([
    ['worker-pool', stageChanged.subject],
    ['worker-pool', 'apwa.fabric_report'],
    ['manager', runControlled.subject],
    ['fabric', 'apwa.notice.work.default'],
    ['executor', 'apwa.journal.g1.a.b.c'],
    ['fabric', 'apwa.journal.g1.a.b.c'],
    ['manager', 'apwa.journal.g1.a.b.c'],
    ['worker-pool', '$JS.API.STREAM.PURGE.APWA_JOURNAL_g1'],
    ['worker-pool', '$JS.API.STREAM.DELETE.APWA_JOURNAL_g1'],
    ['worker-pool', '$JS.API.CONSUMER.CREATE.APWA_JOURNAL_g1'],
    ['executor', '$JS.API.CONSUMER.CREATE.APWA_JOURNAL_g1'],
  ] as const)('should refuse that %s says something on %s', async (service, subject) => {
    await publishing(service, subject);
    await eventually(() => log.lines.includes(`error: NATS refuses: this service's user may not publish to ${subject}`), {
      what: 'the line in the log',
    });
  });

  it('should let members write and read the journal, and neither manager nor fabric read it', async () => {
    const batch = { token: 'd'.repeat(32), sequence: 0, rows: { key: 'somewhere' } };
    await new JournalWriter(as('worker-pool')).publish(place, batch);
    const read = async (service: ServiceName) => {
      const batches = [];
      for await (const one of new JournalReader(as(service)).read(place, AbortSignal.timeout(20_000))) batches.push(one);
      return batches;
    };
    expect(await read('worker-pool')).toEqual([batch]);
    expect(await read('executor')).toEqual([batch]);
    for (const service of ['manager', 'fabric'] as const) {
      await expect(
        as(service).inbox.send(`$JS.API.STREAM.INFO.${place.stream}`, new Uint8Array(), { deadlineMs: 30_000 }),
      ).rejects.toMatchObject({
        code: 'not_permitted',
      });
      await expect(
        as(service).inbox.send(`$JS.API.DIRECT.GET.${place.stream}`, new Uint8Array(), { deadlineMs: 30_000 }),
      ).rejects.toMatchObject({
        code: 'not_permitted',
      });
    }
  });

  it('should let nobody in whom it does not know', async () => {
    const servers = `127.0.0.1:${nats.port}`;
    const others = [{}, { user: 'stranger', pass: 'x' }, { user: 'manager', pass: 'x' }, { token: 'x' }];
    for (const credentials of others)
      await expect(connect({ servers, ...credentials, reconnect: false, timeout: 2_000 })).rejects.toThrow(/authorization violation/i);
  });

  it('should say why a service does not get in, and take the password that is right at last', async () => {
    const folder = await tempDir();
    await writeFile(join(folder.path, 'manager'), 'not the password\n');
    const connecting = Messaging.connect({ ...nats.access, passwordFolder: folder.path }, { name: 'late', service: 'manager' });
    await eventually(
      () =>
        log.lines.some((line) => /^warn: NATS at 127\.0\.0\.1:\d+ can't be used yet \(Authorization Violation\); trying on$/.test(line)),
      {
        what: 'the line in the log',
      },
    );
    await cp(join(nats.access.passwordFolder, 'manager'), join(folder.path, 'manager'));
    await (await connecting).close();
    expect(log.lines.join()).not.toContain('not the password');
    await folder.remove();
  });

  it.each([
    ["can't be read", null],
    ['is empty', ' \n'],
  ])('should refuse a folder where the password of the service %s', async (what, content) => {
    const folder = await tempDir();
    if (content !== null) await writeFile(join(folder.path, 'executor'), content);
    const connecting = Messaging.connect({ ...nats.access, passwordFolder: folder.path }, { name: 'executor', service: 'executor' });
    const thrown: unknown = await connecting.catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RefusedError);
    expect(thrown).toMatchObject({ code: 'invalid_setting', details: { field: 'nats.passwordFolder', value: folder.path } });
    expect(String(thrown)).toContain(what);
    await rm(folder.path, { recursive: true });
  });
});
