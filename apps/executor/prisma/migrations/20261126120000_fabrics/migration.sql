-- The fabric that was submitted last to each Ray cluster: an executor that starts takes it over if it lives.
CREATE TABLE "fabrics" (
    "cluster" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "session" TEXT NOT NULL,

    CONSTRAINT "fabrics_pkey" PRIMARY KEY ("cluster")
);
