//! What the newest turn is judged as.

use super::sets::{DOCUMENT, HARD, judged};
use super::*;
use crate::config;
use crate::tier::Tier;

fn judge(turns: &[&str]) -> (Tier, Why) {
    let config = config::parse(b"").unwrap();
    let roles = ["user", "assistant"].into_iter().cycle();
    let messages: Vec<_> =
        roles.zip(turns).map(|(role, text)| json!({"role": role, "content": text})).collect();
    let body = json!({"model": "smart/auto", "messages": messages}).to_string();
    let judged = judged(&config, &body, Dialect::ChatCompletions).0.unwrap();
    (judged.score.tier, judged.why)
}

#[test]
fn a_greeting_beside_a_document_is_simple() {
    for turn in [
        format!(
            "Using the provided context, answer the user.\n------------\n{DOCUMENT}\n------------\nREMEMBER: be brief.\n\nhi there"
        ),
        format!("hello\n\n\"\"\"\n{DOCUMENT}\n\"\"\""),
        format!("{DOCUMENT}\n\nGuten Tag!"),
        format!(
            "The original query is as follows: hi\nWe have provided an existing answer: It is unclear.\nWe have the \
            opportunity to refine the existing answer with some more context below.\n------------\n{DOCUMENT}\n------------\n\
            Given the new context, refine the original answer to better answer the query.\nRefined Answer: "
        ),
    ] {
        assert_eq!(judge(&[&turn]).0, Tier::Simple, "{turn}");
    }
}

#[test]
fn a_greeting_before_a_hard_ask_is_no_ask() {
    let (tier, _) = judge(&[&format!("Hello!\n{HARD}\nThanks")]);
    assert!(tier > Tier::Simple, "{tier:?}");
}

#[test]
fn who_asks_for_a_title_gets_simple() {
    for (turn, simple) in [
        ("Can you come up with a good title for my thesis about proofs of graph algorithms?", true),
        ("Write a subject line for a mail that asks the landlord to fix the heating.", true),
        ("Donne-moi un titre pour mon article sur les preuves par récurrence", true),
        ("給我一個標題", true),
        (
            "Design a distributed cache step by step, prove that it is linearizable, and give me a title for the page.",
            false,
        ),
    ] {
        let (tier, why) = judge(&[turn]);
        assert_eq!(tier == Tier::Simple, simple, "{turn}: {tier:?}");
        assert_ne!(why, Why::Chore, "{turn}");
    }
}

#[test]
fn notes_without_turns_before_them_go_on_with_their_work() {
    let notes = format!(
        "This session is being continued from a previous conversation that ran out of context. The conversation is \
         summarized below:\nAnalysis:\n{HARD}\nPlease continue the conversation from where we left it off."
    );
    let (tier, why) = judge(&[&notes]);
    assert!(tier >= Tier::Complex, "{tier:?}");
    assert_eq!(why, Why::History);
}

#[test]
fn tags_around_a_persons_words_hold_the_ask() {
    for turn in [
        format!("<custom_instructions>\n{HARD}\n</custom_instructions>\n<user_query>\nhello\n</user_query>"),
        format!("{DOCUMENT}\n<USER_REQUEST>hello</USER_REQUEST>\n{DOCUMENT}"),
    ] {
        assert_eq!(judge(&[&turn]).0, Tier::Simple, "{turn}");
        // As clients escape it.
        let config = config::parse(b"").unwrap();
        let body = json!({"messages": [{"role": "user", "content": turn}]}).to_string();
        let body = body.replace('<', "\\u003c").replace('>', "\\u003E").replace('/', "\\/");
        let judged = judged(&config, &body, Dialect::ChatCompletions).0.unwrap();
        assert_eq!(judged.score.tier, Tier::Simple, "{body}");
    }
}

#[test]
fn a_conversation_in_a_template_asks_with_its_last_turn() {
    let turn = format!(
        "The following is a friendly conversation.\n\nCurrent conversation:\nHuman: {HARD}\nAI: Here it is.\nHuman: hi\nAI:"
    );
    assert_eq!(judge(&[&turn]).0, Tier::Simple);
}

#[test]
fn what_the_answer_is_to_look_like_is_not_asked() {
    let turn = "What is the capital of France?\n\nRespond in markdown with a heading, a proof sketch and a table. Be rigorous.";
    assert_eq!(judge(&[turn]).0, Tier::Simple);
}

