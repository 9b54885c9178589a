//! The list of virtual models.

use super::*;
use crate::engine::listing::{self, Asked, Shape};

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn paths_of_lists_are_known() {
    let one = |name: &str| Some(Asked::One(name.to_owned()));
    for (path, wanted) in [
        ("/v1/models", Some(Asked::List)),
        ("/v1/models?limit=20", Some(Asked::List)),
        ("/v1/models/", Some(Asked::List)),
        ("/models", Some(Asked::List)),
        ("/team/v1/models", Some(Asked::List)),
        ("/v1/models/smart/auto", one("smart/auto")),
        ("/v1/models/smart%2Fauto?x=1", one("smart/auto")),
        ("/models/gpt-5", one("gpt-5")),
        ("/v1beta/models", None),
        ("/v1/chat/completions", None),
        ("/v1/modelsx", None),
    ] {
        assert_eq!(listing::asked(path.as_bytes()), wanted, "{path}");
    }
}

#[test]
fn a_list_of_its_own_has_all_virtual_names_in_either_shape() {
    let config = config(json!({}), json!({"virtual_models": {"best \"one\"": "auto"}}));
    let list = read(&listing::alone(&config, Shape::OpenAi, Timestamp::NEVER));
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids, ["best \"one\"", "smart/agentic", "smart/auto", "smart/eco", "smart/premium"]);
    assert_eq!((&list["object"], &list["data"][2]["object"]), (&json!("list"), &json!("model")));
    // What any candidate can, the virtual model can.
    assert_eq!(list["data"][2]["supports_vision"], true);
    let list = read(&listing::alone(&config, Shape::Anthropic, Timestamp::NEVER));
    assert_eq!((&list["has_more"], &list["first_id"]), (&json!(false), &json!("best \"one\"")));
    assert_eq!((&list["data"][2]["type"], &list["last_id"]), (&json!("model"), &json!("smart/premium")));
    let one = read(&listing::one(&config, "smart/auto", Shape::OpenAi, Timestamp::NEVER).unwrap());
    assert_eq!((&one["id"], &one["max_model_len"]), (&json!("smart/auto"), &json!(10000)));
    // In any spelling that requests may have, and as it is listed.
    for (asked, listed) in
        [("Smart/AUTO", "smart/auto"), ("smart-auto", "smart/auto"), (" BEST \"one\"", "best \"one\"")]
    {
        let one = read(&listing::one(&config, asked, Shape::OpenAi, Timestamp::NEVER).unwrap());
        assert_eq!(one["id"], listed);
    }
    assert_eq!(listing::one(&config, "smart/nobody", Shape::OpenAi, Timestamp::NEVER), None);
    assert_eq!(listing::one(&config, "plain", Shape::OpenAi, Timestamp::NEVER), None);
    assert_eq!(read(&listing::unknown("x", Shape::OpenAi))["error"]["code"], "model_not_found");
    assert_eq!(read(&listing::unknown("x", Shape::Anthropic))["error"]["type"], "not_found_error");
}

#[test]
fn virtual_models_are_added_to_a_list_and_the_rest_stays_as_it_is() {
    let config = plain();
    let merged = |body: &str| {
        listing::merged(&config, body.as_bytes(), Shape::OpenAi, Timestamp::NEVER)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let body = r#"{ "object":"list", "x": 1.50, "data" : [ {"id": "a", "n": 1e3}, {"id": "smart/eco"} ], "data2": []}"#;
    let whole = merged(body).unwrap();
    let list = read(&whole);
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids, ["smart/agentic", "smart/auto", "smart/premium", "a", "smart/eco"]);
    assert!(
        whole.contains(r#""x": 1.50, "data" : [{""#)
            && whole.ends_with(r#", {"id": "a", "n": 1e3}, {"id": "smart/eco"} ], "data2": []}"#)
    );
    assert_eq!(read(&merged(r#"{"data":[]}"#).unwrap())["data"].as_array().unwrap().len(), 4);
    for other in
        ["", "[]", "{}", r#"{"data": {}}"#, r#"{"data": [1"#, r#"{"error": {"data": []}}"#, "\u{feff}{"]
    {
        assert_eq!(merged(other), None, "{other}");
    }
}

#[test]
fn the_ends_that_an_anthropic_list_names_are_those_of_the_whole() {
    let config = plain();
    let merged = |body: &str| {
        let whole = listing::merged(&config, body.as_bytes(), Shape::Anthropic, Timestamp::NEVER).unwrap();
        read(std::str::from_utf8(&whole).unwrap())
    };
    let list =
        merged(r#"{"first_id": "a", "data": [{"id": "a"}, {"id": "b"}], "has_more": true, "last_id": "b"}"#);
    assert_eq!((&list["first_id"], &list["last_id"]), (&json!("smart/agentic"), &json!("b")));
    assert_eq!(
        (&list["data"][0]["id"], list["data"].as_array().unwrap().len()),
        (&json!("smart/agentic"), 6)
    );
    let list = merged(r#"{"data": [ ], "has_more": false, "first_id": null, "last_id": "x"}"#);
    assert_eq!(list["last_id"], "smart/premium");
    for (path, later) in [
        ("/v1/models", false),
        ("/v1/models?limit=5&after_id=", false),
        ("/v1/models?limit=5&after_id=a", true),
        ("/v1/models?before_id=a", true),
    ] {
        assert_eq!(listing::is_later_page(path.as_bytes()), later, "{path}");
    }
}
