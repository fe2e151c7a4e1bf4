-- Calls that must never be made twice: each is written down before it is made.
CREATE TABLE "intents" (
    "stage_id" TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "intents_pkey" PRIMARY KEY ("stage_id", "row", "key")
);

ALTER TABLE "intents" ADD CONSTRAINT "intents_stage_id_fkey" FOREIGN KEY ("stage_id") REFERENCES "stages"("id") ON DELETE CASCADE ON UPDATE CASCADE;
