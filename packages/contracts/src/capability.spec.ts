import { isSandboxed, PlannedPython, PythonCapability, SandboxedPython } from './capability.js';

const written = {
  kind: 'python',
  name: 'words',
  description: 'Words of a text',
  source: 'def run(text):\n    return {"words": len(text.split())}',
  input: { type: 'object', properties: { text: { type: 'string' } } },
  output: { type: 'object', properties: { words: { type: 'integer' } } },
} as const;

describe('a function in Python', () => {
  it('should be sandboxed if a planner brings it, whatever the planner says', () => {
    const planned = PlannedPython.parse(written);
    expect(planned).toMatchObject({ sandboxed: true, effects: 'none', pip: [], timeoutMs: 5_000, loadTimeoutMs: 10_000 });
    expect(isSandboxed(planned)).toBe(true);
    expect(SandboxedPython.parse(planned)).toEqual(planned);
  });

  it.each([
    { sandboxed: false },
    { sandboxed: true },
    { pip: ['requests'] },
    { module: 'os' },
    { cpus: 64 },
    { gpus: 1 },
    { cluster: 'main' },
    { reuse: 'actor' },
    { loadTimeoutMs: 1_000 },
    { registered: { version: 1, hash: '0'.repeat(64) } },
    { limits: { inFlight: 1 } },
  ])('should be of no planner with %j', (more) => {
    expect(PlannedPython.safeParse({ ...written, ...more }).error?.issues).toMatchObject([
      { code: 'unrecognized_keys', keys: Object.keys(more) },
    ]);
  });

  it.each([
    [{ memoryMb: 4_096 }, 'memoryMb'],
    [{ timeoutMs: 3_600_000 }, 'timeoutMs'],
    [{ effects: 'idempotent' }, 'effects'],
  ])('should take no more than it may in a sandbox: %j', (more, field) => {
    expect(PlannedPython.safeParse({ ...written, ...more }).error?.issues[0]?.path).toEqual([field]);
  });

  it('should be what people make it, and have nothing of the nodes where it is sandboxed', () => {
    const own = PythonCapability.parse(written);
    expect(own).not.toHaveProperty('sandboxed');
    expect(isSandboxed(own)).toBe(false);
    expect(SandboxedPython.safeParse(own).error?.issues).toMatchObject([{ path: ['sandboxed'] }]);
    const { source: _, ...rest } = written;
    for (const [given, path] of [
      [{ ...written, sandboxed: false }, 'sandboxed'],
      [{ ...written, sandboxed: true, pip: ['six'] }, 'pip'],
      [{ ...rest, sandboxed: true, module: 'six' }, 'module'],
    ] as const)
      expect(PythonCapability.safeParse(given).error?.issues).toMatchObject([{ path: [path] }]);
  });
});
