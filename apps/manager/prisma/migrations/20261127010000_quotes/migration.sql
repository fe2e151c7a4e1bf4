ALTER TABLE "plans" ADD COLUMN "quote" JSON;

ALTER TABLE "tables" ADD COLUMN "sample_of" TEXT,
ADD COLUMN "sample_version" INTEGER;

CREATE UNIQUE INDEX "tables_run_id_sample_of_sample_version_key" ON "tables"("run_id", "sample_of", "sample_version");
