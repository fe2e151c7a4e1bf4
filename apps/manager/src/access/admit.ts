import { InternalError, type RefusedError, type Scope, scopeCovers } from '@apwa/contracts';
import { scopeTooSmall } from '../keys/refusals.js';
import { type Need } from './needs.js';

/** Who a request comes from, once that is known. */
export interface Caller {
  /** What its requests are counted by. */
  bucket: string;
  scope: Scope;
}

/** Why a caller may not have what a handler does; null: it may. `need` is undefined where the handler does not say it. */
export const refusalOf = (need: Need | undefined, caller: Caller | undefined): RefusedError | InternalError | null => {
  if (need === 'open') return null;
  if (need === undefined) return new InternalError('no_scope', 'A handler does not say who may call it.');
  // Whoever is let in is known: a request that nobody has looked at must not go on.
  if (!caller) return new InternalError('no_caller', 'It is not known who a request comes from.');
  return scopeCovers(caller.scope, need) ? null : scopeTooSmall(caller.scope, need);
};
