//! Who writes to PostgreSQL and who reads what they write, and what a database is held to by what they saw.

use harness::{
    history::{
        Checker,
        check::{Copies, Level},
        generate::Work,
    },
    load::{Client, service, sql},
    workload::Set,
};

/// A row fits into a page, or into some, or its parts fill many.
const ROWS: &[usize] = &[64, 1024, 64, 20_000, 64, 1024, 64, 70_000];
/// Each fits into a page.
const SMALL_ROWS: &[usize] = &[64, 1024];

/// At a pod, one writes.
pub(crate) fn writer(pod: &str) -> Vec<Client> {
    vec![Client { endpoint: pod.to_owned(), works: vec![Work::Writes { sizes: SMALL_ROWS }] }]
}

/// At a pod, two write and one reads what they write.
pub(crate) fn writers_and_reader(pod: &str) -> Vec<Client> {
    let works =
        vec![Work::Writes { sizes: SMALL_ROWS }, Work::Writes { sizes: &[64] }, Work::Reads { of: 0..2 }];
    vec![Client { endpoint: pod.to_owned(), works }]
}

/// At the pod one writes and one reads what is written there, one writes over a few rows, one deletes what it wrote, money is moved, and
/// lists grow. Through the service, from inside the cluster, two write, one reads what is written at the pod, and the rest is as at the
/// pod: it leads to the same database.
pub(crate) fn clients_of_one_database(set: &Set) -> Vec<Client> {
    let (writes, over) = (Work::Writes { sizes: ROWS }, Work::Registers { keys: 3, sizes: ROWS });
    let (money, lists) = (Work::Bank { accounts: sql::ACCOUNTS }, Work::Lists { lists: 3 });
    let reads = Work::Reads { of: 0..1 };
    let rest = [over, Work::Deletes { sizes: SMALL_ROWS }, money.clone(), lists.clone()];
    let through = [&[writes.clone(), writes.clone(), reads.clone()], &rest[..]].concat();
    let works = [&[writes, reads], &rest[..], &[money, lists.clone(), lists]].concat();
    vec![
        Client { endpoint: set.pod_name(0), works },
        Client { endpoint: service(set.workload.name), works: through },
    ]
}

/// What one database is held to by what [`clients_of_one_database`] saw, after everything was read back.
pub(crate) fn checkers_of_one_database() -> [Checker; 6] {
    let (bank, isolation) = (Checker::Bank { total: sql::MONEY }, Checker::Isolation(Level::Serializable));
    let set = Checker::Set(Copies::Same);
    [set, Checker::ReadAfterWrite, Checker::Agreement, Checker::Register, bank, isolation]
}

/// Three replicas are three databases: at each one writes and one reads what is written there; money is moved in the second, and
/// lists grow in the third. Whoever comes through the service, from inside the cluster, writes to any of them.
pub(crate) fn clients_of_three_databases(set: &Set) -> Vec<Client> {
    let client = |ordinal: u32, first: u32, more: &[Work]| {
        let works = [Work::Writes { sizes: ROWS }, Work::Reads { of: first..first + 1 }];
        Client { endpoint: set.pod_name(ordinal), works: [&works, more].concat() }
    };
    let (money, lists) = (Work::Bank { accounts: sql::ACCOUNTS }, Work::Lists { lists: 3 });
    vec![
        client(0, 0, &[]),
        client(1, 2, &[money.clone(), money]),
        client(2, 6, &[lists.clone(), lists]),
        Client { endpoint: service(set.workload.name), works: vec![Work::Writes { sizes: ROWS }; 2] },
    ]
}

/// What three databases are held to by what [`clients_of_three_databases`] saw, after everything was read back from each.
pub(crate) fn checkers_of_three_databases() -> [Checker; 4] {
    let (bank, isolation) = (Checker::Bank { total: sql::MONEY }, Checker::Isolation(Level::Serializable));
    [Checker::Set(Copies::Apart), Checker::ReadAfterWrite, bank, isolation]
}
