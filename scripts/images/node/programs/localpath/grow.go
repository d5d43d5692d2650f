package main

import (
	"context"
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// grow gives claims of volumes of this node what they ask for, as the resizer of a CSI driver does: the volume first, then
// the claim. A folder has room for both. That the class allows it the API server has seen to, which takes no larger claim
// otherwise.
func grow(ctx context.Context, client kubernetes.Interface, node string) {
	factory := informers.NewSharedInformerFactory(client, 0)
	look := func(object any) {
		claim, ok := object.(*corev1.PersistentVolumeClaim)
		if !ok || claim.Status.Phase != corev1.ClaimBound {
			return
		}
		asked, has := claim.Spec.Resources.Requests[corev1.ResourceStorage], claim.Status.Capacity[corev1.ResourceStorage]
		if asked.Cmp(has) <= 0 {
			return
		}
		if err := enlarge(ctx, client, node, claim, asked.String()); err != nil {
			log.Printf("claim %s/%s does not grow to %s: %v", claim.Namespace, claim.Name, asked.String(), err)
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: look, UpdateFunc: func(_, new any) { look(new) }}
	if _, err := factory.Core().V1().PersistentVolumeClaims().Informer().AddEventHandler(handler); err != nil {
		log.Fatal(err)
	}
	factory.Start(ctx.Done())
}

func enlarge(ctx context.Context, client kubernetes.Interface, node string, claim *corev1.PersistentVolumeClaim, size string) error {
	volume, err := client.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if volume.Annotations["pv.kubernetes.io/provisioned-by"] != name || volume.Annotations[volumeNode] != node {
		return nil
	}
	spec := fmt.Appendf(nil, `{"spec":{"capacity":{"storage":%q}}}`, size)
	if _, err := client.CoreV1().PersistentVolumes().Patch(ctx, volume.Name, types.MergePatchType, spec, metav1.PatchOptions{}); err != nil {
		return err
	}
	status := fmt.Appendf(nil, `{"status":{"capacity":{"storage":%q}}}`, size)
	_, err = client.CoreV1().PersistentVolumeClaims(claim.Namespace).Patch(ctx, claim.Name, types.MergePatchType, status, metav1.PatchOptions{}, "status")
	return err
}
