//! Rule packs, and the cases that go with them.

use onestop::cases;
use onestop::cases::CaseFile;
use onestop::refusal::Lang;
use onestop::rules::PackError;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::rules_view;

use std::str;

/// Every fault is said in both languages.
fn said(errors: &[PackError]) {
    assert!(!errors.is_empty());
    for error in errors {
        assert!(!error.to_string().is_empty() && !error.zh().is_empty());
    }
}

/// A pack: what is read is the same when it is read again, and can be shown.
pub fn rule_pack(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let files = [PackFile::sent("pack.toml", text)];
    match RuleBook::read(&files) {
        Ok(book) => {
            let again = RuleBook::read(&files).expect("a pack is read the same twice");
            assert_eq!(book.digest(), again.digest());
            for pack in book.packs() {
                rules_view::summary(pack);
                for lang in [Lang::Zh, Lang::En] {
                    assert!(!rules_view::page(pack, lang).is_empty());
                }
            }
        }
        Err(errors) => said(&errors),
    }
}

/// A case file.
pub fn case_file(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (family, path) = ("000000-demo".to_owned(), "000000-demo/cases/case.toml".to_owned());
    match cases::read(&[CaseFile { family, path, text: text.to_owned() }]) {
        Ok(_) => {}
        Err(errors) => said(&errors),
    }
}
