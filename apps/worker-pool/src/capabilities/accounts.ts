import { type AccountPlace, type CallLimits, type CapabilityDefinition, hashOfJson } from '@apwa/contracts';
import { type CallGate, capabilityGate } from '../permits/call-gate.js';
import { type Permits } from '../permits/permits.js';

/**
 * Where calls of a definition are counted: together with those that the other side counts together, as far as can be told. Null: nowhere.
 * Of HTTP they always are, since any answer may turn out to be 429. `limits`: what the configuration says of what is called.
 */
export const accountOf = (definition: CapabilityDefinition, limits: CallLimits | undefined): AccountPlace | null => {
  switch (definition.kind) {
    case 'http': {
      const { url, secrets, limits: own = null } = definition;
      const [, origin = url] = /^(https?:\/\/[^/]+)/.exec(url.toLowerCase()) ?? [];
      return { account: hashOfJson(['http', origin, secrets.map(({ name }) => name).sort(), own]), limits: own };
    }
    case 'python': {
      const { registered: _, ...content } = definition;
      return content.limits ? { account: hashOfJson(['python', content]), limits: content.limits } : null;
    }
    case 'mcp':
      return limits ? { account: hashOfJson(['mcp', definition.server]), limits } : null;
    case 'javascript':
    case 'template':
      return null;
  }
};

/** The accounts that calls of this member go to, each with its one gate. */
export class Accounts {
  readonly #gates = new Map<string, CallGate>();

  constructor(private readonly permits: Permits) {}

  gateOf(place: AccountPlace): CallGate {
    const known = this.#gates.get(place.account);
    if (known) return known;
    const gate = capabilityGate(place, { asks: (urgent) => this.permits.schedule(urgent) });
    this.permits.add({ gate, probe: null });
    this.#gates.set(place.account, gate);
    return gate;
  }
}
