//! Who writes to the three nodes of Garage, and who reads what they write.

use harness::{
    Result,
    history::{Cause, Checker, Operation, check::Copies, generate::Work},
    load::{Client, Recorder, service},
    runner::Run,
    workload::Set,
};

const REPLICAS: u32 = 3;
/// On both sides of the boundary below which Garage keeps an object in its metadata.
pub(crate) const SMALLEST: &[usize] = &[100, 3072];
/// As [`SMALLEST`], and one with a block of its own.
pub(crate) const SMALL: &[usize] = &[100, 3072, 65_536];
/// On both sides of all of Garage's boundaries; most are small, so that reading back from every pod stays quick.
pub(crate) const OBJECTS: &[usize] = &[100, 3071, 3072, 65_536, 100, (1 << 20) + 32, 0, 3072, 20_000, 100];
/// As [`OBJECTS`], with few large ones: an hour of them is to be read back in minutes.
pub(crate) const FEW_LARGE: &[usize] = &few_large();
/// As [`OBJECTS`], each once, and one of six blocks: few are written, and each of them is to be replicated.
const EACH_ONCE: &[usize] = &[100, 3071, 3072, 65_536, 20_000, (1 << 20) + 32, (5 << 20) + 32];
/// As [`OBJECTS`], of what is uploaded in parts.
const UPLOADS: &[usize] =
    &[6_200, 65_536, 6_200, 200_000, 6_200, 6_200, 65_536, 6_200, 20_000, 6_200, 200_000, (5 << 20) + 32];
/// What is uploaded, copied and written over: most of it small.
const SHARED: &[usize] = &[100, 3072, 6_200, 100, 3072, 6_200, 100, (1 << 20) + 32];

/// One in 32 has two blocks.
const fn few_large() -> [usize; 32] {
    const SMALLER: [usize; 8] = [100, 3071, 100, 20_000, 0, 3072, 100, 65_536];
    let mut sizes = [0; 32];
    let mut place = 0;
    while place < sizes.len() {
        sizes[place] = SMALLER[place % SMALLER.len()];
        place += 1;
    }
    sizes[15] = (1 << 20) + 32;
    sizes
}

/// The pods of all nodes.
pub(crate) fn pods(set: &Set) -> Vec<String> {
    (0..REPLICAS).map(|ordinal| set.pod_name(ordinal)).collect()
}

/// As [`pods`], and the service: its clients come from inside the cluster.
pub(crate) fn pods_and_service(set: &Set) -> Vec<String> {
    [pods(set), vec![service(set.workload.name)]].concat()
}

/// At each endpoint one writes objects of these sizes, one reads what is written so many endpoints further on, and one writes over a few
/// keys that all share, and deletes them: what is healed from copies must not bring back what is gone or was written over.
pub(crate) fn clients(endpoints: Vec<String>, sizes: &'static [usize], further: u32) -> Vec<Client> {
    let all = endpoints.len() as u32;
    let client = |(place, endpoint): (u32, String)| {
        let writer = 3 * ((place + further) % all);
        let over = Work::Objects { keys: 4, sizes: SMALLEST, deletes: true };
        Client { endpoint, works: vec![Work::Writes { sizes }, Work::Reads { of: writer..writer + 1 }, over] }
    };
    (0..).zip(endpoints).map(client).collect()
}

/// At each endpoint one uploads in parts, one reads parts of what is uploaded at the next, and one writes over keys that all share:
/// at once, in parts, only if there is none; it reads, deletes and lists them too.
pub(crate) fn clients_that_upload(endpoints: Vec<String>) -> Vec<Client> {
    let all = endpoints.len() as u32;
    let client = |(place, endpoint): (u32, String)| {
        let next = 3 * ((place + 1) % all);
        let ranges = Work::Ranges { of: next..next + 1, sizes: UPLOADS };
        let shared = Work::Objects { keys: 4, sizes: SHARED, deletes: true };
        Client { endpoint, works: vec![Work::Uploads { sizes: UPLOADS }, ranges, shared] }
    };
    (0..).zip(endpoints).map(client).collect()
}

/// What Garage is held to by what [`clients`] saw, after everything was read back.
pub(crate) fn checkers() -> [Checker; 2] {
    [Checker::Set(Copies::Same), Checker::ReadAfterWrite]
}

/// What it is held to by what those saw that write over keys, list them, and write some only where there is nothing.
pub(crate) fn checkers_of_what_is_shared(run: &Run, history: &Recorder) -> Result<Vec<Checker>> {
    let mut checkers = vec![Checker::ReadAfterWrite, Checker::Listings, Checker::Ranges];
    // A store that never refuses for what is there knows no conditions, and promises nothing of them.
    let minds = |one: &Operation| {
        one.outcome.failure().is_some_and(|failure| failure.cause == Cause::Answered("412".into()))
    };
    if history.operations()?.all.iter().any(minds) {
        checkers.push(Checker::Conditional);
    } else {
        run.leave_out("conditional puts: Garage took every one, whether there was something or not");
    }
    Ok(checkers)
}

/// At each endpoint one writes objects at once, one in parts, and one deletes most of what it writes.
pub(crate) fn writers(endpoints: Vec<String>) -> Vec<Client> {
    let deletes = Work::Deletes { sizes: SMALL };
    let works = vec![Work::Writes { sizes: EACH_ONCE }, Work::Uploads { sizes: EACH_ONCE }, deletes];
    endpoints.into_iter().map(|endpoint| Client { endpoint, works: works.clone() }).collect()
}
