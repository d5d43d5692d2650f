//! What became of operations so far: at each endpoint, and of each process, for an endpoint may take one kind of work and never another.

use std::{collections::BTreeMap, sync::Arc};

use history::Failure;

/// What became of some operations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Sent, whatever came of it.
    pub tried: u64,
    /// Writes that were acknowledged.
    pub acknowledged: u64,
    /// Why the last operation that was not well was not.
    pub last_failure: Option<Failure>,
}

/// What became of all operations of a history.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    endpoints: BTreeMap<Arc<str>, Count>,
    processes: BTreeMap<u32, Count>,
}

impl Counts {
    /// Of those at one endpoint.
    pub fn at(&self, endpoint: &str) -> Count {
        self.endpoints.get(endpoint).cloned().unwrap_or_default()
    }

    /// Of those of one process.
    pub fn of(&self, process: u32) -> Count {
        self.processes.get(&process).cloned().unwrap_or_default()
    }

    /// The endpoints at which something was tried.
    pub fn endpoints(&self) -> impl Iterator<Item = &Arc<str>> {
        self.endpoints.keys()
    }

    pub(super) fn begun(&mut self, process: u32, endpoint: &Arc<str>) {
        for count in self.both(process, endpoint) {
            count.tried += 1;
        }
    }

    pub(super) fn ended(
        &mut self,
        process: u32,
        endpoint: &Arc<str>,
        acknowledged: bool,
        failure: Option<&Failure>,
    ) {
        for count in self.both(process, endpoint) {
            count.acknowledged += u64::from(acknowledged);
            if let Some(failure) = failure {
                count.last_failure = Some(failure.clone());
            }
        }
    }

    fn both(&mut self, process: u32, endpoint: &Arc<str>) -> [&mut Count; 2] {
        let Self { endpoints, processes } = self;
        [endpoints.entry(Arc::clone(endpoint)).or_default(), processes.entry(process).or_default()]
    }
}
