import { hash } from 'node:crypto';

/** 48 bits of SHA-1: small enough for a number, and among a million texts a double is a matter of one in five hundred. */
export const hashOf = (text: string): number => hash('sha1', text, 'buffer').readUIntBE(0, 6);

/** A number from 0 to 1 that depends on all parts, and on nothing else. */
export const shareOf = (...parts: (string | number)[]): number => hashOf(parts.join('\u0000')) / 2 ** 48;
