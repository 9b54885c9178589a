//! What answers say, wherever they are split.

mod extra;
mod refusals;

use proptest::prelude::*;

use super::*;

fn read(form: Form, pieces: &[&[u8]]) -> Option<(u64, u64)> {
    let mut reader = UsageReader::new(form);
    for piece in pieces {
        reader.feed(piece);
    }
    reader.usage().map(|used| (used.input, used.output))
}

/// A name, the form, the body, input and output tokens.
type Row = (&'static str, Form, &'static str, Option<(u64, u64)>);

/// Answers as providers write them.
const ANSWERS: &[Row] = &[
    (
        "openai chat",
        Form::Document,
        r#"{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant",
           "content":"The \"usage\": {\"prompt_tokens\": 9999} is a lie. \\"},"finish_reason":"stop"}],
           "usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,
           "prompt_tokens_details":{"cached_tokens":7,"prompt_tokens":5000},"completion_tokens_details":{"reasoning_tokens":3}}}"#,
        Some((19, 10)),
    ),
    (
        "openai chat stream",
        Form::Events,
        "data: {\"choices\":[{\"delta\":{\"content\":\"usage\"}}],\"usage\":null}\n\n\
         data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":345}}\n\ndata: [DONE]\n\n",
        Some((12, 345)),
    ),
    (
        "openai chat stream without usage",
        Form::Events,
        "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n",
        None,
    ),
    (
        "completions with a sum in every chunk, crlf, comments and no space behind the colon",
        Form::Events,
        ": {\"usage\":{\"prompt_tokens\":7777}} \"\r\n\r\nid: 4\r\ndata:{\"text\":\"a\",\"usage\":{\"prompt_tokens\":4,\
         \"completion_tokens\":1}}\r\n\r\ndata:{\"text\":\"b\",\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\r\n\r\n",
        Some((4, 2)),
    ),
    (
        "openai responses",
        Form::Document,
        r#"{"object":"response","output":[{"content":[{"type":"output_text","text":"x"}]}],
           "usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":0},"output_tokens":87,"total_tokens":123}}"#,
        Some((36, 87)),
    ),
    (
        "openai responses stream",
        Form::Events,
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n\
         event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"content\":[{\"usage\":\
         {\"input_tokens\":999}}]}],\"usage\":{\"input_tokens\":37,\"output_tokens\":11}}}\n\n",
        Some((37, 11)),
    ),
    (
        "anthropic",
        Form::Document,
        r#"{"type":"message","content":[{"type":"tool_use","input":{"usage":{"input_tokens":555},"message":{"usage":
           {"output_tokens":777}}}}],"usage":{"input_tokens":10,"cache_creation_input_tokens":200,
           "cache_read_input_tokens":3000,"output_tokens":5,"service_tier":"standard"}}"#,
        Some((3210, 5)),
    ),
    (
        "anthropic stream",
        Form::Events,
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n\
         event: ping\ndata: {\"type\":\"ping\"}\n\n\
         event: content_block_delta\ndata: {\"delta\":{\"partial_json\":\"{\\\"usage\\\":{\\\"output_tokens\\\":9}}\"}}\n\n\
         event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":15}}\n\n",
        Some((25, 15)),
    ),
    (
        "openai's spelling of an answer with cached tokens",
        Form::Document,
        r#"{"usage":{"prompt_tokens":3210,"completion_tokens":5,"cache_read_input_tokens":3000}}"#,
        Some((3210, 5)),
    ),
    (
        "gemini",
        Form::Document,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"usageMetadata":{"promptTokenCount":1}}}}]}}],
           "usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":20,"thoughtsTokenCount":100,"totalTokenCount":130,
           "toolUsePromptTokenCount":2}}"#,
        Some((10, 120)),
    ),
    (
        "gemini stream as a list",
        Form::Document,
        "[{\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":1}}\n,\n\
         {\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":42}}]",
        Some((8, 42)),
    ),
    (
        "gemini stream as events",
        Form::Events,
        "data: {\"usageMetadata\":{\"promptTokenCount\":8}}\n\n\
         data: {\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":3}}\n\n",
        Some((8, 3)),
    ),
    (
        "an event in several lines",
        Form::Events,
        "data: {\"usage\":\ndata: {\"prompt_tokens\":\ndata: 6,\ndata: \"completion_tokens\": 7}}\n\n",
        Some((6, 7)),
    ),
    (
        "an event that is cut off spoils no other",
        Form::Events,
        "data: {\"choices\":[{\"delta\":\"\n\ndata: {\"usage\":{\"prompt_tokens\":6,\"completion_tokens\":7}}\n\n",
        Some((6, 7)),
    ),
    (
        "no counts of tokens",
        Form::Document,
        r#"{"usage":{"prompt_tokens":-5,"completion_tokens":1e3,"input_tokens":"12","output_tokens":{"a":1}}}"#,
        None,
    ),
    (
        "a number that does not fit, and one that does",
        Form::Document,
        r#"{"usage":{"prompt_tokens":99999999999999999999999,"completion_tokens":99999999}}"#,
        Some((0, 99_999_999)),
    ),
    (
        "a number that no answer has, and a right one before it",
        Form::Events,
        "data: {\"usage\":{\"prompt_tokens\":6}}\n\n\
         data: {\"usage\":{\"prompt_tokens\":18446744073709551615,\"completion_tokens\":100000001}}\n\n",
        Some((6, 0)),
    ),
    (
        "thoughts beside the completion, in the total",
        Form::Document,
        r#"{"usage":{"prompt_tokens":40,"completion_tokens":12,"total_tokens":252,
           "completion_tokens_details":{"reasoning_tokens":200,"prompt_tokens":9000}}}"#,
        Some((40, 212)),
    ),
    (
        "thoughts that only the total has",
        Form::Events,
        "data: {\"usage\":{\"total_tokens\":90,\"completion_tokens\":5,\"prompt_tokens\":10}}\n\n",
        Some((10, 80)),
    ),
    (
        "thoughts within the completion",
        Form::Document,
        r#"{"usage":{"prompt_tokens":40,"completion_tokens":212,"total_tokens":252,
           "completion_tokens_details":{"reasoning_tokens":200}}}"#,
        Some((40, 212)),
    ),
    (
        "thoughts within the output of a response",
        Form::Document,
        r#"{"usage":{"input_tokens":40,"output_tokens":212,"output_tokens_details":{"reasoning_tokens":200},"total_tokens":252}}"#,
        Some((40, 212)),
    ),
    (
        "more thoughts than completion, told apart",
        Form::Document,
        r#"{"usage":{"prompt_tokens":4,"completion_tokens":30,"total_tokens":34,"reasoning_tokens":500}}"#,
        Some((4, 530)),
    ),
    (
        "the cache told apart at the end of a stream, and as part of the input at its start",
        Form::Events,
        "data: {\"message\":{\"usage\":{\"input_tokens\":900,\"output_tokens\":1}}}\n\n\
         data: {\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":800,\"cache_creation_input_tokens\":90,\"output_tokens\":6}}\n\n",
        Some((900, 6)),
    ),
    (
        "the cache told twice",
        Form::Events,
        "data: {\"message\":{\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":800,\"output_tokens\":1}}}\n\n\
         data: {\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":800,\"output_tokens\":6}}\n\n",
        Some((810, 6)),
    ),
    (
        "a field of groq's",
        Form::Events,
        "data: {\"choices\":[],\"x_groq\":{\"id\":\"r\",\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":3,\"total_tokens\":11}}}\n\n",
        Some((8, 3)),
    ),
    (
        "kimi, in the last choice",
        Form::Events,
        "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n\
         data: {\"choices\":[{\"delta\":{\"usage\":{\"prompt_tokens\":7000}},\"usage\":{\"prompt_tokens\":19,\"completion_tokens\":13}}]}\n\n",
        Some((19, 13)),
    ),
    (
        "a byte order mark before the first event",
        Form::Events,
        "\u{feff}data: {\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":4}}\n\n",
        Some((10, 4)),
    ),
    (
        "counts with a fraction of nothing",
        Form::Document,
        r#"{"usage":{"prompt_tokens":12.0,"completion_tokens":4.00,"total_tokens":16.5}}"#,
        Some((12, 4)),
    ),
    ("usage that is no object", Form::Document, r#"{"usage":[{"prompt_tokens":1}],"usage":3}"#, None),
    ("nothing", Form::Document, "", None),
];

