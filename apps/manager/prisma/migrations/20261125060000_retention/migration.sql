ALTER TABLE "runs" ADD COLUMN "deleted_at" TIMESTAMPTZ(3);

ALTER TABLE "tables" ADD COLUMN "stages" TEXT[],
ADD COLUMN "bytes" BIGINT,
ADD COLUMN "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN "removed_at" TIMESTAMPTZ(3);

ALTER TABLE "exports" ADD COLUMN "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN "removed_at" TIMESTAMPTZ(3);

ALTER TABLE "uploads" ADD COLUMN "touched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN "deleted_at" TIMESTAMPTZ(3);

-- What is there already: a table's parts are those of its stage, and bad rows stand among those of the import that left them out.
UPDATE "tables" SET "stages" = CASE WHEN "stage_id" IS NULL THEN '{}' ELSE ARRAY["stage_id"] END;
UPDATE "tables" r SET "stages" = ARRAY[t."stage_id"] FROM "tables" t WHERE t."rejected_table_id" = r."id" AND t."stage_id" IS NOT NULL;
UPDATE "tables" SET "finished_at" = "created_at" WHERE "state" = 'ready' AND "finished_at" IS NULL;
-- The metadata count the bytes of all that is read, of a map its input too.
UPDATE "tables" t SET "bytes" = (t."metadata"->>'bytes')::bigint - COALESCE((
    SELECT (b."metadata"->>'bytes')::bigint FROM "stages" s JOIN "tables" b ON b."id" = s."submission"->'work'->'input'->>'tableId'
    WHERE s."id" = t."stage_id" AND s."submission"->'work'->>'kind' = 'map'
), 0) WHERE t."metadata" IS NOT NULL;
UPDATE "uploads" SET "touched_at" = COALESCE("used_at", "created_at");

CREATE INDEX "runs_finished_at_idx" ON "runs"("finished_at");
CREATE INDEX "run_inputs_table_id_idx" ON "run_inputs"("table_id");
CREATE INDEX "tables_inputs_idx" ON "tables" USING GIN ("inputs");
CREATE INDEX "tables_stages_idx" ON "tables" USING GIN ("stages");
CREATE INDEX "tables_deleted_at_idx" ON "tables"("deleted_at");
CREATE INDEX "exports_table_id_idx" ON "exports"("table_id");
CREATE INDEX "exports_deleted_at_idx" ON "exports"("deleted_at");
CREATE INDEX "uploads_touched_at_idx" ON "uploads"("touched_at");
