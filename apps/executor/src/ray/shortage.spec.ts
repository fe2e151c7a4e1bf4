import { shortageOf } from './shortage.js';

const MEBIBYTE = 1024 * 1024;
const node = (total: Record<string, number>, labels: Record<string, string> = {}) => ({
  id: 'n',
  address: '10.0.0.1',
  head: false,
  total,
  labels,
  sandbox: { kind: 'unknown' } as const,
});

describe('shortageOf', () => {
  const nodes = [node({ CPU: 4, memory: 8_000 * MEBIBYTE }), node({ CPU: 2, GPU: 1 })];

  it('should name what no node has', () => {
    const words = shortageOf({ cpus: 1, gpus: 2 }, { cluster: 'main', nodes, available: { CPU: 6, GPU: 1 } });
    expect(words).toBe('2 gpu, and no node of cluster main has as much (nodes: 2)');
    expect(shortageOf({ custom: { licence: 1 } }, { cluster: 'main', nodes, available: {} })).toContain('1 licence');
    expect(shortageOf({ memoryMb: 9_000 }, { cluster: 'main', nodes, available: {} })).toContain('9000 MB of memory');
  });

  it('should name what others have', () => {
    const words = shortageOf({ cpus: 2, gpus: 1 }, { cluster: 'main', nodes, available: { CPU: 4 } });
    expect(words).toBe('1 gpu, and cluster main has none free (nodes: 2)');
  });

  it('should say that it is not on one node', () => {
    const words = shortageOf({ cpus: 3, gpus: 1 }, { cluster: 'main', nodes, available: { CPU: 6, GPU: 1 } });
    expect(words).toBe('3 cpu, 1 gpu on one node of cluster main (nodes: 2)');
  });

  it('should count only nodes with the labels', () => {
    const report = { cluster: 'main', nodes: [...nodes, node({ CPU: 2 }, { zone: 'east', disk: 'ssd' })], available: { CPU: 8 } };
    expect(shortageOf({ cpus: 1 }, report, { zone: 'west', disk: 'ssd' })).toBe(
      'a node with zone=west, disk=ssd, and cluster main has none (nodes: 3)',
    );
    expect(shortageOf({ cpus: 4 }, report, { zone: 'east' })).toBe(
      '4 cpu, and no node of cluster main with zone=east has as much (nodes: 1)',
    );
    expect(shortageOf({ cpus: 2 }, report, { zone: 'east' })).toBe('2 cpu on one node of cluster main with zone=east (nodes: 1)');
  });

  it('should have nothing to say of members that ask for nothing', () => {
    expect(shortageOf({}, { cluster: 'main', nodes, available: {} })).toBeNull();
  });
});
