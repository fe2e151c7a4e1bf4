-- Names stand without a schema: the connection's search path is the service's own schema.

CREATE TABLE "owners" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "holder" TEXT,
    "leased_until" TIMESTAMPTZ(3),
    "control_version" INTEGER NOT NULL DEFAULT 0,
    "control_acked" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "owners_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "runs" (
    "id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "request" JSONB NOT NULL,
    "plan" JSONB,
    "approved_at" TIMESTAMPTZ(3),
    "cancel_requested_at" TIMESTAMPTZ(3),
    "planning_started_at" TIMESTAMPTZ(3),
    "error" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "run_inputs" (
    "run_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "table_id" TEXT NOT NULL,

    CONSTRAINT "run_inputs_pkey" PRIMARY KEY ("run_id","name")
);

CREATE TABLE "planner_turns" (
    "run_id" TEXT NOT NULL,
    "turn" INTEGER NOT NULL,
    "messages" JSONB NOT NULL,
    "notes" JSONB NOT NULL,
    "outcome" TEXT NOT NULL,
    "usage" JSONB NOT NULL,
    "cost_usd" DOUBLE PRECISION NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "planner_turns_pkey" PRIMARY KEY ("run_id","turn")
);

CREATE TABLE "tables" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "run_id" TEXT,
    "step_id" TEXT,
    "inputs" TEXT[],
    "files" TEXT[],
    "source" JSONB,
    "stage_id" TEXT,
    "reference" JSONB,
    "columns" JSONB,
    "rows" BIGINT,
    "metadata" JSONB,
    "rejected_table_id" TEXT,
    "error" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "tables_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "exports" (
    "id" TEXT NOT NULL,
    "table_id" TEXT NOT NULL,
    "run_id" TEXT,
    "step_id" TEXT,
    "position" INTEGER NOT NULL DEFAULT 0,
    "format" TEXT NOT NULL,
    "rows" TEXT NOT NULL,
    "bookkeeping" BOOLEAN NOT NULL,
    "state" TEXT NOT NULL,
    "stage_id" TEXT,
    "part" JSONB,
    "error" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "exports_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "stages" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "submission" JSONB NOT NULL,
    "submitted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT -1,
    "snapshot" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stages_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "uploads" (
    "id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "uploads_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "upload_files" (
    "upload_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "position" SERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "upload_files_pkey" PRIMARY KEY ("upload_id","name")
);

CREATE INDEX "owners_finished_at_idx" ON "owners"("finished_at");
CREATE UNIQUE INDEX "tables_stage_id_key" ON "tables"("stage_id");
CREATE UNIQUE INDEX "tables_run_id_step_id_key" ON "tables"("run_id", "step_id");
CREATE UNIQUE INDEX "exports_stage_id_key" ON "exports"("stage_id");
CREATE UNIQUE INDEX "exports_run_id_step_id_format_rows_key" ON "exports"("run_id", "step_id", "format", "rows");
CREATE INDEX "stages_owner_id_idx" ON "stages"("owner_id");

ALTER TABLE "run_inputs" ADD CONSTRAINT "run_inputs_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "run_inputs" ADD CONSTRAINT "run_inputs_table_id_fkey" FOREIGN KEY ("table_id") REFERENCES "tables"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "planner_turns" ADD CONSTRAINT "planner_turns_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "tables" ADD CONSTRAINT "tables_stage_id_fkey" FOREIGN KEY ("stage_id") REFERENCES "stages"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "exports" ADD CONSTRAINT "exports_stage_id_fkey" FOREIGN KEY ("stage_id") REFERENCES "stages"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "upload_files" ADD CONSTRAINT "upload_files_upload_id_fkey" FOREIGN KEY ("upload_id") REFERENCES "uploads"("id") ON DELETE CASCADE ON UPDATE CASCADE;
