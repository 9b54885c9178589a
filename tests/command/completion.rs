//! What concerns strategy `completion`: the sweep, a model left out, and the registry of models.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{file, text, tiergate};

/// One model completes everything, the other what is easy; the third is not in the configuration.
fn results() -> String {
    let row = |prompt: &str, weak: f64| {
        let line = serde_json::json!({"id": prompt, "prompt": prompt, "models": {"weak": weak, "strong": 1.0, "unknown": 1.0}});
        format!("{line}\n")
    };
    let easy = ["Hello!", "What is the capital of Portugal?", "Translate good morning into French."];
    let hard = [
        "Prove by induction that every tree with n vertices has n - 1 edges, step by step.",
        "Implement a lock-free queue for several producers in Rust and argue that it is linearizable.",
        "Derive the asymptotic bound of the recursion T(n) = 3T(n/4) + n log n, and prove it.",
    ];
    let all = easy.map(|prompt| row(prompt, 1.0)).into_iter().chain(hard.map(|prompt| row(prompt, 0.0)));
    all.collect::<String>().repeat(4)
}

const CONFIG: &str = r#"
models:
  weak: {input_price: 1, output_price: 1, benchmarks: {gpqa_diamond: 30}}
  strong: {input_price: 10, output_price: 10, benchmarks: {gpqa_diamond: 90}}
tiers: {SIMPLE: weak, MEDIUM: [weak, strong], COMPLEX: strong, REASONING: strong}
baseline: strong
"#;

#[test]
fn the_sweep_tells_cost_and_completion_of_each_threshold() {
    let (config, rows) = (file("sweep.yaml", CONFIG), file("sweep.jsonl", &results()));
    let plot = format!("{rows}.svg");
    let done =
        tiergate(&["eval", "--config", &config, "--sweep-thresholds", "--plot", &plot, "--json", &rows], "");
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let sweep = &report["sweeps"][0];
    let frontier = sweep["frontier"].as_array().expect("a list");
    assert_eq!((frontier.len(), &sweep["rows"]), (50, &24.into()));
    let named = |name: &str| {
        sweep["alone"].as_array().into_iter().flatten().find(|point| point["name"] == name).expect("it")
    };
    let alone = [named("weak"), named("strong")];
    // Half of the prompts are too hard for the weak one, which costs a tenth.
    assert_eq!((&alone[0]["completed"], &alone[1]["completed"]), (&0.5.into(), &1.0.into()));
    let cost = |point: &Value| point["usd_per_1000"].as_f64().expect("a number");
    assert!((cost(alone[1]) / cost(alone[0]) - 10.0).abs() < 1e-6);
    // The higher the threshold, the dearer; the ends are the models alone.
    assert!(frontier.windows(2).all(|two| cost(&two[0]) <= cost(&two[1]) + 1e-12));
    assert_eq!((cost(&frontier[0]), cost(&frontier[49])), (cost(alone[0]), cost(alone[1])));
    // Somewhere between them the hard prompts alone go to the strong one.
    assert!(
        frontier.iter().any(|point| point["completed"] == 1.0 && cost(point) < cost(alone[1])),
        "{frontier:?}"
    );
    assert_eq!(sweep["calibration"]["results"], 48);
    assert_eq!(sweep["left_out"][0], "unknown: not in the configuration");
    let plot = fs::read_to_string(plot).expect("the plot");
    assert!(plot.starts_with("<svg xmlns") && plot.contains("polyline") && plot.contains(">strong<"));

    let table = tiergate(&["eval", "--config", &config, "--sweep-thresholds", &rows], "");
    assert!(
        text(&table.stdout).contains("threshold")
            && text(&table.stdout).contains("calibration over 48 results")
    );
    let without = tiergate(&["eval", "--sweep-thresholds", &rows], "");
    assert_eq!(without.status.code(), Some(1));
    assert!(text(&without.stderr).contains("weak: not in the configuration"), "{}", text(&without.stderr));
}

