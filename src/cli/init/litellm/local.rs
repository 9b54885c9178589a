//! Whether a deployment runs on a self-hosted server, where nothing is billed by the token.

use std::net::IpAddr;

/// LiteLLM's names of servers that people run themselves.
const SERVERS: [&str; 11] = [
    "docker_model_runner",
    "hosted_vllm",
    "lemonade",
    "llamafile",
    "lm_studio",
    "ollama",
    "ollama_chat",
    "oobabooga",
    "petals",
    "vllm",
    "xinference",
];

/// Whether the provider is such a server. What Ollama runs in its cloud has a tag that says so.
pub fn server(model: &str, provider: Option<&str>) -> bool {
    let named = provider.or_else(|| model.split_once('/').map(|(before, _)| before));
    named.is_some_and(|name| SERVERS.contains(&name)) && !model.ends_with("-cloud")
}

/// Whether an address is one that only one's own network has: no dots in the name, or a private range.
pub fn private(base: &str) -> bool {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => {
            let own = [".local", ".internal", ".lan", ".home.arpa", ".svc", ".cluster.local"];
            let named = !host.is_empty() && !host.starts_with("os.environ");
            named && (!host.contains('.') || own.iter().any(|end| host.ends_with(end)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{private, server};

    #[test]
    fn servers_of_ones_own_are_known_by_name_or_address() {
        for base in [
            "http://vllm:8000/v1",
            "http://localhost:11434",
            "http://10.1.2.3/v1",
            "http://192.168.0.9:1234",
            "http://[::1]:8000/v1",
            "http://models.team.svc.cluster.local:80/v1",
            "http://host.docker.internal:1234/v1",
        ] {
            assert!(private(base), "{base}");
        }
        for base in [
            "https://api.openai.com/v1",
            "http://8.8.8.8",
            "os.environ/BASE",
            "",
            "https://x.openai.azure.com/",
        ] {
            assert!(!private(base), "{base}");
        }
        assert!(
            server("ollama_chat/llama3.1", None)
                && server("m", Some("hosted_vllm"))
                && server("lm_studio/x/y", None)
        );
        assert!(
            !server("openai/gpt-5", None)
                && !server("ollama/gpt-oss:120b-cloud", None)
                && !server("gpt-5", None)
        );
    }
}
