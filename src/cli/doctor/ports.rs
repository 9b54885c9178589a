//! Ports that somebody else has.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::Value;

use super::Report;
use crate::up::{self, net};

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The ports that `up` would take.
pub fn usual(report: &mut Report) {
    let wanted =
        [(up::PORT, "the gateway"), (up::METRICS_PORT, "metrics"), (up::CONSOLE_PORT, "the console")];
    for (port, whose) in wanted {
        if net::is_free("127.0.0.1", port) {
            report.good(format!("port {port} for {whose} is free"));
        } else {
            report.note(
                format!("port {port} for {whose} is taken"),
                "tiergate up takes a free one; --port names one for the gateway. Who has it: ss -ltnp",
            );
        }
    }
}

/// The ports of an Envoy configuration. That one is taken by the gateway itself is as it should be.
pub fn listened(envoy: &Value, running: bool, report: &mut Report) {
    for (whose, host, port) in listeners(envoy) {
        match TcpListener::bind((host, port)) {
            Ok(_) => report.good(format!("port {port} of {whose} is free")),
            Err(error) if error.kind() == ErrorKind::AddrInUse && running => {
                report.good(format!("port {port} of {whose} is taken, and this gateway runs"));
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => report.note(
                format!("port {port} of {whose} is taken, and not by this gateway: it could not start here"),
                "end the other program (ss -ltnp tells which), or give the listener another port",
            ),
            Err(error) => report.note(
                format!("{host}:{port} of {whose} cannot be opened here: {error}"),
                "nothing, if Envoy runs on another machine or as another user; else give another address",
            ),
        }
    }
}

/// Name, host and TCP port of each listener, and of the admin interface.
fn listeners(envoy: &Value) -> BTreeSet<(String, &str, u16)> {
    let all = envoy.pointer("/static_resources/listeners").and_then(Value::as_array);
    let named = all.into_iter().flatten().map(|each| {
        let name = each.get("name").and_then(Value::as_str).unwrap_or("without a name");
        (format!("the listener {name}"), each)
    });
    let admin = envoy.get("admin").map(|admin| ("the admin interface".to_owned(), admin));
    named
        .chain(admin)
        .filter_map(|(name, each)| socket(each).map(|(host, port)| (name, host, port)))
        .collect()
}

/// Host and TCP port of an `address`; none for a port that Envoy chooses.
fn socket(of: &Value) -> Option<(&str, u16)> {
    let socket = of.pointer("/address/socket_address")?;
    if socket.get("protocol").and_then(Value::as_str) == Some("UDP") {
        return None;
    }
    let port = socket.get("port_value")?.as_u64().and_then(|port| u16::try_from(port).ok());
    Some((socket.get("address")?.as_str()?, port.filter(|port| *port > 0)?))
}

/// Whether the gateway of this configuration runs: its admin interface says so, or a listener that passes its page
/// `/ready` on.
pub fn runs(envoy: &Value) -> bool {
    let live = |(host, port): (&str, u16)| {
        net::get(&format!("http://{}:{port}/ready", net::shown_host(host)), PATIENCE.as_secs())
            .is_ok_and(|(status, text)| status == 200 && text.contains("LIVE"))
    };
    let file = envoy.pointer("/admin/address/pipe/path").and_then(Value::as_str);
    let all = envoy.pointer("/static_resources/listeners").and_then(Value::as_array);
    let passing = all.into_iter().flatten().filter(|each| each.to_string().contains("\"/ready\""));
    file.is_some_and(|path| asked(path).is_ok_and(|answer| answer.contains("LIVE")))
        || envoy.get("admin").into_iter().chain(passing).filter_map(socket).any(live)
}

/// What the admin interface at a socket file answers.
fn asked(path: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /ready HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 << 10).read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Mark;
    use super::*;

    fn said(envoy: &Value, running: bool) -> (Mark, String) {
        let mut report = Report::default();
        listened(envoy, running, &mut report);
        assert_eq!(report.lines.len(), 1, "{:?}", report.lines);
        report.lines.remove(0)
    }

    #[test]
    fn a_port_that_somebody_else_has_is_told_and_that_of_the_running_gateway_is_well() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let envoy = json!({"static_resources": {"listeners": [
            {"name": "gateway", "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}},
            {"name": "quic", "address": {"socket_address": {
                "protocol": "UDP", "address": "127.0.0.1", "port_value": port}}},
        ]}});
        let (mark, line) = said(&envoy, false);
        assert_eq!(mark, Mark::Note);
        assert!(line.contains("the listener gateway is taken, and not by this gateway"), "{line}");
        assert!(line.contains("remedy:"), "{line}");
        assert_eq!(said(&envoy, true).0, Mark::Good);
        drop(taken);
        let (mark, line) = said(&envoy, false);
        assert_eq!(mark, Mark::Good);
        assert!(line.ends_with("is free"), "{line}");
    }

    #[test]
    fn a_gateway_whose_socket_file_nobody_answers_at_does_not_run() {
        let envoy = json!({"admin": {"address": {"pipe": {"path": "/nowhere/admin.sock"}}}});
        assert!(!runs(&envoy));
        assert!(listeners(&envoy).is_empty());
    }
}
