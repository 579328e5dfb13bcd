//! The code checks its own borders, and its documents against the code. Nothing of the engine is run here but its help.

mod borders;
mod documents;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// A file of the project: its path from the root, and its text.
struct TextFile {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files under a folder whose names end so, by path.
fn files_under(folder: &str, ending: &str) -> Vec<TextFile> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files.into_iter().map(text_file).collect()
}

fn text_file(path: PathBuf) -> TextFile {
    let text = fs::read_to_string(&path).unwrap();
    let path = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    TextFile { path, text }
}

/// Whether a line names a path: whole, and not as the end or the beginning of a longer name.
fn names(line: &str, path: &str) -> bool {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    line.match_indices(path).any(|(at, _)| {
        let before = &line[..at];
        let behind = &line[at + path.len()..];
        !before.ends_with(|sign| is_name(sign) || sign == ':') && !behind.starts_with(is_name)
    })
}

/// What stands between two signs, each time.
fn between<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.split(mark).skip(1).step_by(2).collect()
}
