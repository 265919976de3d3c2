//! Which system calls a reader of a workbook may make. What is not listed ends the process.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Reading, writing to what is open, memory, locks, signals to itself, the clock, the end. No `open`, `socket`, `execve`,
/// `clone`, `ptrace`, `kill`.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Memory may be had, but none that is executable.
const MAPPING: &[libc::c_long] = &[libc::SYS_mmap, libc::SYS_mprotect];

/// Puts the filter on this process for good; `false` if the kernel has none.
pub(crate) fn apply() -> bool {
    program().is_some_and(|program| seccompiler::apply_filter(&program).is_ok())
}

fn program() -> Option<BpfProgram> {
    let executable = u64::try_from(libc::PROT_EXEC).ok()?;
    let not_executable =
        SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(executable), 0).ok()?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // The library asks before it closes a file whether it is open, in builds with debug assertions.
    let only_asks = SeccompCondition::new(
        1,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        u64::try_from(libc::F_GETFD).ok()?,
    );
    rules.insert(libc::SYS_fcntl, vec![SeccompRule::new(vec![only_asks.ok()?]).ok()?]);
    for call in MAPPING {
        rules.insert(*call, vec![SeccompRule::new(vec![not_executable.clone()]).ok()?]);
    }
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into().ok()?,
    );
    filter.ok()?.try_into().ok()
}
