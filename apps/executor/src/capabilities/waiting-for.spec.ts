import { type FabricReport } from '@apwa/contracts';
import { waitingFor } from './waiting-for.js';

const MEBIBYTE = 1024 * 1024;
const called = { hash: 'a', id: 'python:label', resources: { cpus: 1, gpus: 1, memoryMb: 512 } };
const report = (available: Record<string, number>, placing = 1): FabricReport => ({
  cluster: 'main',
  generation: 1,
  epoch: 1,
  sequence: 1,
  members: [],
  ended: [],
  nodes: [
    {
      id: 'n',
      address: '10.0.0.1',
      head: true,
      total: { CPU: 2, GPU: 1, memory: 8_000 * MEBIBYTE },
      labels: {},
      sandbox: { kind: 'unknown' },
    },
  ],
  available,
  capabilities: [{ hash: 'a', waiting: 1, placing }],
});
const free = { CPU: 2, GPU: 1, memory: 8_000 * MEBIBYTE };
const words = (found: FabricReport | null, resources = called.resources, trouble: string | null = null) =>
  waitingFor({ ...called, resources }, { name: 'main', trouble, report: found });

describe('what calls of a function wait for', () => {
  it('should be its cluster, what is short there, or that it is being started', () => {
    expect(words(null, undefined, 'Ray cluster main: gone')).toBe('Ray cluster main: gone; calls of python:label wait for it');
    expect(words(report({ ...free, GPU: 0 }))).toBe(
      'waiting for resources: 1 gpu, and cluster main has none free (nodes: 1), for python:label',
    );
    expect(words(report(free), { ...called.resources, gpus: 4 })).toContain('4 gpu, and no node of cluster main has as much');
    expect(words(report(free))).toBe('python:label is being made ready on cluster main');
  });

  it('should be nothing where they are worked at, or nothing is known', () => {
    expect(words(report({}, 0))).toBeNull();
    expect(words({ ...report({}), capabilities: [] })).toBeNull();
    expect(words(null)).toBeNull();
  });
});
