//! Which process serves, and on what: asked over the inspectors that the program's processes open.

use super::process::Process;
use super::{Cause, Options, ProveError};
use crate::capture::{CaptureError, Inspector};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// How long a command over the inspector may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a process may take to say what it listens on: a busy one is asked again.
const GLANCE: Duration = Duration::from_secs(3);

/// After the first server, others of the same program may follow.
const AFTERWARDS: Duration = Duration::from_millis(250);

/// Between two looks.
const TICK: Duration = Duration::from_millis(40);

/// What a process listens on; nothing of it stays behind. Asked in a turn of the event loop: an expression can run amid a
/// module of Node that is still loading, and whoever asks for that module then gets half of it, the program, too.
const SERVERS: &str = "new Promise((done, fail) => setImmediate(() => { try { done((() => {
  const load = typeof require === 'function' ? require : process.getBuiltinModule;
  const [net, tls, http, https, cluster] = ['net', 'tls', 'http', 'https', 'cluster'].map(it => load(it));
  const sort = it => it instanceof https.Server ? 'https' : it instanceof http.Server ? 'http'
    : /^Http2/.test(it.constructor && it.constructor.name) ? (it instanceof tls.Server ? 'http2s' : 'http2')
    : it instanceof tls.Server ? 'tls' : 'net';
  const servers = process._getActiveHandles().filter(it => it instanceof net.Server && it.listening).map(it => {
    const at = it.address();
    return typeof at === 'object' && at ? { sort: sort(it), host: at.address, port: at.port, upgrades: it.listenerCount('upgrade') > 0 }
      : { sort: 'pipe', host: String(at), port: 0, upgrades: false };
  });
  return { servers, workers: cluster.isPrimary ? Object.keys(cluster.workers || {}).length : 0, worker: !!cluster.isWorker };
})()); } catch (error) { fail(error); } }))";

/// What a server speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// HTTP/2, with or without TLS.
    Http2,
    /// Bytes.
    Net,
    /// Bytes over TLS.
    Tls,
}

impl Protocol {
    /// As people read it.
    pub fn text(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Http2 => "http2",
            Protocol::Net => "net",
            Protocol::Tls => "tls",
        }
    }
}

/// A server of the program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Server {
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it is reached on this machine.
    pub address: SocketAddr,
    /// Whether it accepts web sockets.
    pub upgrades: bool,
    /// Whether it speaks TLS.
    pub is_secure: bool,
}

/// The process that serves.
pub(super) struct Serving {
    pub(super) inspector: Inspector,
    pub(super) servers: Vec<Server>,
}

/// What a look at one process showed.
#[derive(Default)]
struct Look {
    servers: Vec<Server>,
    /// Why others were passed over.
    passed: Vec<String>,
    workers: usize,
}

/// Waits until a process of the program listens.
///
/// # Errors
/// If the program ends, never listens, or is a cluster; if the user stops it.
pub(super) fn wait_for_servers(process: &mut Process, options: &Options) -> Result<Serving, ProveError> {
    let started = Instant::now();
    let mut inspectors: BTreeMap<String, Inspector> = BTreeMap::new();
    let mut seen = String::new();
    loop {
        if options.stop.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Cause::Interrupted.into());
        }
        for url in process.output().inspectors() {
            if !inspectors.contains_key(&url) {
                inspectors.extend(connect(&url, options).map(|it| (url, it)));
            }
        }
        let urls: Vec<String> = inspectors.keys().cloned().collect();
        for url in urls {
            let Some(inspector) = inspectors.get_mut(&url) else { continue };
            match look(inspector) {
                Ok(it) if it.workers > 0 => return Err(Cause::Cluster(it.workers).into()),
                Ok(it) if it.servers.is_empty() => seen = if it.passed.is_empty() { seen } else { it.passed.join(", ") },
                Ok(_) => return settled(&mut inspectors, &url, options),
                Err(CaptureError::Interrupted) => return Err(Cause::Interrupted.into()),
                // It ended, waits for us to leave it, or is busy: left, and asked anew if it is still there.
                Err(_) => drop(inspectors.remove(&url)),
            }
        }
        if let Some(how) = process.ended() {
            return Err(Cause::Exited { how, during: "before it listened on a port".to_owned() }.into());
        }
        if started.elapsed() >= options.start_timeout {
            let has_inspector = !process.output().inspectors().is_empty();
            let after = options.start_timeout;
            let cause = if has_inspector { Cause::NeverListened { after, seen } } else { Cause::NoInspector(after) };
            return Err(cause.into());
        }
        std::thread::sleep(TICK);
    }
}

