//! A way into the cluster: a port of this machine that leads to a port of a pod, or through a pod to any name.
//! For admin calls and data, not for measuring availability: a tunnel dies with its pod.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::Portforwarder};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

use crate::error::{Error, Result, within};

/// Where a probe pod relays.
const RELAY: u16 = 8081;
/// For the way to the pod, and on to its target; not for what is then said.
const OPENING: Duration = Duration::from_secs(15);
/// What the kernel of a prober's node says of an address at which nobody listens; of a Service without endpoints its proxy does.
const NOBODY_THERE: &str = "Connection refused";
/// An answer to CONNECT is short; what is longer is no relay's.
const HEAD_LIMIT: u64 = 8 * 1024;

/// A port of this machine that leads into the cluster, for as long as this lives.
#[derive(Debug)]
pub struct Tunnel {
    /// Where to connect to.
    pub address: SocketAddr,
    unopened: watch::Receiver<Option<Unopened>>,
    _serving: AbortOnDropHandle<()>,
}

/// Why a connection did not come about: nothing was sent.
#[derive(Debug, Clone)]
struct Unopened {
    /// The pod itself did not take it; else the way to it failed.
    by_pod: bool,
    said: String,
}

/// Where a tunnel leads.
#[derive(Debug)]
struct Way {
    namespace: String,
    pod: String,
    port: u16,
    /// Beyond the pod: `host:port`.
    beyond: Option<String>,
}

impl Tunnel {
    /// A tunnel to a port of a pod.
    ///
    /// # Errors
    /// This machine has no port left. Whether the pod can be reached shows with the first connection.
    pub async fn open(client: &Client, namespace: &str, pod: &str, port: u16) -> Result<Self> {
        let way = Way { namespace: namespace.to_owned(), pod: pod.to_owned(), port, beyond: None };
        Self::serve(client, way).await
    }

    /// A tunnel through a probe pod's relay to a name and port as the pod sees them.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn through(client: &Client, namespace: &str, pod: &str, host: &str, port: u16) -> Result<Self> {
        let beyond = Some(format!("{host}:{port}"));
        let way = Way { namespace: namespace.to_owned(), pod: pod.to_owned(), port: RELAY, beyond };
        Self::serve(client, way).await
    }

    /// What the pod's node said of the last connection that the pod did not take; none where the way to it failed.
    pub fn refused(&self) -> Option<String> {
        let unopened = self.unopened.borrow();
        unopened.as_ref().filter(|unopened| unopened.by_pod).map(|unopened| unopened.said.clone())
    }

    /// Why the last connection did not come about, wherever it failed; none where it did.
    pub fn unopened(&self) -> Option<String> {
        self.unopened.borrow().as_ref().map(|unopened| unopened.said.clone())
    }

    /// That nobody listens where the last connection was to go, as seen from the pod that it went through.
    pub fn nobody_there(&self) -> Option<String> {
        self.unopened().filter(|said| said.contains(NOBODY_THERE))
    }

    async fn serve(client: &Client, way: Way) -> Result<Self> {
        let doing = "opening a port of this machine for a tunnel";
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::io(doing))?;
        let address = listener.local_addr().map_err(Error::io(doing))?;
        let (sender, unopened) = watch::channel(None);
        let pods = Api::<Pod>::namespaced(client.clone(), &way.namespace);
        let way = Arc::new(way);
        let serving = async move {
            // Dropped with this task, and with it every connection.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((mut local, _)) => {
                            let (pods, way, sender) = (pods.clone(), Arc::clone(&way), sender.clone());
                            sender.send_replace(None);
                            connections.spawn(async move {
                                if let Err((error, opened)) = carry(&mut local, &pods, &way).await {
                                    tracing::debug!("{error}");
                                    let by_pod = matches!(error, Error::Failed(_));
                                    if by_pod || !opened {
                                        sender.send_replace(Some(Unopened { by_pod, said: error.to_string() }));
                                    }
                                }
                                // Not before: who hears of the end asks for the reason.
                                drop(local);
                            });
                        }
                        Err(error) => {
                            tracing::warn!(%error, "a tunnel takes no connection");
                            // Out of file descriptors, most likely: until another connection ends.
                            crate::wait::pause(Duration::from_millis(50)).await;
                        }
                    },
                    Some(_) = connections.join_next() => {}
                }
            }
        };
        Ok(Self { address, unopened, _serving: AbortOnDropHandle::new(tokio::spawn(serving)) })
    }
}

/// A port-forward, closed when dropped; its own drop would leave it running.
struct Forward(Portforwarder);

