ALTER TABLE "runs" ADD COLUMN "paused_steps" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN "cancelled_steps" TEXT[] DEFAULT ARRAY[]::TEXT[];
