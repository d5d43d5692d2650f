// Localpath makes volumes as folders of the node that their pod will run on, as the local-path provisioner of kind does,
// which starts a pod for each folder that it makes or removes: more than half of all pods of a run. This one runs on every
// node and serves its own; the controller around it is the one that the other uses. Where a class binds at once, before a
// pod has a node, the volume is placed by the claim's ordinal, as clouds chose zones: all claims of a pod are together.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v10/controller"
)

const (
	name         = "rancher.io/local-path"
	root         = "/var/local-path-provisioner"
	selectedNode = "volume.kubernetes.io/selected-node"
	volumeNode   = "local.path.provisioner/selected-node"
)

func main() {
	node := os.Getenv("NODE_NAME")
	if node == "" {
		log.Fatal("NODE_NAME is not set")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	// On a node that starts again, the API server's address leads nowhere until the proxy has its rules: ask again soon.
	config.Dial = (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	go grow(ctx, client, node)
	// Every node has its own, so there is none to elect.
	served := provisioner{node, client}
	controller.NewProvisionController(klog.FromContext(ctx), client, name, served, controller.LeaderElection(false)).Run(ctx)
}

type provisioner struct {
	node   string
	client kubernetes.Interface
}

// ShouldProvision leaves claims for other nodes to these. Whose a claim without a node is, shows when it is provisioned.
func (p provisioner) ShouldProvision(_ context.Context, claim *corev1.PersistentVolumeClaim) bool {
	node := claim.Annotations[selectedNode]
	return node == "" || node == p.node
}

// ShouldDelete leaves volumes of other nodes to these.
func (p provisioner) ShouldDelete(_ context.Context, volume *corev1.PersistentVolume) bool {
	return volume.Annotations[volumeNode] == p.node
}

func (p provisioner) Provision(ctx context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if options.SelectedNode == nil {
		node, err := p.place(ctx, options.PVC.Name)
		if err != nil {
			return nil, controller.ProvisioningFinished, err
		}
		if node.Name != p.node {
			return nil, controller.ProvisioningFinished, &controller.IgnoredError{Reason: "it is for node " + node.Name}
		}
		options.SelectedNode = node
	}
	volume, err := p.provision(options)
	return volume, controller.ProvisioningFinished, err
}

// place is the node of a claim that none was selected for: of those that take pods, the one of its ordinal.
func (p provisioner) place(ctx context.Context, claim string) (*corev1.Node, error) {
	nodes, err := p.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	open := slices.DeleteFunc(nodes.Items, func(node corev1.Node) bool {
		return node.Spec.Unschedulable || len(node.Spec.Taints) > 0
	})
	if len(open) == 0 {
		return nil, fmt.Errorf("no node takes pods")
	}
	ordinal, err := strconv.Atoi(claim[strings.LastIndex(claim, "-")+1:])
	if err != nil {
		ordinal = 0
	}
	return &open[ordinal%len(open)], nil
}

func (p provisioner) provision(options controller.ProvisionOptions) (*corev1.PersistentVolume, error) {
	claim, node := options.PVC, options.SelectedNode
	if claim.Spec.Selector != nil {
		return nil, fmt.Errorf("claim.Spec.Selector is not supported")
	}
	for _, mode := range claim.Spec.AccessModes {
		if mode != corev1.ReadWriteOnce && mode != corev1.ReadWriteOncePod {
			return nil, fmt.Errorf("only the access modes ReadWriteOnce and ReadWriteOncePod are supported, not %s", mode)
		}
	}
	path := filepath.Join(root, strings.Join([]string{options.PVName, claim.Namespace, claim.Name}, "_"))
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	// Whatever the mask is: a pod of any user may write.
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, err
	}
	fileSystem, folder := corev1.PersistentVolumeFilesystem, corev1.HostPathDirectoryOrCreate
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName, Annotations: map[string]string{volumeNode: p.node}},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    &fileSystem,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: path, Type: &folder},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node.Labels[corev1.LabelHostname]},
				}},
			}}}},
		},
	}, nil
}

func (p provisioner) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	source := volume.Spec.HostPath
	if source == nil || filepath.Dir(filepath.Clean(source.Path)) != root {
		return fmt.Errorf("volume %s is not a folder in %s", volume.Name, root)
	}
	return os.RemoveAll(source.Path)
}
