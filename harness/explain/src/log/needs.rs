//! What a program needs beside its own pod, and says in its log that it has not: rights in the API, and other servers.
//! Nothing in the API tells, and what is said last is not always why it ended: likely, and no more.

use kube::ResourceExt;

use super::token;
use crate::{
    cause::{self, Cause, quote},
    container::At,
    log,
};

/// Lines from the end that count: a server speaks of peers that it does not reach long before it ends for another reason.
const LAST: usize = 8;

/// Sentences of libraries that reach nobody, in small letters: all parts in one line.
const UNREACHED: &[&[&str]] = &[
    &["connection refused"],
    &["connection to", "refused"],
    &["econnrefused"],
    &["ehostunreach"],
    &["etimedout"],
    &["enotfound"],
    &["no route to host"],
    &["no such host"],
    &["could not translate host name"],
    &["could not resolve host"],
    &["name or service not known"],
    &["failure in name resolution"],
    &["unknownhostexception"],
    &["dial tcp", "i/o timeout"],
    &["can't connect to", "server"],
    &["connection timed out"],
];

/// A container that ended, and said what it lacks.
pub(crate) fn examine(at: &At<'_>) -> Option<Cause> {
    let text = at.picture.log(at.pod, &at.container.name)?;
    let lines: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(LAST).collect();
    token::examine(at, &lines).or_else(|| rights(at, &lines)).or_else(|| unreached(at, &lines))
}

fn rights(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let refused = |line: &&&str| line.contains("system:serviceaccount:") && line.contains("cannot ");
    let line = lines.iter().find(refused)?;
    let account = account(line)?;
    let ask = asked(line)
        .map_or_else(|| "VERB RESOURCE".to_owned(), |(verb, resource)| format!("{verb} {resource}"));
    let seen = format!(
        "ends, and its log says that the API server does not let its ServiceAccount do what it asks: {}",
        quote(line)
    );
    let namespace = at.picture.namespace();
    let cause = at
        .cause(cause::RIGHTS_MISSING, &seen)
        .by(log::evidence(at.picture, at.pod, &at.container.name))
        .likely(format!("ask the API server: kubectl auth can-i {ask} -n {namespace} --as {account}"))
        .advise(format!("give {account} that right by a Role and a RoleBinding in namespace {namespace} (of a chart: rbac.create), or name the ServiceAccount that has it: serviceAccountName in statefulset {}", at.picture.name()))
        .advise("the container is started again by itself, and finds the right when it is there");
    Some(cause)
}

/// `User "system:serviceaccount:shop:web" cannot …`
fn account(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("system:serviceaccount:")?;
    let names: String =
        rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "-.:".contains(*letter)).collect();
    Some(format!("system:serviceaccount:{}", names.trim_end_matches([':', '.'])))
}

/// `cannot get resource "endpoints" in API group ""`
fn asked(line: &str) -> Option<(&str, String)> {
    let (_, rest) = line.split_once("cannot ")?;
    let verb = rest.split_whitespace().next()?;
    let quoted = rest.split_once("resource ")?.1.trim_start_matches('\\').trim_start_matches('"');
    let resource: String = quoted
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || "-./".contains(*letter))
        .collect();
    (!resource.is_empty()).then_some((verb, resource))
}

fn unreached(at: &At<'_>, lines: &[&str]) -> Option<Cause> {
    let said = |line: &&&str| {
        let lower = line.to_lowercase();
        UNREACHED.iter().any(|parts| parts.iter().all(|part| lower.contains(part)))
    };
    let line = lines.iter().find(said)?;
    let (pod, name) = (at.pod.name_any(), &at.container.name);
    let seen = format!("ends, and its log says that it does not reach another server: {}", quote(line));
    let cause = at
        .cause(cause::DEPENDENCY_UNREACHABLE, &seen)
        .by(log::evidence(at.picture, at.pod, name))
        .likely(format!("see what it said before it ended: {}", at.picture.kubectl(&format!("logs {pod} -c {name} --previous"))))
        .advise(format!("see whether that server runs, and whether its Service has pods that are Ready: {}; a NetworkPolicy may keep this pod from it", at.picture.kubectl("get services,endpointslices,networkpolicies")))
        .advise("if no name at all is found, see the cluster's DNS: kubectl -n kube-system get pods -l k8s-app=kube-dns")
        .advise(format!("if the address is wrong, correct it in statefulset {}; once the server answers, the container's next start finds it", at.picture.name()));
    Some(cause)
}
