-- A stage may take the rows of another one that is under way: its shards wait until their rows are committed there.
ALTER TABLE "stages" ADD COLUMN "follows" TEXT;
ALTER TABLE "shards" ADD COLUMN "waits" BOOLEAN NOT NULL DEFAULT false;

CREATE INDEX "stages_followers" ON "stages"("follows") WHERE "follows" IS NOT NULL;
