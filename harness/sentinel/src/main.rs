//! The program in the sentinel's pods: it can be held not-Ready, made slow to stop, asked for names,
//! and it reads and writes its volume.
//!
//! `sentinel [serve]` runs beside a volume, `sentinel probe` without one, `sentinel crash MESSAGE` fails at once.
//! `sentinel idle` does nothing until it is told to stop, beside another in its pod; where its stop is held, not even then.
//! `sentinel hook SECONDS` is a preStop hook of a pod that serves, and takes so long.
//! `sentinel mark TEXT DIRECTORY...` leaves a mark on other volumes, `sentinel marks DIRECTORY...` says what is there.

mod ask;
mod connect;
mod hook;
mod http;
mod identity;
mod log;
mod marks;
mod mounts;
mod names;
mod relay;
mod stamps;
mod state;
mod store;

use std::{
    env,
    net::{Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    identity::Identity,
    log::{complain, log},
    stamps::{Seen, stamp},
    state::{Held, State},
    store::Store,
};

const HTTP: u16 = 8080;
const RELAY: u16 = 8081;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] | ["serve"] => {
            let directory = env::var_os("SENTINEL_DIRECTORY").unwrap_or_else(|| "/data".into());
            serve(Some(Store::open(PathBuf::from(directory))?)).await
        }
        ["probe"] => serve(None).await,
        ["idle"] => idle().await,
        ["hook", seconds] => {
            let seconds = seconds.parse().with_context(|| format!("{seconds:?} is no number of seconds"))?;
            hook::hook(HTTP, seconds).await
        }
        ["crash", ..] => bail!("{}", arguments[1..].join(" ")),
        ["mark", text, ref directories @ ..] => marks::marks(directories, Some(text)),
        ["marks", ref directories @ ..] => marks::marks(directories, None),
        _ => bail!("unknown arguments {arguments:?}: use serve, probe, idle, hook, crash, mark or marks"),
    }
}

async fn serve(store: Option<Store>) -> Result<()> {
    let (mut terminated, state) = start(store)?;
    let state = Arc::new(state);
    let (http, relay) = (listen(HTTP).await?, listen(RELAY).await?);

    tokio::select! {
        result = axum::serve(http, http::routes(Arc::clone(&state))) => result.context("the HTTP server ended"),
        () = relay::serve(relay) => bail!("the relay ended"),
        () = async {
            terminated.recv().await;
            stamp(&state, Seen::Sigterm).await;
            state.until_free_to_stop().await;
        } => {
            log("stopping");
            Ok(())
        }
    }
}

async fn idle() -> Result<()> {
    let (mut terminated, state) = start(None)?;
    terminated.recv().await;
    state.until_free_to_stop().await;
    Ok(())
}

/// What listens for SIGTERM, and what this start of the program is to hold back.
fn start(store: Option<Store>) -> Result<(Signal, State)> {
    // Before anything else: process 1 never sees a signal that it has no handler for.
    let terminated = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;

    let identity = Identity::of_this_process()?;
    let held = Held::at_start(&identity.hostname, &setting("SENTINEL_HELD"), &setting("SENTINEL_STOP_HELD"))?;
    log(&format!("{} started as instance {}, held: {held:?}", identity.hostname, identity.instance));
    Ok((terminated, State::new(identity, held, store)))
}

/// Listens for both IP families, or for IPv4 alone where the kernel knows no other.
async fn listen(port: u16) -> Result<TcpListener> {
    let both = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await;
    let listener = match both {
        Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await,
        both => both,
    };
    listener.with_context(|| format!("cannot listen on port {port}"))
}

fn setting(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
