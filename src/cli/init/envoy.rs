//! What goes into Envoy's configuration: the filter, the route, the cluster.

use std::net::IpAddr;

use super::super::yaml::text;

/// The upstream that serves all models.
pub struct Upstream {
    host: String,
    port: u16,
    /// OpenRouter's API does not stand at the root, where clients expect it.
    pub prefix: Option<&'static str>,
}

impl Upstream {
    /// Reads `HOST:PORT`.
    pub fn read(address: &str, prefix: Option<&'static str>) -> Result<Self, String> {
        let wrong =
            || format!("--upstream: {address:?} is not an address; give HOST:PORT, such as 127.0.0.1:4000");
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        let name = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if host.is_empty() || !(name || host.parse::<IpAddr>().is_ok()) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, prefix })
    }

    const fn tls(&self) -> bool {
        self.port == 443
    }
}

/// The routes, at most one of which rewrites the path.
pub fn routes(upstream: &Upstream) -> String {
    let rewrite = if upstream.tls() {
        format!("\n    host_rewrite_literal: {}", text(&upstream.host))
    } else {
        String::new()
    };
    let prefixed = upstream.prefix.map_or_else(String::new, |prefix| {
        format!(
            "- match: {{prefix: /v1/}}\n  route:\n    cluster_header: x-tiergate-cluster\n    \
             prefix_rewrite: {prefix}/v1/\n    timeout: 0s{rewrite}\n"
        )
    });
    format!(
        "{prefixed}- match: {{prefix: /}}\n  route:\n    cluster_header: x-tiergate-cluster\n    \
         timeout: 0s{rewrite}\n"
    )
}

/// The cluster.
pub fn cluster(name: &str, upstream: &Upstream) -> String {
    let name = text(name);
    let address = upstream.host.parse::<IpAddr>().is_ok();
    // By default Envoy asks for IPv6 first, where nothing listens at a name such as localhost in many cases.
    let kind = if address { "STATIC" } else { "STRICT_DNS\n  dns_lookup_family: V4_PREFERRED" };
    // Digits and dots are an address to people and a number to no YAML reader, but quotes cost nothing.
    let host = text(&upstream.host);
    let tls = if upstream.tls() {
        format!(
            "  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: {host}
      common_tls_context:
        validation_context:
          # Where Debian keeps the certificates of the authorities; elsewhere it may be another file.
          trusted_ca: {{filename: /etc/ssl/certs/ca-certificates.crt}}
          match_typed_subject_alt_names: [{{san_type: DNS, matcher: {{exact: {host}}}}}]
"
        )
    } else {
        String::new()
    };
    format!(
        "- name: {name}
  type: {kind}
  connect_timeout: 5s
{tls}  load_assignment:
    cluster_name: {name}
    endpoints:
    - lb_endpoints:
      - endpoint: {{address: {{socket_address: {{address: {host}, port_value: {port}}}}}}}
",
        port = upstream.port
    )
}

/// All that Envoy needs, under the names of the places where it goes.
pub fn whole(document: &str, name: &str, upstream: &Upstream) -> String {
    format!(
        "# Three lists to put into Envoy's configuration, each at the place of its name.

# Of the HTTP connection manager, before envoy.filters.http.router.
http_filters:
- name: tiergate
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: tiergate
      # Without this a filter that waits for the body never gets it, and the client hangs.
      allow_on_headers_stop_iteration: true
      failure_policy: FAIL_RELOAD
      vm_config:
        runtime: envoy.wasm.runtime.v8
        code: {{local: {{filename: dist/tiergate.wasm}}}}
      configuration:
        \"@type\": type.googleapis.com/google.protobuf.Struct
        value:
{document}
# Of its route_config.
virtual_hosts:
- name: llm
  domains: [\"*\"]
  # How large a body may be that the filter reads; a larger one is answered with 413.
  request_body_buffer_limit: 33554432
  routes:
{routes}
# Of static_resources.
clusters:
{cluster}",
        document = indented(document, 10),
        routes = indented(&routes(upstream), 2),
        cluster = cluster(name, upstream),
    )
}

/// The route and the cluster as lines of comment.
pub fn commented(name: &str, upstream: &Upstream) -> String {
    let heading = "#\n# For Envoy, without the `# ` at the beginning (or have them, and the filter, with --envoy FILE).\n";
    let lines = format!("routes:\n{}clusters:\n{}", routes(upstream), cluster(name, upstream));
    lines.lines().fold(heading.to_owned(), |all, line| all + "# " + line + "\n")
}

fn indented(lines: &str, by: usize) -> String {
    lines.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}
