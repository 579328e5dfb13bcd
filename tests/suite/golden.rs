//! Texts that people read, compared with how they should look; `UPDATE_GOLDEN=1` writes them anew.

use onestop::refusal::Lang;
use std::fs;
use std::path::Path;

/// Compares a text in both languages.
pub(crate) fn check(name: &str, write: impl Fn(Lang) -> String) {
    for (lang, suffix) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let path = folder.join(format!("{name}-{suffix}.txt"));
        let text = write(lang);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert!(golden == text, "{} differs; UPDATE_GOLDEN=1 writes it:\n{text}", path.display());
    }
}
