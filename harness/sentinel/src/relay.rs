//! The way from outside to any name inside the cluster: a client that reaches this port (by a
//! port-forward) asks to be connected on, as it would ask an HTTP proxy.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{
    log::{complain, log},
    names,
};

const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
const REQUEST_DEADLINE: Duration = Duration::from_secs(5);
const REQUEST_LIMIT: u64 = 8 * 1024;

/// Relays for ever; what happens to one connection ends with it.
pub async fn serve(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                tokio::spawn(relay(client));
            }
            Err(error) => {
                complain(&format!("relay: cannot accept: {error}"));
                // Out of file descriptors, most likely: let the others run, and free some.
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn relay(client: TcpStream) {
    // Small messages of SQL and S3 must not wait for each other's acknowledgement.
    let _ = client.set_nodelay(true);
    // What the client sends right after its request stays in this buffer, and is copied on.
    let mut client = BufReader::new(client);
    let (target, mut server) = match open(&mut client).await {
        Ok(opened) => opened,
        Err(error) => {
            let reason = format!("{error:#}");
            complain(&format!("relay: {reason}"));
            let _ = client.write_all(refusal(&reason).as_bytes()).await;
            return;
        }
    };
    log(&format!("relay: connected to {target}"));
    if client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok() {
        // An error here is one side going away, which the other side sees for itself.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

async fn open(client: &mut BufReader<TcpStream>) -> Result<(String, TcpStream)> {
    let (host, port) =
        timeout(REQUEST_DEADLINE, request(client)).await.context("the request did not come in time")??;
    let target = format!("{host}:{port}");
    let connecting = async {
        let address = SocketAddr::new(names::address(&host).await?, port);
        let server = TcpStream::connect(address).await.with_context(|| format!("at {address}"))?;
        server.set_nodelay(true)?;
        anyhow::Ok(server)
    };
    let server = timeout(CONNECT_DEADLINE, connecting)
        .await
        .with_context(|| format!("cannot connect to {target}"))?
        .with_context(|| format!("cannot connect to {target}"))?;
    Ok((target, server))
}

/// Reads a request to its empty line, and no further.
async fn request(client: &mut (impl AsyncBufRead + Unpin)) -> Result<(String, u16)> {
    let mut lines = client.take(REQUEST_LIMIT).lines();
    let first = lines.next_line().await?.context("no request came")?;
    loop {
        match lines.next_line().await?.as_deref() {
            Some("") => return target(&first),
            Some(_) => {}
            None => bail!("the request has no end"),
        }
    }
}

/// The host and port that a request line names.
fn target(line: &str) -> Result<(String, u16)> {
    let words: Vec<&str> = line.split(' ').collect();
    let ["CONNECT", authority, "HTTP/1.1" | "HTTP/1.0"] = words[..] else {
        bail!("expected CONNECT host:port HTTP/1.1, got {line:?}");
    };
    let (host, port) = authority.rsplit_once(':').with_context(|| format!("{authority} has no port"))?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ensure!(!host.is_empty(), "{authority} has no host");
    let port = port.parse().with_context(|| format!("{port:?} is no port"))?;
    Ok((host.to_owned(), port))
}

fn refusal(reason: &str) -> String {
    let length = reason.len();
    format!(
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reason}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_names_host_and_port() -> Result<()> {
        let of = |authority: &str| target(&format!("CONNECT {authority} HTTP/1.1"));
        assert_eq!(of("garage-0.garage-headless:3900")?, ("garage-0.garage-headless".to_owned(), 3900));
        assert_eq!(of("10.244.0.5:5432")?, ("10.244.0.5".to_owned(), 5432));
        assert_eq!(of("[fd00::5]:80")?, ("fd00::5".to_owned(), 80));
        for wrong in ["garage", "garage:", ":80", "garage:99999"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        for wrong in ["GET / HTTP/1.1", "CONNECT a:1", "CONNECT a:1 HTTP/2", ""] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn what_follows_a_request_is_left_unread() -> Result<()> {
        let mut client = BufReader::new(&b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nhello"[..]);
        assert_eq!(request(&mut client).await?, ("a".to_owned(), 1));
        let mut rest = String::new();
        client.read_to_string(&mut rest).await?;
        assert_eq!(rest, "hello");
        Ok(())
    }

    #[tokio::test]
    async fn a_request_without_an_end_is_refused() {
        for endless in [vec![b'a'; 20_000], b"CONNECT a:1 HTTP/1.1\r\n".to_vec(), Vec::new()] {
            assert!(request(&mut BufReader::new(&endless[..])).await.is_err());
        }
    }

    #[tokio::test]
    async fn bytes_go_both_ways_and_failures_say_why() -> Result<()> {
        let server = TcpListener::bind("127.0.0.1:0").await?;
        let here = server.local_addr()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let relay_address = listener.local_addr()?;
        tokio::spawn(serve(listener));

        let mut client = TcpStream::connect(relay_address).await?;
        client.write_all(format!("CONNECT {here} HTTP/1.1\r\n\r\nping").as_bytes()).await?;
        let (mut accepted, _) = server.accept().await?;
        let mut ping = [0; 4];
        accepted.read_exact(&mut ping).await?;
        accepted.write_all(b"pong").await?;
        drop(accepted);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        assert_eq!((&ping, answer.as_str()), (b"ping", "HTTP/1.1 200 OK\r\n\r\npong"));

        drop(server);
        let mut client = TcpStream::connect(relay_address).await?;
        client.write_all(format!("CONNECT {here} HTTP/1.1\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
        assert!(answer.contains(&format!("cannot connect to {here}")), "{answer}");
        Ok(())
    }
}
