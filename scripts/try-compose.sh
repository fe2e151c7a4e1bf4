#!/usr/bin/env bash
# Brings up docker-compose.yml under a project name and port of its own, does a run through the CLI against it, kills a member of
# the pool in the middle, and takes everything down again. Fails if a row is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export COMPOSE_PROJECT_NAME=apwa-try APWA_PORT=${APWA_PORT:-18484} APWA_URL="http://127.0.0.1:${APWA_PORT:-18484}"
out=$(mktemp -d)
finish() {
  local code=$?
  if [ $code -ne 0 ]; then docker compose ps --all; docker compose logs --no-color --tail 40; fi
  docker compose down --volumes --timeout 20 >/dev/null 2>&1 || true
  rm -rf "$out"
  exit $code
}
trap finish EXIT

docker compose up -d --build --wait
docker compose ps
npm run -s apwa -- run 'Find every piece of personal data in these messages.' --input messages=examples/pii/messages.jsonl --output "$out/findings.jsonl" &
run=$!
docker kill "$(docker compose ps --quiet worker-pool | head -n 1)" >/dev/null
wait "$run"
rows=$(wc -l <"$out/findings.jsonl")
echo "$rows rows of 1500"
[ "$rows" = 1500 ]
