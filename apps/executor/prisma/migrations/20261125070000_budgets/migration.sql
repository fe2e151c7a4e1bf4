-- What a run may spend. Null: not limited.
CREATE TABLE "budgets" (
    "owner_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "usd" DOUBLE PRECISION,
    "tokens" DOUBLE PRECISION,
    "rows" DOUBLE PRECISION,
    "planning_usd" DOUBLE PRECISION NOT NULL,
    "planning_tokens" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "budgets_pkey" PRIMARY KEY ("owner_id")
);

-- What each member has spent of a run's budget, and what it may come to. Sums since the member's start.
CREATE TABLE "budget_leases" (
    "owner_id" TEXT NOT NULL,
    "member_id" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "settled" BOOLEAN NOT NULL DEFAULT false,
    "holds_usd" DOUBLE PRECISION NOT NULL,
    "holds_tokens" DOUBLE PRECISION NOT NULL,
    "holds_rows" DOUBLE PRECISION NOT NULL,
    "spent_usd" DOUBLE PRECISION NOT NULL,
    "spent_tokens" DOUBLE PRECISION NOT NULL,
    "spent_rows" DOUBLE PRECISION NOT NULL,
    "open_usd" DOUBLE PRECISION NOT NULL,
    "open_tokens" DOUBLE PRECISION NOT NULL,
    "open_rows" DOUBLE PRECISION NOT NULL,
    "reserved_usd" DOUBLE PRECISION NOT NULL,
    "reserved_tokens" DOUBLE PRECISION NOT NULL,
    "reserved_rows" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "budget_leases_pkey" PRIMARY KEY ("owner_id","member_id")
);

ALTER TABLE "budgets" ADD CONSTRAINT "budgets_owner_id_fkey"
    FOREIGN KEY ("owner_id") REFERENCES "runs"("owner_id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "budget_leases" ADD CONSTRAINT "budget_leases_owner_id_fkey"
    FOREIGN KEY ("owner_id") REFERENCES "budgets"("owner_id") ON DELETE CASCADE ON UPDATE CASCADE;