fn connect(url: &str, options: &Options) -> Option<Inspector> {
    let mut inspector = Inspector::connect(url, GLANCE).ok()?;
    inspector.stop_when(options.stop.clone());
    Some(inspector)
}

/// The process that serves, once its servers are complete; the others are left alone.
fn settled(inspectors: &mut BTreeMap<String, Inspector>, url: &str, options: &Options) -> Result<Serving, ProveError> {
    inspectors.retain(|it, _| it == url);
    let Some(first) = inspectors.get_mut(url) else { return Err(Cause::NoInspector(Duration::ZERO).into()) };
    first.wait(AFTERWARDS)?;
    let look = look(first)?;
    if look.workers > 0 {
        return Err(Cause::Cluster(look.workers).into());
    }
    inspectors.clear();
    let mut inspector = Inspector::connect(url, PATIENCE)?;
    inspector.stop_when(options.stop.clone());
    Ok(Serving { inspector, servers: look.servers })
}

fn look(inspector: &mut Inspector) -> Result<Look, CaptureError> {
    let answer = inspector.evaluate(SERVERS)?;
    let mut look = Look { workers: answer["workers"].as_u64().unwrap_or(0) as usize, ..Look::default() };
    for it in answer["servers"].as_array().into_iter().flatten() {
        let (sort, host) = (it["sort"].as_str().unwrap_or_default(), it["host"].as_str().unwrap_or_default());
        let port = it["port"].as_u64().unwrap_or(0) as u16;
        let Some(protocol) = protocol(sort) else {
            look.passed.push(format!("it listens on {host}"));
            continue;
        };
        match reached(host) {
            Some(ip) => look.servers.push(Server {
                protocol,
                address: SocketAddr::new(ip, port),
                upgrades: it["upgrades"].as_bool().unwrap_or(false),
                is_secure: matches!(sort, "https" | "tls" | "http2s"),
            }),
            None => look.passed.push(format!("{host}:{port} is not a local address")),
        }
    }
    look.servers.sort();
    look.servers.dedup();
    Ok(look)
}

fn protocol(sort: &str) -> Option<Protocol> {
    Some(match sort {
        "http" => Protocol::Http,
        "https" => Protocol::Https,
        "http2" | "http2s" => Protocol::Http2,
        "tls" => Protocol::Tls,
        "net" => Protocol::Net,
        _ => return None,
    })
}

/// Where a server that listens on a host is reached without leaving the machine.
fn reached(host: &str) -> Option<IpAddr> {
    match host.parse::<IpAddr>().ok()?.to_canonical() {
        // What listens on every address of IPv6 listens on those of IPv4, too, unless somebody forbids it.
        ip if ip.is_unspecified() => Some(Ipv4Addr::LOCALHOST.into()),
        ip if ip.is_loopback() => Some(ip),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::reached;

    #[test]
    fn only_local_addresses_are_reached() {
        let at = |host| reached(host).map(|it| it.to_string());
        assert_eq!(at("0.0.0.0").as_deref(), Some("127.0.0.1"));
        assert_eq!(at("::").as_deref(), Some("127.0.0.1"));
        assert_eq!(at("127.0.0.2").as_deref(), Some("127.0.0.2"));
        assert_eq!(at("::1").as_deref(), Some("::1"));
        assert_eq!(at("192.168.1.4"), None);
        assert_eq!(at("/run/x.sock"), None);
    }
}
