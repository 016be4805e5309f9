#!/bin/sh
# Assembles the folder that FIREDRILL_CONFORMANCE names from the public repositories that docs/conformance.md lists.
#
#   sh scripts/conformance.sh FOLDER
set -eu

to=${1:?usage: sh scripts/conformance.sh FOLDER}
mkdir -p "$to"
to=$(cd "$to" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One commit of a repository, without its history; leaves its files in $work/NAME.
fetch() {
  repository=$1 commit=$2
  git init -q "$work/${repository#*/}"
  cd "$work/${repository#*/}"
  git fetch -q --depth 1 "https://github.com/$repository" "$commit"
  git checkout -q FETCH_HEAD
}

# The files of a folder of the repository, as a folder of ours; further arguments are patterns for find(1).
take() {
  from=$1 folder=$to/$2
  shift 2
  mkdir -p "$folder"
  (cd "$from" && find . -type f "$@" -print | while read -r file; do
    mkdir -p "$folder/$(dirname "$file")"
    cp "$file" "$folder/$file"
  done)
}

fetch prometheus/prometheus d15adb9ad7e5d9fbde3a9a8f30200593a5a14d86
take promql/promqltest/testdata promqltest
# Only rule files and their unit tests. One is there to be slow, and is left out.
take cmd/promtool/testdata promtool -name '*.yml' ! -name 'prometheus-*.good.yml' ! -name 'prometheus-config*' \
  ! -name 'url_in_*' ! -name 'authorization_*' ! -name 'config_with_*' ! -name '*sd-file*' ! -name features.yml \
  ! -name rules_large.yml

fetch prometheus/alertmanager 68fb2d5759b3a92c0bb2a1a13d4ef7ff5b06256d
# Left out are those that hold what looks like a token of Slack, and one that goes with them.
take config/testdata alertmanager/config ! -name '*-and-token.yml' ! -name '*-app-token.yml' ! -name '*-and-webhook.yml'
take cli/testdata alertmanager/routes
take doc/examples alertmanager/routes

fetch OpenObservability/OpenMetrics 296468bc2359ebac83f24301b54a0871f2268016
take tests/testdata/parsers openmetrics

fetch chaos-mesh/chaos-mesh 608b61e7c1b16c01a242e8ddc93c768ea77d783a
take examples chaos-mesh/examples -name '*.yaml'

fetch samber/awesome-prometheus-alerts a8533189af0246de5e21a6d8d25bd37816894f07
take dist/rules alert-rules/awesome-prometheus-alerts

fetch prometheus-operator/kube-prometheus 4d719f1dea8853540b3823ab1fbe6be74a9953b3
take manifests alert-rules/kube-prometheus -name '*-prometheusRule.yaml'

fetch OpenSLO/OpenSLO aa5cb78d7044bbd8ab4915ea0af0d988f4db8a59
take examples openslo -name '*.yaml'

fetch OpenSLO/go-sdk ae145da12c36289a0c6566474f1ce8a9a6aeaf1e
take pkg/openslo/v1/examples openslo-sdk
take pkg/openslosdk/test_data openslo-sdk/test_data

fetch pyrra-dev/pyrra 1ba95afbf90b2311cb9332b1633cf09218b7de9f
take examples/kubernetes/manifests/slos pyrra
