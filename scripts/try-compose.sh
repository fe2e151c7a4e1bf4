#!/usr/bin/env bash
# Brings up docker-compose.yml under a project name and port of its own, does a run through the CLI against it, with keys of the API
# that it makes, kills a member of the pool while the run is under way, and takes everything down again. Fails unless every row of
# the input comes out once, or if the manager answers somebody without a key.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset APWA_KEY APWA_KEY_FILE
export COMPOSE_PROJECT_NAME=apwa-try APWA_PORT=${APWA_PORT:-18484} APWA_URL="http://127.0.0.1:${APWA_PORT:-18484}"
# A model that takes its time: a member that is killed has calls in flight.
export COMPOSE_FILE=docker-compose.yml:infra/compose/slow-model.yaml
# Seconds that the run may take to get under way, and then to its end: a multiple of what it takes on 2 busy cores.
readonly begins_within=180 ends_within=300
# Rows that are done when the member is killed: some are journaled, most are to come.
readonly killed_at=300

input=examples/pii/messages.jsonl
out=$(mktemp -d)
run=
finish() {
  local code=$?
  if [ $code -ne 0 ]; then
    docker compose ps --all
    docker compose logs --no-color --tail 60
  fi
  if [ -n "$run" ]; then kill "$run" 2>/dev/null || true; fi
  docker compose down --volumes --rmi local --timeout 20 >/dev/null 2>&1 || true
  rm -rf "$out"
  exit $code
}
trap finish EXIT

fail() {
  echo "try-compose: $*" >&2
  exit 1
}

# State of the latest run, and the rows of its map step that are done: `running 512`.
progress() {
  node --input-type=module -e '
    const headers = { authorization: `Bearer ${process.env.APWA_KEY}` };
    const { runs } = await (await fetch(`${process.env.APWA_URL}/v1/runs?limit=1`, { headers })).json();
    const { ok = 0, failed = 0 } = runs[0]?.steps.find(({ kind }) => kind === "map")?.counts ?? {};
    console.log(runs[0]?.state ?? "none", ok + failed);'
}

# The status of what the manager answers to who asks with APWA_KEY, if there is one.
status_of() { # PATH
  node --input-type=module -e '
    const { APWA_URL, APWA_KEY } = process.env;
    const headers = APWA_KEY ? { authorization: `Bearer ${APWA_KEY}` } : {};
    console.log((await fetch(APWA_URL + process.argv[1], { headers })).status);' "$1"
}

# A figure of the offline model, which is not reached from outside of its network.
model_stats() { # NAME
  docker compose exec -T offline-model node --input-type=module -e '
    const stats = await (await fetch("http://127.0.0.1:8399/stats")).json();
    console.log(stats[process.argv[1]]);' "$1"
}

echo "Building …"
docker compose build --quiet
begun=$SECONDS
docker compose up -d --wait
echo "Up and healthy after $((SECONDS - begun)) s."
docker compose ps --format 'table {{.Service}}\t{{.Status}}\t{{.Ports}}'

for service in postgres nats offline-model manager executor worker-pool; do
  [ "$(docker compose exec -T "$service" id -u)" != 0 ] || fail "$service runs as root"
  published=$(docker compose ps --format '{{.Ports}}' "$service" | grep -o '[0-9.:]*->[0-9]*' || true)
  [ "$service" = manager ] || [ -z "$published" ] || fail "$service is published: $published"
  [ "$service" != manager ] || [ "$published" = "127.0.0.1:$APWA_PORT->8484" ] || fail "the manager is published at ${published:-no port}"
done

# The first key makes one that can do no more than runs, and the rest is done with that.
[ "$(status_of /v1/runs)" = 401 ] || fail 'the manager answers who has no key'
APWA_KEY=$(docker compose exec -T manager cat /var/lib/apwa/keys/first-key)
export APWA_KEY
APWA_KEY=$(npm run -s apwa -- keys create try-compose --scope run)
[ "$(status_of /v1/keys)" = 403 ] || fail 'a key of the scope run is shown the keys'
if docker compose logs --no-color manager | grep 'apwa_[A-Za-z0-9_-]\{32\}' >/dev/null; then fail 'a key is in the log'; fi
echo 'The manager answers nobody without a key.'

begun=$SECONDS
npm run -s apwa -- run 'Find every piece of personal data in these messages.' --input messages=$input --output "$out/findings.jsonl" &
run=$!

until read -r state rows < <(progress) && [ "$state" = running ] && [ "$rows" -ge $killed_at ]; do
  kill -0 "$run" 2>/dev/null || fail 'the run ended before a member could be killed'
  [ $((SECONDS - begun)) -le $begins_within ] || fail "${rows:-0} rows were done after $begins_within s (${state:-no run})"
  sleep 0.2
done
members=$(docker compose ps --quiet worker-pool)
docker kill "${members%%$'\n'*}" >/dev/null
read -r state rows < <(progress)
echo "A member was killed when $rows rows were done."
[ "$state" = running ] || fail "the run was $state already when the member was killed"

deadline=$((SECONDS + ends_within))
while kill -0 "$run" 2>/dev/null; do
  [ $SECONDS -le $deadline ] || fail "the run has not ended $ends_within s after the kill ($(progress))"
  sleep 0.5
done
wait "$run" || fail "the run failed with exit code $?"
run=

cut_off=$(model_stats aborted)
echo "$cut_off calls were cut off by the kill; $(model_stats requests) calls in all."
[ "$cut_off" -gt 0 ] || fail 'the member that was killed had no call in flight'

# Each id of the input once, and no other.
node --input-type=module - "$input" "$out/findings.jsonl" <<'CHECK'
import { readFileSync } from 'node:fs';
const ids = (path) => readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line).id);
const [wanted, found] = process.argv.slice(2).map(ids);
const known = new Set(wanted);
const missing = wanted.filter((id) => !new Set(found).has(id)).length;
const doubled = found.length - new Set(found).size;
const strange = found.filter((id) => !known.has(id)).length;
console.log(`${wanted.length} rows in, ${found.length} out: ${missing} missing, ${doubled} doubled, ${strange} unknown`);
process.exitCode = missing + doubled + strange === 0 ? 0 : 1;
CHECK
