ALTER TABLE "tables" ADD COLUMN "level_of" TEXT,
ADD COLUMN "level" INTEGER,
ADD COLUMN "level_kind" TEXT;

CREATE UNIQUE INDEX "tables_run_id_level_of_level_level_kind_key" ON "tables"("run_id", "level_of", "level", "level_kind");
