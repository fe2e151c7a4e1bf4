-- Endpoints that have answered a call: one that is silent now is waited for, where a wrong address would end the stage.
CREATE TABLE "endpoints" (
    "id" TEXT NOT NULL,
    "answered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "endpoints_pkey" PRIMARY KEY ("id")
);

ALTER TABLE "stages" ADD COLUMN "model" TEXT;
ALTER TABLE "stages" ADD COLUMN "paused_by" TEXT;
UPDATE "stages" SET "model" = "work"::json ->> 'model' WHERE "kind" = 'map';
