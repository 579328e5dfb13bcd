//! Sheets compared with golden texts, in both languages (`UPDATE_GOLDEN=1` writes them anew), and corners of the sentences.

mod example;

use std::fs;
use std::path::Path;

use crate::proto;
use crate::proto::step_result::Basis;
use crate::refusal::Lang;
use crate::sheet;

const LANGS: [(Lang, &str); 2] = [(Lang::Zh, "zh"), (Lang::En, "en")];

fn check(name: &str, write: impl Fn(Lang) -> String) {
    for (lang, suffix) in LANGS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let path = folder.join(format!("sheet-{name}-{suffix}.txt"));
        let text = write(lang);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert!(golden == text, "{} differs; UPDATE_GOLDEN=1 writes it:\n{text}", path.display());
    }
}

#[test]
fn a_settlement_is_shown_as_its_golden_sheet() {
    check("settlement", |lang| sheet::settlement(&example::record(), lang));
}

#[test]
fn a_quote_is_shown_as_its_golden_sheet() {
    check("quote", |lang| sheet::quote(&example::quoted(), lang));
}

#[test]
fn lines_are_shown_as_their_golden_table() {
    check("lines", |lang| sheet::lines(&example::statement(), lang));
}

#[test]
fn other_answers_are_shown_as_their_golden_texts() {
    check("entries", |lang| {
        [
            sheet::opening(&example::opening(), lang),
            sheet::reversal(&example::reversal(), lang),
            sheet::eligibility(&example::eligibility(), lang),
            sheet::accumulators(&example::accumulators(), lang),
        ]
        .join("\n")
    });
}

#[test]
fn no_line_of_a_sheet_is_wider_than_the_page() {
    for (lang, _) in LANGS {
        for line in sheet::settlement(&example::record(), lang).lines() {
            assert!(sheet::layout::width(line) <= sheet::layout::WIDTH, "{line}");
        }
    }
}

#[test]
fn empty_messages_are_shown_without_a_panic() {
    for (lang, _) in LANGS {
        sheet::settlement(&proto::SettlementRecord::default(), lang);
        sheet::quote(&proto::Statement::default(), lang);
        assert_eq!(sheet::lines(&proto::Statement::default(), lang), "");
        sheet::opening(&proto::Opening::default(), lang);
        sheet::reversal(&proto::Reversal::default(), lang);
        sheet::eligibility(&proto::EligibilityReply::default(), lang);
        sheet::accumulators(&proto::Accumulators::default(), lang);
        for basis in [Basis::Share(Default::default()), Basis::Floor(Default::default())] {
            let step = proto::StepResult { ran: true, basis: Some(basis), ..Default::default() };
            sheet::explain(&step, lang);
        }
    }
}

#[test]
fn a_patient_is_never_shown_whole() {
    let person = "110101199003070017";
    for (lang, _) in LANGS {
        for text in [
            sheet::settlement(&example::record(), lang),
            sheet::opening(&example::opening(), lang),
            sheet::reversal(&example::reversal(), lang),
        ] {
            assert!(text.contains("0017") && !text.contains(person), "{text}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_shown_as_it_stands() {
    let mut step = example::critical();
    let Some(Basis::Share(trace)) = &mut step.basis else { unreachable!() };
    trace.eligible = "much".to_owned();
    trace.segments[0].rate = "most".to_owned();
    let said = sheet::explain(&step, Lang::Zh).join("\n");
    assert!(said.contains("尚负担的 much 元") && said.contains("× most"), "{said}");
}

#[test]
fn a_difference_that_does_not_come_to_what_is_due_is_not_written_out() {
    let mut step = example::critical();
    step.uncapped = "1.00".to_owned();
    let said = sheet::explain(&step, Lang::En).join("\n");
    assert!(said.contains("each rounded: 1.00 yuan") && !said.contains("3620.03"), "{said}");
}

#[test]
fn bands_from_the_first_yuan_are_worked_out_above_the_deductible_only() {
    let mut step = example::critical();
    let Some(Basis::Share(trace)) = &mut step.basis else { unreachable!() };
    trace.origin = "zero".to_owned();
    // Up to 9800.05 above 3500: 1500 × 55.5% + 4800.05 × 65%; up to 4000: 500 × 55.5%.
    step.uncapped = "3675.03".to_owned();
    let said = sheet::explain(&step, Lang::En).join("\n");
    assert!(
        said.contains("1500.00 × 55.5% + 4800.05 × 65% = 3952.5325, rounded 3952.53"),
        "{said}"
    );
}

#[test]
fn what_a_guarantee_lets_remain_is_cut_to_the_fen() {
    for (allowed, expected) in [
        ("1580", "= 1580.00 yuan."),
        ("1580.5", "= 1580.50 yuan."),
        ("0.019", "= 0.019 yuan, cut to 0.01."),
    ] {
        let trace = proto::FloorTrace {
            matched: true,
            ratio: "0.9".to_owned(),
            allowed: allowed.to_owned(),
            ..Default::default()
        };
        let basis = Some(Basis::Floor(trace));
        let step = proto::StepResult { ran: true, basis, ..Default::default() };
        let said = sheet::explain(&step, Lang::En).join("\n");
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_source_that_says_it_is_assumed_is_marked_whatever_its_flag() {
    let source = proto::Source { text: "assumed: a guess".to_owned(), assumed: false };
    for (lang, expected) in [(Lang::Zh, "〔假定〕（a guess）"), (Lang::En, " [assumed] (a guess)")]
    {
        assert_eq!(sheet::words::source(Some(&source), lang), expected);
    }
}
