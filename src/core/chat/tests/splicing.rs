//! The model is changed and nothing else.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

proptest! {
    /// For any document: parsing the new body gives the same document but for `model`, and every byte outside the
    /// model's value is the same.
    #[test]
    fn splicing_changes_the_model_alone(
        members in proptest::collection::vec((key(), any_json()), 0..5),
        asked in "\\PC{0,12}",
        new in "\\PC{0,40}",
        at in 0usize..6,
        pretty in any::<bool>(),
        dialect in proptest::sample::select(DIALECTS),
    ) {
        let mut members: Vec<(String, Value)> = members.into_iter().filter(|(k, _)| k != "model").collect();
        members.insert(at.min(members.len()), ("model".to_owned(), Value::from(asked.clone())));
        let write = |v: &Value| if pretty { serde_json::to_string_pretty(v) } else { serde_json::to_string(v) }.unwrap();
        let fields: Vec<String> =
            members.iter().map(|(k, v)| format!("{}: {}", serde_json::to_string(k).unwrap(), write(v))).collect();
        let body = format!(" {{{}\t}}\n", fields.join(" ,\r\n"));

        let seen = view(body.as_bytes(), b"", dialect, &limits(), &mut ());
        prop_assert_eq!(seen.fault, None);
        prop_assert_eq!(seen.model.as_deref(), Some(asked.as_str()));
        let spans = seen.model_spans.clone();
        let prefix = splice(body.clone().into_bytes(), &spans, &new).unwrap();
        let mut spliced = [&prefix.head[..], &prefix.tail, &body.as_bytes()[prefix.end..]].concat();
        prop_assert_eq!(spliced.len() as i64, body.len() as i64 + prefix.growth());

        let mut before: Value = serde_json::from_str(&body).unwrap();
        let after: Value = serde_json::from_slice(&spliced).unwrap();
        before["model"] = json!(new);
        prop_assert_eq!(before, after);

        let value = serde_json::to_vec(&new).unwrap();
        let span = spans[0];
        prop_assert_eq!(&spliced[span.start..span.start + value.len()], &value[..]);
        spliced.splice(span.start..span.start + value.len(), body.as_bytes()[span.start..span.end].iter().copied());
        prop_assert_eq!(spliced, body.into_bytes());
    }

    /// Several `model` keys: every one is rewritten, of whatever kind.
    #[test]
    fn every_model_key_is_rewritten(values in proptest::collection::vec(any_json(), 1..5), new in "\\PC{0,20}") {
        let count = values.len();
        let members: Vec<_> = values.iter().map(|value| format!("\"model\":{value}")).collect();
        let body = format!("{{{}}}", members.join(","));
        let spans = seen(&body, Dialect::ChatCompletions).model_spans;
        prop_assert_eq!(spans.len(), count);
        let prefix = splice(body.clone().into_bytes(), &spans, &new).unwrap();
        let spliced = [&prefix.head[..], &prefix.tail, &body.as_bytes()[prefix.end..]].concat();
        let written = format!("\"model\":{}", serde_json::to_string(&new).unwrap());
        prop_assert_eq!(String::from_utf8(spliced).unwrap(), format!("{{{}}}", vec![written; count].join(",")));
    }
}

#[test]
fn fallbacks_follow_the_last_model() {
    for (body, wanted) in [
        (r#"{"model":"a","x":1}"#, r#"{"model":"m\"","fallbacks":["b","c"],"x":1}"#),
        (r#"{"x":1,"model":"a"}"#, r#"{"x":1,"model":"m\"","fallbacks":["b","c"]}"#),
        (r#"{"model":"a","model":"a"}"#, r#"{"model":"m\"","model":"m\"","fallbacks":["b","c"]}"#),
    ] {
        let spans = seen(body, Dialect::ChatCompletions).model_spans;
        let prefix = splice_with(body.as_bytes().to_vec(), &spans, "m\"", &["b", "c"]).unwrap();
        let spliced = [&prefix.head[..], &prefix.tail, &body.as_bytes()[prefix.end..]].concat();
        assert_eq!(String::from_utf8(spliced).unwrap(), wanted);
        assert_eq!(prefix.growth(), wanted.len() as i64 - body.len() as i64);
    }
}
