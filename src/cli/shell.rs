//! What packagers and shells want of the command: completions, the manual page, and the module that it carries.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory;

use super::{Cli, written};

pub fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<(), String> {
    let mut command = Cli::command();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "tiergate", &mut text);
    out.write_all(&text).map_err(written)
}

/// The command's page; with a folder, that and a page for each subcommand, as files.
pub fn manual(folder: Option<&Path>, out: &mut dyn Write) -> Result<(), String> {
    let command = Cli::command();
    match folder {
        None => clap_mangen::Man::new(command).render(out).map_err(written),
        Some(folder) => {
            let at_file = |error: std::io::Error| format!("{}: {error}", folder.display());
            fs::create_dir_all(folder).map_err(at_file)?;
            clap_mangen::generate_to(command, folder).map_err(at_file)
        }
    }
}

/// Writes the module.
pub fn module(file: &Path, module: Option<&[u8]>, out: &mut dyn Write) -> Result<(), String> {
    let module = module
        .ok_or("this build of the command has no module in it; `make wasm` makes dist/tiergate.wasm")?;
    if file == Path::new("-") {
        return out.write_all(module).map_err(written);
    }
    fs::write(file, module).map_err(|error| format!("{}: {error}", file.display()))
}