impl Drop for Forward {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Carries one connection from its first byte to its last; of an error also whether it had come about. [`Error::Failed`] is the
/// pod's own no.
async fn carry(local: &mut TcpStream, pods: &Api<Pod>, way: &Way) -> Result<(), (Error, bool)> {
    let mut opened = false;
    carry_on(local, pods, way, &mut opened).await.map_err(|error| (error, opened))
}

async fn carry_on(local: &mut TcpStream, pods: &Api<Pod>, way: &Way, opened: &mut bool) -> Result<()> {
    let doing = match &way.beyond {
        Some(target) => format!("tunnel through {}/{} to {target}", way.namespace, way.pod),
        None => format!("tunnel to {}/{} port {}", way.namespace, way.pod, way.port),
    };
    local.set_nodelay(true).map_err(Error::io(&doing))?;
    let ports = [way.port];
    let opening = pods.portforward(&way.pod, &ports);
    let mut forward = Forward(within(OPENING, &doing, opening, Error::api(&doing)).await?);
    let refused = forward.0.take_error(way.port);
    let remote = forward.0.take_stream(way.port);
    let mut remote = BufReader::new(remote.ok_or_else(|| Error::bug("a port-forward without its stream"))?);
    let talk = async {
        if let Some(target) = &way.beyond {
            let connecting = connect(&mut remote, target);
            within(OPENING, &doing, connecting, |error| Error::environment(format!("{doing}: {error}")))
                .await?;
        }
        *opened = true;
        // An end of one side without the other is not carried: neither HTTP nor SQL needs it.
        copy_bidirectional(local, &mut remote).await.map_err(Error::io(&doing))?;
        Ok(())
    };
    let refusal = async {
        match refused {
            Some(refused) => refused.await,
            None => None,
        }
    };
    tokio::pin!(talk, refusal);
    tokio::select! {
        biased;
        Some(said) = &mut refusal => {
            let words = format!("{doing}: {}", said.trim());
            Err(if never_came_about(&said) { Error::failed(words) } else { Error::environment(words) })
        }
        result = &mut talk => result,
    }
}

/// Whether a node says of a connection that it did not come about. Of any other it may have broken later, and what was sent may
/// have arrived; one that names both of its ends was there.
fn never_came_about(said: &str) -> bool {
    const HOW: [&str; 7] = [
        "dial tcp",
        "failed to connect",
        "network namespace for sandbox",
        "no such file or directory",
        "not found",
        "does not exist",
        "not running",
    ];
    HOW.iter().any(|how| said.contains(how)) && !said.contains("->")
}

/// Asks the relay to connect on, and reads its answer and nothing after it.
async fn connect<S>(relay: &mut BufReader<S>, target: &str) -> Result<(), String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let sent = async {
        relay.write_all(request.as_bytes()).await?;
        relay.flush().await
    };
    sent.await.map_err(|error| format!("asking the relay: {error}"))?;
    let status = head(relay).await?;
    if status.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    let mut reason = String::new();
    // The reason follows and the relay closes; whatever came is better than nothing.
    drop(relay.take(HEAD_LIMIT).read_to_string(&mut reason).await);
    Err(format!("the relay refused: {status}: {}", reason.trim()))
}

/// Reads an answer's head to its empty line, and returns its first line.
async fn head(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<String, String> {
    let mut lines = stream.take(HEAD_LIMIT).lines();
    let mut first = None;
    loop {
        match lines.next_line().await {
            Ok(Some(line)) if line.is_empty() => {
                return first.ok_or("the relay answered no status".to_owned());
            }
            Ok(Some(line)) => first = first.or(Some(line)),
            Ok(None) => return Err("the relay closed before it had answered".to_owned()),
            Err(error) => return Err(format!("reading the relay's answer: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(text: &str) -> (Result<(), String>, String) {
        let (ours, mut relay) = tokio::io::duplex(4096);
        relay.write_all(text.as_bytes()).await.unwrap();
        let mut ours = BufReader::new(ours);
        // The request must arrive before the relay goes away.
        let serve = async {
            let mut request = vec![0; 4096];
            let read = relay.read(&mut request).await.unwrap();
            drop(relay);
            String::from_utf8(request[..read].to_vec()).unwrap()
        };
        let (result, request) = tokio::join!(connect(&mut ours, "garage-0.garage:3900"), serve);
        assert!(
            request.starts_with("CONNECT garage-0.garage:3900 HTTP/1.1\r\n") && request.ends_with("\r\n\r\n")
        );
        let mut rest = String::new();
        ours.read_to_string(&mut rest).await.unwrap();
        (result, rest)
    }

    #[tokio::test]
    async fn what_follows_the_answer_is_kept() {
        assert_eq!(
            answer("HTTP/1.1 200 OK\r\n\r\nhello\r\n\r\n").await,
            (Ok(()), "hello\r\n\r\n".to_owned())
        );
        assert_eq!(answer("HTTP/1.1 200 Connected\r\nVia: a\r\n\r\n").await, (Ok(()), String::new()));
    }

    #[test]
    fn only_what_surely_did_not_come_about_is_taken_for_that() {
        for said in [
            r#"failed to execute portforward in network namespace "/var/run/netns/cni-1": failed to connect to localhost:80 inside namespace "c3", IPv4: dial tcp4 127.0.0.1:80: connect: connection refused IPv6 dial tcp6 [::1]:80: connect: connection refused"#,
            r#"network namespace for sandbox "c3" is closed"#,
            r#"failed to find sandbox "c3" in store: not found"#,
            r#"failed to execute portforward in network namespace "/var/run/netns/cni-1": failed to Statfs "/var/run/netns/cni-1": no such file or directory"#,
            "container not running (c3)",
        ] {
            assert!(never_came_about(said), "{said}");
        }
        let within = r#"failed to execute portforward in network namespace "/var/run/netns/cni-1": "#;
        for said in [
            "read tcp4 127.0.0.1:41000->127.0.0.1:3900: read: connection reset by peer",
            "readfrom tcp4 127.0.0.1:41000->127.0.0.1:3900: use of closed network connection",
            "write tcp4 127.0.0.1:41000->127.0.0.1:3900: write: broken pipe",
            "read: connection reset by peer",
            "unexpected EOF",
            "stream closed",
        ] {
            assert!(!never_came_about(&format!("{within}{said}")), "{said}");
        }
    }

    #[tokio::test]
    async fn a_refusal_says_why() {
        let refused = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\nno way";
        let (result, _) = answer(refused).await;
        assert_eq!(result, Err("the relay refused: HTTP/1.1 502 Bad Gateway: no way".to_owned()));
        for broken in ["", "HTTP/1.1 200 OK\r\n", "\r\n", "nonsense\r\n\r\n"] {
            assert!(answer(broken).await.0.is_err(), "{broken:?}");
        }
    }
}
