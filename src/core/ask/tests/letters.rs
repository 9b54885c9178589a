//! Mail, messages of others, files and forms beside an ask.

use std::sync::LazyLock;

use super::sets::{DOCUMENT, HARD, judged};
use super::*;
use crate::config::{self, Config};

/// What of a turn is judged.
pub(super) fn asked(turn: &str) -> String {
    asked_in(&json!({"messages": [{"role": "user", "content": turn}]}).to_string())
}

/// What of a body is judged.
fn asked_in(body: &str) -> String {
    static CONFIG: LazyLock<Config> = LazyLock::new(|| config::parse(b"").unwrap());
    judged(&CONFIG, body, Dialect::ChatCompletions).1
}

/// What a client puts in front of a mail.
const HEADS: &[&str] = &[
    "-----Original Message-----\nFrom: Jonas Weber <jonas@example.org>\nSent: Thursday\nTo: Ana\nSubject: Re: log\n\n",
    "---------- Forwarded message ---------\nFrom: Jonas <j@x.org>\nDate: Thu, 26 Nov 2026\n\n",
    "-----Ursprüngliche Nachricht-----\n",
    "From: Jonas Weber\nSent: Thursday, November 26, 2026\nTo: Ana\nSubject: log\n\n",
    "________________________________\n*From:* Jonas Weber\n*Sent:* Thursday\n*To:* Ana\n*Subject:* log\n\n",
    "Von: Jonas Weber\nGesendet: Donnerstag, 26. November 2026\nAn: Ana\nBetreff: AW: log\n\n",
    "De : Jonas Weber\nEnvoyé : jeudi 26 novembre 2026\nÀ : Ana\nObjet : log\n\n",
    "De: Jonas Weber\nEnviado: jueves, 26 de noviembre de 2026\nPara: Ana\nAsunto: log\n\n",
    "Begin forwarded message:\n\n",
    "On Thu, 26 Nov 2026 at 09:12, Jonas Weber <j@x.org> wrote:\n\n",
    "On Thu, 26 Nov 2026 at 09:12, Jonas Weber <jonas.weber@example.org>\nwrote:\n\n> ",
    "On 26 Nov 2026, Jonas wrote:\n> ",
    "Am 26.11.2026 um 09:12 schrieb Jonas Weber:\n> ",
    "Le jeu. 26 nov. 2026 à 09:12, Jonas Weber a écrit :\n> ",
    "El jue, 26 nov 2026 a las 9:12, Jonas escribió:\n> ",
    "Il giorno gio 26 nov 2026 Jonas ha scritto:\n> ",
    "Em qui., 26 de nov. de 2026, Jonas escreveu:\n> ",
    "Op do 26 nov. 2026 om 09:12 schreef Jonas:\n> ",
];

#[test]
fn mail_below_an_ask_is_not_asked() {
    for ask in ["What is the capital of Peru?", "thanks!", "Who wrote this e-mail?", "谢谢", HARD] {
        for head in HEADS {
            let turn = format!("{ask}\n\n{head}{DOCUMENT}");
            assert_eq!(asked(&turn), ask, "{turn}");
        }
    }
    let long = DOCUMENT.repeat(40).replace(". ", ".\n> ");
    let turn = format!("What is the capital of Peru?\n\nOn 26 Nov 2026, Jonas wrote:\n> {long}");
    assert_eq!(asked(&turn), "What is the capital of Peru?");
    // As clients escape it.
    let turn = "Quelle est la capitale du Pérou ?\n\nLe 26/11/2026, Jonas a écrit :\n> ";
    let body = json!({"messages": [{"role": "user", "content": format!("{turn}{DOCUMENT}")}]}).to_string();
    let body = body.replace('é', "\\u00e9").replace('>', "\\u003e");
    assert_eq!(asked_in(&body), "Quelle est la capitale du Pérou ?");
}

#[test]
fn mail_that_an_ask_points_to_is_judged_with_it() {
    for ask in [
        "Can you take care of this?",
        "Please handle.",
        "FYI",
        "Solve what he asks for.",
        "Kannst du das hier lösen?",
        "请处理",
        "Hi",
        "You are an assistant that answers customers.",
    ] {
        for head in HEADS {
            let turn = format!("{ask}\n\n{head}{DOCUMENT}");
            assert!(asked(&turn).ends_with("master theorem."), "{turn}");
        }
    }
    for turn in [
        // Nothing stands above it.
        format!("{}{DOCUMENT}", HEADS[0]),
        // A person tells what another one wrote.
        format!("I have a problem.\n\nOn Monday 26 Jonas wrote:\n{DOCUMENT}"),
        format!("Prove the theorem.\n\nFrom: the left\nTo: the right\n{DOCUMENT}"),
        format!("Prove the theorem.\n\n--- a/log.txt ---\n{DOCUMENT}"),
        // An answer between quoted lines.
        format!("Thanks.\n\nOn 26 Nov 2026, Jonas wrote:\n> {DOCUMENT}\n\nNow prove the master theorem."),
    ] {
        assert!(asked(&turn).ends_with("master theorem."), "{turn}");
    }
}

const THREAD: &str = "[2026-11-26 09:12:04] Jonas Weber (U04AB12CD): we can prove the log is linearizable by induction\n\
    [2026-11-26 09:13:41] Mei Lin (U07QX99ZZ): the race is in the renewal\n";
const PLAIN_THREAD: &str = "[09:12] Jonas Weber: we can prove the log is linearizable by induction\n[09:13] Mei: the race is in the renewal\n";

