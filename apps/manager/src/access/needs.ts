import { type Scope } from '@apwa/contracts';
import { type CustomDecorator, SetMetadata } from '@nestjs/common';

/** Metadata of a handler: who may call it. */
export const NEEDS = 'apwa:needs';

/** `open`: anybody, also without a key. */
export type Need = Scope | 'open';

/** Who may call a handler of the API. Every handler says it; one that does not is answered to nobody. */
export const Needs = (need: Need): CustomDecorator => SetMetadata(NEEDS, need);
