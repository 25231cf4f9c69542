#!/bin/sh
# From nothing to a score: a project, a registered model, a service, an answer.
set -eu

folder=$1
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
ACIDEPLOY_HOME=$(pwd)/home
export ACIDEPLOY_HOME
# A demonstration leaves no service running behind.
trap '"$ACIDEPLOY" service delete -n iris-svc --only-show-errors -o none' EXIT

run() {
    echo "\$ acideploy $*" >&2
    "$ACIDEPLOY" "$@"
}

run init demo -o none
cd demo
run model register -n iris -p model.pkl --tag stage=dev -o table
run model deploy -m iris:1 -n iris-svc -ic inferenceconfig.json -dc deploymentconfig.json -o table
run service run -n iris-svc -d @sample.json
