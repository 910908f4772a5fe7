//! Processor time, in seconds: of this program, of the clients it waited for, of the server.

use std::fs;

use nix::{
    sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    },
    unistd::{SysconfVar, sysconf},
};

/// Of this program: the load generator.
pub(crate) fn own() -> f64 {
    used(UsageWho::RUSAGE_SELF)
}

/// Of the programs that it has run to their end: psql and pgbench.
pub(crate) fn of_clients() -> f64 {
    used(UsageWho::RUSAGE_CHILDREN)
}

fn used(who: UsageWho) -> f64 {
    let Ok(usage) = getrusage(who) else {
        return 0.0;
    };
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    u32::try_from(micros / 1000).map_or(0.0, |millis| f64::from(millis) / 1000.0)
}

/// How busy the machine is: the load average of the last minute. Not to be trusted are figures of a
/// machine that is busy with something else.
pub(crate) fn load_average() -> f64 {
    let averages = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = averages.split_whitespace().next();
    minute.and_then(|minute| minute.parse().ok()).unwrap_or(0.0)
}

/// Of a process that runs.
pub(crate) fn of_process(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The second field is the name, in brackets; the fields after it begin with the third.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u32 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u32>().ok())
        .sum();
    let per_second = sysconf(SysconfVar::CLK_TCK)
        .ok()
        .flatten()
        .and_then(|ticks| u32::try_from(ticks).ok());
    f64::from(ticks) / f64::from(per_second.unwrap_or(100))
}
