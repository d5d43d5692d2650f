//! The layout's initialisation: once, whoever tries and however often.
//!
//! Garage wants all staging and applying of one change done at one node, and no version applied twice with different
//! content. So the node is chosen by its id, the same for all initialisers; the version is always the literal 1; and
//! who is refused because it is there accepts only what it would have applied.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    admin::{Admin, AdminError},
    answers::{Change, ClusterHealth, Layout, Preview, Role, RoleChange},
};
use crate::error::{Error, Result};

/// The layout that there shall be: version 1, these nodes, each with the same zone and capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The nodes' ids.
    pub nodes: BTreeSet<String>,
    /// `dc1`
    pub zone: String,
    /// Bytes a node.
    pub capacity: u64,
}

/// Who brought the layout about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initialised {
    /// We did.
    Now,
    /// It was there before.
    Before,
    /// Another initialiser was faster.
    ByAnother,
}

impl Wanted {
    /// What the reference document asks for: `garage layout assign -z dc1 -c 10G`, for each of these nodes.
    pub fn document(nodes: impl IntoIterator<Item = String>) -> Self {
        Self { nodes: nodes.into_iter().collect(), zone: "dc1".to_owned(), capacity: 10_000_000_000 }
    }

    fn role(&self) -> Role {
        Role { zone: self.zone.clone(), capacity: Some(self.capacity), tags: Vec::new() }
    }

    /// What has to be staged for it.
    pub fn changes(&self) -> Vec<RoleChange> {
        let change = |id: &String| RoleChange { id: id.clone(), change: Change::Assign(self.role()) };
        self.nodes.iter().map(change).collect()
    }

    /// Whether exactly our changes wait to be applied.
    fn is_staged(&self, layout: &Layout) -> bool {
        let (wanted, staged) = (self.changes(), &layout.staged_role_changes);
        staged.len() == wanted.len() && wanted.iter().all(|change| staged.contains(change))
    }

    /// How a layout differs from this one, in words; empty when it does not. Tags are the administrator's own.
    pub fn differences(&self, layout: &Layout) -> Vec<String> {
        let mut differences = Vec::new();
        if layout.version != 1 {
            differences.push(match layout.version {
                0 => "there is no layout".to_owned(),
                version => format!("the layout has version {version}, not 1"),
            });
        }
        let roles: BTreeMap<_, _> = layout.roles.iter().map(|role| (role.id.as_str(), &role.role)).collect();
        for id in &self.nodes {
            let Some(role) = roles.get(id.as_str()) else {
                differences.push(format!("node {} has no role", short(id)));
                continue;
            };
            if role.zone != self.zone {
                differences.push(format!("node {} is in zone {}, not {}", short(id), role.zone, self.zone));
            }
            if role.capacity != Some(self.capacity) {
                let capacity =
                    role.capacity.map_or("no capacity".to_owned(), |bytes| format!("{bytes} bytes"));
                differences.push(format!("node {} has {capacity}, not {} bytes", short(id), self.capacity));
            }
        }
        let foreign = roles.keys().filter(|id| !self.nodes.contains(**id));
        differences.extend(foreign.map(|id| format!("node {} has a role and should have none", short(id))));
        if !layout.staged_role_changes.is_empty() {
            differences
                .push(format!("{} changes are staged and not applied", layout.staged_role_changes.len()));
        }
        differences
    }
}

