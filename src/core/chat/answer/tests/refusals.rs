//! Errors of providers, in words of our own in their shape.

use serde_json::{Value, json};

use super::super::refusal;
use crate::chat::Refusal::{self, ContentPolicy, ContextWindow, ForeignHistory, Unserviceable};

/// An error as OpenAI writes it.
fn openai(message: &str) -> Value {
    json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": null}})
}

fn told(status: u16, body: &Value) -> Option<Refusal> {
    refusal(status, body.to_string().as_bytes())
}

/// Messages with no code that says it.
const TOO_LONG: &[&str] = &[
    "This model's maximum context length is 16385 tokens. However, your messages resulted in 20012 tokens.",
    "This endpoint's maximum context length is 65536 tokens. However, you requested about 70210 tokens (66114 of text input, 4096 in the output).",
    "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 301200 tokens.",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "prompt is too long: 204310 tokens > 200000 maximum",
    "Prompt is too long",
    "input length and `max_tokens` exceed context limit: 195000 + 8192 > 200000, decrease input length or `max_tokens` and try again",
    "The input token count (40210) exceeds the maximum number of tokens allowed (32768).",
    "Unable to submit request because the input token count is 70001 but model only supports up to 65536.",
    "Input is too long for requested model.",
    "The model returned the following errors: Input is too long.",
    "Too many input tokens. Max input tokens: 4096, request input token count: 5210",
    "prompt tokens (140000) exceed model maximum (131072)",
    "Malformed input request: expected maxLength: 200000, actual: 260000, please reformat your input and try again.",
    "Prompt contains 33001 tokens, too large for model with 32768 maximum context length",
    "too many tokens: size limit exceeded by 1209 tokens. Try using shorter or fewer inputs.",
    "This model's maximum prompt length is 131072 but the request contains 150210 tokens.",
    "Please reduce the length of the messages or completion.",
    "Please reduce the length of the messages or completion. Current length is 9012 while limit is 8192",
    "The input (41000 tokens) is longer than the model's context length (40960 tokens).",
    "Requested token count exceeds the model's maximum context length of 40960 tokens. You requested a total of 43000 tokens.",
    "Input length (41000) exceeds model's maximum context length (40960).",
    "Input length (41000 tokens) exceeds the maximum allowed length (40960 tokens). Use a shorter input.",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.",
    "You passed 4090 input tokens and requested 400 output tokens. However, the model's context length is only 4096 tokens.",
    "'max_tokens' or 'max_completion_tokens' is too large: 3000. This model's maximum context length is 4096 tokens and your request has 2104 input tokens (3000 > 4096 - 2104).",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`",
    "Input validation error: `inputs` must have less than 1024 tokens. Given: 1400",
    "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "Context size has been exceeded.",
    "Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
    "The number of tokens to keep from the initial prompt is greater than the context length.",
    "prompt too long; exceeded max context length by 12 tokens",
    "Input length 90001 exceeds the maximum allowed input length of 65536 tokens.",
    "prompt token count of 70001 exceeds the limit of 64000",
    "Invalid request: Your request exceeded model token limit: 131072 (requested: 140000)",
    "Invalid request: Input token length too long",
    "Prompt exceeds max length",
    "Prompt 超长",
    "invalid params, context window exceeds limit (2013)",
    "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
    "length of prompt_tokens (33000) must be less than max_seq_len (32768).",
    "Total tokens of image and text exceed max message tokens",
    "the number of input tokens 5000 cannot exceed the total tokens limit 4096 for this model",
    "The estimated number of input and maximum output tokens (9000) exceeded this model context window limit (8192).",
    "Prompt has 20000 tokens, but the configured context size is 16384 tokens",
    "Prompt length (8000) exceeds maximum input length (4000). Set log level to info and check",
    "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4412. Try using a shorter prompt",
    "litellm.BadRequestError: OpenAIException - This model's maximum context length is 8192 tokens.",
    "litellm.ContextWindowExceededError: litellm.BadRequestError: too much",
    "The prompt (total length 9001) is too long to fit into the model (context length 8192). Make sure that `max_model_len` is no smaller.",
    "The sum of prompt length (9000.0), query length (0) should not exceed max_num_tokens (8192)",
    "default_max_tokens (-809) must be greater than 0, default_max_tokens (-809) = max_seq_len (8192) - prompt_len (9001)",
];

/// The same, of what a provider does not want to serve.
const NOT_WANTED: &[&str] = &[
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
    "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.",
    "Your request was rejected as a result of our safety system.",
    "Invalid prompt: we've limited access to this content for safety reasons.",
    "This request has been flagged for possible cybersecurity risk.",
    "Output blocked by content filtering policy",
    "This request has been blocked by our content filters.",
    "The prompt could not be submitted. It contains sensitive words that violate Google's Responsible AI practices.",
    "Content Exists Risk",
    "Content violates usage guidelines. Team: x, API key ID: y, Model: m, Failed check: SAFETY_CHECK_TYPE_CYBER",
    "m requires moderation and your input was flagged for \"hate speech\". No credits were charged.",
    "The request was rejected because it was considered high risk",
    "System detected potentially unsafe or sensitive content in input or generation.",
    "系统检测到输入或生成内容可能包含不安全或敏感内容",
    "input new_sensitive (1026)",
    "output new_sensitive (1027)",
    "Input data may contain inappropriate content.",
    "Output data may contain inappropriate content. For details, see the documentation.",
    "The request failed because the input text may contain sensitive information.",
    "The content you provided or machine outputted is blocked.",
    "invalid request: blocked output: please try again with a different prompt",
    "litellm.ContentPolicyViolationError: AzureException - no",
    "Your request was rejected by the safety system. If you believe this is an error, contact us.",
];

const CANNOT_SERVE: &[&str] = &[
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    "You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
    "Insufficient Balance",
    "Insufficient credits. Add more using the link.",
    "This request requires more credits, or fewer max_tokens. You requested up to 4000 tokens, but can only afford 1200.",
    "Your team has either used all available credits or reached its monthly spending limit.",
    "You exceeded your current quota, please check your plan and billing details.",
    "Access denied, please make sure your account is in good standing.",
    "Sorry, your account balance is insufficient",
    "余额不足或无可用资源包,请充值。",
    "The model `gpt-9` does not exist or you do not have access to it.",
    "The model 'my model' does not exist",
    "model \"llama9\" not found, try pulling it first",
    "model: claude-9-opus",
    "models/gemini-9 is not found for API version v1beta, or is not supported for generateContent.",
    "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, wait.",
    "The provided model identifier is invalid.",
    "You don't have access to the model with the specified model ID.",
    "No endpoints found for a/b.",
    "a/b is not a valid model ID",
    "The model `old` has been decommissioned and is no longer supported.",
    "Model not found, inaccessible, and/or not deployed",
    "Not found the model k9 or Permission denied",
    "The requested model is not supported.",
    "Invalid model 'sonar-9'. Permitted models can be found in the documentation.",
    "Request too large for model `m` in organization `o` on tokens per minute (TPM): Limit 6000, Requested 7001.",
    "This organization has been disabled.",
    "Your account org-1 is suspended due to billing, please contact us",
    "User location is not supported for the API use.",
    "This model is only supported in v1/responses and not in v1/chat/completions.",
    "Unable to access model a/b. Please visit the list of models.",
    "This model version has reached the end of its life. Please refer to the documentation.",
    "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model.",
    "Model access is denied due to INVALID_PAYMENT_INSTRUMENT: A valid payment instrument must be provided.",
    "Model use case details have not been submitted for this account. Fill out the form before using the model.",
    "The chatCompletion operation does not work with the specified model, gpt-9. Please choose another.",
    "The long context beta is not yet available for this subscription.",
    "Project `12` is not allowed to use Publisher Model `projects/p/locations/l/publishers/anthropic/models/m`",
    "Publisher Model `projects/p/locations/l/publishers/anthropic/models/m` is not servable in region us-east1.",
    "Gemini API free tier is not available in your country. Please enable billing on your project.",
    "Your project has been denied access. Please contact support.",
    "Your newly created team doesn't have any credits or licenses yet. You can purchase those.",
    "The model m-1 was deprecated on 2025-09-15 and is no longer accessible via the API. Please use m-2 instead.",
    "model 'm' was removed on September 15, 2025. See the list of models",
    "Account a is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.",
    "Model can not be found.",
    "Function '9b96341b-9791': Not found for account 'a_b'",
    "Model a/b is not supported by provider hf-inference",
    "No models loaded. Please load a model in the developer page or use the 'lms load' command.",
    "Your organization must be verified to stream this model. Please go to the settings.",
    "Project `proj_1` does not have access to model `m`",
];

const OF_ANOTHER: &[&str] = &[
    "The `reasoning_content` in the thinking mode must be passed back to the API.",
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 3",
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly.",
    "messages.1.content.0: Invalid `signature` in `thinking` block",
    "messages.3.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`.",
    "messages.5: property 'reasoning_content' is unsupported",
];

