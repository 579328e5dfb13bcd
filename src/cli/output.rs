//! What commands print.

use crate::proto;
use crate::refusal::Lang;

use serde::Serialize;

use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;

/// Prints a result. Whoever reads may have gone, which is no error.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// Prints a message in the contract's JSON form.
pub(super) fn print_json<T: Serialize>(message: &T) {
    match serde_json::to_string_pretty(message) {
        Ok(text) => print(&text),
        Err(error) => complain(&error.to_string()),
    }
}

/// Says what is wrong.
pub(super) fn complain(text: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "onestop: {text}");
}

/// Says why something was refused, and what to do.
pub(super) fn refuse(refusal: &proto::Refusal, lang: Lang) {
    let (sentence, advice) = (in_title(&refusal.sentence, lang), in_title(&refusal.advice, lang));
    let refused = in_lang(lang, "拒绝", "refused");
    let stop = in_lang(lang, "。", ". ");
    complain(&format!("{refused} {}: {sentence}{stop}{advice}", refusal.code));
}

fn in_title(title: &Option<proto::Title>, lang: Lang) -> &str {
    let title = title.as_ref();
    title.map_or("", |title| in_lang(lang, &title.zh, &title.en))
}

/// Says something beside the result.
pub(super) fn say(text: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{text}");
}

/// The one of two sentences that is asked for.
pub(super) fn in_lang<'a>(lang: Lang, zh: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|error| format!("{}: {error}", file.display()))
}
