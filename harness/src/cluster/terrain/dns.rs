//! The DNS domain and how old its answers may be: read from CoreDNS' configuration, or asked from inside a pod where that
//! can't be read.

use external::api::objects;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;

use super::corefile::{Kept, Server, has_placeholders, servers};
use crate::{
    error::Result,
    report::terrain::{Dns, KnownBy},
};

/// Where distributions keep the Corefile of the cluster's DNS.
const COREFILES: [(&str, &str); 3] = [
    ("kube-system", "coredns"),
    ("kube-system", "rke2-coredns-rke2-coredns"),
    ("openshift-dns", "dns-default"),
];
/// Where that of NodeLocal DNSCache is.
const NODE_CACHE: (&str, &str) = ("kube-system", "node-local-dns");

/// What its configuration says; none where it has none that we know, or where that names several domains.
pub(super) async fn configured(client: &Client) -> Result<Option<Dns>> {
    let node_cache = corefile(client, NODE_CACHE);
    let found = async {
        for place in COREFILES {
            if let Some(text) = corefile(client, place).await? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    };
    let (found, node_cache) = tokio::try_join!(found, node_cache)?;
    Ok(found.and_then(|text| concluded(&text, node_cache.as_deref())))
}

async fn corefile(client: &Client, (namespace, name): (&str, &str)) -> Result<Option<String>> {
    let doing = format!("reading the Corefile in configmap {namespace}/{name}");
    let found = objects::<ConfigMap>(client, namespace).doing(doing).get_opt(name).await?;
    Ok(found.and_then(|map| map.data?.remove("Corefile")))
}

/// What follows from the Corefile of the cluster's DNS and from that of a cache on each node.
fn concluded(corefile: &str, node_cache: Option<&str>) -> Option<Dns> {
    if [corefile, node_cache.unwrap_or_default()].into_iter().any(has_placeholders) {
        return None;
    }
    let servers_of_cluster = servers(corefile);
    let servers_of_nodes = servers(node_cache.unwrap_or_default());
    // What stands in another file may say anything of it.
    if servers_of_cluster.iter().chain(&servers_of_nodes).any(Server::imports) {
        return None;
    }
    let server = Server::of_kubernetes(&servers_of_cluster)?;
    // Of several domains, only a pod can tell which one its names end in.
    let [domain] = server.domains()[..] else { return None };
    // What of it can't be read, only a pod can tell.
    let ttl = server.rewritten(server.ttl())?;
    let forwards_absence = server.forwards_absence(domain);
    // How long the absence may be kept of which others tell, is theirs to say: a cache keeps it as long as it may at all.
    let told = |ttl| Kept { address: ttl, absence: if forwards_absence { u64::MAX } else { ttl } };
    let behind = server.kept(domain, told(ttl));
    let names_pods = server.names_pods();
    let (ttl, before) = match Server::of_domain(&servers_of_nodes, domain) {
        Some(server) => {
            let ttl = server.rewritten(ttl)?;
            (ttl, server.kept(domain, told(ttl)))
        }
        None => (ttl, Kept::default()),
    };
    Some(Dns {
        domain: domain.to_owned(),
        // An answer may have grown old in the one before the other is asked.
        address_seconds: behind.address + before.address,
        absence_seconds: behind.absence + before.absence,
        // A cache says of what it gives how long it keeps it itself.
        client_seconds: ttl.max(behind.address).max(before.address),
        node_cache: before != Kept::default(),
        forwards_absence,
        names_pods,
        known_by: KnownBy::Configuration,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CACHED: &str = ".:53 {\n kubernetes corp.example in-addr.arpa {\n ttl 30\n }\n cache 30\n}";

    #[test]
    fn two_caches_in_a_row_keep_one_after_the_other() {
        let alone = concluded(CACHED, None).unwrap();
        assert_eq!(alone.to_string(), "DNS domain corp.example, answers up to 30 s old");
        let node = "corp.example:53 {\n cache {\n success 9984 30\n denial 9984 5\n }\n}";
        let both = concluded(CACHED, Some(node)).unwrap();
        assert_eq!((both.address_seconds, both.absence_seconds, both.client_seconds), (60, 35, 30));
        assert!(both.node_cache);
    }

    #[test]
    fn what_is_rewritten_is_kept_as_long_as_the_cache_behind_it_allows() {
        let rewritten = CACHED.replace("cache 30", "rewrite ttl regex (.*) 3600\n cache 300");
        let told = concluded(&rewritten, None).unwrap();
        assert_eq!((told.address_seconds, told.absence_seconds, told.client_seconds), (300, 300, 3600));
        let node = "corp.example:53 {\n rewrite ttl regex (.*) 90\n forward . 10.96.0.10\n}";
        assert_eq!(concluded(CACHED, Some(node)).unwrap().client_seconds, 90);
        assert_eq!(concluded(&CACHED.replace("cache 30", "rewrite ttl regex (.*) {$TTL}"), None), None);
    }

    #[test]
    fn what_does_not_name_one_domain_is_left_to_a_pod() {
        assert_eq!(concluded(".:53 {\n forward . 1.1.1.1\n}", None), None);
        assert_eq!(concluded(".:53 {\n kubernetes a.example b.example\n}", None), None);
        assert_eq!(concluded("", None), None);
        let imports = CACHED.replace("cache 30", "import custom/*.override\n cache 30");
        assert_eq!(concluded(&imports, None), None);
        assert_eq!(concluded(CACHED, Some("import custom/*.server")), None);
    }

    #[test]
    fn what_a_variable_says_and_which_of_two_servers_answers_is_left_to_a_pod() {
        assert_eq!(concluded(&CACHED.replace("corp.example", "{$CLUSTER_DOMAIN}"), None), None);
        assert_eq!(concluded(&CACHED.replace("cache 30", "cache {%TTL%}"), None), None);
        assert_eq!(concluded(CACHED, Some(".:53 {\n cache {$TTL}\n}")), None);
        assert!(concluded(&format!("# {{$NOTHING}}\n{CACHED}"), None).is_some());
        let second = format!("{CACHED}\nother.example:53 {{\n kubernetes other.example\n}}");
        assert_eq!(concluded(&second, None), None);
        assert!(concluded(&second.replace("kubernetes other.example", "cache 5"), None).is_some());
    }

    #[test]
    fn whether_absence_is_forwarded_is_told() {
        assert!(!concluded(CACHED, None).unwrap().forwards_absence);
        let falls = CACHED.replace("ttl 30", "ttl 5\n fallthrough").replace("cache 30", "forward . 10.0.0.1");
        let told = concluded(&falls, None).unwrap();
        assert!(told.forwards_absence && told.to_string().ends_with("asks others where it knows no name"));
    }

    #[test]
    fn the_absence_of_which_others_tell_is_kept_as_long_as_the_caches_allow() {
        let falls = |cache: &str| {
            let forward = format!("{cache}\n forward . 10.0.0.1");
            CACHED.replace("ttl 30", "ttl 5\n fallthrough").replace("cache 30", &forward)
        };
        let seconds = |corefile: &str, node_cache| {
            let told = concluded(corefile, node_cache).unwrap();
            (told.address_seconds, told.absence_seconds)
        };
        assert_eq!(seconds(&falls("cache 30"), None), (5, 30));
        assert_eq!(seconds(&falls("cache 30 {\n denial 9984 60\n }"), None), (5, 60));
        assert_eq!(seconds(&falls("cache"), None), (5, 1800));
        assert_eq!(seconds(&falls("errors"), None), (0, 0));
        let node = "corp.example:53 {\n cache {\n success 9984 30\n denial 9984 10\n }\n}";
        assert_eq!(seconds(&falls("cache 30"), Some(node)), (10, 40));
        let own = falls("cache 30").replace("fallthrough", "fallthrough in-addr.arpa");
        assert_eq!(seconds(&own, None), (5, 5));
    }
}
