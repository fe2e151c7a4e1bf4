-- Why a member is to go, if it is: it is given no more shards, and hears it with its next heartbeat.
ALTER TABLE "members" ADD COLUMN "leaving" TEXT;
-- Questions about tables that it answers: one that does is not idle.
ALTER TABLE "members" ADD COLUMN "questions" INTEGER NOT NULL DEFAULT 0;
