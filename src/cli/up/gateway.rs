//! Envoy's configuration for `tiergate up`: the shipped one for production, with this machine's ports and this upstream.

use std::net::IpAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::super::yaml;
use super::console;

/// `envoy/envoy.yaml`.
const TEMPLATE: &str = include_str!("template.yaml");
const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
/// The cluster of the template that serves the models.
const SERVES: &str = "litellm";

/// Where the models are.
pub struct Upstream {
    pub host: String,
    pub port: u16,
    /// What stands before `/v1/` there.
    pub prefix: Option<&'static str>,
    /// The page that answers 200 while the server is healthy; without it there is no check.
    pub health: Option<&'static str>,
    /// The variable of the environment with the key that every request gets. It is read by Envoy, and in no file.
    pub key: Option<String>,
}

impl Upstream {
    /// Reads `HOST:PORT`.
    pub fn read(address: &str) -> Result<(String, u16), String> {
        let wrong = || format!("{address:?} is not an address; give HOST:PORT, such as 127.0.0.1:4000");
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        if host.is_empty() { Err(wrong()) } else { Ok((host.to_owned(), port)) }
    }

    pub const fn tls(&self) -> bool {
        self.port == 443
    }
}

/// What of the shipped configuration differs here.
pub struct Gateway<'g> {
    pub host: &'g str,
    pub port: u16,
    pub metrics_port: u16,
    pub console_port: u16,
    pub admin: &'g Path,
    pub module: &'g Path,
    /// The tiergate document.
    pub document: &'g Value,
    pub cluster: &'g str,
    pub upstream: &'g Upstream,
}

const MADE: &str = "# Made by `tiergate up` at each start, from the configuration for production that tiergate ships (envoy/envoy.yaml,\n\
    # which has the reason for each setting). Changes here are lost: the document beside it is the place for yours.\n";

/// The whole configuration, as YAML.
pub fn configuration(gateway: &Gateway<'_>) -> Result<String, String> {
    let mut envoy = yaml::read(TEMPLATE)?;
    let missing = || "the shipped configuration has not the form that `up` knows".to_owned();
    change(&mut envoy, gateway).ok_or_else(missing)?;
    let text = yaml_serde::to_string(&envoy).map_err(|error| error.to_string())?;
    Ok(format!("{MADE}{text}"))
}

/// The document that the shipped configuration has.
pub fn shipped_document() -> Option<Value> {
    let mut envoy = yaml::read(TEMPLATE).ok()?;
    let listener = named(&mut envoy, "/static_resources/listeners", "gateway")?;
    Some(plugin(listener)?.pointer("/configuration/value")?.clone())
}

fn change(envoy: &mut Value, gateway: &Gateway<'_>) -> Option<()> {
    put(envoy, "/admin/address", json!({"pipe": {"path": gateway.admin, "mode": 0o600}}))?;
    for (name, port) in [("gateway", gateway.port), ("metrics", gateway.metrics_port)] {
        let host = if name == "metrics" { "127.0.0.1" } else { gateway.host };
        put(named(envoy, "/static_resources/listeners", name)?, "/address", socket(host, port))?;
    }
    let admin = named(envoy, "/static_resources/clusters", "admin")?;
    put(admin, ENDPOINT, json!({"pipe": {"path": gateway.admin}}))?;
    let listener = named(envoy, "/static_resources/listeners", "gateway")?;
    set_plugin(plugin(listener)?, gateway, gateway.document.clone())?;
    routes(listener.pointer_mut(ROUTES)?.as_array_mut()?, gateway.upstream)?;
    let filter = named(listener, FILTERS, "tiergate")?.clone();
    let console = console::listener(listener, &filter, gateway.console_port)?;
    envoy.pointer_mut("/static_resources/listeners")?.as_array_mut()?.push(console);
    cluster(named(envoy, "/static_resources/clusters", SERVES)?, gateway)
}

const ENDPOINT: &str = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address";
const FILTERS: &str = "/filter_chains/0/filters/0/typed_config/http_filters";
const ROUTES: &str = "/filter_chains/0/filters/0/typed_config/route_config/virtual_hosts/0/routes";
const OPTIONS: &str =
    "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

