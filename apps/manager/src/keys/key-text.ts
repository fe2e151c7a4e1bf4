import { createHash, randomBytes } from 'node:crypto';

/** Characters of a key that lists show: `apwa_` and 24 of its 192 bits. */
const SHOWN = 9;

/** A new key: 24 random bytes make 32 characters. */
export const newKeyText = (): string => `apwa_${randomBytes(24).toString('base64url')}`;

/**
 * What is kept of a key, and what it is found by. A hash made for passwords would be slow to no end: nobody can go through
 * 192 random bits. That keys are looked up by their hash gives no hint by the time that it takes: who tries has no say in the
 * hash that is compared.
 */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

export const prefixOf = (key: string): string => key.slice(0, SHOWN);