#[test]
fn messages_of_providers_are_known_bare_and_inside_of_other_errors() {
    let kinds = [
        (TOO_LONG, ContextWindow),
        (NOT_WANTED, ContentPolicy),
        (CANNOT_SERVE, Unserviceable),
        (OF_ANOTHER, ForeignHistory),
    ];
    for (messages, kind) in kinds {
        for message in messages {
            let plain = openai(message);
            let raw = json!({"error": {"message": "Provider returned error", "code": 400,
                "metadata": {"raw": plain.to_string(), "provider_name": "P"}}});
            let wrapped =
                openai(&format!("litellm.BadRequestError: XException - {plain}. Received Model Group=m"));
            for body in [
                &plain,
                &raw,
                &wrapped,
                &json!({"error": message}),
                &json!({"message": message}),
                &json!({"object": "error", "message": message, "type": "BadRequestError", "code": 400}),
                &json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}}),
                &json!([{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}]),
                &json!({"errors": [{"code": "invalid_input_argument", "message": message}]}),
            ] {
                for status in [400, 403, 404, 412, 422] {
                    assert_eq!(told(status, body), Some(kind), "{status} {body}");
                }
                assert_eq!(told(401, body), None);
                let events = format!("event: error\r\ndata: {body}\r\n\r\ndata: [DONE]\r\n\r\n");
                assert_eq!(refusal(400, events.as_bytes()), Some(kind), "{events}");
            }
            assert_eq!(refusal(400, message.as_bytes()), Some(kind), "{message}");
        }
    }
}

