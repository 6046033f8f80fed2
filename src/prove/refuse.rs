//! What is not started without being asked twice.

use super::{Cause, Options};

/// Schemes of URLs that lead to stored data.
const SCHEMES: &[&str] = &[
    "postgres",
    "postgresql",
    "pg",
    "mysql",
    "mysql2",
    "mariadb",
    "mongodb",
    "redis",
    "rediss",
    "valkey",
    "amqp",
    "amqps",
    "mssql",
    "sqlserver",
    "oracle",
    "cassandra",
    "couchbase",
    "couchbases",
    "neo4j",
    "bolt",
    "kafka",
    "nats",
    "memcached",
    "clickhouse",
    "cockroachdb",
    "elasticsearch",
    "prisma",
    "libsql",
    "jdbc",
];

/// Holds the environment against the rules. Values are secrets: only names and hosts are told.
///
/// # Errors
/// What may not be started, and the flag that allows it.
pub(super) fn refuse(options: &Options, environment: &[(String, String)]) -> Result<(), Cause> {
    let production = environment.iter().find(|(name, value)| name == "NODE_ENV" && value.trim() == "production");
    if production.is_some() && !options.allow_production {
        let reason = "NODE_ENV is `production`: a server is driven with hundreds of requests only where nobody depends on it";
        return Err(Cause::Refused { reason: reason.to_owned(), flag: "--allow-production" });
    }
    if options.allow_remote_databases {
        return Ok(());
    }
    for (name, value) in environment {
        if let Some(host) = remote_database(value) {
            let reason = format!("{name} names a database on another machine ({host}): requests may change what is in it");
            return Err(Cause::Refused { reason, flag: "--allow-remote-databases" });
        }
    }
    Ok(())
}

/// The host of a database URL that is not on this machine.
fn remote_database(value: &str) -> Option<String> {
    let value = value.trim();
    let value = value.strip_prefix("jdbc:").unwrap_or(value);
    let (scheme, rest) = value.split_once("://")?;
    let base = scheme.split('+').next().unwrap_or(scheme).to_ascii_lowercase();
    if !SCHEMES.contains(&base.as_str()) {
        return None;
    }
    let authority = rest.split(['/', '?', '#', ';']).next().unwrap_or(rest);
    let hosts = authority.rsplit_once('@').map_or(authority, |it| it.1);
    hosts.split(',').map(host).find(|it| !is_local(it)).map(str::to_owned)
}

/// `host` of `host:port` and `[host]:port`.
fn host(text: &str) -> &str {
    match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => text.split(':').next().unwrap_or(text),
    }
}

/// This machine, a socket in its file system, or a name that cannot leave it.
fn is_local(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback() || it.is_unspecified());
    is_loopback || host.is_empty() || host == "localhost" || host.ends_with(".localhost") || host.starts_with("%2f")
}

#[cfg(test)]
mod tests {
    use super::{refuse, remote_database};
    use crate::prove::Options;

    #[test]
    fn databases_elsewhere() {
        for (value, host) in [
            ("postgres://u:p@db.example.com:5432/x", Some("db.example.com")),
            ("postgresql://u:p%40@10.0.0.7/x", Some("10.0.0.7")),
            ("mongodb+srv://u:p@cluster0.example.net/x", Some("cluster0.example.net")),
            ("mongodb://localhost:27017,db2:27017/x", Some("db2")),
            ("jdbc:postgresql://db/x", Some("db")),
            ("rediss://:secret@cache:6380", Some("cache")),
            ("redis://localhost:6379", None),
            ("redis://127.0.0.1", None),
            ("redis://[::1]:6379/0", None),
            ("postgres:///x?host=/run/postgresql", None),
            ("postgres://%2Frun%2Fpostgresql/x", None),
            ("https://db.example.com", None),
            ("db.example.com", None),
        ] {
            assert_eq!(remote_database(value).as_deref(), host, "{value}");
        }
    }

    #[test]
    fn each_rule_has_its_flag() {
        let environment =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        let production = environment(&[("NODE_ENV", "production")]);
        let remote = environment(&[("DB", "mysql://u:hunter2@db/x")]);
        assert!(refuse(&Options::default(), &environment(&[("NODE_ENV", "test"), ("DB", "mysql://localhost/x")])).is_ok());
        assert!(refuse(&Options::default(), &production).is_err());
        assert!(refuse(&Options { allow_production: true, ..Options::default() }, &production).is_ok());
        let refused = format!("{:?}", refuse(&Options::default(), &remote));
        assert!(refused.contains("DB names") && !refused.contains("hunter2"), "{refused}");
        assert!(refuse(&Options { allow_remote_databases: true, ..Options::default() }, &remote).is_ok());
    }
}