/// The ids of the nodes behind these clients, in the clients' order.
///
/// # Errors
/// One does not answer, or two are the same node.
pub async fn node_ids(admins: &[Admin]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for admin in admins {
        let id = admin.node_info().await?.node_id;
        if ids.contains(&id) {
            return Err(Error::failed(format!(
                "two nodes have the id {id}: {} is one of them",
                admin.address()
            )));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// What keeps the nodes from knowing each other, in words: each must see all others up. Empty when nothing does.
///
/// # Errors
/// One does not answer.
pub async fn not_acquainted(admins: &[Admin]) -> Result<Vec<String>> {
    let ids = node_ids(admins).await?;
    let mut reasons = Vec::new();
    for admin in admins {
        let status = admin.status().await?;
        let up: BTreeSet<_> =
            status.nodes.iter().filter(|node| node.is_up).map(|node| node.id.as_str()).collect();
        let missing = ids.iter().filter(|id| !up.contains(id.as_str()));
        reasons.extend(missing.map(|id| format!("{} does not see node {} up", admin.address(), short(id))));
    }
    Ok(reasons)
}

/// How the nodes' layouts differ from the wanted one, in words, each asked for itself. Empty when none does.
///
/// # Errors
/// One does not answer.
pub async fn layout_is(admins: &[Admin], wanted: &Wanted) -> Result<Vec<String>> {
    let mut reasons = Vec::new();
    for admin in admins {
        let differences = wanted.differences(&admin.layout().await?).into_iter();
        reasons.extend(differences.map(|difference| format!("{}: {difference}", admin.address())));
    }
    Ok(reasons)
}

/// What speaks against it that this version of the layout has taken over, in words, in the eyes of each node: one that is still
/// drained is in use as well. Empty when nothing does.
///
/// # Errors
/// One does not answer.
pub async fn not_taken_over(admins: &[Admin], version: u64) -> Result<Vec<String>> {
    let mut reasons = Vec::new();
    for admin in admins {
        let history = admin.layout_history().await?;
        let used = history.versions.iter().filter(|one| one.status != "Historical");
        let used: Vec<_> = used.map(|one| one.version).collect();
        if used != [version] {
            reasons.push(format!("{}: the versions {used:?} are in use", admin.address()));
        }
    }
    Ok(reasons)
}

/// What is wrong with the cluster's health, in words, in the eyes of each node. Empty when nothing is.
///
/// # Errors
/// One does not answer.
pub async fn not_healthy(admins: &[Admin]) -> Result<Vec<String>> {
    let mut reasons = Vec::new();
    for admin in admins {
        let reason = unhealthy(&admin.health().await?);
        reasons.extend(reason.map(|reason| format!("{}: {reason}", admin.address())));
    }
    Ok(reasons)
}

fn unhealthy(health: &ClusterHealth) -> Option<String> {
    let ClusterHealth { status, storage_nodes, storage_nodes_up, partitions, partitions_all_ok } = health;
    let whole = status == "healthy" && storage_nodes == storage_nodes_up && partitions == partitions_all_ok;
    (!whole || *storage_nodes == 0).then(|| {
        format!("{status}: {storage_nodes_up} of {storage_nodes} storage nodes, {partitions_all_ok} of {partitions} partitions whole")
    })
}

/// Gives the cluster the document's layout: all nodes behind these clients in zone dc1 with 10G each, as version 1.
/// Safe to run twice, and by two at once. The nodes must know each other: [`not_acquainted`].
///
/// # Errors
/// A node does not answer, Garage refuses the layout, or there is another one.
pub async fn initialise(admins: &[Admin]) -> Result<Initialised> {
    let ids = node_ids(admins).await?;
    let wanted = Wanted::document(ids.iter().cloned());
    let Some((_, lead)) = ids.iter().zip(admins).min_by_key(|(id, _)| *id) else {
        return Err(Error::bug("a layout for no nodes"));
    };
    let mut layout = lead.layout().await?;
    if layout.version > 0 {
        return same(lead, &wanted, &layout, Initialised::Before);
    }
    // What another has staged is not staged again: it would be the same role with a later time, and Garage compares both.
    if !wanted.is_staged(&layout) {
        layout = lead.update_layout(&wanted.changes()).await?;
    }
    if layout.version > 0 {
        return same(lead, &wanted, &layout, Initialised::ByAnother);
    }
    if !wanted.is_staged(&layout) {
        let staged: Vec<_> = layout.staged_role_changes.iter().map(|change| short(&change.id)).collect();
        return Err(Error::failed(format!(
            "{}: other changes than ours are staged, for {}; nothing was applied",
            lead.address(),
            staged.join(", ")
        )));
    }
    let refusal = match lead.preview_layout().await? {
        Preview::Refused { error } => {
            Error::failed(format!("{}: the layout is refused: {error}", lead.address()))
        }
        Preview::Possible {} => match lead.apply_layout(1).await {
            Ok(layout) => return same(lead, &wanted, &layout, Initialised::Now),
            Err(error @ AdminError::Refused { .. }) => error.into(),
            Err(AdminError::Call(error)) => return Err(error),
        },
    };
    // Refused because another was faster, or refused for good: the layout tells.
    layout = lead.layout().await?;
    if layout.version == 0 { Err(refusal) } else { same(lead, &wanted, &layout, Initialised::ByAnother) }
}

fn same(lead: &Admin, wanted: &Wanted, layout: &Layout, how: Initialised) -> Result<Initialised> {
    let differences = wanted.differences(layout);
    if differences.is_empty() {
        Ok(how)
    } else {
        Err(Error::failed(format!("{}: another layout is there: {}", lead.address(), differences.join("; "))))
    }
}

/// Garage's own short form of an id.
fn short(id: &str) -> &str {
    id.get(..16).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::{super::answers::LayoutRole, *};

    fn layout(version: u64, roles: &[(&str, &str, u64)]) -> Layout {
        let role = |&(id, zone, capacity): &(&str, &str, u64)| LayoutRole {
            id: id.to_owned(),
            role: Role { zone: zone.to_owned(), capacity: Some(capacity), tags: Vec::new() },
        };
        let roles = roles.iter().map(role).collect();
        Layout { version, roles, staged_role_changes: Vec::new() }
    }

    #[test]
    fn differences_are_told_in_words() {
        let wanted = Wanted::document(["a".to_owned(), "b".to_owned()]);
        let ten = 10_000_000_000;
        assert!(wanted.differences(&layout(1, &[("a", "dc1", ten), ("b", "dc1", ten)])).is_empty());
        assert_eq!(
            wanted.differences(&layout(2, &[("a", "dc2", 10 << 30), ("c", "dc1", ten)])),
            [
                "the layout has version 2, not 1",
                "node a is in zone dc2, not dc1",
                "node a has 10737418240 bytes, not 10000000000 bytes",
                "node b has no role",
                "node c has a role and should have none",
            ]
        );
        assert_eq!(wanted.differences(&layout(0, &[]))[0], "there is no layout");
        let mut staged = layout(1, &[("a", "dc1", ten), ("b", "dc1", ten)]);
        staged.staged_role_changes = wanted.changes();
        assert_eq!(wanted.differences(&staged), ["2 changes are staged and not applied"]);
    }

    #[test]
    fn a_role_change_is_sent_as_garage_wants_it() {
        let changes = Wanted::document(["a".to_owned()]).changes();
        assert_eq!(
            serde_json::to_string(&changes).unwrap(),
            r#"[{"id":"a","zone":"dc1","capacity":10000000000,"tags":[]}]"#
        );
    }
}
