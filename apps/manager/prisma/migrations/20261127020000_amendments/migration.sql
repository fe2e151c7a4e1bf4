CREATE TABLE "amendments" (
    "run_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "step_id" TEXT NOT NULL,
    "table_id" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "failure" TEXT,
    "plan_version" INTEGER NOT NULL,
    "outcome" TEXT,
    "reason" TEXT,
    "new_version" INTEGER,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "amendments_pkey" PRIMARY KEY ("run_id", "number")
);

CREATE UNIQUE INDEX "amendments_run_id_table_id_key" ON "amendments"("run_id", "table_id");

ALTER TABLE "amendments" ADD CONSTRAINT "amendments_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "planner_turns" ADD COLUMN "amendment" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "tables" ADD COLUMN "replaced_of" TEXT;

ALTER TABLE "runs" ADD COLUMN "amendments_allowed" INTEGER NOT NULL DEFAULT 0;
