//! Whether the way into the cluster is there, beside the clients that come by it.

use std::time::Duration;

use history::{availability::WAY_IN, generate::Work};

use super::Prober;
use crate::load::{Beats, Client, Load, Plan, Recorder};

/// Where our program speaks HTTP.
const HTTP: u16 = 8080;

impl Prober {
    /// Asks this pod itself, through the way by which clients come that act through it, so that its failures are told from
    /// theirs.
    pub fn beats(&self, recorder: &Recorder, pace: Duration, budget: Duration) -> Load {
        let client = Client { endpoint: WAY_IN.to_owned(), works: vec![Work::Beats] };
        let (inside, plan) = (self.clone(), Plan { clients: vec![client], pace, budget });
        Load::start(recorder, &self.run.patient(&plan), move |_| {
            let inside = inside.clone();
            async move { Ok(Beats(inside.tunnel("127.0.0.1", HTTP).await?)) }
        })
    }
}
