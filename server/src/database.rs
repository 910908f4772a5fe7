//! The database behind the store: given, or a private one of our own.

use std::{
    fs, io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use sqlx::{PgPool, postgres::PgConnectOptions};
use store::{Clock, Random, Store, StoreError, Vault, vault::NotAKey};
use thiserror::Error;

use crate::{
    config::Config,
    embedded::{self, Embedded, EmbeddedError},
};

const KEY_FILE: &str = "secret.key";

/// An open, migrated database and, if it is ours, the Postgres that runs it.
pub(crate) struct Database {
    pub(crate) store: Store,
    embedded: Option<Embedded>,
}

/// Why the database can't be used.
#[derive(Debug, Error)]
pub(crate) enum DatabaseError {
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error("DATABASE_URL can't be read: {0}")]
    Address(#[source] sqlx::Error),
    #[error("the database can't be reached: {0}; check DATABASE_URL and that Postgres runs there")]
    Unreachable(#[source] sqlx::Error),
    #[error("the database's schema can't be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error(
        "{path}: {source}; set TRIBUTARY_DATA_DIR to a folder this user can write, or TRIBUTARY_SECRET_KEY"
    )]
    KeyFile { path: String, source: io::Error },
    #[error("{0} does not hold a secret key: {1}")]
    BadKeyFile(String, NotAKey),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the database of the configuration for the server.
pub(crate) async fn open(config: &Config) -> Result<Database, DatabaseError> {
    let random = Random::from_os();
    let (options, embedded) = if let Some(url) = &config.database_url {
        (url.parse().map_err(DatabaseError::Address)?, None)
    } else {
        let embedded = Embedded::start(&config.data_dir, &mut random.generator()).await?;
        (embedded.connect_options(), Some(embedded))
    };
    let store = connect(config, options, random).await;
    match store {
        Ok(store) => Ok(Database { store, embedded }),
        Err(error) => {
            if let Some(embedded) = embedded {
                embedded.stop().await?;
            }
            Err(error)
        }
    }
}

/// Opens the database beside a server that may be running: its private Postgres is used if it runs,
/// and started for the moment if it does not.
pub(crate) async fn open_beside(config: &Config) -> Result<Database, DatabaseError> {
    if config.database_url.is_none()
        && let Some(options) = embedded::running(&config.data_dir).await?
    {
        let store = connect(config, options, Random::from_os()).await?;
        return Ok(Database {
            store,
            embedded: None,
        });
    }
    open(config).await
}

async fn connect(
    config: &Config,
    options: PgConnectOptions,
    random: Random,
) -> Result<Store, DatabaseError> {
    let pool: PgPool = Store::pool_options()
        .connect_with(Store::connect_options(options))
        .await
        .map_err(DatabaseError::Unreachable)?;
    Store::migrate(&pool).await?;
    let vault = vault(config, &random)?;
    let store = Store::new(pool, Clock::System, random, vault);
    store.check_secret_key().await?;
    store.make_months().await?;
    Ok(store)
}

impl Database {
    /// Stops the private Postgres, if there is one.
    pub(crate) async fn close(self) -> Result<(), DatabaseError> {
        self.store.close().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await?;
        }
        Ok(())
    }
}

/// The key from the environment, else from the data directory, where it is made once.
fn vault(config: &Config, random: &Random) -> Result<Vault, DatabaseError> {
    let path = config.data_dir.join(KEY_FILE);
    let shown = || path.display().to_string();
    let text = match &config.secret_key {
        Some(key) => key.clone(),
        None => key_file(&path, random).map_err(|source| DatabaseError::KeyFile {
            path: shown(),
            source,
        })?,
    };
    Vault::from_base64(&text).map_err(|error| DatabaseError::BadKeyFile(shown(), error))
}

fn key_file(path: &Path, random: &Random) -> io::Result<String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(mut file) => {
            io::Write::write_all(&mut file, Vault::new_key(random).as_bytes())?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
        Err(error) => return Err(error),
    }
    fs::read_to_string(path)
}
