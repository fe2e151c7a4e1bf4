import { CapabilityDefinition } from '@apwa/contracts';
import { accountOf } from './accounts.js';

const parts = { name: 'x', description: 'x', input: { type: 'object' }, output: { type: 'object' } };
const http = (more: object = {}) =>
  CapabilityDefinition.parse({ ...parts, kind: 'http', url: 'https://api.test/v1/items', limits: { requestsPerMinute: 60 }, ...more });
const accountId = (definition: CapabilityDefinition) => accountOf(definition, undefined)?.account;
const secrets = (name: string) => ({ secrets: [{ name, as: 'Authorization' }] });

describe('the account of a capability', () => {
  it('should be one for all operations of a host with the same secrets and limits', () => {
    expect(accountId(http({ name: 'y', url: 'https://API.test/other', method: 'POST' }))).toBe(accountId(http()));
    expect(accountId(http(secrets('ONE')))).toBe(accountId(http({ ...secrets('ONE'), description: 'y' })));
  });

  it.each<[string, object]>([
    ['another host', { url: 'https://other.test/v1/items' }],
    ['another port', { url: 'https://api.test:8443/v1/items' }],
    ['another secret', secrets('ONE')],
    ['other limits', { limits: { requestsPerMinute: 61 } }],
    ['no limits', { limits: undefined }],
  ])('should be another one for %s', (_, more) => expect(accountId(http(more))).not.toBe(accountId(http())));

  it('should be one for a server of MCP, by the limits of the configuration, and for a function in Python with limits', () => {
    const hash = 'a'.repeat(64);
    const tool = (name: string) => CapabilityDefinition.parse({ ...parts, name, kind: 'mcp', server: 'tracker', tool: name, hash });
    expect(accountOf(tool('a'), undefined)).toBeNull();
    expect(accountOf(tool('a'), { inFlight: 2 })).toEqual(accountOf(tool('b'), { inFlight: 2 }));
    const python = { ...parts, kind: 'python', source: 'def run(): return {}' };
    expect(accountOf(CapabilityDefinition.parse(python), undefined)).toBeNull();
    expect(accountOf(CapabilityDefinition.parse({ ...python, limits: { inFlight: 2 } }), undefined)).toMatchObject({
      limits: { inFlight: 2 },
    });
  });
});
