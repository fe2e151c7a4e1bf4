#!/usr/bin/env bash
# Makes a certificate for NATS with openssl: certificates.sh FOLDER NAME…
# NAMEs are those by which NATS is reached: hosts, or addresses such as IP:10.0.0.7. It leaves in FOLDER
#   tls.crt, tls.key   for NATS
#   ca.crt             for all who connect: who vouches for NATS' certificate
#   ca.key             for nobody: what made the certificate. Where it is there, it makes the next one too, and ca.crt stays.
set -euo pipefail
[ $# -ge 2 ] || { echo 'Usage: certificates.sh FOLDER NAME…' >&2; exit 2; }
folder=$1
shift

names=
for name in "$@"; do
  case $name in IP:* | DNS:*) ;; *) name=DNS:$name ;; esac
  names+=${names:+,}$name
done

# Shows what openssl says if it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || { echo "$said" >&2; exit 1; }
}

umask 077
mkdir -p "$folder"
cd "$folder"
trap 'rm -f new.key new.csr new.crt' EXIT
key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
if [ ! -s ca.key ]; then
  quietly openssl req -x509 "${key[@]}" -keyout ca.key -out ca.crt -days 3650 -subj '/CN=APWA, for NATS' -addext keyUsage=critical,keyCertSign
fi
quietly openssl req "${key[@]}" -keyout new.key -out new.csr -subj '/CN=NATS of APWA'
quietly openssl x509 -req -in new.csr -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -out new.crt -days 825 -extfile - <<EXTENSIONS
subjectAltName = $names
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
EXTENSIONS
chmod 644 ca.crt new.crt
mv new.key tls.key
mv new.crt tls.crt
