#!/bin/sh
# A deployment that pulls twenty images and takes half an hour. It does not start when the registry would stop it on its way:
# a roll-out that ends half-way, with nodes that cannot pull, is worse than one that waits.
#
#   PROMETHEUS: where the metrics are, http://127.0.0.1:9090 if not given
set -eu

firedrill gate --source "${PROMETHEUS:-http://127.0.0.1:9090}" --name registry \
  --limit pull_counts_remaining --needs 20 --within 30m --lookback "${LOOKBACK:-1h}"

echo "deploying"