#[test]
fn a_model_that_is_left_out_is_predicted_by_the_others() {
    let config = file(
        "holdout.yaml",
        "models:\n  a: {benchmarks: {g: 20}}\n  b: {benchmarks: {g: 50}}\n  c: {benchmarks: {g: 80}}\ntiers: {SIMPLE: [a, b, c], MEDIUM: a, COMPLEX: b, REASONING: c}\n",
    );
    // Each completes a share that rises with its figure, whatever the prompt.
    let rows: String = (0..200)
        .map(|at| {
            let done = |share: usize| u8::from(at * 7 % 10 < share);
            format!(
                "{{\"id\": {at}, \"prompt\": \"Hello number {at}\", \"models\": {{\"a\": {}, \"b\": {}, \"c\": {}}}}}\n",
                done(3),
                done(5),
                done(7)
            )
        })
        .collect();
    let rows = file("holdout.jsonl", &rows);
    let done = tiergate(&["eval", "--config", &config, "--holdout-model", "all", "--json", &rows], "");
    let report: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let held = report["holdout"].as_array().expect("a list");
    assert_eq!(held.len(), 3);
    let number = |at: usize, key: &str| held[at][key].as_f64().expect("a number");
    for (at, completed) in [(0, 0.3), (1, 0.5), (2, 0.7)] {
        assert!((number(at, "completed") - completed).abs() < 1e-9);
        // The log odds of .3, .5 and .7 lie on a line over 20, 50 and 80.
        assert!((number(at, "predicted") - completed).abs() < 0.02, "{}", held[at]);
        assert!(number(at, "log_loss") <= number(at, "base_rate_log_loss") + 1e-3);
    }
    let one = tiergate(
        &["eval", "--config", &config, "--holdout-model", "b", "--holdout-model", "nobody", &rows],
        "",
    );
    assert!(text(&one.stdout).contains("each model predicted") && text(&one.stderr).contains("nobody"));
}

/// A directory with these files.
fn directory(name: &str, files: &[(&str, &str)]) -> String {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(dir.join("models")).expect("a directory");
    for (name, content) in files {
        fs::write(dir.join(name), content).expect("a file");
    }
    dir.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_registry_of_one_file_a_model_becomes_a_document() {
    let dir = directory(
        "registry",
        &[
            (
                "tiergate.yaml",
                "default_cluster: house\ntiers: {SIMPLE: small, MEDIUM: openai/large-2.0, COMPLEX: old, REASONING: old}\nmodels: {old: {}}\n",
            ),
            ("models/small.yaml", "input_price: 1\noutput_price: 2\n"),
            ("models/large.yml", "name: openai/large-2.0\nbenchmarks: {gpqa_diamond: 70}\n"),
            ("models/README.md", "not a model"),
            ("models/.hidden.yaml", "nonsense: true"),
        ],
    );
    let done = tiergate(&["bundle", &dir], "");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let document = file("bundled.yaml", &text(&done.stdout));
    assert!(text(&tiergate(&["check", &document], "").stdout).contains(": ok"));
    let out = format!("{dir}/out.json");
    assert!(tiergate(&["bundle", &dir, "--out", &out], "").status.success());
    let document: Value = serde_json::from_slice(&fs::read(out).expect("the document")).expect("JSON");
    assert_eq!(document["models"]["openai/large-2.0"]["benchmarks"]["gpqa_diamond"], 70);
    assert_eq!(
        (&document["models"]["small"]["input_price"], document["models"]["old"].is_object()),
        (&1.into(), true)
    );
}

#[test]
fn mistakes_of_a_registry_are_told_with_file_and_path() {
    let dir = directory(
        "registry-bad",
        &[
            ("tiergate.yaml", "tiers: {SIMPLE: nobody}\nmodels: {twice: {}}\n"),
            ("models/a.yaml", "tools: 3\n"),
            ("models/a.b.yaml", "benchmarks: {gpqa: 200}\n"),
            ("models/one.yaml", "name: same\n"),
            ("models/other.yaml", "name: same\n"),
            ("models/twice.yaml", "{}"),
            ("models/broken.yaml", "input_price: [\n"),
            ("models/list.json", "[]"),
        ],
    );
    let done = tiergate(&["bundle", &dir], "");
    assert_eq!((done.status.code(), text(&done.stdout).as_str()), (Some(1), ""));
    let said = text(&done.stderr);
    for expected in [
        "models/a.yaml: tools: ",
        "models/a.b.yaml: benchmarks.gpqa: ",
        "models/other.yaml: model \"same\" is in ",
        "models/twice.yaml: model \"twice\" is in ",
        "models/broken.yaml: ",
        "models/list.json: must be an object",
        "tiergate.yaml: tiers.SIMPLE",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    assert_eq!(tiergate(&["bundle", "/nowhere"], "").status.code(), Some(1));
}
