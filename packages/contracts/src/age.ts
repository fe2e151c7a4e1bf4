import { z } from 'zod';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 24 * 3_600_000, w: 7 * 24 * 3_600_000 } as const;

/** How old something is, in words that stand in a configuration and on a command line: `45m`, `24h`, `30d`, `8w`. */
export const Age = z
  .string()
  .regex(/^[1-9]\d{0,3}[smhdw]$/, 'must be an age: a whole number from 1 to 9999 and s, m, h, d or w, such as 45m, 24h or 30d');
export type Age = z.infer<typeof Age>;

/** Milliseconds. */
export const ageMs = (age: Age): number => Number(age.slice(0, -1)) * UNIT_MS[age.slice(-1) as keyof typeof UNIT_MS];
