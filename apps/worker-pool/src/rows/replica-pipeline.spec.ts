import { type RowResult } from '@apwa/contracts';
import { AttemptControl, type CallControl } from './control.js';
import { ReplicaPipeline } from './replica-pipeline.js';
import { combinationOf } from './replicas.js';
import { RowTally } from './tally.js';

const ROW = 7;
const output = { type: 'object', properties: { kind: { enum: ['a', 'b', 'c'] } } };
const tally = (calls: number): RowTally => {
  const one = new RowTally();
  one.calls = calls;
  one.add({ costUsd: 0.01 * calls, latencyMs: 5, model: 'scripted' });
  return one;
};
const ok = (kind: string) => tally(1).ok(ROW, { kind });
const failed = () => tally(2).failed(ROW, 'refused', 'it would not');

/** The attempt, as strict as the real one: a row in flight begins no second time. */
const attempt = () => {
  const state = { held: false, flying: false, calls: 0, landed: 0 };
  const may = () => !state.held;
  const control = new AttemptControl({
    begin: () => {
      if (!may() || state.flying) return false;
      state.calls++;
      return (state.flying = true);
    },
    join: () => {
      if (!may() || !state.flying) return false;
      state.calls++;
      return true;
    },
    land: () => {
      state.flying = false;
      state.landed++;
    },
    mayCall: may,
    mayBegin: may,
  });
  return { state, control };
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('ReplicaPipeline', () => {
  it('should ask side by side, stop when the majority stands, and tell what all of it took', async () => {
    const { state, control } = attempt();
    const kinds = ['a', 'b', 'a', 'a', 'c'];
    let atOnce = 0;
    let most = 0;
    const ask = async (own: CallControl, _row: number, _values: object, replica: number): Promise<RowResult> => {
      expect(own.begin(ROW)).toBe(true);
      most = Math.max(most, ++atOnce);
      await turn();
      atOnce--;
      return ok(kinds[replica] as string);
    };
    const pipeline = new ReplicaPipeline(combinationOf({ combine: 'majority', count: 5 }, output), control, ask);
    expect(await pipeline.run(ROW, {})).toMatchObject({
      row: ROW,
      status: 'ok',
      output: { kind: 'a', replicas: { asked: 4, answered: 4, agreement: 0.75, ties: [] } },
      attempts: 4,
      costUsd: expect.closeTo(0.04),
      latencyMs: 20,
    });
    expect({ most, ...state }).toEqual({ most: 3, held: false, flying: true, calls: 4, landed: 0 });
  });

  describe('with a judge', () => {
    const judgedBy = (kinds: string[], verdict: RowResult | null) => {
      const { control, state } = attempt();
      const asked: unknown[] = [];
      const combination = combinationOf({ combine: 'judge', count: 3, judge: { instructions: 'Choose among {{answers}}' } }, output);
      const pipeline = new ReplicaPipeline(
        combination,
        control,
        async (own, _row, _values, replica) => (own.begin(ROW), ok(kinds[replica] as string)),
        async (own, _row, _values, answers) => (own.begin(ROW), asked.push(answers), verdict),
      );
      return { result: pipeline.run(ROW, {}), asked, state };
    };
    const says = (choice: number) => tally(1).ok(ROW, { choice, why: 'it is the best' });

    it('should keep the conversations of replicas, and which is whose', async () => {
      const ask = async (own: CallControl, _row: number, _values: object, replica: number): Promise<RowResult> => {
        own.begin(ROW);
        return replica === 1
          ? ok('a')
          : { ...(replica === 0 ? ok('a') : failed()), transcript: `[{"role":"user","content":"${replica}"}]` };
      };
      const pipeline = new ReplicaPipeline(combinationOf({ combine: 'all', count: 3 }, output), attempt().control, ask);
      const result = await pipeline.run(ROW, {});
      expect(JSON.parse(result?.transcript ?? '')).toEqual([
        { replica: 0, messages: [{ role: 'user', content: '0' }] },
        { replica: 2, messages: [{ role: 'user', content: '2' }] },
      ]);
    });

    it('should take the answer that is chosen, and tell why and what all of it took', async () => {
      const { result, asked } = judgedBy(['a', 'b', 'a'], says(2));
      expect(await result).toMatchObject({
        status: 'ok',
        output: { kind: 'b', replicas: { asked: 3, answered: 3, agreement: expect.closeTo(1 / 3), ties: [], why: 'it is the best' } },
        attempts: 4,
      });
      expect(asked).toEqual([[{ kind: 'a' }, { kind: 'b' }, { kind: 'a' }]]);
    });

    it('should ask nobody where all answers are the same', async () => {
      const { result, asked } = judgedBy(['c', 'c', 'c'], says(1));
      expect(await result).toMatchObject({ output: { kind: 'c', replicas: { agreement: 1, why: null } }, attempts: 3 });
      expect(asked).toEqual([]);
    });

    it.each([
      ['does not answer', tally(1).failed(ROW, 'refused', 'no'), 'refused'],
      ['chooses beyond the answers', says(4), 'invalid_output'],
    ])('should fail the row where it %s', async (_, verdict, code) => {
      const { result } = judgedBy(['a', 'b', 'c'], verdict);
      const row = await result;
      expect(row?.error?.code ?? 'ok').toBe(code);
    });

    it('should give the row up where the judge was', async () => {
      const { result, state } = judgedBy(['a', 'b', 'c'], null);
      expect(await result).toBeNull();
      expect(state.flying).toBe(false);
    });
  });

  it('should fail a row that no replica answers, and no other', async () => {
    const { control } = attempt();
    const replicas = [failed(), ok('b'), failed()];
    const all = (ask: () => RowResult) =>
      new ReplicaPipeline(combinationOf({ combine: 'all', count: 3 }, output), control, async () => ask());
    expect(await all(() => replicas.shift() as RowResult).run(ROW, {})).toMatchObject({
      status: 'ok',
      output: { answers: [{ kind: 'b' }], replicas: { asked: 3, answered: 1 } },
      attempts: 5,
    });
    expect(await all(failed).run(ROW, {})).toMatchObject({ status: 'failed', error: { code: 'refused' }, output: null, attempts: 6 });
  });

  it('should give the row up when one of its replicas is, once the others have ended', async () => {
    const { state, control } = attempt();
    let ended = 0;
    const ask = async (own: CallControl, _row: number, _values: object, replica: number): Promise<RowResult | null> => {
      if (replica === 1) return null;
      own.begin(ROW);
      await turn();
      ended++;
      return ok('a');
    };
    expect(await new ReplicaPipeline(combinationOf({ combine: 'all', count: 3 }, output), control, ask).run(ROW, {})).toBeNull();
    expect({ ended, ...state }).toEqual({ ended: 2, held: false, flying: false, calls: 2, landed: 1 });
  });

  it('should land the row only when no call of it is under way, and begin it anew for the next', async () => {
    const { state, control } = attempt();
    const gates: (() => void)[] = [];
    const gate = () => new Promise<void>((resolve) => gates.push(resolve));
    const ask = async (own: CallControl): Promise<RowResult> => {
      own.begin(ROW);
      await gate();
      // It is to be tried again.
      own.land(ROW);
      await gate();
      expect(own.begin(ROW)).toBe(true);
      return ok('a');
    };
    const done = new ReplicaPipeline(combinationOf({ combine: 'all', count: 2 }, output), control, ask).run(ROW, {});
    await turn();
    gates.shift()?.();
    await turn();
    expect(state).toMatchObject({ flying: true, landed: 0 });
    gates.shift()?.();
    await turn();
    expect(state).toMatchObject({ flying: false, landed: 1 });
    for (const open of gates.splice(0)) open();
    expect(await done).toMatchObject({ output: { answers: [{ kind: 'a' }, { kind: 'a' }] } });
    expect(state).toMatchObject({ flying: true, calls: 4, landed: 1 });
  });
});
