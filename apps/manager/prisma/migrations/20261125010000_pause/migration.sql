ALTER TABLE "runs" ADD COLUMN "paused" JSONB, ADD COLUMN "pauses" JSONB NOT NULL DEFAULT '[]';

ALTER TABLE "stages" ADD COLUMN "kind" TEXT;
UPDATE "stages" SET "kind" = "submission"->'work'->>'kind';
ALTER TABLE "stages" ALTER COLUMN "kind" SET NOT NULL;
