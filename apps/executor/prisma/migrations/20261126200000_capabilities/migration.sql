-- The function that a map calls, by its content: what its rows wait for is known of each.
ALTER TABLE "stages" ADD COLUMN "capability" TEXT;
