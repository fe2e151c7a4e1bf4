-- A role for each service, which owns the schema of its name and can read no other. For a superuser, in the database of APWA.
-- Done again it changes nothing but passwords, and takes over what an installation without these roles has made in the schemas.
-- Passwords come as settings of the session: apwa.manager_password and apwa.executor_password.
DO $$
DECLARE
  service text;
  role text;
  change text;
BEGIN
  FOREACH service IN ARRAY ARRAY['manager', 'executor'] LOOP
    role := 'apwa_' || service;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I', role);
    END IF;
    EXECUTE format(
      'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
      role,
      current_setting('apwa.' || service || '_password')
    );
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', service);
    EXECUTE format('ALTER SCHEMA %I OWNER TO %I', service, role);
    FOR change IN
      SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, role)
        FROM pg_class c
        WHERE c.relnamespace = service::regnamespace AND c.relowner <> role::regrole
          -- A sequence of a column goes with its table.
          AND (c.relkind IN ('r', 'p', 'v', 'm', 'f')
            OR (c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))))
      UNION ALL
      SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, role)
        FROM pg_type t
        WHERE t.typnamespace = service::regnamespace AND t.typowner <> role::regrole AND t.typtype IN ('e', 'd', 'r')
      UNION ALL
      SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, role)
        FROM pg_proc p
        WHERE p.pronamespace = service::regnamespace AND p.proowner <> role::regrole
    LOOP
      EXECUTE change;
    END LOOP;
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
