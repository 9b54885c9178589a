//! One `tiergate up` at a time in a folder. The lock is the open file's, so it ends with the process, however that ends.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process;

/// Takes the folder for as long as the file is open.
pub fn take(folder: &Path) -> Result<File, String> {
    let path = folder.join("up.lock");
    let failed = |error: std::io::Error| {
        format!("{}: {error}; name a folder that you may write to with --folder FOLDER", path.display())
    };
    let mut file = File::options().create(true).append(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(taken(folder, &path)),
        // A file system without locks is no reason not to start.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // Who has it, for the message that the next one gets.
    file.set_len(0).and_then(|()| writeln!(file, "{}", process::id())).map_err(failed)?;
    Ok(file)
}

fn taken(folder: &Path, file: &Path) -> String {
    let process = fs::read_to_string(file).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let (whose, kill) =
        process.map(|id| (format!(" (process {id})"), format!(", or kill {id}"))).unwrap_or_default();
    format!(
        "another tiergate up{whose} runs with the folder {}: end it first (Ctrl-C in its terminal{kill}), or name \
         another folder with --folder FOLDER",
        folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_and_free_again_afterwards() {
        let folder = std::env::temp_dir().join(format!("tiergate-lock-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let first = take(&folder).unwrap();
        let why = take(&folder).unwrap_err();
        assert!(why.contains("--folder") && why.contains(&format!("kill {}", process::id())), "{why}");
        drop(first);
        drop(take(&folder).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
