//! `GET /v1/models`: what is answered here, and what is added to the upstream's answer.

use serde_json::Value;

use crate::fixture::CONFIG;
use crate::host::{Request, Response, ResponseOutcome, Vm};

const LIST: &str = r#"{"object":"list","data":[{"id":"mid","object":"model"}]}"#;

fn vm(endpoint: &str) -> Vm {
    let document = CONFIG.replacen('{', &format!(r#"{{"models_endpoint": "{endpoint}", "#), 1);
    Vm::start(&document).unwrap_or_else(|refused| panic!("{}", refused.text()))
}

fn ids(body: &[u8]) -> Vec<String> {
    let list: Value = serde_json::from_slice(body).expect("JSON");
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

/// The upstream's answer to a request for the list, as the client sees it.
fn answered(vm: &mut Vm, request: &Request, answer: &Response) -> ResponseOutcome {
    let asked = vm.request(request);
    assert!(asked.forwarded && asked.local_response.is_none(), "{asked:?}");
    assert_eq!(asked.headers.all("x-tiergate-cluster"), [b"pool"]);
    let answer = vm.respond(asked.stream, answer);
    vm.finish(asked.stream);
    assert_eq!(vm.trap(), None);
    assert!(answer.forwarded, "{answer:?}");
    answer
}

#[test]
fn off_leaves_everything_as_it_comes() {
    let answer = answered(&mut vm("off"), &Request::new("GET", "/v1/models"), &Response::json(LIST));
    assert_eq!(answer.body, LIST.as_bytes());
}

#[test]
fn only_answers_with_the_virtual_models_and_asks_nobody() {
    let mut vm = vm("only");
    let mut get = |path: &str, anthropic: bool| {
        let request = Request::new("GET", path);
        let request = if anthropic { request.header("anthropic-version", "2023-06-01") } else { request };
        let outcome = vm.request(&request);
        assert!(!outcome.forwarded, "{path}");
        let answer = outcome.local_response.clone().expect("an answer");
        vm.finish(outcome.stream);
        assert_eq!(vm.trap(), None);
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        (answer.status, body)
    };
    let (status, list) = get("/v1/models?limit=5", false);
    assert_eq!((status, list["data"][1]["id"].as_str()), (200, Some("smart/auto")));
    assert_eq!(list["data"][1]["context_length"], 1_000_000);
    let (_, list) = get("/v1/models", true);
    assert_eq!((list["data"][1]["type"].as_str(), &list["has_more"]), (Some("model"), &Value::Bool(false)));
    assert_eq!(get("/v1/models/smart/auto", false).1["id"], "smart/auto");
    assert_eq!(get("/v1/models/Smart-Auto", false).1["id"], "smart/auto");
    assert_eq!(get("/v1/models/smart%2Fauto", true).1["display_name"], "smart/auto");
    let (status, error) = get("/v1/models/mid", false);
    assert_eq!((status, error["error"]["code"].as_str()), (404, Some("model_not_found")));
    // Envoy leaves the body out.
    for (path, status) in [("/v1/models", 200), ("/v1/models/smart/auto", 200), ("/v1/models/mid", 404)] {
        let head = vm.request(&Request::new("HEAD", path));
        assert_eq!(head.local_response.map(|answer| answer.status), Some(status), "{path}");
    }
    // Nothing else is answered here.
    for request in [Request::new("GET", "/v1/files"), Request::post("/v1/models", "{}")] {
        assert!(vm.request(&request).forwarded);
    }
}

#[test]
fn merge_adds_them_to_the_upstreams_list() {
    let mut vm = vm("merge");
    let request = Request::new("GET", "/v1/models").header("accept-encoding", "gzip");
    let asked = vm.request(&request);
    assert!(asked.headers.all("accept-encoding").is_empty(), "what is added to has to be readable");
    let length = LIST.len().to_string();
    let whole = Response::json(LIST).header("content-length", &length);
    let pieces =
        Response::new(200).header("content-type", "application/json").chunk(&LIST[..20]).chunk(&LIST[20..]);
    let trailed = Response::json(LIST).trailers(&[("x", "y")]);
    for answer in [whole, pieces, trailed] {
        let answer = answered(&mut vm, &request, &answer);
        assert_eq!(ids(&answer.body), ["smart/agentic", "smart/auto", "smart/eco", "smart/premium", "mid"]);
        assert!(answer.headers.all("content-length").is_empty());
    }
    let one = vm.request(&Request::new("GET", "/v1/models/smart/auto"));
    assert_eq!(one.local_response.map(|answer| answer.status), Some(200));
    assert!(vm.request(&Request::new("GET", "/v1/models/mid")).forwarded);
    // A list of several pages has them once.
    let later = Request::new("GET", "/v1/models?after_id=mid").header("anthropic-version", "2023-06-01");
    let page = r#"{"data":[{"id":"big"}],"has_more":false,"first_id":"big","last_id":"big"}"#;
    assert_eq!(answered(&mut vm, &later, &Response::json(page)).body, page.as_bytes());
}

#[test]
fn an_answer_that_is_no_list_goes_on_as_it_comes() {
    let mut vm = vm("merge");
    let large = format!(r#"{{"data":[{}1]}}"#, "1,".repeat(300_000));
    let json = |status: u32, body: &str| {
        let length = body.len().to_string();
        Response::new(status)
            .header("content-type", "application/json")
            .header("content-length", length)
            .chunk(body)
    };
    let answers = [
        json(401, LIST),
        json(200, "{\"data\": 1}"),
        json(200, "[]"),
        json(200, &large),
        Response::new(200).header("content-type", "text/html").chunk(LIST),
        Response::json(LIST).header("content-encoding", "gzip"),
        Response::new(200).header("content-type", "application/json"),
    ];
    for answer in answers {
        let seen = answered(&mut vm, &Request::new("GET", "/v1/models"), &answer);
        assert_eq!(seen.body, answer.body(), "{answer:.200?}");
    }
}
