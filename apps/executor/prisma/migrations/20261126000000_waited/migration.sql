-- When a stage last began or ceased to wait: shards that were held up since are not late on their own account.
ALTER TABLE "stages" ADD COLUMN "waited_at" TIMESTAMPTZ(3);
