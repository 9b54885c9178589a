//! What an Envoy configuration has to say for the filter to work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::Report;
use tiergate_core::config::{self, Config, Filter, Position};

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
/// Deeper configurations are not looked through.
const DEEPEST: usize = 64;

/// Looks through a configuration: the filter where it stands, the routes, and the clusters that they lead to.
pub fn look(envoy: &Value, report: &mut Report) {
    let mut plugins = Vec::new();
    collect(envoy, DEEPEST, &mut |object| {
        if object.get("@type").and_then(Value::as_str) == Some(WASM)
            && let Some(config) = object.get("config")
        {
            plugins.push(config);
        }
    });
    let mut routers = Vec::new();
    let mut attempts = 0_usize;
    for plugin in plugins {
        let Some(document) = document(plugin) else { continue };
        module(plugin, report);
        match config::filter(document.to_string().as_bytes()) {
            Ok(Filter::Routes(config)) => match config.position {
                Position::Router => routers.push((document, config)),
                Position::Attempt => attempts += 1,
                Position::Console => {}
            },
            // It routes nothing, so it needs neither a cluster header nor clusters.
            Ok(Filter::Console(_)) => {}
            Err(errors) => report.bad(
                format!(
                    "the filter's document is refused:\n        {}",
                    errors.to_string().replace('\n', "\n        ")
                ),
                "mend what is named; `tiergate check FILE` looks at a document alone",
            ),
        }
    }
    if routers.is_empty() {
        report.bad(
            "no filter of tiergate's stands among the listener's HTTP filters",
            "put it before envoy.filters.http.router; envoy/envoy.yaml shows how, `tiergate init --envoy FILE` writes it",
        );
    }
    for (document, config) in &routers {
        routed(envoy, document, config, attempts, report);
    }
}

/// Calls `with` for every object.
fn collect<'v>(value: &'v Value, depth: usize, with: &mut dyn FnMut(&'v serde_json::Map<String, Value>)) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(fields) => {
            with(fields);
            fields.values().for_each(|each| collect(each, depth, with));
        }
        Value::Array(all) => all.iter().for_each(|each| collect(each, depth, with)),
        _ => {}
    }
}

/// The document of a wasm plugin, where it is one of tiergate's: by its name, or by what it says.
fn document(plugin: &Value) -> Option<Value> {
    let configuration = plugin.get("configuration")?;
    let value = configuration.get("value")?;
    let value = match value.as_str() {
        // A StringValue.
        Some(text) => serde_json::from_str(text).ok()?,
        None => value.clone(),
    };
    let named = plugin.get("name").and_then(Value::as_str).is_some_and(|name| name.contains("tiergate"));
    let ours =
        ["default_cluster", "tiers", "profiles", "position"].iter().any(|key| value.get(key).is_some());
    (named || ours).then_some(value)
}

/// What every filter of ours needs, whatever its position.
fn module(plugin: &Value, report: &mut Report) {
    if plugin.get("allow_on_headers_stop_iteration").and_then(Value::as_bool) != Some(true) {
        report.bad(
            "a filter of tiergate's has no allow_on_headers_stop_iteration: true, and every request will hang",
            "add allow_on_headers_stop_iteration: true beside its vm_config",
        );
    }
    match plugin.get("failure_policy").and_then(Value::as_str) {
        Some("FAIL_RELOAD") => {}
        Some("FAIL_OPEN") => report.bad(
            "failure_policy: FAIL_OPEN lets requests past a filter that died, with a client's own cluster header",
            "failure_policy: FAIL_RELOAD",
        ),
        _ => report.note(
            "without failure_policy: FAIL_RELOAD a worker whose filter died answers 503 until Envoy starts again",
            "failure_policy: FAIL_RELOAD",
        ),
    }
    if let Some(file) = plugin.pointer("/vm_config/code/local/filename").and_then(Value::as_str)
        && !Path::new(file).is_file()
    {
        report.bad(
            format!("the module {file} is not there (as seen from this folder)"),
            "tiergate module FILE writes it, where the command carries it; `make wasm` builds dist/tiergate.wasm",
        );
    }
}

