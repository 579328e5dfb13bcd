//! Rule packs and their cases: read or refused, and what was read can be warned about.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onestop::calendar::Day;
use onestop::cases;
use onestop::cases::CaseFile;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::rules::check::warnings;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = "settlement-rules/000000-demo/2018-01-01.toml".to_owned();
    if let Ok(book) = RuleBook::read(&[PackFile { path, text: text.to_owned() }]) {
        for day in [Day::new(2018, 1, 1), Day::new(2030, 12, 31)].into_iter().flatten() {
            for warning in warnings(&book, day) {
                let _ = (warning.to_string(), warning.problem.zh());
            }
        }
    }
    let path = "settlement-rules/000000-demo/cases/x.toml".to_owned();
    let _ = cases::read(&[CaseFile { path, text: text.to_owned() }]);
});
