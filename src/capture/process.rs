//! A process by its number: is it Node, and may it be asked to open its inspector?
//!
//! SIGUSR1 opens the inspector of Node and kills nearly everything else, so what `/proc` says is read first.

use super::CaptureError;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The inspector of a process that was found by its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedInspector {
    /// For [`super::Inspector::connect`].
    pub url: String,
    /// Host and port.
    pub address: String,
    /// Whether it was opened now, and is to be closed again with [`super::close_inspector`].
    pub is_ours: bool,
}

/// Finds the inspector of a Node process, or has the process open it. When `stop` becomes true, what the process was asked
/// for is waited for a moment longer, so that it can be closed again.
///
/// # Errors
/// If the process is not there, is not Node, is not the user's own, would die of the signal, lives in another network,
/// or opens nothing in time. Only on Linux.
pub fn open_inspector(pid: u32, timeout: Duration, stop: &AtomicBool) -> Result<OpenedInspector, CaptureError> {
    linux::open(pid, timeout, stop)
}

#[cfg(not(target_os = "linux"))]
mod linux {
    use super::{AtomicBool, CaptureError, Duration, OpenedInspector};

    pub(super) fn open(_: u32, _: Duration, _: &AtomicBool) -> Result<OpenedInspector, CaptureError> {
        Err(CaptureError::Other("a process can be found by its number on Linux only: start it with --inspect".to_owned()))
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::super::{Inspector, targets};
    use super::{AtomicBool, CaptureError, Duration, OpenedInspector};
    use rustix::process::{Pid, Signal};
    use std::collections::BTreeSet;
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::path::PathBuf;
    use std::sync::atomic::Ordering;
    use std::time::Instant;

    /// What is known of a process.
    #[derive(Debug)]
    struct Process {
        pid: u32,
        /// Its number inside its own container, where it has one.
        inner_pid: u32,
        /// Ports that its command line or `NODE_OPTIONS` name for the inspector, and Node's own.
        likely_ports: Vec<u16>,
    }

    /// The port that Node opens unless it is told another one.
    const NODE_PORT: u16 = 9229;

    /// Where else Node may have put it: the children of a cluster count on from the parent's.
    const NODE_PORTS: std::ops::Range<u16> = NODE_PORT..NODE_PORT + 32;

    /// How long something that may be no inspector gets to answer.
    const PROBE: Duration = Duration::from_secs(2);

    /// Between two looks at the ports of a process.
    const LOOK: Duration = Duration::from_millis(20);

    /// When a process that has opened no new port is asked whether an old one is its inspector.
    const PATIENCE: Duration = Duration::from_secs(1);

    pub(super) fn open(pid: u32, timeout: Duration, stop: &AtomicBool) -> Result<OpenedInspector, CaptureError> {
        let process = examine(pid)?;
        let before = listening(pid);
        let likely = before.iter().filter(|it| process.likely_ports.contains(&it.port()) || NODE_PORTS.contains(&it.port()));
        if let Some(found) = likely.copied().find_map(|it| probe(&process, it)) {
            return Ok(OpenedInspector { is_ours: false, ..found });
        }
        signal(pid)?;
        let started = Instant::now();
        let mut has_asked = false;
        while started.elapsed() < timeout {
            let new = listening(pid).difference(&before).copied().collect::<Vec<_>>();
            if let Some(found) = new.into_iter().find_map(|it| probe(&process, it)) {
                return Ok(OpenedInspector { is_ours: true, ..found });
            }
            let is_late = started.elapsed() >= PATIENCE;
            if is_late && stop.load(Ordering::Relaxed) {
                return Err(CaptureError::Interrupted);
            }
            if is_late && !has_asked {
                has_asked = true;
                if let Some(found) = before.iter().copied().find_map(|it| probe(&process, it)) {
                    return Ok(OpenedInspector { is_ours: false, ..found });
                }
            }
            std::thread::sleep(LOOK);
        }
        Err(silent(&process, timeout))
    }

    /// What is known of a process, unless it must not be signalled.
    fn examine(pid: u32) -> Result<Process, CaptureError> {
        let refuse = |why: String| CaptureError::Other(format!("process {pid} {why}"));
        let status = read(pid, "status").ok_or_else(|| CaptureError::Other(format!("there is no process {pid}")))?;
        let field =
            |name: &str| status.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default().trim();
        let state = field("State").chars().next().unwrap_or_default();
        if let Some(group) = field("Tgid").parse().ok().filter(|it: &u32| *it != pid) {
            return Err(refuse(format!("is a thread of process {group}")));
        }
        if matches!(state, 'Z' | 'X') {
            return Err(refuse("has ended".to_owned()));
        }
        let own = rustix::process::geteuid().as_raw();
        if own != 0 && field("Uid").split_whitespace().next().and_then(|it| it.parse().ok()) != Some(own) {
            return Err(refuse("belongs to another user".to_owned()));
        }
        let link = |name: &str| fs::read_link(format!("/proc/{pid}/{name}"));
        let exe = link("exe").map_err(|error| refuse(format!("does not show its program: {error}")))?;
        if !is_node(&exe) {
            return Err(refuse(format!("is no Node process but {}: it would die of the signal", exe.display())));
        }
        if matches!(state, 'T' | 't') {
            return Err(refuse("is stopped".to_owned()));
        }
        let caught = u64::from_str_radix(field("SigCgt"), 16).unwrap_or(0);
        if caught & (1 << (Signal::USR1.as_raw() - 1)) == 0 {
            return Err(refuse("does not listen to SIGUSR1 and might die of it: start it with --inspect".to_owned()));
        }
        if link("ns/net").ok() != fs::read_link("/proc/self/ns/net").ok() {
            return Err(refuse("lives in another network (a container): run leaklint in there".to_owned()));
        }
        let inner_pid = field("NSpid").split_whitespace().last().and_then(|it| it.parse().ok()).unwrap_or(pid);
        Ok(Process { pid, inner_pid, likely_ports: named_ports(pid) })
    }

    fn read(pid: u32, name: &str) -> Option<String> {
        fs::read(format!("/proc/{pid}/{name}")).ok().map(|it| String::from_utf8_lossy(&it).into_owned())
    }

    /// `node`, `nodejs`, `node-20`, also after an update has replaced it.
    fn is_node(exe: &std::path::Path) -> bool {
        let exe = exe.to_string_lossy();
        let name = PathBuf::from(exe.strip_suffix(" (deleted)").unwrap_or(&exe));
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rest = name.strip_prefix("nodejs").or_else(|| name.strip_prefix("node"));
        rest.is_some_and(|it| it.is_empty() || it.starts_with(|c: char| c == '-' || c == '_' || c.is_ascii_digit()))
    }

    /// The ports of `--inspect` and its sisters, on the command line and in `NODE_OPTIONS`.
    fn named_ports(pid: u32) -> Vec<u16> {
        let line = read(pid, "cmdline").unwrap_or_default();
        let environment = read(pid, "environ").unwrap_or_default();
        let options = environment.split('\0').find_map(|it| it.strip_prefix("NODE_OPTIONS=")).unwrap_or_default();
        let words = line.split('\0').chain(options.split_whitespace());
        let values =
            words.filter(|it| it.starts_with("--inspect") || it.starts_with("--debug-port")).filter_map(|it| it.split_once('='));
        values.filter_map(|it| it.1.rsplit(':').next()?.parse().ok()).collect()
    }

    fn signal(pid: u32) -> Result<(), CaptureError> {
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let raw = raw.ok_or_else(|| CaptureError::Other(format!("there is no process {pid}")))?;
        rustix::process::kill_process(raw, Signal::USR1)
            .map_err(|error| CaptureError::Other(format!("cannot signal process {pid}: {error}")))
    }

    /// Where a process listens: its sockets, among those of its network.
    fn listening(pid: u32) -> BTreeSet<SocketAddr> {
        let sockets = sockets(pid);
        let tables = ["net/tcp", "net/tcp6"].into_iter().filter_map(|it| read(pid, it)).collect::<String>();
        let rows = tables.lines().map(|it| it.split_whitespace().collect::<Vec<_>>());
        // Local address, state (0A listens) and socket are the columns 1, 3 and 9.
        let own = rows.filter(|it| it.len() > 9 && it[3] == "0A" && sockets.contains(it[9]));
        own.filter_map(|it| address(it[1])).collect()
    }

    /// The numbers of a process's sockets.
    fn sockets(pid: u32) -> BTreeSet<String> {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let links = files.filter_map(|it| fs::read_link(it.path()).ok());
        links.filter_map(|it| Some(it.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect()
    }

    /// An address as the kernel's tables write it: words of four bytes in the machine's order, then the port.
    fn address(text: &str) -> Option<SocketAddr> {
        let (host, port) = text.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let words = (0..host.len() / 8).map(|it| u32::from_str_radix(&host[it * 8..it * 8 + 8], 16));
        let bytes: Vec<u8> = words.collect::<Result<Vec<_>, _>>().ok()?.into_iter().flat_map(u32::to_ne_bytes).collect();
        let host: IpAddr = match bytes.len() {
            4 => <[u8; 4]>::try_from(bytes).ok()?.into(),
            16 => <[u8; 16]>::try_from(bytes).ok()?.into(),
            _ => return None,
        };
        Some(SocketAddr::new(host, port))
    }

    /// The inspector at an address, if that is one and of this process.
    fn probe(process: &Process, address: SocketAddr) -> Option<OpenedInspector> {
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let address = SocketAddr::new(host, address.port()).to_string();
        let url = targets(&address, PROBE).ok()?.into_iter().find(|it| it.kind == "node")?.url;
        let mut inspector = Inspector::connect(&url, PROBE).ok()?;
        let pid = inspector.evaluate_now("telling its number", "process.pid").ok()?.as_u64()?;
        let is_it = pid == u64::from(process.pid) || pid == u64::from(process.inner_pid);
        is_it.then_some(OpenedInspector { url, address, is_ours: false })
    }

    /// Why a signal may have had no effect.
    fn silent(process: &Process, timeout: Duration) -> CaptureError {
        let Process { pid, likely_ports, .. } = process;
        if read(*pid, "status").is_none() {
            return CaptureError::Other(format!("process {pid} ended when it was asked for its inspector"));
        }
        let port = likely_ports.first().copied().unwrap_or(NODE_PORT);
        let taken = std::net::TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), PROBE).is_ok();
        let why = if taken {
            format!("port {port} is taken by another one; start it with --inspect-port=0")
        } else {
            "it may have a handler of its own for SIGUSR1; start it with --inspect".to_owned()
        };
        let seconds = timeout.as_secs_f64();
        CaptureError::Other(format!("process {pid} was sent SIGUSR1 and opened no inspector within {seconds} s: {why}"))
    }

    #[cfg(test)]
    mod tests {
        use super::{address, is_node};
        use std::path::Path;

        #[test]
        fn names_of_node() {
            for name in ["/usr/bin/node", "/opt/nodejs", "/bin/node-20 (deleted)", "/x/node22", "/x/node_22"] {
                assert!(is_node(Path::new(name)), "{name}");
            }
            for name in ["/usr/bin/python3", "/usr/bin/nodemon", "/usr/bin/nodered", "/node/bash", ""] {
                assert!(!is_node(Path::new(name)), "{name}");
            }
        }

        #[test]
        #[cfg(target_endian = "little")]
        fn addresses_of_the_kernel() {
            let read = |text| address(text).map(|it| it.to_string());
            assert_eq!(read("0100007F:240D").as_deref(), Some("127.0.0.1:9229"));
            assert_eq!(read("00000000000000000000000001000000:240D").as_deref(), Some("[::1]:9229"));
            assert_eq!(read("nonsense"), None);
        }
    }
}
