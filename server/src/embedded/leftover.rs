//! What an earlier server left when it was killed: its Postgres, still running, or that one's processes and pid file.
//!
//! Called only by the holder of the data directory's lock, so whatever runs on the cluster has lost its server.
//! Finds processes in Linux's `/proc`; elsewhere it finds none, and Postgres itself refuses a second start.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use super::POLL_INTERVAL;
use super::error::{EmbeddedError, io_error};
use super::postmaster::PidFile;

/// A fast shutdown writes a checkpoint.
const FAST_TIMEOUT: Duration = Duration::from_secs(30);
const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(5);
const KILL_TIMEOUT: Duration = Duration::from_secs(5);
/// Above every Linux process id (2^22), so nobody's.
const NOBODY: &str = "2147483646";

/// Returns when no Postgres process works on the cluster any more.
pub(super) async fn end(cluster: &Path) -> Result<(), EmbeddedError> {
    let pid_file = PidFile::read(cluster);
    let processes = processes_of(cluster);
    let Some(&first) = processes.first() else {
        return disown(cluster);
    };
    let listed = pid_file.map_or(0, |pid_file| pid_file.pid);
    if listed < 0 {
        return Err(EmbeddedError::StandAlone {
            process: -listed,
            cluster: cluster.to_owned(),
        });
    }
    tracing::warn!(
        "stopping what an earlier Postgres left on {}: process {first}",
        cluster.display()
    );
    let postmaster = Pid::from_raw(listed);
    if processes.contains(&postmaster) {
        // Its children are its own business, as long as it obeys.
        signal(&[postmaster], Signal::SIGINT);
        if all_gone(cluster, FAST_TIMEOUT).await {
            return disown(cluster);
        }
    }
    for (how, patience) in [
        (Signal::SIGQUIT, IMMEDIATE_TIMEOUT),
        (Signal::SIGKILL, KILL_TIMEOUT),
    ] {
        signal(&processes_of(cluster), how);
        if all_gone(cluster, patience).await {
            return disown(cluster);
        }
    }
    Err(EmbeddedError::Unstoppable {
        process: first.as_raw(),
        cluster: cluster.to_owned(),
    })
}

fn signal(processes: &[Pid], signal: Signal) {
    for process in processes {
        // Gone in between is as good.
        let _ = kill(*process, signal);
    }
}

async fn all_gone(cluster: &Path, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if processes_of(cluster).is_empty() {
            return true;
        }
        sleep(POLL_INTERVAL).await;
    }
    false
}

fn processes_of(cluster: &Path) -> Vec<Pid> {
    let Ok(folder) = fs::metadata(cluster) else {
        return Vec::new();
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| works_on(&entry.path(), &folder))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
        .collect()
}

/// A Postgres process works in its cluster's folder, and those we launched bear the cluster's mark, which a container's
/// root can read where it may not ask for another user's folder. Folders are compared by inode, because in another
/// container the same path is another cluster. A shell in the folder is no Postgres.
fn works_on(process: &Path, cluster: &Metadata) -> bool {
    let is_postgres =
        fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres");
    let is_there = || {
        fs::metadata(process.join("cwd"))
            .is_ok_and(|folder| (folder.dev(), folder.ino()) == (cluster.dev(), cluster.ino()))
    };
    let is_marked = || {
        fs::read(process.join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&mark_of(cluster)))
    };
    is_postgres && (is_there() || is_marked())
}

/// The cluster's folder as a name, which Postgres shows in the command line of each of its processes.
pub(super) fn mark(cluster: &Path) -> Result<String, EmbeddedError> {
    fs::metadata(cluster)
        .map(|folder| mark_of(&folder))
        .map_err(io_error("read", cluster))
}

fn mark_of(cluster: &Metadata) -> String {
    format!("tributary-{:x}-{:x}.", cluster.dev(), cluster.ino())
}

/// Postgres refuses to start while the process of an old pid file lives, and after a reboot or in a container that
/// number may be anybody's. We know better, so we put nobody's number there; the rest of the file stays, because by it
/// Postgres makes sure that no process still uses the old shared memory.
fn disown(cluster: &Path) -> Result<(), EmbeddedError> {
    let path = cluster.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(());
    };
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(&path, format!("{NOBODY}\n{rest}")).map_err(io_error("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pid_file_whose_number_now_belongs_to_somebody_else_is_disowned() {
        let cluster = tempfile::tempdir().unwrap();
        let path = cluster.path().join("postmaster.pid");
        fs::write(
            &path,
            format!("{}\n/data\n1700000000\n5432\n", std::process::id()),
        )
        .unwrap();
        end(cluster.path()).await.unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("{NOBODY}\n/data\n1700000000\n5432\n")
        );
    }

    #[test]
    fn a_shell_in_the_folder_is_no_postgres() {
        let cluster = tempfile::tempdir().unwrap();
        let mut shell = std::process::Command::new("sleep")
            .arg("60")
            .current_dir(cluster.path())
            .spawn()
            .unwrap();
        assert_eq!(processes_of(cluster.path()), []);
        shell.kill().unwrap();
        shell.wait().unwrap();
    }
}
