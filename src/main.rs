//! The `tiergate` command.

use std::process::ExitCode;

/// The filter's module, in builds that carry it.
#[cfg(feature = "module")]
const MODULE: Option<&[u8]> = Some(include_bytes!("../dist/tiergate.wasm"));
#[cfg(not(feature = "module"))]
const MODULE: Option<&[u8]> = None;

fn main() -> ExitCode {
    tiergate_cli::main(MODULE)
}
