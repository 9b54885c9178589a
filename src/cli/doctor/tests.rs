use serde_json::{Value, json};

use super::{Mark, Report, envoy};

fn gateway(plugin: &Value, route: &Value) -> Value {
    json!({"static_resources": {
        "listeners": [{"filter_chains": [{"filters": [{"typed_config": {
            "http_filters": [{"name": "tiergate", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": plugin}}],
            "route_config": {"virtual_hosts": [{"request_body_buffer_limit": 1, "routes": [{"route": route}]}]},
        }}]}]}],
        "clusters": [{"name": "litellm", "load_assignment": {"endpoints": [{"lb_endpoints": [
            {"endpoint": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 4000}}}}]}]}}],
    }})
}

fn plugin() -> Value {
    json!({"name": "tiergate", "allow_on_headers_stop_iteration": true, "failure_policy": "FAIL_RELOAD",
           "configuration": {"value": {"default_cluster": "litellm", "tiers": {
               "SIMPLE": "gpt-5.4-nano", "MEDIUM": "gpt-5.4-mini", "COMPLEX": "gpt-5.4", "REASONING": "gpt-5.4"}}}})
}

/// What is wrong with it.
fn wrong(envoy: &Value) -> Vec<String> {
    let mut report = Report::default();
    envoy::look(envoy, &mut report);
    report.lines.into_iter().filter(|(mark, _)| *mark == Mark::Bad).map(|(_, line)| line).collect()
}

fn one(envoy: &Value, wanted: &str) {
    let wrong = wrong(envoy);
    assert!(
        matches!(wrong.as_slice(), [line] if line.contains(wanted) && line.contains("remedy:")),
        "{wrong:?}"
    );
}

fn by_header() -> Value {
    json!({"cluster_header": "x-tiergate-cluster"})
}

#[test]
fn a_gateway_that_lacks_nothing_is_told_nothing() {
    assert_eq!(wrong(&gateway(&plugin(), &by_header())), Vec::<String>::new());
}

#[test]
fn a_filter_without_its_flag_is_found() {
    let mut plugin = plugin();
    plugin.as_object_mut().unwrap().remove("allow_on_headers_stop_iteration");
    one(&gateway(&plugin, &by_header()), "hang");
}

#[test]
fn a_header_that_nobody_routes_by_is_found() {
    one(
        &gateway(&plugin(), &json!({"cluster": "litellm"})),
        "no route has cluster_header: x-tiergate-cluster",
    );
    one(&gateway(&plugin(), &json!({"cluster_header": "x-other"})), "x-other");
    let mut named = plugin();
    named["configuration"]["value"]["headers"] = json!({"cluster": "x-mine"});
    one(&gateway(&named, &by_header()), "cluster_header: x-mine");
    assert!(wrong(&gateway(&named, &json!({"cluster_header": "X-Mine"}))).is_empty());
}

#[test]
fn a_cluster_that_is_not_there_is_found() {
    let mut plugin = plugin();
    plugin["configuration"]["value"]["default_cluster"] = json!("elsewhere");
    one(&gateway(&plugin, &by_header()), "the cluster elsewhere (default_cluster)");
}

#[test]
fn every_cluster_that_the_document_names_is_looked_for_and_told_once_with_its_places() {
    let mut plugin = plugin();
    let document = &mut plugin["configuration"]["value"];
    document["models"] =
        json!({"one": {"cluster": "far"}, "two": {"cluster": "far"}, "three": {"cluster": "litellm"}});
    document["signals"] = json!({"cluster": "feed", "path": "/feed"});
    document["classifier"] = json!({"cluster": "asked", "model": "gpt-5.4-nano"});
    document["discover"] = json!({"cluster": "listed", "list_cluster": "lists"});
    let wrong = wrong(&gateway(&plugin, &by_header()));
    let wanted = [
        "asked (classifier.cluster)",
        "far (models.one.cluster, models.two.cluster)",
        "feed (signals.cluster)",
        "listed (discover.cluster)",
        "lists (discover.list_cluster)",
    ];
    assert_eq!(wrong.len(), wanted.len(), "{wrong:?}");
    for (line, cluster) in wrong.iter().zip(wanted) {
        assert!(line.contains(&format!("the cluster {cluster},")), "{line}");
    }
}

/// With the console's listener as `up` makes it.
fn with_console(mut envoy: Value) -> Value {
    let mut plugin = plugin();
    plugin["configuration"]["value"] = json!({"position": "console", "console": {}});
    let console = json!({"name": "console", "filter_chains": [{"filters": [{"typed_config": {"http_filters": [
        {"name": "tiergate", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": plugin}}]}}]}]});
    envoy["static_resources"]["listeners"].as_array_mut().unwrap().push(console);
    envoy
}

#[test]
fn a_console_needs_neither_routes_nor_clusters_and_is_no_gateway() {
    let mut plugin = plugin();
    plugin["configuration"]["value"]["default_cluster"] = json!("mine");
    let mut envoy = with_console(gateway(&plugin, &by_header()));
    envoy["static_resources"]["clusters"][0]["name"] = json!("mine");
    let mut report = Report::default();
    envoy::look(&envoy, &mut report);
    assert_eq!(report.wrong(), 0, "{:?}", report.lines);
    let routed = report.lines.iter().filter(|(_, line)| line.contains("routed by")).count();
    assert_eq!(routed, 1, "{:?}", report.lines);

    envoy["static_resources"]["listeners"].as_array_mut().unwrap().remove(0);
    one(&envoy, "no filter of tiergate's");
}

#[test]
fn a_document_with_mistakes_is_found_also_as_a_text() {
    let mut plugin = plugin();
    plugin["configuration"]["value"] =
        json!(r#"{"default_cluster": "litellm", "tiers": {"SIMPLE": "no-such-model"}}"#);
    let wrong = wrong(&gateway(&plugin, &by_header()));
    assert!(wrong.iter().any(|line| line.contains("tiers.SIMPLE")), "{wrong:?}");
}

#[test]
fn fallbacks_without_the_filter_in_the_cluster_are_found() {
    let mut plugin = plugin();
    plugin["configuration"]["value"]["fallbacks"] = json!({"enabled": true});
    one(&gateway(&plugin, &by_header()), "position: attempt");
}

#[test]
fn a_filter_that_fails_open_is_found() {
    let mut plugin = plugin();
    plugin["failure_policy"] = json!("FAIL_OPEN");
    one(&gateway(&plugin, &by_header()), "FAIL_RELOAD");
}

#[test]
fn a_gateway_without_the_filter_is_found() {
    let other = json!({"name": "other", "configuration": {"value": {"key": 1}}});
    one(&gateway(&other, &by_header()), "no filter of tiergate's");
}

#[test]
fn the_shipped_configuration_lacks_nothing_but_its_module() {
    let text = include_str!("../up/template.yaml");
    let wrong = wrong(&crate::yaml::read(text).unwrap());
    assert!(wrong.iter().all(|line| line.contains("dist/tiergate.wasm")), "{wrong:?}");
}

#[test]
fn endpoints_are_read_with_their_cluster() {
    let found = envoy::endpoints(&gateway(&plugin(), &by_header()));
    assert_eq!(found, [("litellm".to_owned(), "10.0.0.1".to_owned(), 4000)]);
}
