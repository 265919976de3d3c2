//! What a run cost: wall time, processor time of this process by thread and of a server's processes, load, fsync.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Linux counts processor time in hundredths of a second on every architecture that it tells programs about.
const TICKS_PER_SECOND: u32 = 100;

/// Wall and processor seconds of one arm.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    /// This process.
    pub(crate) own_cpu: f64,
    /// The server's processes.
    pub(crate) server_cpu: f64,
    /// Of this process, by name of the thread.
    pub(crate) threads: BTreeMap<String, f64>,
}

/// A running measurement.
pub(crate) struct Meter {
    begin: Instant,
    own: f64,
    server: f64,
    threads: BTreeMap<OsString, (String, f64)>,
    postmaster: Option<u32>,
}

impl Meter {
    pub(crate) fn start(postmaster: Option<u32>) -> Self {
        Self {
            begin: Instant::now(),
            own: process_cpu(),
            server: postmaster.map_or(0.0, server_cpu),
            threads: threads_cpu(),
            postmaster,
        }
    }

    pub(crate) fn stop(&self) -> Cost {
        let wall = self.begin.elapsed().as_secs_f64();
        let mut threads = BTreeMap::new();
        for (number, (name, seconds)) in threads_cpu() {
            let before = self.threads.get(&number).map_or(0.0, |(_, seconds)| *seconds);
            *threads.entry(name).or_default() += seconds - before;
        }
        Cost {
            wall,
            own_cpu: process_cpu() - self.own,
            server_cpu: self.postmaster.map_or(0.0, server_cpu) - self.server,
            threads,
        }
    }
}

/// Processor seconds of this process, ended threads included.
fn process_cpu() -> f64 {
    ticks_of(Path::new("/proc/self/stat"), 2)
}

/// Processor seconds of this process and of its children that have ended.
pub(crate) fn family_cpu() -> f64 {
    ticks_of(Path::new("/proc/self/stat"), 4)
}

/// Processor seconds of each living thread, by its number, with its name.
fn threads_cpu() -> BTreeMap<OsString, (String, f64)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        let seconds = ticks_of(&entry.path().join("stat"), 2);
        found.insert(entry.file_name(), (name.trim().to_owned(), seconds));
    }
    found
}

/// Processor seconds of a PostgreSQL server: the first process with its ended children, and the living ones.
fn server_cpu(postmaster: u32) -> f64 {
    let mut sum = ticks_of(&PathBuf::from(format!("/proc/{postmaster}/stat")), 4);
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = entry.path().join("stat");
        if parent_of(&stat) == Some(postmaster) {
            sum += ticks_of(&stat, 2);
        }
    }
    sum
}

fn after_name(stat: &Path) -> Option<String> {
    let text = std::fs::read_to_string(stat).ok()?;
    Some(text.rsplit_once(") ")?.1.to_owned())
}

fn parent_of(stat: &Path) -> Option<u32> {
    after_name(stat)?.split(' ').nth(1)?.parse().ok()
}

/// The first `fields` of utime, stime, cutime, cstime (proc(5)), in seconds.
fn ticks_of(stat: &Path, fields: usize) -> f64 {
    let Some(rest) = after_name(stat) else { return 0.0 };
    let ticks: u32 = rest
        .split(' ')
        .skip(11)
        .take(fields)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    f64::from(ticks) / f64::from(TICKS_PER_SECOND)
}

/// The first process of the cluster in `folder`.
pub(crate) fn postmaster(folder: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// Load averages over 1, 5 and 15 minutes as the kernel writes them.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// A line of `/proc/<pid>/status` in MiB.
pub(crate) fn status_mib(pid: u32, field: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u32 = line.trim_start_matches(':').trim().split(' ').next()?.parse().ok()?;
    Some(f64::from(kib) / 1024.0)
}

/// How long it takes until a few bytes are on the disk that holds `folder`; sorted.
pub(crate) fn fsync_times(folder: &Path, count: usize) -> std::io::Result<Vec<Duration>> {
    let path = folder.join("fsync-probe");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        file.write_all(&[0; 512])?;
        let begin = Instant::now();
        file.sync_data()?;
        times.push(begin.elapsed());
    }
    drop(file);
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times)
}

/// The value below which `hundredths` of the sorted values lie.
pub(crate) fn percentile(sorted: &[Duration], hundredths: usize) -> Duration {
    let at = sorted.len().saturating_sub(1) * hundredths / 100;
    sorted.get(at).copied().unwrap_or_default()
}

/// Median, smallest and largest.
pub(crate) fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = match (sorted.get(sorted.len() / 2), sorted.len() % 2) {
        (Some(upper), 0) => sorted
            .get(sorted.len() / 2 - 1)
            .map_or(*upper, |lower| f64::midpoint(*lower, *upper)),
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    };
    let ends = (sorted.first().copied(), sorted.last().copied());
    (median, ends.0.unwrap_or(f64::NAN), ends.1.unwrap_or(f64::NAN))
}

/// Lets the disk finish what an earlier arm left in the page cache, so that it is not charged to the next one.
pub(crate) fn settle() {
    // Without the program, the arms disturb each other a little; the run still stands.
    let _ = std::process::Command::new("sync").status();
}
