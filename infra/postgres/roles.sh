# What the service `roles` of docker-compose.yml does, once Postgres is there; done again, it changes nothing.
set -euo pipefail
PGPASSWORD=$(cat /run/apwa/postgres-password)
# Passwords as settings of the session: neither as arguments nor in the statements.
PGOPTIONS=$(cat /run/apwa/roles-options)
export PGPASSWORD PGOPTIONS
exec psql --host postgres --username apwa --dbname apwa --no-psqlrc --quiet --set ON_ERROR_STOP=1 --single-transaction --file /etc/apwa/roles.sql
