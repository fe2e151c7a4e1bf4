import { newId, newLeaseToken } from '@apwa/contracts';
import { placeOf } from '../ledger/part-keys.js';
import { isNamed, type KeyFacts } from './named-keys.js';

const running: KeyFacts = { stage: 'running', attempt: 'active', committed: false };

describe('an object of an attempt', () => {
  it.each<[string, Partial<KeyFacts>, boolean, boolean]>([
    ['whose attempt is under way', {}, true, true],
    ['whose attempt was revoked', { attempt: 'revoked' }, false, true],
    ['whose attempt is not in the ledger', { attempt: null }, false, true],
    ['that the winner wrote besides', { attempt: 'won' }, false, true],
    ['that is committed', { attempt: 'won', committed: true }, true, true],
    ['that is committed, of a stage that has ended', { stage: 'succeeded', attempt: 'won', committed: true }, true, false],
    ['that is committed, of a stage that was cancelled', { stage: 'cancelled', attempt: 'won', committed: true }, true, false],
    ['of a stage that has ended', { stage: 'failed', attempt: 'revoked' }, false, false],
    ['of a stage that is not in the ledger', { stage: null, attempt: null }, false, false],
  ])('%s', (_, rest, part, journaled) => {
    const facts = { ...running, ...rest };
    expect([isNamed('part', facts), isNamed('journaled', facts)]).toEqual([part, journaled]);
  });
});

describe('the place that a key names', () => {
  const [stageId, shardId, token] = [newId('stage'), newId('shard'), newLeaseToken()];

  it.each([
    [`parts/${stageId}/${shardId}.${token}.parquet`, 'part'],
    [`parts/${stageId}/${shardId}.${token}.2.parquet`, 'part'],
    [`parts/${stageId}/${shardId}.${token}.rejected.parquet`, 'part'],
    [`journal/${stageId}/${shardId}/${token}.17.json`, 'journaled'],
  ] as const)('is read from %s', (key, kind) => {
    expect(placeOf(key)).toEqual({ kind, stageId, shardId, token });
  });

  it.each([
    `parts/${stageId}/${shardId}.parquet`,
    `parts/${stageId}/notes.txt`,
    `parts/${stageId}/${shardId}.${token.slice(1)}.parquet`,
    `uploads/${stageId}/${shardId}.${token}.parquet`,
    `parts/${stageId}/deeper/${shardId}.${token}.parquet`,
    `old/parts/${stageId}/${shardId}.${token}.parquet`,
  ])('is none for %s', (key) => {
    expect(placeOf(key)).toBeNull();
  });
});
