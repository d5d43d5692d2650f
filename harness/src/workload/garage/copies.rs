//! Whether the nodes of a store hold the same: as many items in each table, and every block that these name.

use super::{
    admin::Admin,
    answers::{BlockStatistics, NodeStatistics},
};
use crate::error::Result;

/// The tables of which each node has a copy where there are as many copies as nodes.
const TABLES: [&str; 3] = ["object", "version", "block_ref"];

/// In what the nodes differ, or what they still have to fetch, in words; empty when they hold the same.
///
/// # Errors
/// One does not answer.
pub async fn differing(admins: &[Admin]) -> Result<Vec<String>> {
    let (mut reasons, mut first) = (Vec::new(), None);
    for admin in admins {
        let (statistics, address) = (admin.node_statistics().await?, admin.address());
        reasons.extend(waiting(&statistics).into_iter().map(|why| format!("{address}: {why}")));
        let found = items(&statistics);
        let expected = first.get_or_insert_with(|| found.clone());
        if *expected != found {
            reasons.push(format!("{address} has {found:?}, and another {expected:?}"));
        }
    }
    Ok(reasons)
}

/// How many items each table has.
fn items(statistics: &NodeStatistics) -> Vec<(String, u64)> {
    let tables = statistics.table_stats.iter().filter(|table| TABLES.contains(&table.table_name.as_str()));
    tables.map(|table| (table.table_name.clone(), table.items)).collect()
}

/// What a node has not done yet.
fn waiting(statistics: &NodeStatistics) -> Vec<String> {
    let tables = statistics.table_stats.iter().filter(|table| table.insert_queue_len > 0);
    let mut reasons: Vec<_> = tables
        .map(|table| format!("{} items of the table {} wait", table.insert_queue_len, table.table_name))
        .collect();
    match &statistics.block_manager_stats {
        None => reasons.push("it says nothing of its blocks".to_owned()),
        Some(BlockStatistics { resync_queue_len: 0, resync_errors: 0, .. }) => {}
        Some(BlockStatistics { resync_queue_len: queue, resync_errors: errors, .. }) => {
            reasons.push(format!("{queue} blocks are to be checked, {errors} could not be fetched"));
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::garage::answers::TableStatistics;

    #[test]
    fn only_the_tables_that_are_copied_count_and_a_block_that_is_missing_is_told() {
        let table = |name: &str, items| TableStatistics {
            table_name: name.to_owned(),
            items,
            merkle_items: items,
            merkle_queue_len: 0,
            insert_queue_len: u64::from(name == "key"),
        };
        let blocks = |resync_queue_len| BlockStatistics { rc_entries: 2, resync_queue_len, resync_errors: 0 };
        let mut statistics = NodeStatistics {
            table_stats: vec![table("key", 1), table("object", 7)],
            block_manager_stats: Some(blocks(3)),
        };
        assert_eq!(items(&statistics), [("object".to_owned(), 7)]);
        let waits = ["1 items of the table key wait", "3 blocks are to be checked, 0 could not be fetched"];
        assert_eq!(waiting(&statistics), waits);
        statistics.table_stats.clear();
        statistics.block_manager_stats = Some(blocks(0));
        assert_eq!(waiting(&statistics), Vec::<String>::new());
    }
}
