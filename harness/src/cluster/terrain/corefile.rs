//! CoreDNS' own configuration: which domains it serves, and how old its answers may be. What the documentation says of 30
//! seconds is not what every cluster does.

use std::collections::BTreeMap;

/// What CoreDNS does where nothing is said: the `ttl` of its kubernetes plugin, and the bounds of `cache`.
const DEFAULT_TTL: u64 = 5;
const LONGEST_ADDRESS: u64 = 3600;
const LONGEST_ABSENCE: u64 = 1800;
const SHORTEST: u64 = 5;

/// A server of a Corefile.
#[derive(Debug)]
pub(super) struct Server<'a> {
    zones: Vec<&'a str>,
    plugins: Vec<Plugin<'a>>,
}

/// A plugin: its line, and those in its braces.
#[derive(Debug, Clone)]
struct Plugin<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
    options: Vec<Vec<&'a str>>,
}

/// How many seconds something is kept: by a cache, or by the word of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Kept {
    /// An address.
    pub address: u64,
    /// The answer that there is no such name.
    pub absence: u64,
}

/// The servers of a Corefile, each with what it imports of the Corefile's own snippets.
pub(super) fn servers<'a>(corefile: &'a str) -> Vec<Server<'a>> {
    let mut snippets: BTreeMap<&'a str, Vec<Plugin<'a>>> = BTreeMap::new();
    let mut servers = Vec::new();
    for Server { zones, plugins } in blocks(corefile) {
        let imported = |plugin: Plugin<'a>| match plugin.imports().and_then(|name| snippets.get(name)) {
            Some(snippet) => snippet.clone(),
            None => vec![plugin],
        };
        let plugins = plugins.into_iter().flat_map(imported).collect();
        match zones[..].first().and_then(|zone| zone.strip_prefix('(')?.strip_suffix(')')) {
            Some(name) => drop(snippets.insert(name, plugins)),
            None => servers.push(Server { zones, plugins }),
        }
    }
    servers
}

/// Whether something in a Corefile is what a variable of its process says.
pub(super) fn has_placeholders(corefile: &str) -> bool {
    let mut lines = corefile.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.any(|line| line.contains("{$") || line.contains("{%"))
}

/// The blocks of a Corefile, as they stand there.
fn blocks(corefile: &str) -> Vec<Server<'_>> {
    let mut servers: Vec<Server<'_>> = Vec::new();
    let mut depth = 0_usize;
    for line in corefile.lines() {
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        let (words, opens) = match words.split_last() {
            Some((&"{", words)) => (words, true),
            _ => (&words[..], false),
        };
        let plugins = servers.last_mut().map(|server| &mut server.plugins);
        match (depth, words, plugins) {
            (_, [], _) => {}
            (_, ["}"], _) => depth = depth.saturating_sub(1),
            (0, zones, _) => servers.push(Server { zones: zones.to_vec(), plugins: Vec::new() }),
            (1, [name, arguments @ ..], Some(plugins)) => {
                plugins.push(Plugin { name, arguments: arguments.to_vec(), options: Vec::new() });
            }
            (2, option, Some(plugins)) => {
                plugins.last_mut().into_iter().for_each(|plugin| plugin.options.push(option.to_vec()));
            }
            _ => {}
        }
        depth += usize::from(opens);
    }
    servers
}

impl<'a> Server<'a> {
    /// The one that answers for services and pods; none where there are several, for any of them may be asked.
    pub(super) fn of_kubernetes(servers: &[Self]) -> Option<&Self> {
        let mut answer = servers.iter().filter(|server| server.plugin("kubernetes").is_some());
        answer.next().filter(|_| answer.next().is_none())
    }

