# shellcheck shell=bash
# Everything of the node image that depends on the Kubernetes version, in one place. Sourced with MINOR set.

# Kubernetes 1.36 and later ask for containerd 2, which bookworm does not have.
if ((${MINOR:-0} >= 36)); then CONTAINERD_SUITE=sid; else CONTAINERD_SUITE=bookworm; fi

export CONTAINERD_SUITE
