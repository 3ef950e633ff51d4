//! The time a processor has spent, which, unlike the time on the wall, does not count what others did meanwhile.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What this thread has spent.
pub fn of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What a process has spent, in all its threads.
///
/// # Errors
/// There is no such process, or the system does not say.
pub fn of_process(pid: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        match fs::read_to_string(thread?.path().join("schedstat")) {
            Ok(text) => nanoseconds += field::<u64>(text.split_whitespace().next())?,
            Err(_) => return of_process_in_ticks(pid),
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The same on a system without `schedstat`, in steps of 10 ms.
fn of_process_in_ticks(pid: u32) -> io::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field, a name in brackets, may have spaces in it.
    let mut fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let ticks = field::<u64>(fields.next())? + field::<u64>(fields.next())?;
    Ok(Duration::from_secs(ticks) / rustix::param::clock_ticks_per_second() as u32)
}

/// The memory a process has resident, in bytes.
///
/// # Errors
/// As [`of_process`].
pub fn resident_memory(pid: u32) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(field::<u64>(line.and_then(|line| line.split_whitespace().next()))? << 10)
}

fn field<T: std::str::FromStr>(text: Option<&str>) -> io::Result<T> {
    text.and_then(|text| text.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
