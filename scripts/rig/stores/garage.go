// Garage with faults of the rig: what it reads is changed before its own program begins, in whose place this one stands.
package main

import (
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"steadfast/node-programs/fault"
)

const (
	original      = "/var/lib/steadfast/bin/garage.original"
	configuration = "/etc/garage.toml"
	// Whoever the program runs as, and whatever its image has, it may write here.
	changed = "/dev/shm/garage.toml"
	meta    = "/meta"
)

func main() {
	text, err := os.ReadFile(configuration)
	if err != nil {
		log.Fatal(err)
	}
	settings := string(text)
	switch {
	case fault.Is("finds-nobody"):
		settings = regexp.MustCompile(`(?s)\[kubernetes_discovery\].*?\n\n`).ReplaceAllString(settings, "")
	case fault.Is("serves-localhost-alone"):
		settings = strings.Replace(settings, "0.0.0.0:3900", "127.0.0.1:3900", 1)
	case fault.Is("speaks-for-another-region"):
		settings = strings.Replace(settings, `s3_region = "garage"`, `s3_region = "elsewhere"`, 1)
	case fault.Is("acknowledges-before-its-quorum"):
		settings = "consistency_mode = \"dangerous\"\n" + settings
	case fault.Is("keeps-objects-in-memory"):
		settings = strings.Replace(settings, `data_dir = "/data"`, `data_dir = "/dev/shm/data"`, 1)
	case fault.Is("serves-admin-unasked") && !strings.Contains(settings, "[admin]"):
		settings += "\n[admin]\napi_bind_addr = \"0.0.0.0:3902\"\n"
	case fault.Is("forgets-its-layout"):
		forget("cluster_layout*")
	case fault.Is("forgets-its-name"):
		forget("node_key*")
	case fault.Is("garage-starts-late"):
		time.Sleep(2 * time.Second)
	}
	if err := os.WriteFile(changed, []byte(settings), 0o600); err != nil {
		log.Fatal(err)
	}
	environment := append(os.Environ(), "GARAGE_CONFIG_FILE="+changed)
	log.Fatal(syscall.Exec(original, append([]string{original}, os.Args[1:]...), environment))
}

func forget(files string) {
	found, _ := filepath.Glob(filepath.Join(meta, files))
	for _, file := range found {
		_ = os.RemoveAll(file)
	}
}
