//! The cluster on disk: made once, in one step, with a password that only we know.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::RngCore;
use rand::distr::{Alphanumeric, SampleString};
use tokio::time::timeout;

use super::account::Account;
use super::binaries::Binaries;
use super::error::{EmbeddedError, io_error};
use super::{Layout, NAME, remove_if_there};

/// Letters and digits, so about 190 bits.
const PASSWORD_LENGTH: usize = 32;
const INITDB_TIMEOUT: Duration = Duration::from_mins(5);
/// Sorting by byte is quick and the same on every machine. `C.UTF-8` knows the case of all letters where it exists;
/// `C`, which exists everywhere, that of ASCII.
const CHARACTER_TYPES: [&str; 2] = ["C.UTF-8", "C"];
const ACCESS_RULES: &str = "# Written by tributary: nobody comes in without the password in postgres.password.\n\
    local all all scram-sha-256\n\
    host all all 127.0.0.1/32 scram-sha-256\n";

/// The folder and version of the cluster, `None` when there is none yet.
pub(super) fn major(layout: &Layout) -> Result<Option<(PathBuf, u32)>, EmbeddedError> {
    let path = layout.cluster().join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some((layout.cluster(), major))),
            Err(_) => Err(EmbeddedError::BadVersionFile { path }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", &path)(error)),
    }
}

/// Makes the cluster if there is none, and returns its password.
pub(super) async fn open(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
    randomness: &mut impl RngCore,
) -> Result<String, EmbeddedError> {
    let cluster = layout.cluster();
    if major(layout)?.is_none() {
        if !layout.password().exists() {
            write_password(
                layout,
                &Alphanumeric.sample_string(randomness, PASSWORD_LENGTH),
            )?;
        }
        create(layout, binaries, account).await?;
    }
    let owner = fs::metadata(&cluster)
        .map_err(io_error("read", &cluster))?
        .uid();
    if owner == 0 {
        account.give_tree(&cluster)?;
    }
    password(layout)
}

pub(super) fn password(layout: &Layout) -> Result<String, EmbeddedError> {
    let path = layout.password();
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("read", &path)(error))
        }
        _ => Err(EmbeddedError::NoPassword {
            cluster: layout.cluster(),
            path,
        }),
    }
}

/// Renamed into place, so that a crash leaves no half of a password.
fn write_password(layout: &Layout, password: &str) -> Result<(), EmbeddedError> {
    let (path, new) = (layout.password(), layout.data.join("postgres.password.new"));
    write_secret(&new, password)?;
    fs::rename(&new, &path)
        .and_then(|()| sync_folder(&layout.data))
        .map_err(io_error("write", &path))
}

fn write_secret(path: &Path, text: &str) -> Result<(), EmbeddedError> {
    remove_if_there(path)?;
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            writeln!(file, "{text}")?;
            file.sync_all()
        });
    written.map_err(io_error("write", path))
}

/// A cluster appears whole or not at all: made beside its place, then renamed.
async fn create(
    layout: &Layout,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), EmbeddedError> {
    let (cluster, new) = (layout.cluster(), layout.data.join("postgres.new"));
    remove_if_there(&new)?;
    account.make_folder(&new)?;
    // initdb reads the password as the unprivileged user, who must not own the file that we keep.
    let password_file = layout.data.join("postgres.password.initdb");
    write_secret(&password_file, &password(layout)?)?;
    account.give(&password_file)?;
    let made = initdb(binaries, account, &new, &password_file).await;
    remove_if_there(&password_file)?;
    made?;
    let rules = new.join("pg_hba.conf");
    fs::write(&rules, ACCESS_RULES)
        .and_then(|()| File::open(&rules)?.sync_all())
        .map_err(io_error("write", &rules))?;
    fs::rename(&new, &cluster)
        .and_then(|()| sync_folder(&layout.data))
        .map_err(io_error("make", &cluster))
}

async fn initdb(
    binaries: &Binaries,
    account: &Account,
    cluster: &Path,
    password_file: &Path,
) -> Result<(), EmbeddedError> {
    let mut output = String::new();
    for character_type in CHARACTER_TYPES {
        let mut command = account.command(&binaries.program("initdb"), Path::new("/"));
        command.args([
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
            "--no-instructions",
        ]);
        command.args(["--auth=scram-sha-256", &format!("--username={NAME}")]);
        command.arg(format!("--lc-ctype={character_type}"));
        command
            .arg("--pwfile")
            .arg(password_file)
            .arg("--pgdata")
            .arg(cluster)
            .kill_on_drop(true);
        let ran = timeout(INITDB_TIMEOUT, command.output())
            .await
            .unwrap_or_else(|late| Err(late.into()));
        let ran = ran.map_err(io_error("make with initdb", cluster))?;
        if ran.status.success() {
            return Ok(());
        }
        String::from_utf8_lossy(&ran.stderr)
            .trim()
            .clone_into(&mut output);
    }
    Err(EmbeddedError::Initdb {
        cluster: cluster.to_owned(),
        output,
    })
}

/// A rename is durable when its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
