import { RefusedError } from '@apwa/contracts';
import { memberCommand, memberEnvironment } from './member-command.js';

const thrownBy = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return error;
  }
};

describe('memberCommand', () => {
  it('should start the command that it is given', () =>
    expect(memberCommand({ name: 'p' }, ['tini', 'node', 'main.js'])).toEqual({ program: 'tini', args: ['node', 'main.js'] }));

  it('should hand the limit of the heap to Node', () =>
    expect(memberCommand({ name: 'p', memoryMb: 512 }, ['/usr/bin/node', 'main.js'])).toEqual({
      program: '/usr/bin/node',
      args: ['--max-old-space-size=512', 'main.js'],
    }));

  it('should refuse a limit that it cannot hand on', () => {
    const refused: unknown = thrownBy(() => memberCommand({ name: 'p', memoryMb: 512 }, ['tini', 'node', 'main.js']));
    expect(refused).toBeInstanceOf(RefusedError);
    expect(refused).toMatchObject({
      code: 'invalid_settings',
      details: { field: 'APWA_MEMBER_COMMAND', value: '["tini","node","main.js"]' },
    });
  });
});

describe('memberEnvironment', () => {
  it('should pass on configuration and secrets, say who the member is, and keep what is its own', () =>
    expect(
      memberEnvironment('small', 'small-1', {
        APWA_CONFIG: '/c.yaml',
        APWA__log__level: 'warn',
        OPENAI_API_KEY: 'k',
        NODE_OPTIONS: '--inspect=9229',
        APWA_MEMBER_COMMAND: '["node"]',
        APWA_HEALTH_FILE: '/tmp/health',
      }),
    ).toEqual({
      APWA_CONFIG: '/c.yaml',
      APWA__log__level: 'warn',
      OPENAI_API_KEY: 'k',
      APWA_POOL: 'small',
      APWA_INSTANCE: 'small-1',
      APWA_LIFELINE: '1',
    }));
});