    /// The one that answers for a domain: that of the longest zone.
    pub(super) fn of_domain<'s>(servers: &'s [Self], domain: &str) -> Option<&'s Self> {
        let fit = |server: &&Self| {
            let zones = server.zones.iter().map(|zone| plain(zone));
            zones.filter(|zone| within(domain, zone)).map(|zone| zone.len() + 1).max().unwrap_or(0)
        };
        servers.iter().filter(|server| fit(server) > 0).max_by_key(fit)
    }

    /// Whether it imports a file, of which the Corefile tells nothing; or is such an import itself, of whole servers.
    pub(super) fn imports(&self) -> bool {
        self.zones.first() == Some(&"import") || self.plugin("import").is_some()
    }

    /// Whether it asks other servers where it knows no name in this domain: as its own fall-through, or for names of the search list.
    pub(super) fn forwards_absence(&self, domain: &str) -> bool {
        let falls = self.plugin("kubernetes").and_then(|plugin| plugin.option("fallthrough"));
        let falls = falls.is_some_and(|zones| covers(zones, domain));
        (falls || self.plugin("autopath").is_some()) && self.plugin("forward").is_some()
    }

    /// Whether endpoints of any service are named by their pods.
    pub(super) fn names_pods(&self) -> bool {
        self.plugin("kubernetes").is_some_and(|plugin| plugin.option("endpoint_pod_names").is_some())
    }

    fn plugin(&self, name: &str) -> Option<&Plugin<'a>> {
        self.plugins.iter().find(|plugin| plugin.name == name)
    }

    /// The domains of services and pods.
    pub(super) fn domains(&self) -> Vec<&'a str> {
        let Some(plugin) = self.plugin("kubernetes") else { return Vec::new() };
        let zones = if plugin.arguments.is_empty() { &self.zones } else { &plugin.arguments };
        let forward = |zone: &&str| !zone.is_empty() && !zone.ends_with(".arpa") && !zone.contains('/');
        zones.iter().map(|zone| plain(zone)).filter(forward).collect()
    }

    /// How many seconds its answers about services and pods say that they may be kept.
    pub(super) fn ttl(&self) -> u64 {
        let said = self.plugin("kubernetes").and_then(|plugin| plugin.option("ttl")?.first()?.parse().ok());
        said.unwrap_or(DEFAULT_TTL)
    }

    /// How many seconds its answers may say at most that they may be kept, of which those behind it say this. None where it rewrites
    /// that, and to what can't be read.
    pub(super) fn rewritten(&self, ttl: u64) -> Option<u64> {
        let rewrites = self.plugins.iter().filter(|plugin| plugin.name == "rewrite");
        let lines = rewrites.flat_map(|plugin| plugin.options.iter().chain([&plugin.arguments]));
        let mut of_ttl = lines.filter(|words| match words[..] {
            ["continue" | "stop", field, ..] | [field, ..] => field == "ttl",
            [] => false,
        });
        of_ttl.try_fold(ttl, |most, words| {
            // SECONDS, or MIN-MAX, of which either may be missing.
            let bounds = words.last()?.split('-').filter(|bound| !bound.is_empty());
            let bounds: Option<Vec<u64>> = bounds.map(|bound| bound.parse().ok()).collect();
            Some(most.max(bounds?.into_iter().max()?))
        })
    }

    /// How long its cache keeps answers about a domain that say that they may be kept for so long.
    pub(super) fn kept(&self, domain: &str, told: Kept) -> Kept {
        let Some(cache) = self.plugin("cache") else { return Kept::default() };
        let numbers =
            |words: &[&str]| -> Vec<u64> { words.iter().map_while(|word| word.parse().ok()).collect() };
        let whole = numbers(&cache.arguments);
        let zones = &cache.arguments[whole.len().min(1)..];
        if !covers(zones, domain) {
            return Kept::default();
        }
        let disabled = |what: &str| {
            let lines = cache.options.iter().filter(|line| line[..].starts_with(&["disable", what]));
            lines.into_iter().any(|line| covers(&line[2..], domain))
        };
        let kept = |what: &str, ttl: u64, longest: u64| {
            // CAPACITY [TTL] [MINTTL]
            let own = cache.option(what).map(numbers).unwrap_or_default();
            let longest = own.get(1).or(whole.first()).copied().unwrap_or(longest);
            let shortest = own.get(2).copied().unwrap_or(SHORTEST);
            ttl.max(shortest).min(longest)
        };
        let unless_disabled = |what, ttl, longest| if disabled(what) { 0 } else { kept(what, ttl, longest) };
        Kept {
            address: unless_disabled("success", told.address, LONGEST_ADDRESS),
            absence: unless_disabled("denial", told.absence, LONGEST_ABSENCE),
        }
    }
}

