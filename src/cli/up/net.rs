//! What of the network the command itself uses: pages of servers on this machine, and free ports.

use std::net::TcpListener;
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
            any.map(|address| address.port()).map_err(|error| format!("no free port of {host}: {error}"))
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
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(!is_ok(&format!("http://127.0.0.1:{port}/")));
    }
}