/// Whether requests reach the clusters that the filter names.
fn routed(envoy: &Value, document: &Value, config: &Config, attempts: usize, report: &mut Report) {
    let header = &config.headers.cluster;
    let mut headers = BTreeSet::new();
    let mut limited = false;
    collect(envoy, DEEPEST, &mut |object| {
        headers.extend(object.get("cluster_header").and_then(Value::as_str).map(str::to_lowercase));
        limited |= object.contains_key("request_body_buffer_limit");
    });
    if headers.contains(&header.to_lowercase()) {
        report.good(format!("requests are routed by {header}"));
    } else {
        let found =
            if headers.is_empty() { "no header".to_owned() } else { Vec::from_iter(headers).join(", ") };
        report.bad(
            format!(
                "no route has cluster_header: {header} (found: {found}), so no request follows the filter's decision"
            ),
            format!("give the route `cluster_header: {header}` in the place of `cluster`"),
        );
    }
    if !limited {
        report.note(
            "no request_body_buffer_limit: bodies over 1 MiB are answered with 413",
            "request_body_buffer_limit: 33554432 at the virtual host",
        );
    }
    clusters(envoy, document, config, report);
    if config.fallbacks.enabled && attempts == 0 {
        report.bad(
            "fallbacks.enabled, but no cluster has the filter with position: attempt, so retries ask the same model",
            "add it to the cluster's http_filters as envoy/envoy.yaml does, or leave fallbacks out",
        );
    }
}

/// Whether Envoy has the clusters that the document names, each once with the places that name it.
fn clusters(envoy: &Value, document: &Value, config: &Config, report: &mut Report) {
    let dynamic = envoy.pointer("/dynamic_resources/cds_config").is_some();
    let known: BTreeSet<&str> = envoy
        .pointer("/static_resources/clusters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|each| each.get("name").and_then(Value::as_str))
        .collect();
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    wanted.entry(&config.table.default_cluster).or_default().push("default_cluster".to_owned());
    for (place, cluster) in named(document) {
        wanted.entry(cluster).or_default().push(place);
    }
    for (name, places) in wanted.into_iter().filter(|(name, _)| !known.contains(name)) {
        let what = format!(
            "the document names the cluster {name} ({}), which is not in static_resources.clusters",
            places.join(", ")
        );
        if dynamic {
            report.note(what, "nothing, if CDS gives it");
        } else {
            report.bad(what, "add the cluster, or name one that is there");
        }
    }
}

/// The clusters that a document names besides `default_cluster`, each with its place.
fn named(document: &Value) -> impl Iterator<Item = (String, &str)> {
    let sections = [
        ("classifier", "cluster"),
        ("discover", "cluster"),
        ("discover", "list_cluster"),
        ("signals", "cluster"),
    ];
    let of_sections = sections.into_iter().filter_map(|(section, key)| {
        let cluster = document.get(section)?.get(key)?.as_str()?;
        Some((format!("{section}.{key}"), cluster))
    });
    let models = document.get("models").and_then(Value::as_object).into_iter().flatten();
    let of_models = models.filter_map(|(model, entry)| {
        Some((format!("models.{model}.cluster"), entry.get("cluster")?.as_str()?))
    });
    of_models.chain(of_sections)
}

/// The addresses of the clusters' endpoints: cluster, host, port.
pub fn endpoints(envoy: &Value) -> Vec<(String, String, u16)> {
    let clusters = envoy.pointer("/static_resources/clusters").and_then(Value::as_array);
    let mut found = Vec::new();
    for cluster in clusters.into_iter().flatten() {
        let name = cluster.get("name").and_then(Value::as_str).unwrap_or("without a name");
        collect(cluster, DEEPEST, &mut |object| {
            let at = |key: &str| object.get("socket_address").and_then(|address| address.get(key));
            let host = at("address").and_then(Value::as_str);
            let port = at("port_value").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
            if let (Some(host), Some(port)) = (host, port) {
                found.push((name.to_owned(), host.to_owned(), port));
            }
        });
    }
    found
}
