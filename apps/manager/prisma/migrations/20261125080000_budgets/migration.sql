-- What a run may spend, and how often that was changed; null: as much as it takes.
ALTER TABLE "runs" ADD COLUMN "budget" JSONB;
