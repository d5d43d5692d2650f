//! Whether every node has everything, by what each counts. Holds only while nobody writes, where each object is on every node.

use std::time::Duration;

use super::{
    admin::{Admin, AdminError},
    answers::{NodeStatistics, TableStatistics, Worker, WorkerState},
};

/// The tables that say which objects there are, and of which blocks.
const TABLES: [&str; 3] = ["object", "version", "block_ref"];
/// How the workers are called that fetch blocks.
const FETCHERS: &str = "Block resync worker";
/// So long after a node heard of a block it looks whether it has that: twice `rpc_timeout_msec`.
pub const LOOKS_FOR_BLOCKS: Duration = Duration::from_secs(20);

/// What nodes lack in their tables that others have, in words. Empty when nothing is lacking.
///
/// # Errors
/// When one can't be asked.
pub async fn tables_lack(admins: &[Admin]) -> Result<Vec<String>, AdminError> {
    let mut counted = Vec::new();
    for admin in admins {
        counted.push((admin.address(), admin.node_statistics().await?));
    }
    Ok(different(&counted))
}

/// Which blocks nodes lack, once [`LOOKS_FOR_BLOCKS`] is over, in words. Empty when nothing is lacking. That blocks are to be looked
/// at later is no lack: one that nobody needs any more stays for ten minutes.
///
/// # Errors
/// When one can't be asked.
pub async fn blocks_lack(admins: &[Admin]) -> Result<Vec<String>, AdminError> {
    let mut reasons = Vec::new();
    for admin in admins {
        let (workers, statistics) = (admin.workers().await?, admin.node_statistics().await?);
        reasons.extend(at_work(admin.address(), &workers));
        let failed = statistics.block_manager_stats.map_or(0, |blocks| blocks.resync_errors);
        if failed > 0 {
            reasons.push(format!("{}: {failed} blocks could not be fetched", admin.address()));
        }
    }
    Ok(reasons)
}

fn different(counted: &[(&str, NodeStatistics)]) -> Vec<String> {
    let mut reasons = Vec::new();
    for (address, statistics) in counted {
        let busy = |table: &&TableStatistics| table.merkle_queue_len + table.insert_queue_len > 0;
        let waiting = statistics.table_stats.iter().filter(busy);
        reasons
            .extend(waiting.map(|table| format!("{address}: its table {} has work to do", table.table_name)));
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

fn at_work(address: &str, workers: &[Worker]) -> Vec<String> {
    let busy = workers.iter().filter(|worker| {
        worker.name.starts_with(FETCHERS)
            && matches!(worker.state, WorkerState::Busy | WorkerState::Throttled {})
    });
    busy.map(|worker| format!("{address}: {} is at work", worker.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(objects: u64) -> NodeStatistics {
        let table = |name: &str| TableStatistics {
            table_name: name.to_owned(),
            items: objects,
            merkle_queue_len: 0,
            insert_queue_len: 0,
        };
        NodeStatistics { table_stats: TABLES.map(table).into(), block_manager_stats: None }
    }

    #[test]
    fn only_the_tables_that_are_copied_count_and_work_that_waits_is_told() {
        let of_its_own = |items, insert_queue_len| TableStatistics {
            table_name: "key".to_owned(),
            items,
            merkle_queue_len: 0,
            insert_queue_len,
        };
        let (mut one, mut other) = (node(7), node(7));
        one.table_stats.push(of_its_own(1, 0));
        assert_eq!(different(&[("a", one.clone()), ("b", other.clone())]), Vec::<String>::new());
        other.table_stats.push(of_its_own(1, 1));
        assert_eq!(different(&[("a", one), ("b", other)]), ["b: its table key has work to do"]);
    }

    #[test]
    fn what_a_node_lacks_is_told() {
        assert_eq!(different(&[("a", node(3)), ("b", node(3))]), Vec::<String>::new());
        let found = different(&[("a", node(3)), ("b", node(2))]);
        assert_eq!(found[0], "items of the table object: 3 at a, 2 at b");
    }

    #[test]
    fn who_fetches_blocks_is_not_done() {
        let workers =
            |said: &str| -> Vec<String> { at_work("a", &serde_json::from_str::<Vec<Worker>>(said).unwrap()) };
        let done = r#"[{"name":"Block scrub worker","state":"done"},{"name":"object sync","state":"busy"},
            {"name":"Block resync worker #1","state":"idle","queueLength":2}]"#;
        assert_eq!(workers(done), Vec::<String>::new());
        let busy = done.replace(r#""idle""#, r#"{"throttled":{"durationSecs":0.5}}"#);
        assert_eq!(workers(&busy), ["a: Block resync worker #1 is at work"]);
    }
}
