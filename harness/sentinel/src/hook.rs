//! A preStop hook that is a program: it asks the server of its own pod, which stamps what it sees.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use tokio::net::TcpStream;

use crate::ask;

/// Ends when so many seconds are over.
pub async fn hook(port: u16, seconds: u64) -> Result<()> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.context("no server in this pod")?;
    let answer = ask::get(stream, "localhost", &format!("/pre-stop?seconds={seconds}")).await?;
    ask::body(&answer).context("the server of this pod").map(drop)
}