#[test]
fn codes_and_types_say_it_without_a_word() {
    for (body, kind) in [
        (json!({"error": {"code": "model_max_prompt_tokens_exceeded", "message": "no"}}), ContextWindow),
        (
            json!({"error": {"message": "no", "metadata": {"error_type": "context_length_exceeded"}}}),
            ContextWindow,
        ),
        (json!({"object": "error", "message": "no", "code": 3051}), ContextWindow),
        (json!({"error": {"code": "1261", "message": "no"}}), ContextWindow),
        (json!({"error": {"code": 1301, "message": "no"}}), ContentPolicy),
        (json!({"base_resp": {"status_code": 1026, "status_msg": "no"}}), ContentPolicy),
        (json!({"code": "DataInspectionFailed", "message": "no"}), ContentPolicy),
        (
            json!({"error": {"code": "InputTextSensitiveContentDetected.SevereViolation", "message": "no"}}),
            ContentPolicy,
        ),
        (json!({"error": {"type": "content_filter", "message": "no"}}), ContentPolicy),
        (json!({"code": "Arrearage", "message": "no"}), Unserviceable),
        (json!({"error": {"code": "model_not_found", "message": "no"}}), Unserviceable),
        (json!({"error": {"code": "organization_restricted", "message": "no"}}), Unserviceable),
        (json!({"error": {"code": "model_permission_blocked_org", "message": "no"}}), Unserviceable),
        (json!({"error": {"code": "no_access", "message": "no"}}), Unserviceable),
        (json!({"error": {"code": "OperationNotSupported", "message": "no"}}), Unserviceable),
        (json!({"__type": "x#ServiceQuotaExceededException", "message": "no"}), Unserviceable),
        (json!({"code": "ModelNotFound", "message": "no"}), Unserviceable),
        (json!({"error": "\"embed:latest\" does not support chat"}), Unserviceable),
        (json!({"error": {"code": "DeploymentNotFound", "message": "no"}}), Unserviceable),
        (json!({"error": {"type": "tokens", "code": "rate_limit_exceeded", "message": "no"}}), Unserviceable),
        (json!({"error": {"code": "invalid_encrypted_content", "message": "no"}}), ForeignHistory),
    ] {
        assert_eq!(told(400, &body), Some(kind), "{body}");
    }
}