fn put(of: &mut Value, place: &str, value: Value) -> Option<()> {
    *of.pointer_mut(place)? = value;
    Some(())
}

/// The entry of a list that has this name.
fn named<'v>(of: &'v mut Value, list: &str, name: &str) -> Option<&'v mut Value> {
    let all = of.pointer_mut(list)?.as_array_mut()?;
    all.iter_mut().find(|each| each.get("name").and_then(Value::as_str) == Some(name))
}

fn socket(host: &str, port: u16) -> Value {
    json!({"socket_address": {"address": host, "port_value": port}})
}

fn plugin(of: &mut Value) -> Option<&mut Value> {
    named(of, FILTERS, "tiergate")?.pointer_mut("/typed_config/config")
}

fn set_plugin(plugin: &mut Value, gateway: &Gateway<'_>, document: Value) -> Option<()> {
    put(plugin, "/vm_config/code/local/filename", json!(gateway.module))?;
    put(plugin, "/configuration", json!({"@type": STRUCT, "value": document}))
}

/// The routes to an upstream that is not at the root, that goes by its name, or that wants a key.
fn routes(routes: &mut Vec<Value>, upstream: &Upstream) -> Option<()> {
    for each in routes.iter_mut() {
        if let Some(key) = &upstream.key {
            let header = json!({"header": {"key": "authorization", "value": format!("Bearer %ENVIRONMENT({key})%")},
                                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"});
            let fields = each.as_object_mut()?;
            fields.entry("request_headers_to_add").or_insert_with(|| json!([])).as_array_mut()?.push(header);
        }
        let route = each.get_mut("route")?.as_object_mut()?;
        if upstream.tls() {
            route.insert("host_rewrite_literal".to_owned(), json!(upstream.host));
        }
    }
    let Some(prefix) = upstream.prefix else { return Some(()) };
    let rewritten: Option<Vec<Value>> = routes
        .iter()
        .map(|each| {
            let mut copy = each.clone();
            put(&mut copy, "/match/prefix", json!("/v1/"))?;
            let route = copy.get_mut("route")?.as_object_mut()?;
            route.insert("prefix_rewrite".to_owned(), json!(format!("{prefix}/v1/")));
            Some(copy)
        })
        .collect();
    routes.splice(0..0, rewritten?);
    Some(())
}

/// The cluster that serves the models.
fn cluster(cluster: &mut Value, gateway: &Gateway<'_>) -> Option<()> {
    let upstream = gateway.upstream;
    put(cluster, "/name", json!(gateway.cluster))?;
    put(cluster, "/load_assignment/cluster_name", json!(gateway.cluster))?;
    put(cluster, ENDPOINT, socket(&upstream.host, upstream.port))?;
    let fields = cluster.as_object_mut()?;
    if upstream.host.parse::<IpAddr>().is_ok() {
        fields.insert("type".to_owned(), json!("STATIC"));
    } else {
        // By default Envoy asks for IPv6 first, where nothing listens at a name such as localhost in many cases.
        fields.insert("dns_lookup_family".to_owned(), json!("V4_PREFERRED"));
    }
    if upstream.tls() {
        fields.insert("transport_socket".to_owned(), tls(&upstream.host));
    }
    match upstream.health {
        Some(page) => {
            let check = json!({"path": page, "host": upstream.host});
            put(cluster, "/health_checks/0/http_health_check", check)?;
        }
        None => {
            fields.remove("health_checks");
        }
    }
    // The filter once more, for every attempt: the same document but for its position.
    let mut attempt = gateway.document.clone();
    attempt.as_object_mut()?.insert("position".to_owned(), json!("attempt"));
    let filters = cluster.pointer_mut(OPTIONS)?;
    let plugin = named(filters, "/http_filters", "tiergate")?.pointer_mut("/typed_config/config")?;
    set_plugin(plugin, gateway, attempt)
}

/// TLS to this name, by the authorities that the system trusts.
fn tls(host: &str) -> Value {
    let files =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
    let authorities = files.into_iter().find(|file| Path::new(file).is_file()).unwrap_or(files[0]);
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": host,
            "common_tls_context": {"validation_context": {
                "trusted_ca": {"filename": authorities},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": host}}],
            }},
        },
    })
}

