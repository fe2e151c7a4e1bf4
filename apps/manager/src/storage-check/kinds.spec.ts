import { newId, newLeaseToken } from '@apwa/contracts';
import { type ObjectKind, ownerOfKey } from './kinds.js';

const [stage, shard, table, upload, token] = [newId('stage'), newId('shard'), newId('table'), newId('upload'), newLeaseToken()];

describe('whose an object is', () => {
  it.each<[ObjectKind, string, string]>([
    ['parts', `parts/${stage}/${shard}.${token}.parquet`, stage],
    ['parts', `parts/${stage}/${shard}.${token}.2.rejected.parquet`, stage],
    ['parts', `parts/${stage}/${shard}.${token}.csv`, stage],
    ['journal', `journal/${stage}/${shard}/${token}.3.json`, stage],
    ['manifests', `manifests/${table}/1-0123abcd.json`, table],
    ['uploads', `uploads/${upload}/0123456789abcdef`, upload],
  ])('of %s: %s', (kind, key, owner) => {
    expect(ownerOfKey(kind, key)).toBe(owner);
  });

  it.each<[ObjectKind, string]>([
    ['parts', `parts/${stage}/readme.txt`],
    ['parts', `parts/${stage}/${shard}.parquet`],
    ['parts', `parts/${table}/${shard}.${token}.parquet`],
    ['journal', `journal/${stage}/${token}.3.json`],
    ['manifests', `manifests/${table}/latest.json`],
    ['manifests', `manifests/${table}/old/1-0123abcd.json`],
    ['uploads', `uploads/${upload}/data.csv`],
    ['uploads', `uploads/0123456789abcdef`],
  ])('is nobody’s of ours, of %s: %s', (kind, key) => {
    expect(ownerOfKey(kind, key)).toBeNull();
  });
});
