//go:build tools

// Package programs names the upstream programs of the node image, so that go.mod and go.sum pin them.
package programs

import (
	_ "go.etcd.io/etcd/server/v3"
)
