//! What is wrong with a listing by itself: names that nobody wrote, names that come twice, and out of order.

use std::collections::BTreeMap;

use super::{listing::Listings, phantom};
use crate::check::judgement::{Anomaly, Kind};

/// Finds it; a name that an endpoint lists and scans is one.
pub fn strange(listings: &Listings<'_>, unknown: impl Fn(&str) -> bool) -> Vec<Anomaly> {
    let (mut phantoms, mut twice, mut disordered) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for listing in listings.iter() {
        let endpoint = listing.endpoint;
        for key in listing.keys.keys().filter(|key| unknown(key)) {
            phantoms.entry((endpoint, *key)).or_insert_with(|| phantom(key, endpoint, listing.line));
        }
        for key in &listing.twice {
            twice.entry((endpoint, *key)).or_insert_with(|| Anomaly {
                kind: Kind::Duplicated,
                text: format!("{key} is listed twice at {endpoint}"),
                lines: vec![listing.line],
            });
        }
        disordered.extend(listing.disorder.clone());
    }
    phantoms.into_values().chain(twice.into_values()).chain(disordered).collect()
}
