# What the service `setup` of docker-compose.yml does, before the others start; done again, it changes nothing.
set -euo pipefail
umask 022

# The official NATS image has no user of its own: this is who its container runs as.
chown 1000:1000 /data

# Each volume below /secrets is mounted by its party alone, whose user differs: so all may read it.
cd /secrets

# A password for whoever has none yet; made once, whole or not at all.
make_password() {
  [ -s "$1" ] && return
  od -A n -t x1 -N 24 /dev/urandom | tr -d ' \n' >"$1.new"
  mv "$1.new" "$1"
}

# Of Postgres' superuser. It is kept in Postgres' own volume from its first start on: these two volumes belong together.
make_password postgres/postgres-password
# Where all services shared it once.
rm -f postgres/secrets.env

options=
for service in manager executor; do
  make_password "postgres/$service-password"
  secret=$(cat "postgres/$service-password")
  printf 'POSTGRES_PASSWORD=%s\n' "$secret" >"$service/secrets.env"
  options+=" -c apwa.${service}_password=$secret"
done
printf '%s' "$options" >postgres/roles-options

# NATS knows the passwords of all its users. Each service has its own, in a file that is named like its user.
mkdir -p manager/nats executor/nats member/nats
passwords=
for entry in MANAGER:manager/nats/manager EXECUTOR:executor/nats/executor WORKER_POOL:member/nats/worker-pool FABRIC:fabric/password; do
  file=${entry#*:}
  make_password "$file"
  secret=$(cat "$file")
  passwords+="PASSWORD_${entry%%:*}: \"$secret\""$'\n'
done
printf '%s' "$passwords" >nats/passwords.conf
# What `natsUrlFile` of a cluster's definition names, for the head of a Ray cluster.
secret=$(cat fabric/password)
printf '%s://fabric:%s@nats:4222' "${APWA_NATS_SCHEME:-nats}" "$secret" >fabric/nats-url

# Ray's token: for the users of its nodes and of the executor, which have the same number.
if [ ! -s /run/apwa-ray/token ]; then
  (umask 077 && od -A n -t x1 -N 32 /dev/urandom | tr -d ' \n' >/run/apwa-ray/token)
  chown 1000:1000 /run/apwa-ray/token
fi
