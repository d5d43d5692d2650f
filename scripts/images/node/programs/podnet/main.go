// Podnet is the pod network of a node: it writes the CNI configuration for the node's own pod ranges, routes the
// other nodes' ranges by their addresses, and masquerades what leaves the cluster's pod subnets. A node has a range, and an
// address, of each IP family of the cluster.
//
// It runs in the host's network on every node and reaches the API server directly (CONTROL_PLANE_ENDPOINT, which
// kind patches in), so that it needs no kube-proxy to start.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	cniFile  = "/etc/cni/net.d/10-podnet.conflist"
	natChain = "PODNET-MASQ"
	cniText  = `{
  "cniVersion": "0.4.0",
  "name": "podnet",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "ipam": {"type": "host-local", "dataDir": "/run/cni-ipam-state", "ranges": [%s], "routes": [%s]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`
)

func main() {
	self, subnets := mustEnv("NODE_NAME"), strings.Split(mustEnv("POD_SUBNET"), ",")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	if endpoint := os.Getenv("CONTROL_PLANE_ENDPOINT"); endpoint != "" {
		config.Host = "https://" + endpoint
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	for _, subnet := range subnets {
		masquerade(subnet)
	}
	for ctx.Err() == nil {
		if err := follow(ctx, client, self); err != nil && ctx.Err() == nil {
			log.Printf("starting over: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// follow lists the nodes, then watches them until the watch ends.
func follow(ctx context.Context, client kubernetes.Interface, self string) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range nodes.Items {
		if err := connect(&nodes.Items[i], self); err != nil {
			return err
		}
	}
	watch, err := client.CoreV1().Nodes().Watch(ctx, metav1.ListOptions{ResourceVersion: nodes.ResourceVersion})
	if err != nil {
		return err
	}
	defer watch.Stop()
	for event := range watch.ResultChan() {
		node, ok := event.Object.(*corev1.Node)
		if !ok {
			return fmt.Errorf("unexpected event %v", event)
		}
		switch event.Type {
		case "DELETED":
			if node.Name != self {
				for _, pods := range node.Spec.PodCIDRs {
					_ = run("ip", family(pods), "route", "del", pods)
				}
			}
		default:
			if err := connect(node, self); err != nil {
				return err
			}
		}
	}
	return nil
}

// family is ip's option for the family of an address or a range.
func family(address string) string {
	if strings.Contains(address, ":") {
		return "-6"
	}
	return "-4"
}

// connect makes one node's pods reachable; a node that has no range or no address yet comes again with a later event.
func connect(node *corev1.Node, self string) error {
	if len(node.Spec.PodCIDRs) == 0 {
		return nil
	}
	if node.Name == self {
		return writeCNI(node.Spec.PodCIDRs)
	}
	for _, pods := range node.Spec.PodCIDRs {
		for _, address := range node.Status.Addresses {
			if address.Type != corev1.NodeInternalIP || family(address.Address) != family(pods) {
				continue
			}
			if err := run("ip", family(pods), "route", "replace", pods, "via", address.Address); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeCNI(podCIDRs []string) error {
	var ranges, routes []string
	for _, pods := range podCIDRs {
		ranges = append(ranges, fmt.Sprintf(`[{"subnet": %q}]`, pods))
		everything := map[string]string{"-4": "0.0.0.0/0", "-6": "::/0"}[family(pods)]
		routes = append(routes, fmt.Sprintf(`{"dst": %q}`, everything))
	}
	text := fmt.Sprintf(cniText, strings.Join(ranges, ", "), strings.Join(routes, ", "))
	if old, err := os.ReadFile(cniFile); err == nil && string(old) == text {
		return nil
	}
	log.Printf("this node's pods are %s", strings.Join(podCIDRs, ", "))
	// Renamed when complete: the container runtime watches the folder and must not read half a file.
	temporary := filepath.Join(filepath.Dir(cniFile), ".podnet")
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, cniFile)
}

// masquerade hides pod addresses from everything outside the pod subnet; inside it every pod sees real addresses.
func masquerade(subnet string) {
	iptables := map[string]string{"-4": "iptables", "-6": "ip6tables"}[family(subnet)]
	_ = run(iptables, "-w", "-t", "nat", "-N", natChain)
	for _, rule := range []string{
		natChain + " -d " + subnet + " -j RETURN",
		natChain + " -m addrtype --dst-type LOCAL -j RETURN",
		natChain + " -j MASQUERADE",
		"POSTROUTING -s " + subnet + " -j " + natChain,
	} {
		arguments := strings.Fields(rule)
		if run(iptables, append([]string{"-w", "-t", "nat", "-C"}, arguments...)...) == nil {
			continue
		}
		if err := run(iptables, append([]string{"-w", "-t", "nat", "-A"}, arguments...)...); err != nil {
			log.Fatal(err)
		}
	}
}

func run(name string, arguments ...string) error {
	if out, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, out)
	}
	return nil
}

func mustEnv(name string) string {
	value := os.Getenv(name)
	if value == "" {
		log.Fatalf("%s is not set", name)
	}
	return value
}
