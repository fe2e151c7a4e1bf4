# What the service `s3-setup` of scale.yaml does, before the others start; done again, it changes nothing.
set -euo pipefail

# For the user of the server, and that of the services, which have the same number.
random() { od -A n -t x1 -N "$1" /dev/urandom | tr -d ' \n'; }
if [ ! -s /run/apwa-s3/credentials ]; then
  umask 077
  id=$(random 10) secret=$(random 20)
  printf 'export ROOT_ACCESS_KEY=%s ROOT_SECRET_KEY=%s\n' "$id" "$secret" >/run/apwa-s3/server.env
  printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$id" "$secret" >/run/apwa-s3/credentials
  chown 1000:1000 /run/apwa-s3/server.env /run/apwa-s3/credentials
fi

# A folder is a bucket.
mkdir -p /data/apwa
chown 1000:1000 /data /data/apwa
