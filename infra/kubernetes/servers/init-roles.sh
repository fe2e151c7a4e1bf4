# Run by Postgres' image when the database is made. Passwords as settings of the session: neither as arguments nor in the statements.
PGOPTIONS=$(cat /run/apwa-postgres/roles-options) psql --username apwa --dbname apwa --no-psqlrc --quiet --set ON_ERROR_STOP=1 --single-transaction --file /etc/apwa/roles.sql
