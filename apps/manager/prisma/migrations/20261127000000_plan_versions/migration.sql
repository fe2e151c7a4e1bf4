ALTER TABLE "runs" ADD COLUMN "plan_version" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "cancel_reason" TEXT;

CREATE TABLE "plans" (
    "run_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "document" JSON NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("run_id", "version")
);

ALTER TABLE "plans" ADD CONSTRAINT "plans_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

INSERT INTO "plans" ("run_id", "version", "by", "reason", "document", "hash", "created_at")
SELECT "id", 1, CASE WHEN "request"->'plan' IS NULL THEN 'planner' ELSE 'person' END, 'as it was carried out', "plan",
  encode(sha256(convert_to("plan"::text, 'UTF8')), 'hex'), "created_at"
FROM "runs" WHERE "plan" IS NOT NULL;
UPDATE "runs" SET "plan_version" = 1 WHERE "plan" IS NOT NULL;
