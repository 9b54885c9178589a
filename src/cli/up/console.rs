//! The console's listener for `tiergate up`: on loopback, with the same VM and the same access log as the gateway.

use serde_json::{Value, json};

/// A listener made from that of the gateway; the shipped configuration has it as a comment, because a console that
/// others may reach wants a token.
pub fn listener(gateway: &Value, filter: &Value, port: u16) -> Option<Value> {
    let manager = gateway.pointer("/filter_chains/0/filters/0/typed_config")?;
    let mut filter = filter.clone();
    let value = filter.pointer_mut("/typed_config/config/configuration/value")?;
    *value = json!({"position": "console", "console": {}});
    // Feedback is a line of the same log; nothing else that the console does is.
    let mut log = manager.pointer("/access_log/0")?.clone();
    let accepted = json!({"status_code_filter": {"comparison": {
        "op": "EQ", "value": {"default_value": 202, "runtime_key": "tiergate.feedback"}}}});
    log.as_object_mut()?.insert("filter".to_owned(), accepted);
    let manager = json!({
        "@type": manager.get("@type")?,
        "stat_prefix": "console",
        "common_http_protocol_options": {"idle_timeout": "300s"},
        "request_headers_timeout": "10s",
        "request_timeout": "10s",
        "always_set_request_id_in_response": true,
        "access_log": [log],
        "http_filters": [filter, {"name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        "route_config": {"name": "console", "virtual_hosts": []},
    });
    Some(json!({
        "name": "console",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "per_connection_buffer_limit_bytes": 1_048_576,
        "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
    }))
}