#[test]
fn the_newest_message_of_a_thread_is_the_ask() {
    for ask in ["What is the capital of Peru?", "谢谢", HARD] {
        for stamp in [
            format!("{THREAD}[2026-11-26 09:15:10] Priya Shah (U01PS33AA): <@U0BOT> "),
            format!("{PLAIN_THREAD}[09:15] Priya Shah: "),
            "[2026-11-26 09:15:10] Priya Shah (U01PS33AA): ".to_owned(),
            "[Telegram Priya Shah (@priya) id:5551234 +2m 2026-11-26 21:01 CET] ".to_owned(),
            "[Thu 2026-11-26 21:01 GMT+1] ".to_owned(),
            "[Current time: 2026-11-26 21:01 CET]\n[User: Priya]\n\n".to_owned(),
            "Priya (2026-11-26 09:15): ".to_owned(),
            "<@U0BOT> ".to_owned(),
        ] {
            for end in ["", "\n[message_id: 8812]"] {
                if end.is_empty() || !stamp.contains("\n[") {
                    assert_eq!(asked(&format!("{stamp}{ask}{end}")), ask, "{stamp}");
                }
            }
        }
    }
}

#[test]
fn what_is_no_single_message_stays_whole() {
    let log = "[2026-11-26 09:12:04] INFO: started\n[2026-11-26 09:12:05] ERROR: deadlock\n[2026-11-26 09:12:06] INFO: x";
    for turn in [
        // The newest message points to the others.
        format!("{THREAD}[2026-11-26 09:15:10] Priya (U01PS33AA): can you solve this?"),
        format!("{PLAIN_THREAD}[09:15] Priya: go on"),
        // Something stands behind the messages.
        format!("{PLAIN_THREAD}[09:15] Priya: hello\n\nWho found the race, and how can one prove it?"),
        log.to_owned(),
        "[09:12] is a link to the proof. What does it say?".to_owned(),
        "[User stories] are in the file, write three more.".to_owned(),
        "Priya: what is the capital of Peru?".to_owned(),
        "Prove (by 2026-11-26) the theorem: it is easy.".to_owned(),
        "Fix arr[i]".to_owned(),
    ] {
        assert_eq!(asked(&turn), turn);
    }
}

const FENCE: &str = "```json\n{\n  \"sender\": \"Priya\"\n}\n```";

#[test]
fn what_clients_attach_to_an_ask_is_not_asked() {
    for ask in ["What is the capital of Peru?", "thanks!", HARD] {
        for turn in [
            vec![format!(
                "{ask}\n--- Content from referenced files ---\nContent from @a.md:\n{DOCUMENT}\n--- End of content ---"
            )],
            vec![
                ask.to_owned(),
                "\n--- Content from referenced files ---".to_owned(),
                "\nContent from @a.md:\n".to_owned(),
                DOCUMENT.repeat(40),
                "\n--- End of content ---".to_owned(),
            ],
            vec![
                ask.to_owned(),
                "Called the Read tool with the following input: {\"filePath\":\"/srv/a.md\"}".to_owned(),
                format!("<file>\n00001| {DOCUMENT}\n</file>"),
            ],
            vec![format!(
                "Conversation info (untrusted metadata):\n{FENCE}\n\nSender (untrusted metadata):\n{FENCE}\n\n{ask}"
            )],
            vec![format!(
                "<task>\n'src/a.md' (see below for file content) {ask}\n</task>\n<file_content path=\"a.md\">x</file_content>"
            )],
            vec![format!(
                "Here's a file of Rust that I'm going to ask you to make an edit to.\n\n<document>\n{DOCUMENT}\n</document>\n\n\
                 Edit the section of code based on the following prompt:\n\n<prompt>\n{ask}\n</prompt>\n\nOnly make changes \
                 that are necessary to fulfill the prompt.\n\n```\n{{REWRITTEN_CODE}}\n```"
            )],
            vec![format!(
                "<user_query>\n{ask}\n</user_query>\n\n<knowledge_base_qa_info>\n{DOCUMENT}\n</knowledge_base_qa_info>"
            )],
        ] {
            let parts: Vec<_> = turn.iter().map(|text| json!({"type": "text", "text": text})).collect();
            let body = json!({"messages": [{"role": "user", "content": parts}]}).to_string();
            assert_eq!(asked_in(&body).trim(), ask, "{body}");
        }
    }
    // A block that does not end is text, and so is a person's own prompt.
    for turn in [
        format!("Who said that?\n--- Content from referenced files ---\n{DOCUMENT}"),
        format!("Prove that the prompt is right:\n<prompt>\n{DOCUMENT}\n</prompt>"),
    ] {
        assert_eq!(asked(&turn), turn);
    }
}

#[test]
fn attached_documents_and_a_parsers_form_are_not_asked() {
    let schema = "```json\n{\"type\":\"object\"}\n```";
    let attached = format!("Attached document(s):\n```md\n# \"notes.txt\"\n{DOCUMENT}\n```\n\n");
    for ask in ["What is the capital of Peru?", "Who wrote this document?", HARD] {
        for turn in [
            format!("{attached}{ask}"),
            format!(
                "{ask}\n\nYou must format your output as a JSON value that adheres to a given \"JSON Schema\" instance.\n\n\
                 \"JSON Schema\" is a declarative language.\n\nFor example, this\nwould match.\n\nHere is the instance:\n{schema}"
            ),
            format!(
                "{ask}\nThe output should be formatted as a JSON instance that conforms to the JSON schema below.\n\nAs an \
                 example, the object is well-formatted.\n\nHere is the output schema:\n{schema}\n"
            ),
        ] {
            assert_eq!(asked(&turn).trim(), ask, "{turn}");
        }
    }
    for turn in [
        format!("{attached}Please do it."),
        format!(
            "Answer the query.\nThe output should be formatted as a JSON instance that conforms to the schema.\n{schema}\n{HARD}"
        ),
    ] {
        assert_eq!(asked(&turn), turn);
    }
}
