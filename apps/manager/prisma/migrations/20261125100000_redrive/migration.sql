ALTER TABLE "runs" ADD COLUMN "redrive_of" TEXT,
ADD COLUMN "redrive_steps" TEXT[];

ALTER TABLE "tables" ADD COLUMN "previous_id" TEXT,
ADD COLUMN "earlier" TEXT[],
ADD COLUMN "kept" JSON,
ADD COLUMN "template_key" TEXT,
ADD COLUMN "match_of" TEXT;

CREATE INDEX "runs_redrive_of_idx" ON "runs"("redrive_of");
CREATE INDEX "tables_earlier_idx" ON "tables" USING GIN ("earlier");
CREATE INDEX "tables_template_key_idx" ON "tables"("template_key");
CREATE UNIQUE INDEX "tables_run_id_match_of_key" ON "tables"("run_id", "match_of");
