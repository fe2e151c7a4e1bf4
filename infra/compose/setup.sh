# What the service `setup` of docker-compose.yml does, before the others start; done again, it changes nothing.
set -euo pipefail

# The official NATS image has no user of its own: this is who its container runs as.
chown 1000:1000 /data

# The volume is mounted by the containers that need the password alone, whose users differ: so all may read.
# Postgres keeps the password in its own volume from its first start on: these two volumes belong together.
if [ ! -s /run/apwa/secrets.env ]; then
  password=$(od -A n -t x1 -N 24 /dev/urandom | tr -d ' \n')
  umask 022
  printf '%s' "$password" >/run/apwa/postgres-password
  printf 'POSTGRES_PASSWORD=%s\n' "$password" >/run/apwa/secrets.env
fi

# Ray's token: for the users of its nodes and of the executor, which have the same number.
if [ ! -s /run/apwa-ray/token ]; then
  (umask 077 && od -A n -t x1 -N 32 /dev/urandom | tr -d ' \n' >/run/apwa-ray/token)
  chown 1000:1000 /run/apwa-ray/token
fi
