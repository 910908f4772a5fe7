//! From an open database to a listening server, and back down without losing what was accepted.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use leptos::config::LeptosOptions;
use store::{Store, organization::OrganizationError};
use thiserror::Error;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{Semaphore, watch},
};

use crate::{
    api::conversions::first_page::FirstPages,
    config::Config,
    database::{self, DatabaseError},
    health, job,
    rate_limit::Limits,
    router::router,
    state::AppState,
};

/// How long open requests may take to finish once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// How many at a time find out whose page has loaded the script: it can wait, others' calls to the database can't.
const LOOKING: usize = 2;

/// Why the server can't run.
#[derive(Debug, Error)]
enum ServeError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the organization of TRIBUTARY_ORGANIZATION can't be made: {0}")]
    Owner(#[from] OrganizationError),
    #[error("can't listen on {0}: {1}; another program may use it: set TRIBUTARY_ADDR")]
    Listen(SocketAddr, std::io::Error),
    #[error("the server broke off: {0}")]
    Serve(std::io::Error),
}

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// What keeps the server from running, in words.
pub async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    open_and_run(config).await.map_err(Into::into)
}

async fn open_and_run(config: Config) -> Result<(), ServeError> {
    health::count();
    // Bound first: an address that is taken should be told before anything is started.
    let listener = TcpListener::bind(config.address)
        .await
        .map_err(|error| ServeError::Listen(config.address, error))?;
    let database = database::open(&config).await?;
    let served = run(&config, database.store.clone(), listener).await;
    database.close().await?;
    served
}

async fn run(config: &Config, store: Store, listener: TcpListener) -> Result<(), ServeError> {
    set_up(config, &store).await?;
    let limits = Arc::new(Limits::new(config.rate_limit_per_minute));
    job::spawn(&store, &limits, config);
    let (stop, stopping) = watch::channel(false);
    let state = AppState {
        store,
        limits,
        seats: Arc::default(),
        first_pages: Arc::new(FirstPages::new()),
        looking: Arc::new(Semaphore::new(LOOKING)),
        proxies: Arc::new(config.trusted_proxies.clone()),
        public_url: config.public_url.as_str().into(),
        leptos: leptos_options(config),
        stopping,
    };
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    tracing::info!(address = %config.address, "listening on {}", config.public_url);
    let mut stopped = stop.subscribe();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        told_to_stop().await;
        tracing::info!("stopping: finishing what was accepted");
        stop.send_replace(true);
    });
    tokio::select! {
        served = server.into_future() => served.map_err(ServeError::Serve),
        () = async { let _ = stopped.wait_for(|stop| *stop).await; tokio::time::sleep(DRAIN).await } => {
            tracing::warn!("some requests did not finish in {} s", DRAIN.as_secs());
            Ok(())
        }
    }
}

/// On an empty database: the organization and owner of the environment.
async fn set_up(config: &Config, store: &Store) -> Result<(), ServeError> {
    let Some(owner) = &config.owner else {
        return Ok(());
    };
    match store.set_up(owner.clone()).await {
        Ok(created) => {
            tracing::info!(organization = %created.organization_id, "set up {}", owner.name)
        }
        Err(OrganizationError::AlreadySetUp) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn leptos_options(config: &Config) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("tributary")
        .site_root(config.site_dir.display().to_string())
        .site_pkg_dir("pkg")
        .site_addr(config.address)
        .hash_files(has_hashes())
        .build()
}

/// A release build leaves the hashes of its files beside the program; a debug build has none.
fn has_hashes() -> bool {
    let program = std::env::current_exe().ok();
    program.is_some_and(|program| program.with_file_name("hash.txt").is_file())
}

async fn told_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
