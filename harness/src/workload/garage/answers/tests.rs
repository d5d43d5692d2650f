//! Answers recorded from Garage 2.5.0.

use super::*;

const ID: &str = "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54";

fn role() -> Role {
    Role { zone: "dc1".to_owned(), capacity: Some(10_000_000_000), tags: Vec::new() }
}

#[test]
fn node_info() {
    let recorded = r#"{"success": {"ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54": {
        "nodeId": "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54", "hostname": "garage-0",
        "garageVersion": "cargo:2.5.0",
        "garageFeatures": ["bundled-libs", "consul-discovery", "k2v", "kubernetes-discovery", "lmdb", "metrics", "sqlite"],
        "rustVersion": "1.95.0", "dbEngine": "LMDB (using Heed crate)",
        "connectionParameters": {"region": "garage", "s3UsePathStyle": true},
        "addr": "172.17.0.2:3901", "isUp": true, "draining": false,
        "dataPartition": {"available": 63921721344, "total": 270553174016},
        "metadataPartition": {"available": 63921721344, "total": 270553174016}}}, "error": {}}"#;
    let answer: PerNode<NodeInfo> = serde_json::from_str(recorded).unwrap();
    let info = &answer.success[ID];
    assert_eq!((info.node_id.as_str(), info.hostname.as_deref()), (ID, Some("garage-0")));
}

#[test]
fn cluster_status() {
    let recorded = r#"{"layoutVersion": 1, "nodes": [{
        "id": "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54", "garageVersion": "cargo:2.5.0",
        "addr": "172.17.0.2:3901", "hostname": "garage-0", "isUp": true, "lastSeenSecsAgo": null,
        "role": {"zone": "dc1", "tags": [], "capacity": 10000000000}, "draining": false,
        "dataPartition": {"available": 63921721344, "total": 270553174016},
        "metadataPartition": {"available": 63921721344, "total": 270553174016}, "resyncQueueLen": 0}]}"#;
    let status: ClusterStatus = serde_json::from_str(recorded).unwrap();
    assert_eq!((status.nodes[0].id.as_str(), status.nodes[0].is_up), (ID, true));
    let before = r#"{"layoutVersion": 0, "nodes": [{
        "id": "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54", "garageVersion": "cargo:2.5.0",
        "addr": null, "hostname": "garage-0", "isUp": false, "lastSeenSecsAgo": 7, "role": null, "draining": false}]}"#;
    let status: ClusterStatus = serde_json::from_str(before).unwrap();
    assert!(!status.nodes[0].is_up);
}

#[test]
fn cluster_health_under_both_names() {
    let recorded = r#"{"status": "healthy", "knownNodes": 1, "connectedNodes": 1, "storageNodes": 1,
        "storageNodesUp": 1, "partitions": 256, "partitionsQuorum": 256, "partitionsAllOk": 256}"#;
    let health: ClusterHealth = serde_json::from_str(recorded).unwrap();
    let older = recorded.replace("storageNodesUp", "storageNodesOk");
    assert_eq!(serde_json::from_str::<ClusterHealth>(&older).unwrap(), health);
    assert_eq!((health.storage_nodes_up, health.partitions_all_ok), (1, 256));
}

#[test]
fn layouts() {
    let none = r#"{"version": 0, "roles": [], "parameters": {"zoneRedundancy": "maximum"}, "partitionSize": 0,
        "stagedRoleChanges": [], "stagedParameters": null}"#;
    assert_eq!(serde_json::from_str::<Layout>(none).unwrap().version, 0);

    let staged = r#"{"version": 0, "roles": [], "parameters": {"zoneRedundancy": "maximum"}, "partitionSize": 0,
        "stagedRoleChanges": [{"id": "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54",
        "zone": "dc1", "tags": [], "capacity": 10000000000}], "stagedParameters": null}"#;
    let staged: Layout = serde_json::from_str(staged).unwrap();
    assert_eq!(
        staged.staged_role_changes,
        [RoleChange { id: ID.to_owned(), change: Change::Assign(role()) }]
    );

    let removal = r#"{"version": 1, "roles": [{
        "id": "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54", "zone": "dc1", "tags": [],
        "capacity": 10000000000, "storedPartitions": 256, "usableCapacity": 10000000000}],
        "parameters": {"zoneRedundancy": "maximum"}, "partitionSize": 39062500,
        "stagedRoleChanges": [{"id": "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54",
        "remove": true}], "stagedParameters": null}"#;
    let layout: Layout = serde_json::from_str(removal).unwrap();
    assert_eq!((layout.roles[0].id.as_str(), &layout.roles[0].role), (ID, &role()));
    assert_eq!(layout.staged_role_changes[0].change, Change::Remove { remove: true });
}

#[test]
fn previews() {
    let refused = r#"{"error": "The number of nodes with positive capacity (0) is smaller than the replication factor (1)."}"#;
    let refused: Preview = serde_json::from_str(refused).unwrap();
    assert!(matches!(refused, Preview::Refused { error } if error.starts_with("The number of nodes")));

    let possible = r#"{"message": ["==== COMPUTATION OF A NEW PARTITION ASSIGNATION ====", ""],
        "statistics": {"replicationFactor": 1, "partitionSize": 39062500, "previousPartitionSize": null},
        "newLayout": {"version": 1, "roles": [{
        "id": "ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54", "zone": "dc1", "tags": [],
        "capacity": 10000000000, "storedPartitions": 256, "usableCapacity": 10000000000}],
        "parameters": {"zoneRedundancy": "maximum"}, "partitionSize": 39062500, "stagedRoleChanges": [],
        "stagedParameters": null}}"#;
    let possible: Preview = serde_json::from_str(possible).unwrap();
    assert_eq!(possible, Preview::Possible {});
}

#[test]
fn layout_history() {
    let recorded = r#"{"currentVersion": 1, "minAck": 1, "versions": [{"version": 1, "status": "Current",
        "storageNodes": 1, "gatewayNodes": 0}], "updateTrackers": null}"#;
    let history: LayoutHistory = serde_json::from_str(recorded).unwrap();
    assert_eq!((history.versions[0].version, history.versions[0].status.as_str()), (1, "Current"));
}

#[test]
fn node_statistics() {
    let recorded = r#"{"success": {"ac6de7540b513349c53210257a55f10a230ac50129645d4087d414b3698b0d54": {
        "freeform": "Node ID: ac6de7540b513349\n",
        "tableStats": [{"tableName": "object", "items": 0, "merkleItems": 0, "merkleQueueLen": 0,
        "insertQueueLen": 0, "gcQueueLen": 0}],
        "blockManagerStats": {"rcEntries": 0, "resyncQueueLen": 0, "resyncErrors": 0}}}, "error": {}}"#;
    let answer: PerNode<NodeStatistics> = serde_json::from_str(recorded).unwrap();
    assert_eq!(answer.success[ID].table_stats[0].table_name, "object");
}

#[test]
fn a_key_does_not_print_its_secret() {
    let key = AccessKey { id: "GK1".to_owned(), secret: Secret::new("hunter2") };
    assert_eq!(format!("{key:?}"), "AccessKey(GK1)");
}
