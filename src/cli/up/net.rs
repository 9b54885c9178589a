//! What of the network the command itself uses: pages of servers on this machine, and free ports.

use std::net::{IpAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Asks for a page: its status and text, or why there is no answer.
pub fn get(url: &str, seconds: u64) -> Result<(u16, String), String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(seconds)))
        .http_status_as_error(false)
        // What is asked is on this machine.
        .proxy(None)
        .build()
        .into();
    let mut answer = agent.get(url).call().map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().map_err(|e| e.to_string())?;
    Ok((status, text))
}

/// Whether a page answers that all is well.
pub fn is_ok(url: &str) -> bool {
    get(url, 2).is_ok_and(|(status, _)| status == 200)
}

/// Whether nothing listens there yet.
pub fn is_free(host: &str, port: u16) -> bool {
    TcpListener::bind((host, port)).is_ok()
}

/// The address that `--host` stands for. Envoy listens on addresses alone, so a name is looked up, IPv4 first, as
/// `127.0.0.1` is what most clients try.
pub fn host(given: &str) -> Result<String, String> {
    let bare = given.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(given);
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(bare.to_owned());
    }
    let mend = "give an address of this machine, such as --host 127.0.0.1, or 0.0.0.0 for all of them";
    let found = (bare, 0).to_socket_addrs().map_err(|error| format!("--host {given}: {error}; {mend}"))?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.first().map(ToString::to_string).ok_or_else(|| format!("--host {given}: no address; {mend}"))
}

/// A host as an address has it, for clients on this machine, whatever is listened on.
pub fn shown_host(host: &str) -> String {
    match host {
        "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        other if other.contains(':') => format!("[{other}]"),
        other => other.to_owned(),
    }
}

/// Why nobody there takes connections, if so.
pub fn unreached(host: &str, port: u16) -> Option<String> {
    let shown = format!("{}:{port}", shown_host(host));
    let addresses = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Some(format!("{shown} has no address ({error})")),
    };
    let mut why = format!("{shown} has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
            Ok(_) => return None,
            Err(error) => why = format!("nothing accepts connections at {shown} ({error})"),
        }
    }
    Some(why)
}

/// The port that is asked for, else the usual one, else any that is free, as also with 0.
pub fn port(host: &str, usual: u16, wanted: Option<u16>) -> Result<u16, String> {
    match wanted {
        Some(port) if is_free(host, port) => Ok(port),
        Some(port) => {
            Err(format!("port {port} of {host} is in use or cannot be opened; choose another with --port"))
        }
        None if usual != 0 && is_free(host, usual) => Ok(usual),
        None => {
            let any = TcpListener::bind((host, 0)).and_then(|listener| listener.local_addr());
            any.map(|address| address.port()).map_err(|error| {
                format!("no free port of {host}: {error}; is that an address of this machine? --host names another")
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_not_given() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = taken.local_addr().unwrap().port();
        assert!(port("127.0.0.1", 1, Some(number)).unwrap_err().contains("--port"));
        let other = port("127.0.0.1", number, None).unwrap();
        assert_ne!(other, number);
        assert_ne!(port("127.0.0.1", 0, None).unwrap(), 0);
    }

    #[test]
    fn nobody_there_is_not_well() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(unreached("127.0.0.1", port), None);
        drop(listener);
        assert!(!is_ok(&format!("http://127.0.0.1:{port}/")));
        let why = unreached("127.0.0.1", port).unwrap();
        assert!(why.contains(&format!("nothing accepts connections at 127.0.0.1:{port}")), "{why}");
    }

    #[test]
    fn a_host_is_an_address_and_shown_as_one() {
        for (given, wanted, shown) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "0.0.0.0", "127.0.0.1"),
            ("::", "::", "[::1]"),
            ("::1", "::1", "[::1]"),
            ("[2001:db8::1]", "2001:db8::1", "[2001:db8::1]"),
        ] {
            assert_eq!(host(given).as_deref(), Ok(wanted));
            assert_eq!(shown_host(wanted), shown);
        }
        let local = host("localhost").unwrap();
        assert!(local.parse::<IpAddr>().unwrap().is_loopback(), "{local}");
        let why = host("no such name").unwrap_err();
        assert!(why.contains("such as --host 127.0.0.1"), "{why}");
    }
}
