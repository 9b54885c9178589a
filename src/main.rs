//! The `tiergate` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tiergate_cli::main()
}
