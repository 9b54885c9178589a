//! What the harnesses of known agents put into a person's turns.
//!
//! Left out on purpose:
//! - what wraps the person's own words: `<user_query>`, `<USER_REQUEST>`, `<userRequest>`, `<task>`, `<feedback>`,
//!   `<user_message>`, `<answer>`;
//! - names that people use in prompts of their own, where cutting would change what is judged: `<context>`,
//!   `<document>`, `<rules>`, `<instructions>` in any case, `<attachments>`, `<files>`, `<example>`. Where a harness
//!   uses one of them, its first words tell it from a person's: such a marker is longer than the tag.
//! - messages of other agents (`<teammate-message>`): they are the ask of the agent that gets them.

/// Open and close markers, by agent. A `^` stands for the start of a text.
pub const KNOWN: &[(&str, &str)] = &[
    // Claude Code.
    ("<system-reminder>", "</system-reminder>"),
    ("<command-name>", "</command-name>"),
    ("<command-message>", "</command-message>"),
    // What was typed behind a slash command: the command's text, which follows, has it again.
    ("<command-args>", "</command-args>"),
    ("<local-command-stdout>", "</local-command-stdout>"),
    ("<local-command-stderr>", "</local-command-stderr>"),
    ("<local-command-caveat>", "</local-command-caveat>"),
    ("<bash-input>", "</bash-input>"),
    ("<bash-stdout>", "</bash-stdout>"),
    ("<bash-stderr>", "</bash-stderr>"),
    ("<ide_opened_file>", "</ide_opened_file>"),
    ("<ide_selection>", "</ide_selection>"),
    ("<user-prompt-submit-hook>", "</user-prompt-submit-hook>"),
    ("<task-notification>", "</task-notification>"),
    ("<available-deferred-tools>", "</available-deferred-tools>"),
    ("^[Request interrupted by user", "]"),
    // Cline, Roo Code, Kilo Code.
    ("<environment_details>", "</environment_details>"),
    ("<explicit_instructions>", "</explicit_instructions>"),
    ("<file_content path=", "</file_content>"),
    ("<folder_content path=", "</folder_content>"),
    // Codex. The IDE's list of files ends where the request begins.
    ("<environment_context>", "</environment_context>"),
    ("<user_instructions>", "</user_instructions>"),
    ("^# AGENTS.md instructions for ", "</INSTRUCTIONS>"),
    ("<turn_aborted>", "</turn_aborted>"),
    ("<user_shell_command>", "</user_shell_command>"),
    ("<recommended_plugins>", "</recommended_plugins>"),
    ("<codex_internal_context>", "</codex_internal_context>"),
    ("^# Context from my IDE setup:", "## My request for Codex:"),
    ("^# Context from my IDE setup:", "## My request:"),
    ("^# Files mentioned by the user:", "## My request for Codex:"),
    ("^# Files mentioned by the user:", "## My request:"),
    // Cursor, and those that write as it does.
    ("<additional_data>", "</additional_data>"),
    ("<attached_files>", "</attached_files>"),
    ("<open_and_recently_viewed_files>", "</open_and_recently_viewed_files>"),
    ("<user_info>", "</user_info>"),
    ("<project_layout>", "</project_layout>"),
    ("<system_reminder>", "</system_reminder>"),
    ("<git_status>", "</git_status>"),
    ("<agent_transcripts>", "</agent_transcripts>"),
    ("<agent_skills>", "</agent_skills>"),
    ("<mcp_file_system>", "</mcp_file_system>"),
    ("<always_applied_workspace_rules>", "</always_applied_workspace_rules>"),
    ("<agent_requestable_workspace_rules>", "</agent_requestable_workspace_rules>"),
    ("<rules>\nThe rules section has a number of", "</rules>"),
    // GitHub Copilot.
    ("<reminderInstructions>", "</reminderInstructions>"),
    ("<reminder>", "</reminder>"),
    ("<editorContext>", "</editorContext>"),
    ("<environment_info>", "</environment_info>"),
    ("<workspace_info>", "</workspace_info>"),
    ("<userPreferences>", "</userPreferences>"),
    ("<toolReferences>", "</toolReferences>"),
    ("<repoContext>", "</repoContext>"),
    ("<attachments>\n<attachment", "</attachments>"),
    ("<context>\nThe current date is", "</context>"),
    // Zed.
    ("<context>\nThe following items were attached by the user", "</context>"),
    // Gemini CLI.
    ("<session_context>\nThis is the Gemini CLI", "</session_context>"),
    // Goose.
    ("<info-msg>", "</info-msg>"),
    // OpenHands.
    ("<RUNTIME_INFORMATION>", "</RUNTIME_INFORMATION>"),
    ("<REPOSITORY_INFO>", "</REPOSITORY_INFO>"),
    ("<REPOSITORY_INSTRUCTIONS>", "</REPOSITORY_INSTRUCTIONS>"),
    ("<CONVERSATION_INSTRUCTIONS>", "</CONVERSATION_INSTRUCTIONS>"),
    ("<EXTRA_INFO>", "</EXTRA_INFO>"),
    // Antigravity.
    ("<ADDITIONAL_METADATA>", "</ADDITIONAL_METADATA>"),
    ("<USER_SETTINGS_CHANGE>", "</USER_SETTINGS_CHANGE>"),
    ("<EPHEMERAL_MESSAGE>", "</EPHEMERAL_MESSAGE>"),
];
