// Package fault says which fault the rig has switched on. A program that has none on behaves as it always did.
package fault

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// folder is on each node, and in each pod of ours a hostPath.
	folder = "/var/lib/steadfast"
	// pace is how soon a program hears of a fault.
	pace = 50 * time.Millisecond
)

// on is the fault that is on, and none before the first look.
var on atomic.Pointer[string]

// reached is the fault that was last told to have been asked for while it was on.
var reached atomic.Pointer[string]

func init() {
	look()
	go func() {
		for range time.Tick(pace) {
			look()
		}
	}()
}

func look() {
	text, _ := os.ReadFile(filepath.Join(folder, "fault"))
	name := strings.TrimSpace(string(text))
	if before := on.Load(); before == nil || *before != name {
		on.Store(&name)
		reached.Store(nil)
	}
}

// Is says whether this fault is on. That it was asked for is left beside the switch: a fault that nobody reaches proves nothing.
func Is(name string) bool {
	now := on.Load()
	if now == nil || *now != name {
		return false
	}
	if reached.Swap(now) != now {
		_ = os.WriteFile(filepath.Join(folder, "reached"), []byte(name+"\n"), 0o666)
	}
	return true
}