#[test]
fn tokens_are_read_in_every_dialect() {
    for (name, form, body, used) in ANSWERS {
        assert_eq!(read(*form, &[body.as_bytes()]), *used, "{name}");
    }
}

#[test]
fn every_split_in_two_and_byte_by_byte() {
    for (name, form, body, used) in ANSWERS {
        let body = body.as_bytes();
        for at in 0..=body.len() {
            let (head, tail) = body.split_at(at);
            assert_eq!(read(*form, &[head, tail]), *used, "{name} at {at}");
        }
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read(*form, &bytes), *used, "{name}");
    }
}

#[test]
fn a_reader_is_small_however_long_the_answer() {
    assert!(size_of::<UsageReader>() <= 192, "{}", size_of::<UsageReader>());
    let mut reader = UsageReader::new(Form::Document);
    reader.feed(br#"{"choices":[{"message":{"content":""#);
    for _ in 0..1000 {
        reader.feed(&[b'x'; 4096]);
    }
    reader.feed(&b"[{".repeat(100_000));
    reader.feed(br#""}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#);
    assert_eq!(reader.usage(), Some(UsedTokens { input: 3, output: 4 }));
}

#[test]
fn which_answers_can_be_read() {
    let rows: [(&str, Option<Form>); 8] = [
        ("application/json", Some(Form::Document)),
        ("application/json; charset=utf-8", Some(Form::Document)),
        ("application/problem+json", Some(Form::Document)),
        ("application/x-ndjson", Some(Form::Document)),
        ("text/event-stream; charset=utf-8", Some(Form::Events)),
        ("TEXT/Event-Stream", Some(Form::Events)),
        ("text/html", None),
        ("", None),
    ];
    for (content_type, form) in rows {
        assert_eq!(Form::of(content_type.as_bytes()), form, "{content_type}");
    }
}

/// Pieces that streams are made of, right and wrong.
const SHARDS: [&str; 24] = [
    "data: ",
    "data:",
    "event: x",
    "\n",
    "\r\n",
    "\n\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"usage\":{",
    "\"usage\"",
    "\"prompt_tokens\":12",
    "\"completion_tokens\":",
    "7",
    "4.5",
    "-",
    "\"message\":{",
    "\"response\":{",
    "\"a\\\"b\\\\\"",
    "\\",
    "\"",
];

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// However a stream is split, what is read is the same.
    #[test]
    fn any_split_reads_the_same(
        shards in proptest::collection::vec(0..SHARDS.len(), 0..80),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        events in any::<bool>(),
    ) {
        let body: Vec<u8> = shards.iter().flat_map(|&shard| SHARDS[shard].bytes()).collect();
        let form = if events { Form::Events } else { Form::Document };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&body[from..cut]);
            from = cut;
        }
        pieces.push(&body[from..]);
        prop_assert_eq!(read(form, &pieces), read(form, &[&body]));
    }

    /// The same of real answers with other text in them, whatever that text is.
    #[test]
    fn text_is_never_read_as_usage(text in any::<String>(), cut in any::<prop::sample::Index>(), events in any::<bool>()) {
        let chunk = serde_json::json!({"choices": [{"delta": {"content": text}}], "user": text});
        let last = r#"{"usage":{"prompt_tokens":31,"completion_tokens":7}}"#;
        let (form, body) = if events {
            (Form::Events, format!("data: {chunk}\n\ndata: {last}\n\n"))
        } else {
            (Form::Document, format!("{chunk}\n{last}"))
        };
        let (head, tail) = body.as_bytes().split_at(cut.index(body.len() + 1));
        prop_assert_eq!(read(form, &[head, tail]), Some((31, 7)));
    }

    #[test]
    fn arbitrary_bytes_harm_nobody(bytes in proptest::collection::vec(any::<u8>(), 0..2000), events in any::<bool>()) {
        let form = if events { Form::Events } else { Form::Document };
        let pieces: Vec<&[u8]> = bytes.chunks(7).collect();
        prop_assert_eq!(read(form, &pieces), read(form, &[&bytes]));
        let _ = refusal(400, &bytes);
    }
}
