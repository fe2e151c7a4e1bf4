#!/usr/bin/env bash
# Brings up docker-compose.yml under a project name and port of its own, and does runs through the CLI against it, with keys of the API
# that it makes. With members on Ray it kills a worker node in the middle of a run, replaces manager and executor, as an upgrade does, and
# adds nodes; then, with members that run without Ray, it kills one of them. Takes everything down again. Fails unless every row of the
# input comes out once, or if somebody is let in who must not be. With --build it only makes the images, which are kept then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset APWA_KEY APWA_KEY_FILE COMPOSE_PROFILES
export COMPOSE_PROJECT_NAME=apwa-try APWA_PORT=${APWA_PORT:-18484} APWA_URL="http://127.0.0.1:${APWA_PORT:-18484}"
# A model that takes its time: a member that is killed has calls in flight.
export COMPOSE_FILE=docker-compose.yml:infra/compose/slow-model.yaml
# Seconds that something may take: a multiple of what it takes on 2 busy cores.
readonly begins_within=180 joins_within=180 ends_within=300
# Rows that are done when a member is killed: some are journaled, most are to come.
readonly killed_at=300

build() { docker compose --profile '*' build --quiet; }
if [ "${1:-}" = --build ]; then
  build
  exit
fi

out=$(mktemp -d)
run=
finish() {
  local code=$?
  if [ $code -ne 0 ]; then
    docker compose --profile '*' ps --all
    docker compose --profile '*' logs --no-color --tail 60
  fi
  if [ -n "$run" ]; then kill "$run" 2>/dev/null || true; fi
  docker compose --profile '*' down --volumes --rmi local --timeout 20 >/dev/null 2>&1 || true
  rm -rf "$out"
  exit $code
}
trap finish EXIT

fail() {
  echo "try-compose: $*" >&2
  exit 1
}

# --- What is going on ----------------------------------------------------------------------------------------------

# State of the latest run, and the rows of its map step that are done: `running 512`.
progress() {
  node --input-type=module -e '
    const headers = { authorization: `Bearer ${process.env.APWA_KEY}` };
    const { runs } = await (await fetch(`${process.env.APWA_URL}/v1/runs?limit=1`, { headers })).json();
    const { ok = 0, failed = 0 } = runs[0]?.steps.find(({ kind }) => kind === "map")?.counts ?? {};
    console.log(runs[0]?.state ?? "none", ok + failed);'
}

# Members of the pool that run, and the slots that work holds: `4 1024`.
pool() {
  npm run -s apwa -- pools --json | node --input-type=module -e '
    let text = "";
    for await (const part of process.stdin) text += part;
    const [{ members, slots }] = JSON.parse(text);
    console.log(members.running, slots.used);'
}

# The status of what the manager answers to who asks with APWA_KEY, if there is one.
status_of() { # PATH
  node --input-type=module -e '
    const { APWA_URL, APWA_KEY } = process.env;
    const headers = APWA_KEY ? { authorization: `Bearer ${APWA_KEY}` } : {};
    console.log((await fetch(APWA_URL + process.argv[1], { headers })).status);' "$1"
}

# The status of what Ray's Jobs API answers to a service, with the token if a file of it is named; `none` if it can't be reached.
jobs_status() { # SERVICE [TOKEN_FILE]
  docker compose exec -T "$1" node --input-type=module -e '
    import { readFileSync } from "node:fs";
    import { get } from "node:http";
    const [file] = process.argv.slice(1);
    const headers = file ? { authorization: `Bearer ${readFileSync(file, "utf8")}` } : {};
    const hosts = ["ray-jobs", "ray-gcs", "ray-head"];
    const ask = (host) => new Promise((resolve) => {
      const request = get(`http://${host}:8265/api/jobs/`, { headers, timeout: 2000 }, ({ statusCode }) => resolve(statusCode));
      request.on("timeout", () => request.destroy()).on("error", () => resolve("none"));
    });
    const answers = await Promise.all(hosts.map(ask));
    console.log(answers.find((answer) => answer !== "none") ?? "none");
    process.exit();' "${@:2}"
}

# A figure of the offline model, which is not reached from outside of its network.
model_stats() { # NAME
  docker compose exec -T offline-model node --input-type=module -e '
    const stats = await (await fetch("http://127.0.0.1:8399/stats")).json();
    console.log(stats[process.argv[1]]);' "$1"
}

# --- What is done --------------------------------------------------------------------------------------------------

bring_up() {
  local begun=$SECONDS
  docker compose up -d --wait
  echo "Up and healthy after $((SECONDS - begun)) s."
  docker compose ps --format 'table {{.Service}}\t{{.Status}}\t{{.Ports}}'
}

# Nobody is root, and nothing is published but the manager's port.
check_containers() {
  local service published
  for service in $(docker compose ps --services); do
    [ "$(docker compose exec -T "$service" id -u)" != 0 ] || fail "$service runs as root"
    published=$(docker compose ps --format '{{.Ports}}' "$service" | grep -o '[0-9.:]*->[0-9]*' || true)
    [ "$service" = manager ] || [ -z "$published" ] || fail "$service is published: $published"
    [ "$service" != manager ] || [ "$published" = "127.0.0.1:$APWA_PORT->8484" ] || fail "the manager is published at ${published:-no port}"
  done
}

# The first key makes one that can do no more than runs, and the rest is done with that.
check_keys() {
  [ "$(status_of /v1/runs)" = 401 ] || fail 'the manager answers who has no key'
  APWA_KEY=$(docker compose exec -T manager cat /var/lib/apwa/keys/first-key)
  export APWA_KEY
  APWA_KEY=$(npm run -s apwa -- keys create try-compose --scope run)
  [ "$(status_of /v1/keys)" = 403 ] || fail 'a key of the scope run is shown the keys'
  if docker compose logs --no-color manager | grep 'apwa_[A-Za-z0-9_-]\{32\}' >/dev/null; then fail 'a key is in the log'; fi
  echo 'The manager answers nobody without a key.'
}

