-- JSONB sorts the keys of objects. The order of a schema's properties is the order in which a model fills them, and people read
-- documents in the order in which they were written: JSON keeps it.

ALTER TABLE "runs"
    ALTER COLUMN "request" TYPE JSON USING "request"::json,
    ALTER COLUMN "plan" TYPE JSON USING "plan"::json,
    ALTER COLUMN "error" TYPE JSON USING "error"::json;

ALTER TABLE "planner_turns"
    ALTER COLUMN "messages" TYPE JSON USING "messages"::json,
    ALTER COLUMN "notes" TYPE JSON USING "notes"::json,
    ALTER COLUMN "usage" TYPE JSON USING "usage"::json;

ALTER TABLE "tables"
    ALTER COLUMN "source" TYPE JSON USING "source"::json,
    ALTER COLUMN "reference" TYPE JSON USING "reference"::json,
    ALTER COLUMN "columns" TYPE JSON USING "columns"::json,
    ALTER COLUMN "metadata" TYPE JSON USING "metadata"::json,
    ALTER COLUMN "error" TYPE JSON USING "error"::json;

ALTER TABLE "exports"
    ALTER COLUMN "part" TYPE JSON USING "part"::json,
    ALTER COLUMN "error" TYPE JSON USING "error"::json;

ALTER TABLE "stages"
    ALTER COLUMN "submission" TYPE JSON USING "submission"::json,
    ALTER COLUMN "snapshot" TYPE JSON USING "snapshot"::json;
