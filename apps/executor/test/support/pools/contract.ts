import { eventually, isAlive } from '@apwa/test-kit';
import { type MemberDeath, type PoolBackend, type PoolEvent } from '../../../src/pools/pool-backend.js';
import { MemberFolder } from './member-folder.js';

/** Nobody is stable before a test wants it: on a busy machine the start alone may take long. */
export const TIMES = { restartMs: 60, restartMaxMs: 2_000, stableMs: 600_000, drainMs: 30_000 };
export type Times = typeof TIMES;
/** Many starts, one after the other, of members that need a second each. */
const STARTS_MS = 60_000;

export interface Subject {
  /** Whether it starts and replaces members; if not, somebody else does, and it must leave them alone. */
  keepsMembers: boolean;
  /** A backend of the pool `test` whose members are those of the folder. */
  make(folder: MemberFolder, times: Times): PoolBackend | Promise<PoolBackend>;
  /** Of one that keeps none: starts a member as that somebody else. */
  startForeign?(folder: MemberFolder): { stop(): Promise<void> };
}

/** What each backend of a pool must do; real processes, only their work is left out. */
export const poolBackendContract = (name: string, subject: Subject): void => {
  describe(`a pool of the backend ${name}`, () => {
    let folder: MemberFolder;
    let backend: PoolBackend;
    let events: PoolEvent[];
    let diedAt: number[];
    const begin = async (times: Partial<Times> = {}): Promise<void> => {
      backend = await subject.make(folder, { ...TIMES, ...times });
      await backend.start((event) => {
        events.push(event);
        if (event.kind === 'member_died') diedAt.push(performance.now());
      });
    };
    const deaths = (): MemberDeath[] => events.flatMap((event) => (event.kind === 'member_died' ? [event.death] : []));
    const alive = (count: number) => eventually(() => folder.living().size === count, { what: `${count} members` });
    const running = (count: number) =>
      eventually(() => backend.slots().filter(({ state }) => state === 'running').length === count, { what: `${count} running members` });

    beforeEach(async () => {
      folder = await MemberFolder.create();
      events = [];
      diedAt = [];
    });
    afterEach(async () => {
      await backend.stop(AbortSignal.abort());
      await folder.remove();
    });

    it('should start nobody before it is told how many', async () => {
      await begin();
      expect(backend.slots()).toEqual([]);
      expect(backend.owns('test-1')).toBe(false);
      expect(backend.waitingFor()).toContain('pool test');
      await backend.stop();
      expect(events).toEqual([]);
    });

    if (!subject.keepsMembers) {
      it('should leave alone what somebody else runs', async () => {
        const foreign = subject.startForeign?.(folder);
        try {
          await begin();
          await alive(1);
          await backend.scale(3);
          for (const instance of folder.living().keys()) {
            await backend.replace(instance, 'it is too large');
            await backend.kill(instance, 'it is silent');
          }
          expect(backend.slots()).toEqual([]);
          expect(backend.waitingFor()).toBe('waiting for members of pool test to join');
          expect([...folder.living().keys()].map((instance) => backend.owns(instance))).toEqual([false]);
          await backend.scale(0);
          await backend.stop();
          expect(folder.living().size).toBe(1);
          expect(events).toEqual([]);
        } finally {
          await foreign?.stop();
        }
      });
      return;
    }

    it('should keep the desired number of members, each of an instance of its own', async () => {
      await begin({ stableMs: 400 });
      await backend.scale(2);
      await alive(2);
      await backend.scale(3);
      await alive(3);
      await running(3);
      const instances = [...folder.living().keys()];
      expect(new Set(backend.slots().map((slot) => 'instance' in slot && slot.instance))).toEqual(new Set(instances));
      expect(instances.every((instance) => backend.owns(instance))).toBe(true);
      expect(deaths()).toEqual([]);
    });

    it('should tell of a kill -9 by instance, and replace the member at once', async () => {
      await begin({ restartMs: 60_000, restartMaxMs: 60_000 });
      await backend.scale(2);
      await alive(2);
      const [[instance, pid] = ['', 0]] = folder.living();
      process.kill(pid, 'SIGKILL');
      await eventually(() => deaths().length === 1);
      expect(deaths()).toMatchObject([{ instance, end: { kind: 'killed', signal: 'SIGKILL' }, asked: false }]);
      expect(backend.owns(instance)).toBe(false);
      await alive(2);
      expect([...folder.living().keys()]).not.toContain(instance);
      expect(events.map(({ kind }) => kind)).toEqual(['member_started', 'member_started', 'member_died', 'member_started']);
    });

    it('should forget earlier ends once a member is stable', async () => {
      await begin({ stableMs: 400, restartMs: 60_000, restartMaxMs: 60_000 });
      await backend.scale(1);
      for (let kills = 1; kills <= 3; kills += 1) {
        await Promise.all([running(1), alive(1)]);
        for (const pid of folder.living().values()) process.kill(pid, 'SIGKILL');
        await eventually(() => deaths().length === kills);
      }
      await alive(1);
      expect(events.some(({ kind }) => kind === 'crash_loop')).toBe(false);
    });

    it('should start members that end at their start ever less often, tell it once with their last lines, and recover', async () => {
      folder.behave('broken');
      await begin();
      await backend.scale(1);
      const slot = await eventually(() => backend.slots().find((one) => one.state === 'backing_off' && one.crashes >= 6), {
        timeoutMs: STARTS_MS,
        what: 'six ends',
      });
      expect(slot).toMatchObject({
        crashes: deaths().length,
        last: { instance: deaths().at(-1)?.instance, end: { kind: 'exited', code: 3 } },
      });
      expect(backend.waitingFor()).toMatch(/pool test end at their start \(exit code 3: member of test: there is no model\)/);
      const waits = diedAt.slice(1).map((at, index) => at - (diedAt[index] as number));
      // The first is of no wait. Timers count whole milliseconds: one less than asked for is in order.
      [60, 120, 240, 480].forEach((ms, index) => expect(waits[index + 1]).toBeGreaterThanOrEqual(ms - 1));
      const loops = events.filter((event) => event.kind === 'crash_loop');
      expect(loops).toHaveLength(1);
      expect(loops[0]?.death.lastLines).toContain('the very last line');
      expect(new Set(deaths().map(({ instance }) => instance)).size).toBe(deaths().length);

      folder.behave('serve');
      await alive(1);
      await eventually(() => backend.slots()[0]?.state === 'starting');
    });

    it('should tell of a loop of many members once', async () => {
      folder.behave('broken');
      await begin();
      await backend.scale(3);
      await eventually(() => deaths().length >= 15, { timeoutMs: STARTS_MS, what: 'fifteen ends' });
      expect(events.filter(({ kind }) => kind === 'crash_loop')).toHaveLength(1);
    });

    it('should give up the place of a member that it was about to start again', async () => {
      folder.behave('broken');
      await begin({ restartMs: 60_000, restartMaxMs: 60_000 });
      await backend.scale(1);
      await eventually(() => backend.slots()[0]?.state === 'backing_off' && deaths().length === 2);
      folder.behave('serve');
      await backend.scale(0);
      expect(backend.slots()).toEqual([]);
      await backend.scale(1);
      await alive(1);
    });

    it('should drain the members beyond the number, and keep the others', async () => {
      await begin();
      await backend.scale(3);
      await alive(3);
      const before = [...folder.living().keys()];
      await backend.scale(1);
      expect(backend.slots().filter(({ state }) => state === 'stopping')).toHaveLength(2);
      await eventually(() => deaths().length === 2);
      expect(deaths()).toMatchObject(Array(2).fill({ end: { kind: 'exited', code: 0 }, asked: true }));
      expect(folder.drained().sort()).toEqual(
        deaths()
          .map(({ instance }) => instance)
          .sort(),
      );
      expect([...folder.living().keys()]).toEqual(before.filter((instance) => !folder.drained().includes(instance)));
      expect(backend.slots()).toHaveLength(1);
    });

    it('should drain those first that it is told to', async () => {
      await begin();
      await backend.scale(3);
      await alive(3);
      const [oldest = '', middle = ''] = events.map((event) => (event.kind === 'member_started' ? event.instance : ''));
      await backend.scale(1, ['somebody else', middle, oldest]);
      await eventually(() => deaths().length === 2);
      expect(folder.drained().sort()).toEqual([middle, oldest].sort());
      await backend.scale(2, []);
      await alive(2);
    });

    it('should start another member in place of one that is to be replaced, before that one has ended', async () => {
      folder.behave('deaf');
      await begin({ drainMs: 3_000, stableMs: 50 });
      await backend.scale(2);
      await running(2);
      await alive(2);
      const [[instance] = ['']] = folder.living();
      await backend.replace(instance, 'it is too large');
      await backend.replace(instance, 'it is too large');
      await alive(3);
      expect(deaths()).toEqual([]);
      expect(backend.owns(instance)).toBe(true);
      expect(backend.slots().filter(({ state }) => state === 'stopping')).toHaveLength(1);
      // It does not end by itself.
      await eventually(() => deaths().length === 1);
      expect(deaths()).toMatchObject([{ instance, end: { kind: 'killed', signal: 'SIGKILL' }, asked: true, why: 'it is too large' }]);
      expect([folder.living().size, backend.slots().length]).toEqual([2, 2]);
      await backend.replace(instance, 'it is gone');
      await backend.scale(2);
      expect(backend.slots()).toHaveLength(2);
    });

    it('should take members that are to be replaced at their start for such that end there', async () => {
      await begin({ restartMs: 600 });
      await backend.scale(1);
      for (let replaced = 1; replaced <= 3; replaced += 1) {
        const [[instance] = ['']] = await eventually(() => (folder.living().size === 1 ? [...folder.living()] : null));
        await backend.replace(instance, 'it is too large');
        await eventually(() => deaths().length === replaced);
      }
      expect(folder.drained()).toHaveLength(3);
      expect(backend.slots()).toMatchObject([{ state: 'backing_off', crashes: 3 }]);
      expect(events.filter(({ kind }) => kind === 'crash_loop')).toMatchObject([{ crashes: 3, death: { why: 'it is too large' } }]);
      await alive(1);
    });

    it('should kill a member that stands still, and replace it at once', async () => {
      await begin({ restartMs: 60_000, restartMaxMs: 60_000 });
      await backend.scale(1);
      await alive(1);
      const [[instance, pid] = ['', 0]] = folder.living();
      process.kill(pid, 'SIGSTOP');
      await backend.kill(instance, 'it is silent');
      await eventually(() => deaths().length === 1);
      expect(deaths()).toMatchObject([{ instance, end: { kind: 'killed', signal: 'SIGKILL' }, asked: false, why: 'it is silent' }]);
      await alive(1);
      await backend.kill(instance, 'it is silent');
      expect(folder.living().size).toBe(1);
    });

    it('should kill a member that does not drain in time', async () => {
      folder.behave('deaf');
      await begin({ drainMs: 300 });
      await backend.scale(1);
      await alive(1);
      const from = performance.now();
      await backend.scale(0);
      await eventually(() => deaths().length === 1);
      expect(performance.now() - from).toBeGreaterThanOrEqual(299);
      expect(deaths()).toMatchObject([{ end: { kind: 'killed', signal: 'SIGKILL' }, asked: true }]);
      expect(folder.living().size).toBe(0);
    });

    it('should have drained all members when it has stopped, and start no more', async () => {
      await begin();
      await backend.scale(3);
      await alive(3);
      await Promise.all([backend.stop(), backend.stop()]);
      expect(folder.living().size).toBe(0);
      expect(folder.drained()).toHaveLength(3);
      await backend.scale(2);
      expect(backend.slots()).toEqual([]);
      expect(events.filter(({ kind }) => kind === 'member_started')).toHaveLength(3);
    });

    it('should kill its members when the time to stop is over', async () => {
      folder.behave('deaf');
      await begin({ drainMs: 60_000 });
      await backend.scale(2);
      await alive(2);
      const over = new AbortController();
      const stopped = backend.stop(over.signal);
      expect(backend.slots().map(({ state }) => state)).toEqual(['stopping', 'stopping']);
      over.abort();
      await stopped;
      expect(folder.living().size).toBe(0);
      expect(deaths()).toMatchObject(Array(2).fill({ end: { kind: 'killed', signal: 'SIGKILL' } }));
    });

    it('should end what a member had started, with the member', async () => {
      folder.behave('parent');
      await begin();
      await backend.scale(1);
      await alive(1);
      const [[instance, pid] = ['', 0]] = folder.living();
      const child = folder.children().get(instance) as number;
      expect(isAlive(child)).toBe(true);
      process.kill(pid, 'SIGKILL');
      await eventually(() => deaths().length === 1 && !isAlive(child));
    });
  });
};