# Whoever reaches it with the token runs code on the cluster. Members have no other way to it than nodes have.
check_jobs_api() {
  local service status
  for service in manager offline-model ray-worker; do
    status=$(jobs_status "$service")
    [ "$status" = none ] || fail "$service reaches Ray's Jobs API: $status"
  done
  status=$(jobs_status executor)
  [ "$status" = 401 ] || fail "Ray's Jobs API answers the executor without the token: $status"
  status=$(jobs_status executor /run/apwa-ray/token)
  [ "$status" = 200 ] || fail "Ray's Jobs API does not answer the executor: $status"
  echo "Ray's Jobs API answers the executor alone, and with the token alone."
}

# The messages so many times, each time as other records.
messages() { # TIMES
  node --input-type=module - "$1" "$out/messages.jsonl" <<'MESSAGES'
import { readFileSync, writeFileSync } from 'node:fs';
const [times, path] = process.argv.slice(2);
const rows = readFileSync('examples/pii/messages.jsonl', 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const copies = Array.from({ length: Number(times) }, (_, copy) =>
  rows.map(({ id, full_text }) => JSON.stringify({ id: `${id}-${copy}`, full_text: `${full_text}\n(${copy})` })),
);
writeFileSync(path, copies.flat().join('\n'));
MESSAGES
}

start_run() {
  rm -f "$out/findings.jsonl"
  npm run -s apwa -- run 'Find every piece of personal data in these messages.' --input "messages=$out/messages.jsonl" --output "$out/findings.jsonl" &
  run=$!
}

begin_run() {
  local begun=$SECONDS state rows
  start_run
  until read -r state rows < <(progress) && [ "$state" = running ] && [ "$rows" -ge $killed_at ]; do
    kill -0 "$run" 2>/dev/null || fail 'the run ended before a member could be killed'
    [ $((SECONDS - begun)) -le $begins_within ] || fail "${rows:-0} rows were done after $begins_within s (${state:-no run})"
    sleep 0.2
  done
}

still_running() { # WHEN
  local state rows
  read -r state rows < <(progress)
  echo "$1: $rows rows are done."
  [ "$state" = running ] || fail "$1: the run was $state already"
}

kill_one() { # SERVICE
  local containers aborted=$(model_stats aborted) cut_off deadline=$((SECONDS + 20))
  containers=$(docker compose ps --quiet "$1")
  docker kill "${containers%%$'\n'*}" >/dev/null
  still_running "A container of $1 was killed"
  until cut_off=$(($(model_stats aborted) - aborted)) && [ $cut_off -gt 0 ]; do
    [ $SECONDS -le $deadline ] || fail 'the member that was killed had no call in flight'
    sleep 0.2
  done
  echo "$cut_off calls were cut off by the kill."
}

add_nodes() {
  local begun=$SECONDS running used
  docker compose up -d --no-recreate --scale ray-worker=4 ray-worker 2>/dev/null
  until read -r running used < <(pool) && [ "$running" -ge 4 ] && [ "$used" -gt 768 ]; do
    [ $((SECONDS - begun)) -le $joins_within ] || fail "after $joins_within s $running members ran, and work held $used slots"
    # A busy machine starts nodes more slowly than the model answers: then the next run takes them up.
    kill -0 "$run" 2>/dev/null || { end_run && start_run; }
    sleep 0.5
  done
  still_running "With 4 nodes after $((SECONDS - begun)) s, $running members have $used calls in flight"
}

replace_services() {
  local begun=$SECONDS
  docker compose up -d --wait --force-recreate --no-deps manager executor 2>/dev/null
  still_running "Manager and executor were replaced within $((SECONDS - begun)) s"
  docker compose logs --no-color executor | grep 'a living fabric was taken over' >/dev/null || fail 'the members were not taken over by the new executor'
}

# Each id of the input once, and no other.
end_run() {
  local deadline=$((SECONDS + ends_within))
  while kill -0 "$run" 2>/dev/null; do
    [ $SECONDS -le $deadline ] || fail "the run has not ended after another $ends_within s ($(progress))"
    sleep 0.5
  done
  wait "$run" || fail "the run failed with exit code $?"
  run=
  node --input-type=module - "$out/messages.jsonl" "$out/findings.jsonl" <<'CHECK'
import { readFileSync } from 'node:fs';
const ids = (path) => readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line).id);
const [wanted, found] = process.argv.slice(2).map(ids);
const [known, seen] = [new Set(wanted), new Set(found)];
const missing = wanted.filter((id) => !seen.has(id)).length;
const doubled = found.length - seen.size;
const strange = found.filter((id) => !known.has(id)).length;
console.log(`${wanted.length} rows in, ${found.length} out: ${missing} missing, ${doubled} doubled, ${strange} unknown`);
process.exitCode = missing + doubled + strange === 0 ? 0 : 1;
CHECK
}

# --- Members on Ray ------------------------------------------------------------------------------------------------

echo 'Building …'
build
bring_up
check_containers
check_keys
check_jobs_api
messages 8
begin_run
kill_one ray-worker
replace_services
add_nodes
end_run

# --- Members without Ray: the same database, storage and keys --------------------------------------------------------

docker compose down --timeout 20 2>/dev/null
export COMPOSE_PROFILES=external-workers
bring_up
check_containers
messages 1
begin_run
kill_one worker-pool
end_run