impl<'a> Plugin<'a> {
    /// The file or snippet that it stands for.
    fn imports(&self) -> Option<&'a str> {
        (self.name == "import").then(|| self.arguments.first().copied()).flatten()
    }

    fn option(&self, name: &str) -> Option<&[&'a str]> {
        let line = self.options.iter().find(|line| line.first() == Some(&name))?;
        line.get(1..)
    }
}

/// A zone without scheme, port and final dot: `dns://cluster.local.:53` is `cluster.local`, and `.` is nothing.
fn plain(zone: &str) -> &str {
    let zone = zone.rsplit_once("://").map_or(zone, |(_, zone)| zone);
    let zone = zone.rsplit_once(':').map_or(zone, |(zone, _)| zone);
    zone.trim_end_matches('.')
}

/// Whether zones take a domain in; where none is named, they take in all.
fn covers(zones: &[&str], domain: &str) -> bool {
    zones.is_empty() || zones.iter().any(|zone| within(domain, plain(zone)))
}

/// Whether a domain is a zone, or lies in it.
fn within(domain: &str, zone: &str) -> bool {
    zone.is_empty() || domain == zone || domain.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the word of answers that all say the same.
    fn alike(seconds: u64) -> Kept {
        Kept { address: seconds, absence: seconds }
    }

    /// Domains, ttl and what is kept, of a Corefile whose kubernetes plugin says 30 s and whose cache is this.
    fn kept(cache: &str) -> (u64, u64) {
        let corefile = format!(
            ".:53 {{\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {{\n       pods insecure\n       ttl 30\n    }}\n    {cache}\n    loop\n}}"
        );
        let servers = servers(&corefile);
        let server = Server::of_kubernetes(&servers).unwrap();
        assert_eq!((server.domains(), server.ttl()), (vec!["cluster.local"], 30));
        let Kept { address, absence } = server.kept("cluster.local", alike(server.ttl()));
        (address, absence)
    }

    #[test]
    fn an_answer_is_as_old_as_cache_and_ttl_allow() {
        assert_eq!(kept("cache 30"), (30, 30));
        assert_eq!(kept("cache 10"), (10, 10));
        assert_eq!(kept("cache"), (30, 30));
        assert_eq!(kept("loadbalance"), (0, 0));
        let kubeadm = "cache 30 {\n disable success cluster.local\n disable denial cluster.local\n }";
        assert_eq!(kept(kubeadm), (0, 0));
        assert_eq!(kept("cache 30 {\n disable denial cluster.local\n }"), (30, 0));
        assert_eq!(kept("cache 30 {\n disable denial example.org\n }"), (30, 30));
        assert_eq!(kept("cache 30 {\n disable denial\n }"), (30, 0));
        assert_eq!(kept("cache {\n success 9984 20\n denial 9984 5\n }"), (20, 5));
        assert_eq!(kept("cache {\n denial 9984 600 60\n }"), (30, 60));
        assert_eq!(kept("cache 30 example.org"), (0, 0));
        assert_eq!(kept("cache 20 cluster.local"), (20, 20));
    }

    #[test]
    fn what_is_not_said_is_as_coredns_has_it() {
        let of = |text: &'static str| servers(text);
        let plain = of("corp.example:53 {\n kubernetes\n cache\n}");
        let server = Server::of_kubernetes(&plain).unwrap();
        assert_eq!((server.domains(), server.ttl()), (vec!["corp.example"], DEFAULT_TTL));
        let low = of(".:53 {\n kubernetes a.b {\n ttl 0\n }\n cache 30\n}");
        // A cache keeps everything for a while.
        assert_eq!(low[0].kept("a.b", alike(low[0].ttl())), Kept { address: 5, absence: 5 });
        assert!(Server::of_kubernetes(&of(".:53 {\n forward . /etc/resolv.conf\n}")).is_none());
        assert!(Server::of_kubernetes(&of("}\n}\nnonsense")).is_none());
    }

    #[test]
    fn a_rewrite_may_let_answers_be_kept_for_longer() {
        let rewritten = |rules: &str| {
            let corefile = format!(".:53 {{\n {rules}\n kubernetes a.b {{\n ttl 30\n }}\n}}");
            let servers = servers(&corefile);
            servers[0].rewritten(servers[0].ttl())
        };
        assert_eq!(rewritten("rewrite name ttl.example.org a.b"), Some(30));
        assert_eq!(rewritten("rewrite ttl regex (.*) 3600"), Some(3600));
        assert_eq!(
            rewritten("rewrite stop ttl suffix .a.b. 5\n rewrite continue ttl exact c.a.b. 60-90"),
            Some(90)
        );
        assert_eq!(rewritten("rewrite ttl regex (.*) -10\n rewrite ttl regex (.*) 120-"), Some(120));
        assert_eq!(rewritten("rewrite stop {\n ttl regex (.*) 3600\n }"), Some(3600));
        assert_eq!(rewritten("rewrite ttl regex (.*) {$TTL}"), None);
    }

    #[test]
    fn the_server_of_the_domain_is_asked_and_no_other() {
        let text = "# the company's own\nexample.org:53 {\n  forward . 10.0.0.1\n  cache 600\n}\n.:53 {\n  \
                    kubernetes one.example two.example 10.0.0.0/8 {\n  ttl 10 # short\n  }\n  cache 5\n}";
        let servers = servers(text);
        let server = Server::of_kubernetes(&servers).unwrap();
        assert_eq!(server.domains(), ["one.example", "two.example"]);
        assert_eq!(server.kept("one.example", alike(server.ttl())), Kept { address: 5, absence: 5 });
    }

    #[test]
    fn a_snippet_is_read_where_it_is_imported_and_a_file_is_not() {
        let text = "(short) {\n cache 5\n}\n(all) {\n import short\n}\n.:53 {\n kubernetes a.b {\n ttl 30\n }\n import all\n}";
        let whole = servers(text);
        assert_eq!(whole.len(), 1);
        assert_eq!(whole[0].kept("a.b", alike(30)), Kept { address: 5, absence: 5 });
        assert!(!whole[0].imports());
        let file = servers(".:53 {\n kubernetes a.b\n import custom/*.override\n}\nimport custom/*.server");
        assert_eq!(file.iter().map(Server::imports).collect::<Vec<_>>(), [true, true]);
    }

    #[test]
    fn who_names_endpoints_by_their_pods_says_so() {
        let names = |option: &str| {
            let corefile = format!(".:53 {{\n kubernetes cluster.local {{\n {option}\n }}\n}}\n");
            servers(&corefile)[0].names_pods()
        };
        assert!(names("endpoint_pod_names") && !names("pods insecure"));
    }

    #[test]
    fn absence_is_forwarded_where_the_domain_falls_through() {
        let forwards = |fallthrough: &str, more: &str| {
            let text =
                format!(".:53 {{\n kubernetes a.b in-addr.arpa {{\n ttl 5\n {fallthrough}\n }}\n {more}\n}}");
            servers(&text)[0].forwards_absence("a.b")
        };
        let forward = "forward . /etc/resolv.conf";
        assert!(!forwards("fallthrough in-addr.arpa ip6.arpa", forward));
        assert!(!forwards("", forward) && !forwards("fallthrough", ""));
        assert!(forwards("fallthrough", forward) && forwards("fallthrough a.b", forward));
        assert!(forwards("pods verified", &format!("autopath @kubernetes\n {forward}")));
    }

    #[test]
    fn a_cache_on_each_node_keeps_too() {
        let text = "cluster.local:53 {\n errors\n cache {\n success 9984 30\n denial 9984 5\n }\n forward . 10.96.0.10\n}\n\
                    in-addr.arpa:53 {\n cache 30\n}\n.:53 {\n cache 300\n}";
        let servers = servers(text);
        let of = |domain| Server::of_domain(&servers, domain).unwrap().kept(domain, alike(30));
        assert_eq!(of("cluster.local"), Kept { address: 30, absence: 5 });
        // A domain that nobody set up falls to the server for all the rest.
        assert_eq!(of("corp.example"), Kept { address: 30, absence: 30 });
        assert_eq!(of("notcluster.local"), Kept { address: 30, absence: 30 });
    }
}
