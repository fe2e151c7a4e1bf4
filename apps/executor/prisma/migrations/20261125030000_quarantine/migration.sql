-- What members that crashed at a shard have made of it, and whether an attempt ran in a member that held nothing else.
ALTER TABLE "shards" ADD COLUMN "suspicion" TEXT NOT NULL DEFAULT 'none',
    ADD CONSTRAINT "shards_suspicion" CHECK ("suspicion" IN ('none', 'suspect', 'divide', 'condemned'));
ALTER TABLE "attempts" ADD COLUMN "alone" BOOLEAN NOT NULL DEFAULT false;

-- Suspects are looked for with every claim, and there are none as a rule.
CREATE INDEX "shards_suspects" ON "shards"("stage_id") WHERE "suspicion" <> 'none' AND "state" = 'open';
