//! `chengdang serve`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use app::App;
use confine::ConfinedReader;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::adapters::{drop, view};
use crate::config::Config;
use crate::exit::Exit;
use crate::{output, wire};

/// Options of `serve`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  chengdang serve\n  CHENGDANG_LISTEN=0.0.0.0:8370 chengdang serve")]
pub(crate) struct Args {
    /// Address to listen on, instead of the configured one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

pub(crate) async fn run(config: &Config, args: Args) -> anyhow::Result<Exit> {
    let app = wire::open(config).await?;
    let confinement = ConfinedReader::of_this_program()
        .confinement()
        .context("no confined process can be started to read workbooks")?;
    tracing::info!(%confinement, "workbooks are read in a confined process");
    let listen = args.listen.unwrap_or_else(|| config.listen.clone());
    let listener = TcpListener::bind(&listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    output::line(format_args!("http://{}", listener.local_addr()?))?;
    until_stopped(app, config, listener).await
}

/// Serves until SIGTERM or Ctrl-C; requests in hand are finished, an intake resumes at the next start. One that stops for
/// want of space or of the store goes on by itself.
pub(crate) async fn until_stopped(app: App, config: &Config, listener: TcpListener) -> anyhow::Result<Exit> {
    let resumed = app::deliver::resume(&app)
        .await
        .context("interrupted deliveries cannot be resumed")?;
    if resumed > 0 {
        tracing::info!(deliveries = resumed, "interrupted deliveries go on");
    }
    app::log::note_versions(&app)
        .await
        .context("the versions of catalogue and policies cannot be logged")?;
    let sequencer = tokio::spawn(app::sequencer::run(app.clone()));
    let keeping = tokio::spawn(app::deliver::keep_going(app.clone()));
    let stop = Arc::new(AtomicBool::new(false));
    if !config.drop.folder.as_os_str().is_empty() {
        tokio::spawn(drop::watch(app.clone(), config.clone(), Arc::clone(&stop)));
    }
    let polling = if config.views.is_empty() {
        None
    } else {
        Some(tokio::spawn(view::watch(view::Views::open(&app, config)?)))
    };
    let settings = web::WebSettings {
        https: config.https,
        trusts_forwarded_for: config.trusts_forwarded_for,
    };
    let provider = wire::open_provider(config)?;
    let asking = provider
        .clone()
        .map(|provider| tokio::spawn(async move { provider.keep().await }));
    let served = web::serve(app, listener, settings, provider, stopped()).await;
    // A file in hand is taken in to its end; what is left waits for the next start.
    stop.store(true, Ordering::Relaxed);
    sequencer.abort();
    keeping.abort();
    if let Some(asking) = asking {
        asking.abort();
    }
    if let Some(polling) = polling {
        polling.abort();
    }
    served.context("the server stopped")?;
    Ok(Exit::Done)
}

/// Ready on SIGTERM or Ctrl-C.
pub(crate) async fn stopped() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
