//! `tiergate models`: who serves what.

use std::io::Write;

use super::{ConfigChoice, now, written};
use tiergate_core::route::Model;
use tiergate_core::tier::Tier;

pub fn run(choice: &ConfigChoice, out: &mut dyn Write) -> Result<(), String> {
    let config = choice.load()?;
    let chosen = choice.profile_name(&config)?;
    let now = now();
    let wanted = |name: &str| chosen.is_none_or(|p| p == name);
    for profile in config.table.profiles.values().filter(|p| wanted(&p.name)) {
        let virtual_names: Vec<&str> = config
            .table
            .virtual_models
            .iter()
            .filter(|(_, p)| p.name == profile.name)
            .map(|(name, _)| name.as_str())
            .collect();
        writeln!(
            out,
            "profile {} ({}), default model {}",
            profile.name,
            virtual_names.join(", "),
            profile.default_model.name
        )
        .map_err(written)?;
        writeln!(
            out,
            "  {:<10} {:<44} {:>9} {:>9} {:>9}  {:<18} cluster",
            "tier", "model", "USD/M in", "USD/M out", "window", "takes"
        )
        .map_err(written)?;
        for tier in Tier::ALL {
            for model in config.table.candidates(profile, tier, now) {
                writeln!(out, "  {:<10} {}", tier.name(), row(model)).map_err(written)?;
            }
        }
        writeln!(out).map_err(written)?;
    }
    Ok(())
}

fn row(model: &Model) -> String {
    let price = |price: Option<f64>| price.map_or_else(|| "?".to_owned(), |p| p.to_string());
    let abilities =
        [(model.tools, "tools"), (model.vision, "images"), (model.pdf, "PDFs"), (model.audio, "audio")];
    let takes: Vec<&str> = abilities.iter().filter(|(yes, _)| *yes).map(|(_, n)| *n).collect();
    format!(
        "{:<44} {:>9} {:>9} {:>9}  {:<18} {}",
        model.name,
        price(model.input_price),
        price(model.output_price),
        model.context_window.map_or_else(|| "?".to_owned(), |w| w.to_string()),
        takes.join("+"),
        model.cluster
    )
}