#[test]
fn some_statuses_say_it_alone() {
    for (status, kind) in [(402, Some(Unserviceable)), (413, Some(ContextWindow)), (400, None), (404, None)] {
        for body in ["", "<html><h1>no</h1></html>", "{}", r#"{"error":{"message":"no"}}"#] {
            assert_eq!(refusal(status, body.as_bytes()), kind, "{status} {body}");
        }
    }
    let minute = openai("Request too large on tokens per minute (TPM): Limit 6000, Requested 7001.");
    assert_eq!(told(413, &minute), Some(Unserviceable));
}

#[test]
fn an_error_of_the_client_is_no_refusal() {
    for body in [
        openai(
            "Invalid 'user': string too long. Expected a string with maximum length 64, but got a string with length 70 instead.",
        ),
        openai(
            "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 200 instead.",
        ),
        openai("Please reduce the length of the array `stop`."),
        openai("messages: too many items. Please reduce the length of the messages array to 2048."),
        openai(
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.",
        ),
        openai("max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for m"),
        openai("Range of max_tokens should be [1, 8192]"),
        openai("Unsupported value: 'temperature' does not support 0.2 with this model."),
        openai("messages.2.content.1.image.source.base64: image exceeds 5 MB maximum"),
        openai("Unknown request URL: POST /v1/x/chat/completions"),
        openai("Tool get_weather was not found"),
        openai("Budget has been exceeded! Current cost: 12.0, Max budget: 10.0"),
        json!({"error": {"message": "no", "type": "budget_exceeded", "code": "400"}}),
        json!({"detail": "Not Found"}),
        openai(
            "Error while downloading https://img.example/insufficient_quota.png. Upstream status code: 404.",
        ),
        openai("The image at https://img.example/content_policy_violation.png is none."),
        openai("Tool choice 'context_length_exceeded' not found in 'tools' parameter."),
        json!({"error": {"message": "Failed to fetch image from URL: HTTP 429 Too Many Requests", "code": "invalid_image_url"}}),
        openai("At most 1 image(s) may be provided in one prompt."),
        openai("stop: maximum number of stop sequences is 4; reduce the length of the list"),
        json!({"detail": [{"type": "string_type", "loc": ["body", "messages", 0, "content"], "msg": "Input should be a valid string",
            "input": "prompt is too long"}]}),
        json!({"error": {"message": "no", "param": "prompt is too long", "input": "context_length_exceeded"}}),
    ] {
        for status in [400, 403, 404, 422] {
            assert_eq!(told(status, &body), None, "{status} {body}");
        }
    }
}

/// Whatever the client says, an error that only repeats it is no refusal.
#[test]
fn words_of_the_client_inside_of_an_error_decide_nothing() {
    for (words, _) in [TOO_LONG, NOT_WANTED, CANNOT_SERVE].concat().iter().map(|words| (*words, ())) {
        for body in [
            openai(&format!("Invalid value for 'messages[0].content': '{words}'")),
            openai(&format!("Could not parse \"{words}\" as a date.")),
            openai(&format!(
                "1 validation error for Request: content: bad [type=x, input_value='{words}', input_type=str]"
            )),
            openai(&format!("messages[0].content: {words}")),
            json!({"error": {"message": format!("Bad value: {words}"), "type": "invalid_request_error", "code": "invalid_value"}}),
            json!({"error": {"message": format!("E - {{'detail': 'no', 'input': '{words}'}}")}}),
            json!({"error": {"message": "no"}, "messages": [{"content": words, "message": words}], "input": words}),
        ] {
            assert_eq!(told(400, &body), None, "{body}");
        }
    }
}

