//! Who writes to the three nodes of Garage, and who reads what they write.

use harness::{
    history::generate::Work,
    load::{Client, service},
    workload::Set,
};

const REPLICAS: u32 = 3;
/// On both sides of the boundary below which Garage keeps an object in its metadata, and one with a block of its own.
pub(crate) const SMALL: &[usize] = &[100, 3072, 65_536];
/// On both sides of all of Garage's boundaries; most are small, so that reading back from every pod stays quick.
pub(crate) const OBJECTS: &[usize] = &[100, 3071, 3072, 65_536, 100, 20_000, 0, 3072, 100, (1 << 20) + 32];

/// The pods of all nodes.
pub(crate) fn pods(set: &Set) -> Vec<String> {
    (0..REPLICAS).map(|ordinal| set.pod_name(ordinal)).collect()
}

/// As [`pods`], and the service.
pub(crate) fn pods_and_service(set: &Set) -> Vec<String> {
    [pods(set), vec![service(set.workload.name)]].concat()
}

/// At each endpoint one writes objects of these sizes, and one reads what is written so many endpoints further on.
pub(crate) fn clients(endpoints: Vec<String>, sizes: &'static [usize], further: u32) -> Vec<Client> {
    let all = (0..).zip(&endpoints).count() as u32;
    let client = |(place, endpoint): (u32, String)| {
        let writer = 2 * ((place + further) % all);
        Client { endpoint, works: vec![Work::Writes { sizes }, Work::Reads { of: writer..writer + 1 }] }
    };
    (0..).zip(endpoints).map(client).collect()
}
