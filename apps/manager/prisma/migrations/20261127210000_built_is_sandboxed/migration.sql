-- What a planner builds runs in a sandbox, whoever writes it down.
ALTER TABLE "capabilities" ADD CONSTRAINT "capabilities_built_is_sandboxed" CHECK (
    "run_id" IS NULL OR "kind" = 'javascript' OR ("kind" = 'python' AND ("definition" ->> 'sandboxed') IS NOT DISTINCT FROM 'true')
);
