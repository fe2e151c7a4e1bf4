import { z } from 'zod';

export const HeadQuery = z.strictObject({ rows: z.coerce.number().int().min(1).max(1_000).default(10) });
export type HeadQuery = z.infer<typeof HeadQuery>;
