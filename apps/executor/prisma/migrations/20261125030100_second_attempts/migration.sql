-- A shard that lags behind its stage may be given to a second member; attempts say whether they are such copies, and what they called.
ALTER TABLE "shards" ADD COLUMN "copy_wanted" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "attempts" ADD COLUMN "second" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "calls" INTEGER NOT NULL DEFAULT 0;

-- Copies are counted with every look at a stage, and there are few.
CREATE INDEX "attempts_seconds" ON "attempts"("stage_id") WHERE "second";
