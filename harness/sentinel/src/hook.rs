//! A preStop hook that is a program: it asks the server of its own pod, which stamps what it sees.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Ends when so many seconds are over.
pub async fn hook(port: u16, seconds: u64) -> Result<()> {
    let mut stream =
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.context("no server in this pod")?;
    let question =
        format!("GET /pre-stop?seconds={seconds} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        bail!("the server of this pod answered {status:?}");
    }
    Ok(())
}
