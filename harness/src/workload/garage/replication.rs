//! Whether every node has everything, by what each counts. Holds only while nobody writes, where each object is on every node.

use super::{
    admin::Admin,
    answers::{NodeStatistics, TableStatistics},
};

/// The tables that say which objects there are, and of which blocks.
const TABLES: [&str; 3] = ["object", "version", "block_ref"];

/// What nodes lack that others have, in words. Empty when nothing is lacking.
pub async fn not_replicated(admins: &[Admin]) -> Vec<String> {
    let mut counted = Vec::new();
    for admin in admins {
        match admin.node_statistics().await {
            Ok(statistics) => counted.push((admin.address(), statistics)),
            Err(error) => return vec![error.to_string()],
        }
    }
    lacking(&counted)
}

fn lacking(counted: &[(&str, NodeStatistics)]) -> Vec<String> {
    let mut reasons = Vec::new();
    for (address, statistics) in counted {
        let busy = |table: &&TableStatistics| table.merkle_queue_len + table.insert_queue_len > 0;
        let waiting = statistics.table_stats.iter().filter(busy);
        reasons
            .extend(waiting.map(|table| format!("{address}: its table {} has work to do", table.table_name)));
        match &statistics.block_manager_stats {
            Some(blocks) if blocks.resync_queue_len + blocks.resync_errors > 0 => reasons.push(format!(
                "{address}: {} blocks are to be checked, and {} could not be fetched",
                blocks.resync_queue_len, blocks.resync_errors
            )),
            Some(_) => {}
            None => reasons.push(format!("{address} counts no blocks")),
        }
    }
    for name in TABLES {
        let items = |(address, statistics): &(&str, NodeStatistics)| {
            let table = statistics.table_stats.iter().find(|table| table.table_name == name);
            (address.to_string(), table.map(|table| table.items))
        };
        let counts: Vec<_> = counted.iter().map(items).collect();
        let same = counts.iter().all(|(_, items)| items.is_some() && *items == counts[0].1);
        if !same {
            let told = counts.iter().map(|(address, items)| {
                format!("{} at {address}", items.map_or("unknown".to_owned(), |items| items.to_string()))
            });
            reasons.push(format!("items of the table {name}: {}", told.collect::<Vec<_>>().join(", ")));
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::{super::answers::BlockStatistics, *};

    fn node(objects: u64, blocks: u64) -> NodeStatistics {
        let table = |name: &str| TableStatistics {
            table_name: name.to_owned(),
            items: objects,
            merkle_items: objects,
            merkle_queue_len: 0,
            insert_queue_len: 0,
        };
        NodeStatistics {
            table_stats: TABLES.map(table).into(),
            block_manager_stats: Some(BlockStatistics {
                rc_entries: 1,
                resync_queue_len: blocks,
                resync_errors: 0,
            }),
        }
    }

    #[test]
    fn only_the_tables_that_are_copied_count_and_work_that_waits_is_told() {
        let of_its_own = |items, insert_queue_len| TableStatistics {
            table_name: "key".to_owned(),
            items,
            merkle_items: items,
            merkle_queue_len: 0,
            insert_queue_len,
        };
        let (mut one, mut other) = (node(7, 0), node(7, 0));
        one.table_stats.push(of_its_own(1, 0));
        assert_eq!(lacking(&[("a", one.clone()), ("b", other.clone())]), Vec::<String>::new());
        other.table_stats.push(of_its_own(1, 1));
        other.block_manager_stats = None;
        let told = ["b: its table key has work to do", "b counts no blocks"];
        assert_eq!(lacking(&[("a", one), ("b", other)]), told);
    }

    #[test]
    fn what_a_node_lacks_is_told() {
        assert_eq!(lacking(&[("a", node(3, 0)), ("b", node(3, 0))]), Vec::<String>::new());
        let found = lacking(&[("a", node(3, 0)), ("b", node(2, 4))]);
        assert_eq!(found[0], "b: 4 blocks are to be checked, and 0 could not be fetched");
        assert_eq!(found[1], "items of the table object: 3 at a, 2 at b");
    }
}
