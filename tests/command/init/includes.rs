//! What a configuration of LiteLLM takes from elsewhere.

use super::*;

#[test]
fn what_litellm_includes_and_takes_from_the_environment_is_read() {
    file(
        "include-models.yaml",
        "include: [include-more.yaml]\nmodel_list: [{model_name: b, litellm_params: {model: mid}}]\n",
    );
    file(
        "include-more.yaml",
        "model_list: [{model_name: c, litellm_params: {model: big}}]\nrouter_settings: {model_group_alias: {see: c}}\n",
    );
    let list = "include: [include-models.yaml, include-none.yaml]\nmodel_list:
- {model_name: a, litellm_params: {model: tiny, input_cost_per_token: os.environ/TIERGATE_TEST_UNSET}}
- {model_name: p, litellm_params: {model: os.environ/CARGO_PKG_NAME, output_cost_per_token: os.environ/TIERGATE_TEST_UNSET}, model_info: {base_model: tiny}}\n";
    let (document, told, written) = litellm("include", list, &[]);
    let mut names: Vec<&String> = document["models"].as_object().expect("models").keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c", "p"]);
    assert_eq!(document["models"]["c"]["aliases"], json!(["see"]));
    // The variable is not set, so the next source has the price.
    assert_eq!(
        (&document["models"]["a"]["input_price"], &document["models"]["p"]["output_price"]),
        (&json!(0.1), &json!(0.4))
    );
    has(
        &told,
        &[
            "include: include-none.yaml: cannot be read",
            "model_list[0].litellm_params.input_cost_per_token: the environment variable TIERGATE_TEST_UNSET is not set",
        ],
    );
    has(&written, &["# tiergate; prices of the cost map for tiny"]);
    file("include-bad.yaml", "a: [");
    let config = file("include-wrong.yaml", "include: [include-bad.yaml]\nmodel_list: []\n");
    has(&refused(&["--litellm", &config], ""), &["include-bad.yaml"]);
}
