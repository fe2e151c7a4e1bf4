import { defineConfig } from 'prisma/config';

/** For Prisma's own commands. The service reads its database's address from `apwa.config.yaml` and applies its migrations itself. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
});
