//! One HTTP request over a connection of its own: a tunnel may have died since the last.

use std::time::Duration;

use http::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{
    Secret,
    error::{Error, Result, within},
};

/// The status and the body of an answer.
pub(super) struct Answer {
    pub status: u16,
    pub body: Bytes,
}

/// Sends a request to `host:port` and reads the whole answer.
pub(super) async fn request(
    address: &str,
    method: Method,
    path: &str,
    token: Option<&Secret>,
    body: Vec<u8>,
    deadline: Duration,
) -> Result<Answer> {
    let doing = format!("{method} http://{address}{path}");
    let mut request = Request::builder().method(method).uri(path).header(HOST, address);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {}", token.reveal()));
    }
    let request = request
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        // The error could quote a header: it is not shown.
        .map_err(|_| Error::bug(format!("{doing} is no valid request")))?;
    let call = async {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(reason)?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(reason)?;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.map_err(reason)?.to_bytes();
            Ok(Answer { status, body })
        };
        // The connection has to be driven while the answer is read; what it ends with, the exchange says better.
        let mut connection = std::pin::pin!(connection);
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            _ = &mut connection => exchange.await,
        }
    };
    within(deadline, &doing, call, |error: String| Error::environment(format!("{doing}: {error}"))).await
}

/// hyper's own words leave out the cause.
fn reason(error: hyper::Error) -> String {
    match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
