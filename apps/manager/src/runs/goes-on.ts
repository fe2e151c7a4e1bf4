import { Prisma } from '../generated/prisma/client.js';

/** Of a run that nobody has cancelled or paused. */
export const GOES_ON = { cancelRequestedAt: null, paused: { equals: Prisma.DbNull } } as const satisfies Prisma.RunWhereInput;
