ALTER TABLE "runs" ADD COLUMN "redrive_of" TEXT,
ADD COLUMN "redrive_steps" TEXT[];

ALTER TABLE "tables" ADD COLUMN "previous_id" TEXT,
ADD COLUMN "earlier" TEXT[],
ADD COLUMN "kept" JSON;

CREATE INDEX "runs_redrive_of_idx" ON "runs"("redrive_of");
CREATE INDEX "tables_earlier_idx" ON "tables" USING GIN ("earlier");