#[test]
fn json_that_is_not_wanted_is_not_demanded() {
    let config = config::parse(b"").unwrap();
    for (system, demanded) in [
        ("Answer with a JSON object only.", true),
        ("Aşağıdaki biçimde bir JSON nesnesi döndür.", true),
        ("Earlier you returned JSON; do not do that, answer in plain prose.", false),
        ("The profile is given as JSON. Do not output JSON.", false),
        ("Use a valid JSON format for the action input.", false),
    ] {
        let body =
            json!({"messages": [{"role": "system", "content": system}, {"role": "user", "content": "hi"}]});
        let request = crate::engine::Request {
            dialect: Dialect::ChatCompletions,
            path: b"/v1/chat/completions",
            body: body.to_string().into_bytes().leak(),
        };
        let mut scratch = crate::engine::Scratch::default();
        let decision = crate::engine::decide(&config, &request, Default::default(), &mut scratch);
        assert_eq!(decision.choice.tier > Some(Tier::Simple), demanded, "{system}");
    }
}

#[test]
fn what_stands_behind_notes_is_the_ask() {
    let config = config::parse(b"").unwrap();
    let notes = format!(
        "This session is being continued from a previous conversation that ran out of context:\n{HARD}\nPlease continue."
    );
    let body = json!({"messages": [{"role": "user", "content": [
        {"type": "text", "text": notes}, {"type": "text", "text": "hello"},
    ]}]});
    let judged = judged(&config, &body.to_string(), Dialect::ChatCompletions).0.unwrap();
    assert_eq!(judged.score.tier, Tier::Simple);
}

#[test]
fn what_the_user_may_send_next_is_a_chore() {
    for task in [
        "Predict three to five messages that this user might naturally send next in the conversation.",
        "Suggest up to four things the user is likely to ask next, as a JSON array.",
        "Propose the user's next messages in this chat, in few words each.",
    ] {
        let turn = format!(
            "### Task:\n{task}\n### Guidelines:\n- Write from the user's point of view.\n- Keep each below 400 characters.\n\
             ### Output:\n{{\"follow_ups\": [\"First\", \"Second\"]}}\n\
             ### Chat History:\n<chat_history>\nUSER: {HARD}\nASSISTANT: Here it is.\n</chat_history>"
        );
        assert_eq!(judge(&[&turn]), (Tier::Simple, Why::Chore), "{task}");
    }
    let (_, why) = judge(&[
        "What should I ask next in this conversation with my landlord? Keep it short, three questions only.",
    ]);
    assert_ne!(why, Why::Chore);
}

#[test]
fn upkeep_of_a_chat_is_a_chore() {
    for turn in [
        format!(
            "### Task:\nSummarize the conversation history that leaves the active context.\n### Instructions:\n- Keep decisions \
             and open questions.\n- Be concise.\n### Previous Summary:\nNone\n### Messages:\nUSER: {HARD}\nASSISTANT: Here it is."
        ),
        format!(
            "Review the completed conversation turn and decide whether long-term memory should change.\nRules:\n- Save what \
             lasts.\n- Return only JSON: {{\"operations\": []}}\nExisting memories:\nnone\nConversation:\nUSER: {HARD}\n\
             ASSISTANT: Here it is."
        ),
    ] {
        assert_eq!(judge(&[&turn]), (Tier::Simple, Why::Chore), "{turn}");
    }
}

#[test]
fn rephrasers_and_checks_of_who_speaks_next_are_chores() {
    let config = config::parse(b"").unwrap();
    let rephrase = "You are an AI question rephraser. You will be given a conversation and a follow-up question, you will \
        have to rephrase the follow up question so it is a standalone question and can be used by another LLM.";
    let asked = format!(
        "<conversation>\n{DOCUMENT}\n</conversation>\n<query>\n{HARD}\n</query>\nRephrased question:"
    );
    let follow_up =
        format!("<conversation>\nhi\n</conversation>\nFollow up question: {HARD}\nStandalone question:");
    let next = "Analyze *only* the content and structure of your immediately preceding response (your last turn in the \
        conversation history). Based *strictly* on that response, determine who should logically speak next: the 'user' or \
        the 'model' (you).\n**Decision Rules (apply in order):**\n1. **Model Continues:** If your last response states a next action.";
    for (messages, is_chore) in [
        (json!([{"role": "system", "content": rephrase}, {"role": "user", "content": asked}]), true),
        (json!([{"role": "system", "content": rephrase}, {"role": "user", "content": follow_up}]), true),
        (json!([{"role": "user", "content": format!("{rephrase}\n{asked}")}]), true),
        (
            json!([
                {"role": "user", "content": HARD},
                {"role": "assistant", "content": DOCUMENT},
                {"role": "user", "content": next},
            ]),
            true,
        ),
        (json!([{"role": "user", "content": format!("<query>\n{HARD}\n</query>\nAnswer:")}]), false),
    ] {
        let body = json!({"messages": messages}).to_string();
        let judged = judged(&config, &body, Dialect::ChatCompletions).0.unwrap();
        assert_eq!(judged.why == Why::Chore, is_chore, "{body}");
    }
}
