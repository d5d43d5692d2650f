//! What a cluster's names and addresses are like.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// The DNS of services and pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dns {
    /// `cluster.local`
    pub domain: String,
    /// How many seconds old an address may be that it answers with.
    pub address_seconds: u64,
    /// How many seconds old the answer may be that there is no such name.
    pub absence_seconds: u64,
    /// How many seconds a client may keep an address for, by the answer's own word.
    pub client_seconds: u64,
    /// Whether a cache on each node stands between the pods and it.
    pub node_cache: bool,
    /// Whether it asks other servers where it knows no name: what they say, or that they don't, is its answer then.
    #[serde(default)]
    pub forwards_absence: bool,
    /// Whether it names each endpoint of any service by its pod (`endpoint_pod_names`), and not by its hostname alone.
    #[serde(default)]
    pub names_pods: bool,
    /// How this is known.
    pub known_by: KnownBy,
}

impl Dns {
    /// Whether it names endpoints by their pods, or nobody knows whether it does.
    pub fn may_name_pods(&self) -> bool {
        self.names_pods || self.known_by == KnownBy::Measurement
    }

    /// Whether it asks other servers where it knows no name, or nobody knows whether it does.
    pub fn may_forward_absence(&self) -> bool {
        self.forwards_absence || self.known_by == KnownBy::Measurement
    }
}

/// How something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// Read from the configuration.
    Configuration,
    /// Asked from inside a pod.
    Measurement,
}

/// An IP family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// IPv4
    IPv4,
    /// IPv6
    IPv6,
}

impl Dns {
    /// How old an answer may be at most.
    pub fn horizon(&self) -> Duration {
        self.address().max(self.absence())
    }

    /// How old an address may be.
    pub fn address(&self) -> Duration {
        Duration::from_secs(self.address_seconds)
    }

    /// How old the answer may be that there is no such name.
    pub fn absence(&self) -> Duration {
        Duration::from_secs(self.absence_seconds)
    }

    /// How long a client may keep an address for.
    pub fn client(&self) -> Duration {
        Duration::from_secs(self.client_seconds)
    }
}

impl fmt::Display for Dns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DNS domain {}", self.domain)?;
        match (self.address_seconds, self.absence_seconds) {
            (0, 0) => write!(formatter, ", answers are not cached")?,
            (address, absence) if address == absence => write!(formatter, ", answers up to {address} s old")?,
            (address, absence) => {
                write!(
                    formatter,
                    ", addresses up to {address} s old, the answer that there is none up to {absence} s"
                )?;
            }
        }
        if self.node_cache {
            write!(formatter, ", with a cache on each node")?;
        }
        if self.forwards_absence {
            write!(formatter, ", asks others where it knows no name")?;
        }
        if self.names_pods {
            write!(formatter, ", names endpoints by their pods")?;
        }
        match self.known_by {
            KnownBy::Configuration => Ok(()),
            KnownBy::Measurement => write!(formatter, " (asked from inside a pod)"),
        }
    }
}

impl Family {
    /// The DNS record of its addresses.
    pub fn record(self) -> &'static str {
        match self {
            Self::IPv4 => "A",
            Self::IPv6 => "AAAA",
        }
    }

    /// The one that it is not.
    pub fn other(self) -> Self {
        match self {
            Self::IPv4 => Self::IPv6,
            Self::IPv6 => Self::IPv4,
        }
    }

    /// Whether an address is one of its own.
    pub fn has(self, address: &str) -> bool {
        address.contains(':') == (self == Self::IPv6)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::IPv4 => "IPv4",
            Self::IPv6 => "IPv6",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::terrain;

    #[test]
    fn a_dns_whose_configuration_is_not_known_may_do_what_it_may_say_there() {
        let Some(mut dns) = terrain().dns else { panic!("the fixture's DNS is known") };
        assert_eq!((dns.may_forward_absence(), dns.may_name_pods()), (false, false));
        (dns.forwards_absence, dns.names_pods) = (true, false);
        assert_eq!((dns.may_forward_absence(), dns.may_name_pods()), (true, false));
        (dns.forwards_absence, dns.known_by) = (false, KnownBy::Measurement);
        assert_eq!((dns.may_forward_absence(), dns.may_name_pods()), (true, true));
    }
}
