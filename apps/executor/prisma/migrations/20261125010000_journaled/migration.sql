ALTER TABLE "shards" ADD COLUMN "journaled" TEXT;
