CREATE TABLE "capabilities" (
    "scope" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "effects" TEXT NOT NULL,
    "definition" JSON NOT NULL,
    "hash" TEXT NOT NULL,
    "examples" JSON NOT NULL,
    "run_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "capabilities_pkey" PRIMARY KEY ("scope", "name", "version")
);

CREATE UNIQUE INDEX "capabilities_scope_name_hash_key" ON "capabilities"("scope", "name", "hash");

CREATE INDEX "capabilities_run_id_idx" ON "capabilities"("run_id");

ALTER TABLE "capabilities" ADD CONSTRAINT "capabilities_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
