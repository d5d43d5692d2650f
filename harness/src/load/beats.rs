//! A client of the way that other clients come by: it asks the pod through which they come. What they miss while that does not
//! answer either is the way's doing, and not the store's.

use std::time::Duration;

use history::{Answer, Cause, Failure, Outcome, generate::Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Store;
use crate::{
    cluster::Tunnel,
    error::{Error, within},
};

/// For one answer: its program has nothing to do for it.
const ANSWER: Duration = Duration::from_secs(12);
/// Any answer of an HTTP server begins so.
const BEGINNING: &[u8] = b"HTTP/1.";

/// A tunnel to a port of the pod itself that speaks HTTP.
pub struct Beats(pub(crate) Tunnel);

impl Store for Beats {
    async fn perform(&mut self, _: &Request) -> Outcome {
        let asking = async {
            let mut stream = TcpStream::connect(self.0.address).await?;
            stream.write_all(b"GET /ready HTTP/1.0\r\n\r\n").await?;
            let mut answer = [0; BEGINNING.len()];
            stream.read_exact(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let broken = |why: String| Outcome::Failed(Failure::new(Cause::Broken, why));
        match within(ANSWER, "asking the pod by which clients come", asking, Error::io("asking it")).await {
            Ok(answer) if answer == BEGINNING => Outcome::Ok(Answer::There),
            Ok(answer) => broken(format!("no HTTP but {answer:?}")),
            Err(error @ Error::Deadline { .. }) => {
                Outcome::Failed(Failure::new(Cause::Silent, error.to_string()))
            }
            Err(error) => broken(error.to_string()),
        }
    }
}
