//! Clusters: kind's and existing ones, the lease, images, ways in.
