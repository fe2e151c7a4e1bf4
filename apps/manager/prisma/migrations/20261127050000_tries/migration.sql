ALTER TABLE "runs" ADD COLUMN "try_of" TEXT;

CREATE INDEX "runs_try_of_idx" ON "runs"("try_of");
