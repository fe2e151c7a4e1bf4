import { type z } from 'zod';

/** What is known of a setting beside its type. */
export interface SettingMeta {
  /** What it does, with its unit. */
  description: string;
  /** Its default in words, where the schema alone cannot tell it; empty to show none. */
  default?: string;
  /** Its value stays out of logs and errors; of a `url`, logs show what is no password. */
  secret?: 'value' | 'url';
}

/** A key of the configuration with its documentation. Must be the outermost call: zod keeps metadata by instance. */
export const setting = <T extends z.ZodType>(schema: T, description: string, more: Omit<SettingMeta, 'description'> = {}): T =>
  schema.meta({ description, ...more });

/** The documentation of a key, if it is one. */
export const metaOf = (schema: z.ZodType): SettingMeta | undefined => schema.meta() as SettingMeta | undefined;
