import { journalSubject } from './journal.js';
import { executorOperations, serviceNames, stageChanged, workerPoolOperations, workHint } from './messages.js';
import { fabricOperations, fabricReported } from './fabric.js';
import { everyNotice, everyOperation, inboxPrefix, permissionsOf } from './permissions.js';

/** As NATS matches: `*` is one token, `>` all that follow. */
const matches = (pattern: string, subject: string): boolean => {
  const tokens = subject.split('.');
  const parts = pattern.split('.');
  return (
    parts.every((part, at) => (part === '>' ? tokens.length > at : part === '*' || part === tokens[at])) &&
    (parts.at(-1) === '>' || parts.length === tokens.length)
  );
};
const mayPublish = (service: (typeof serviceNames)[number], subject: string) =>
  permissionsOf(service).publish.some((pattern) => matches(pattern, subject));
const maySubscribe = (service: (typeof serviceNames)[number], subject: string) =>
  permissionsOf(service).subscribe.some((pattern) => matches(pattern, subject));

describe('what services may say and hear', () => {
  it.each(everyOperation.map((operation) => [operation.subject, operation] as const))(
    'should let %s be asked by its callers and answered by its service, and by nobody else',
    (subject, { service, callers }) => {
      expect(serviceNames.filter((name) => mayPublish(name, subject))).toEqual(serviceNames.filter((name) => callers.includes(name)));
      expect(serviceNames.filter((name) => maySubscribe(name, subject))).toEqual([service]);
    },
  );

  it.each(everyNotice.map((notice) => [notice.subject, notice] as const))(
    'should let %s be told and heard by its parties alone',
    (subject, { from, to }) => {
      expect(serviceNames.filter((name) => mayPublish(name, subject))).toEqual([from]);
      expect(serviceNames.filter((name) => maySubscribe(name, subject))).toEqual([to]);
    },
  );

  it('should cover the subjects that pools, clusters and generations have', () => {
    const { order } = fabricOperations('gpu', 17);
    expect(mayPublish('executor', order.subject)).toBe(true);
    expect(maySubscribe('fabric', order.subject)).toBe(true);
    expect(maySubscribe('worker-pool', workHint('default').subject)).toBe(true);
    expect(mayPublish('worker-pool', journalSubject(3, 'stage', 'shard', 'token'))).toBe(true);
  });

  it('should keep inboxes to those whose they are', () => {
    for (const owner of serviceNames)
      for (const other of serviceNames.filter((name) => name !== owner))
        expect(maySubscribe(other, `${inboxPrefix(owner)}.abc.1`)).toBe(false);
    expect(maySubscribe('manager', `${inboxPrefix('manager')}.abc.1`)).toBe(true);
  });

  it('should let replies be sent freely by the executor alone, and by others to who has asked', () => {
    expect(serviceNames.filter((name) => mayPublish(name, `${inboxPrefix('manager')}.abc.1`))).toEqual(['executor']);
    expect(permissionsOf('executor').replies).toEqual({ max: 49, withinMs: 120_000 });
    expect(permissionsOf('worker-pool').replies).toEqual({ max: 481, withinMs: 1_200_000 });
    expect(permissionsOf('fabric').replies).toEqual({ max: 2_881, withinMs: 7_200_000 });
    expect(permissionsOf('manager').replies).toBeNull();
  });

  it('should keep the journal from manager and fabric, and its making to the executor', () => {
    const jetStream = (service: (typeof serviceNames)[number]) =>
      permissionsOf(service).publish.filter((subject) => subject.startsWith('$JS'));
    expect(jetStream('manager')).toEqual([]);
    expect(jetStream('fabric')).toEqual([]);
    expect(jetStream('worker-pool')).toEqual(['$JS.API.DIRECT.GET.*', '$JS.API.STREAM.INFO.*']);
    expect(mayPublish('executor', journalSubject(1, 'stage', 'shard', 'token'))).toBe(false);
    for (const service of serviceNames) expect(maySubscribe(service, 'apwa.journal.g1.a.b.c')).toBe(false);
  });

  it('should give nobody everything', () => {
    for (const service of serviceNames)
      expect(
        [...permissionsOf(service).publish, ...permissionsOf(service).subscribe].filter((subject) =>
          /^(>|apwa\.>|_INBOX\.>|\$JS\.API\.>)$/.test(subject),
        ),
      ).toEqual([]);
    expect(mayPublish('worker-pool', executorOperations.submitStage.subject)).toBe(false);
    expect(mayPublish('manager', executorOperations.commit.subject)).toBe(false);
    expect(mayPublish('fabric', workerPoolOperations.queryTables.subject)).toBe(false);
    expect(mayPublish('fabric', stageChanged.subject)).toBe(false);
    expect(mayPublish('worker-pool', fabricReported.subject)).toBe(false);
  });
});
