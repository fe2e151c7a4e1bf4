-- Names stand without a schema: the connection's search path is the service's own schema.

CREATE TABLE "epochs" (
    "id" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL,
    "taken_by" TEXT NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "epochs_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "epochs_one_row" CHECK ("id" = 1)
);
INSERT INTO "epochs" ("id", "epoch", "taken_by") VALUES (1, 0, 'nobody');

CREATE TABLE "journals" (
    "id" INTEGER NOT NULL,
    "incarnation" INTEGER NOT NULL,
    "made" BOOLEAN NOT NULL,

    CONSTRAINT "journals_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "journals_one_row" CHECK ("id" = 1)
);
INSERT INTO "journals" ("id", "incarnation", "made") VALUES (1, 1, false);

CREATE TABLE "pools" (
    "name" TEXT NOT NULL,
    "virtual_time" DOUBLE PRECISION NOT NULL DEFAULT 0,

    CONSTRAINT "pools_pkey" PRIMARY KEY ("name")
);

CREATE TABLE "runs" (
    "owner_id" TEXT NOT NULL,
    "control" TEXT NOT NULL DEFAULT 'active',
    "control_version" INTEGER NOT NULL DEFAULT 0,
    "weight" DOUBLE PRECISION NOT NULL DEFAULT 1,
    "max_in_flight" INTEGER,
    "virtual_time" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("owner_id"),
    CONSTRAINT "runs_control" CHECK ("control" IN ('active', 'paused', 'cancelled')),
    CONSTRAINT "runs_weight" CHECK ("weight" > 0)
);

CREATE SEQUENCE "stage_versions";
CREATE SEQUENCE "stage_places";

CREATE TABLE "stages" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "work" TEXT NOT NULL,
    "work_hash" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 0,
    "place" BIGINT NOT NULL,
    "subtasks" INTEGER NOT NULL,
    "shards_open" INTEGER NOT NULL,
    "shards_committed" INTEGER NOT NULL DEFAULT 0,
    "counts" TEXT NOT NULL,
    "fault" TEXT,
    "waiting_for" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "stages_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "stages_state" CHECK ("state" IN ('running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT "stages_shards_open" CHECK ("shards_open" >= 0),
    CONSTRAINT "stages_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "runs"("owner_id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX "stages_owner_id_idx" ON "stages"("owner_id");
CREATE INDEX "stages_state_pool_idx" ON "stages"("state", "pool");

CREATE TABLE "shards" (
    "id" TEXT NOT NULL,
    "stage_id" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "place" BIGINT NOT NULL,
    "first" INTEGER NOT NULL,
    "last" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "origin_id" TEXT NOT NULL,
    "parent_id" TEXT,
    "winner" TEXT,
    "content" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "purged" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "shards_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "shards_state" CHECK ("state" IN ('open', 'committed', 'retired')),
    CONSTRAINT "shards_range" CHECK ("first" >= 0 AND "last" >= "first"),
    CONSTRAINT "shards_committed" CHECK (("state" = 'committed') = ("winner" IS NOT NULL AND "content" IS NOT NULL)),
    CONSTRAINT "shards_stage_id_fkey" FOREIGN KEY ("stage_id") REFERENCES "stages"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    -- Each generation of a stage has a place of its own on one long line of subtasks, 2^32 wide: so no two committed ranges of a
    -- generation can overlap, by an operator class that every Postgres has.
    CONSTRAINT "shards_committed_once" EXCLUDE USING gist (
        int8range(("place" << 32) + "first", ("place" << 32) + "last", '[]') WITH &&
    ) WHERE ("state" = 'committed')
);
CREATE INDEX "shards_stage_id_state_first_idx" ON "shards"("stage_id", "state", "first");
CREATE INDEX "shards_origin_id_idx" ON "shards"("origin_id");

CREATE TABLE "attempts" (
    "token" TEXT NOT NULL,
    "shard_id" TEXT NOT NULL,
    "stage_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "member_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "lane" TEXT NOT NULL,
    "slots" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "leased_until" TIMESTAMPTZ(3) NOT NULL,
    "ended" TEXT,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("token"),
    CONSTRAINT "attempts_state" CHECK ("state" IN ('active', 'revoked', 'won')),
    CONSTRAINT "attempts_slots" CHECK ("slots" > 0),
    CONSTRAINT "attempts_shard_id_fkey" FOREIGN KEY ("shard_id") REFERENCES "shards"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "attempts_shard_id_idx" ON "attempts"("shard_id");
CREATE INDEX "attempts_state_leased_until_idx" ON "attempts"("state", "leased_until");
CREATE INDEX "attempts_member_id_state_idx" ON "attempts"("member_id", "state");
CREATE INDEX "attempts_owner_id_state_idx" ON "attempts"("owner_id", "state");
CREATE INDEX "attempts_stage_id_state_idx" ON "attempts"("stage_id", "state");

CREATE TABLE "members" (
    "id" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "instance" TEXT,
    "state" TEXT NOT NULL,
    "slots_total" INTEGER NOT NULL,
    "slots_free" INTEGER NOT NULL,
    "resources" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "resident_mb" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "loop_delay_ms" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "members_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "members_pool_state_idx" ON "members"("pool", "state");
CREATE INDEX "members_instance_idx" ON "members"("instance");

CREATE TABLE "sweeps" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "stage_id" TEXT NOT NULL,
    "shard_id" TEXT,
    "token" TEXT,
    "round" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sweeps_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "sweeps_due_at_idx" ON "sweeps"("due_at");