/// An Envoy that passes everything from a port of loopback to the upstream, for what has to be fetched before the gateway
/// can be made: one TLS client is enough.
pub fn fetcher(port: u16, upstream: &Upstream) -> Value {
    let mut cluster = json!({
        "name": "upstream", "type": "STRICT_DNS", "dns_lookup_family": "V4_PREFERRED", "connect_timeout": "5s",
        "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": socket(&upstream.host, upstream.port)}}]}]},
    });
    let mut route = json!({"cluster": "upstream", "timeout": "15s"});
    if upstream.tls()
        && let (Some(cluster), Some(route)) = (cluster.as_object_mut(), route.as_object_mut())
    {
        cluster.insert("transport_socket".to_owned(), tls(&upstream.host));
        route.insert("host_rewrite_literal".to_owned(), json!(upstream.host));
    }
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "fetch",
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"],
                                            "routes": [{"match": {"prefix": "/"}, "route": route}]}]},
    });
    json!({"static_resources": {
        "listeners": [{"name": "fetch", "address": socket("127.0.0.1", port), "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
        "clusters": [cluster],
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(upstream: &Upstream) -> Value {
        let document = json!({"default_cluster": "here", "tiers": {"SIMPLE": "a"}});
        let gateway = Gateway {
            host: "127.0.0.1",
            port: 1,
            metrics_port: 2,
            console_port: 3,
            admin: Path::new("/run/admin.sock"),
            module: Path::new("/run/module.wasm"),
            document: &document,
            cluster: "here",
            upstream,
        };
        yaml::read(&configuration(&gateway).unwrap()).unwrap()
    }

    fn upstream(host: &str, port: u16) -> Upstream {
        Upstream { host: host.to_owned(), port, prefix: None, health: None, key: None }
    }

    #[test]
    fn every_position_gets_the_module_and_those_that_route_the_document() {
        let envoy = made(&upstream("127.0.0.1", 4000)).to_string();
        assert_eq!(envoy.matches("/run/module.wasm").count(), 3);
        assert_eq!(envoy.matches(r#""tiers":{"SIMPLE":"a"}"#).count(), 2);
        assert_eq!(envoy.matches(r#""position":"attempt""#).count(), 1);
        assert_eq!(envoy.matches(r#""position":"console""#).count(), 1);
        assert!(!envoy.contains("dist/tiergate.wasm") && !envoy.contains("0.0.0.0"), "{envoy}");
    }

    #[test]
    fn a_remote_upstream_is_reached_by_tls_under_its_name_with_the_key_of_the_environment() {
        let remote =
            Upstream { prefix: Some("/api"), key: Some("KEY".to_owned()), ..upstream("models.example", 443) };
        let envoy = made(&remote);
        let routes = envoy
            .pointer(&format!("/static_resources/listeners/0{ROUTES}"))
            .unwrap()
            .as_array()
            .unwrap()
            .clone();
        assert_eq!(routes.len(), 4);
        for route in &routes {
            assert_eq!(route["route"]["host_rewrite_literal"], "models.example");
            assert!(route["request_headers_to_add"].to_string().contains("Bearer %ENVIRONMENT(KEY)%"));
        }
        assert_eq!(routes[0]["route"]["prefix_rewrite"], "/api/v1/");
        let cluster = &envoy["static_resources"]["clusters"][0];
        assert_eq!(cluster["transport_socket"]["typed_config"]["sni"], "models.example");
        assert!(cluster.get("health_checks").is_none());
    }

    #[test]
    fn the_shipped_document_is_there() {
        assert!(shipped_document().unwrap()["profiles"]["auto"]["tiers"].is_object());
    }

    #[test]
    fn an_address_has_a_host_and_a_port() {
        assert_eq!(Upstream::read("[::1]:80").unwrap(), ("::1".to_owned(), 80));
        for wrong in ["localhost", ":80", "host:0", "host:x"] {
            assert!(Upstream::read(wrong).unwrap_err().contains("HOST:PORT"), "{wrong}");
        }
    }
}
