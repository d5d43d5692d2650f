# shellcheck shell=bash
# Everything of the node image that depends on the Kubernetes version, in one place. Sourced with MINOR set.

# Releases known to resolve as Go modules; not every patch release does.
KNOWN_KUBERNETES='1.33.13 1.34.4 1.35.4 1.36.3 1.37.2'

# Kubernetes 1.36 and later ask for containerd 2, which bookworm does not have.
if ((${MINOR:-0} >= 36)); then CONTAINERD_SUITE=sid; else CONTAINERD_SUITE=bookworm; fi

export KNOWN_KUBERNETES CONTAINERD_SUITE