#[test]
fn a_long_error_is_read_in_no_time_and_to_a_bound() {
    let many = json!({"errors": vec![openai(&"exceed the model prompt ".repeat(200)); 10]});
    assert_eq!(told(400, &many), None);
    let nested = (0..200).fold(json!("prompt is too long"), |inner, _| json!({"error": inner}));
    assert_eq!(told(400, &nested), None);
    let strings =
        (0..14).fold("prompt is too long".to_owned(), |inner, _| json!({"error": inner}).to_string());
    let _ = refusal(400, strings.as_bytes());
}

#[test]
fn refusals_are_known_by_their_bodies() {
    use Refusal::{ContentPolicy, ContextWindow};
    let rows: &[(&str, Option<Refusal>)] = &[
        // OpenAI
        (
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in
               9001 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            Some(ContextWindow),
        ),
        (
            r#"{"error":{"message":"Your input exceeds the context window of this model.","type":"invalid_request_error",
               "param":"input","code":"context_length_exceeded"}}"#,
            Some(ContextWindow),
        ),
        (
            r#"{"error":{"code":"content_policy_violation","message":"Your request was rejected as a result of our safety
               system.","param":null,"type":"invalid_request_error"}}"#,
            Some(ContentPolicy),
        ),
        (
            r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
               "type":"invalid_request_error","code":"invalid_prompt"}}"#,
            Some(ContentPolicy),
        ),
        // Azure OpenAI
        (
            r#"{"error":{"message":"The response was filtered.","type":null,"param":"prompt","code":"content_filter","status":400,
               "innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{}}}}"#,
            Some(ContentPolicy),
        ),
        // Anthropic
        (
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000
               maximum"},"request_id":"req_1"}"#,
            Some(ContextWindow),
        ),
        (
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context
               limit: 190000 + 20000 > 200000"}}"#,
            Some(ContextWindow),
        ),
        (
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#,
            Some(ContentPolicy),
        ),
        // Gemini, plain and as a stream
        (
            r#"{"error":{"code":400,"message":"The input token count (1100000) exceeds the maximum number of tokens allowed
               (1048576).","status":"INVALID_ARGUMENT"}}"#,
            Some(ContextWindow),
        ),
        (
            r#"[{"error":{"code":400,"message":"The input token count exceeds the maximum number of tokens allowed 32768."}}]"#,
            Some(ContextWindow),
        ),
        // LiteLLM
        (
            r#"{"error":{"message":"litellm.ContextWindowExceededError: litellm.BadRequestError: too long","type":null,
               "param":null,"code":"400"}}"#,
            Some(ContextWindow),
        ),
        (
            r#"{"error":{"message":"litellm.ContentPolicyViolationError: ContentPolicyViolationError: no","type":null,
               "param":null,"code":"400"}}"#,
            Some(ContentPolicy),
        ),
        // vLLM, llama.cpp
        (
            r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError",
               "param":null,"code":400}"#,
            Some(ContextWindow),
        ),
        (
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            Some(ContextWindow),
        ),
        (r#"{"error":"prompt is too long"}"#, Some(ContextWindow)),
        // Others
        (
            r#"{"error":{"message":"Unknown parameter: 'foo'.","type":"invalid_request_error","code":"unknown_parameter"}}"#,
            None,
        ),
        (r#"{"error":{"message":"max_tokens must be positive","type":"invalid_request_error"}}"#, None),
        (r#"{"messages":[{"message":"prompt is too long"}],"error":{"param":"prompt is too long"}}"#, None),
        ("<html>prompt is too long</html>", None),
        ("", None),
        ("null", None),
        (r#"{"error":{"code":"context_length_exceeded","mess"#, Some(ContextWindow)),
    ];
    for (body, reason) in rows {
        // The rows are broken for the reader only.
        let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(refusal(400, body.as_bytes()), *reason, "{body}");
    }
}
