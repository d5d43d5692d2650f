//! Asking a server over HTTP, by one question on a connection of its own.

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A line or so is what is asked for; who sends more is not a sentinel.
const ANSWER_LIMIT: u64 = 64 * 1024;

/// What the server answers.
pub async fn get(mut stream: TcpStream, host: &str, path: &str) -> Result<Vec<u8>> {
    let question = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_LIMIT).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The body of a good answer.
pub fn body(answer: &[u8]) -> Result<&str> {
    let answer = str::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let status = head.split(' ').nth(1).context("the answer has no status")?;
    if status != "200" {
        bail!("status {status}");
    }
    Ok(body)
}
