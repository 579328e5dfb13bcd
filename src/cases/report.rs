//! What the cases came to, in words.

use crate::cases::Failed;
use crate::cases::Report;
use crate::cases::Unreached;
use crate::refusal::Lang;
use crate::sheet;

use std::fmt::Write;

/// Writes a report: each family, each failure with how the pack came to its amounts, and what nobody has looked at.
pub fn text(report: &Report, lang: Lang) -> String {
    let mut text = String::new();
    for family in &report.families {
        let (id, cases, failures) = (&family.id, family.cases, family.failures);
        line(
            &mut text,
            &match lang {
                Lang::Zh => format!("{id}：{cases} 个案例，{failures} 个不符"),
                Lang::En => format!("{id}: {cases} cases, {failures} failures"),
            },
        );
    }
    for failed in &report.failed {
        line(&mut text, "");
        failure(&mut text, failed, lang);
    }
    if !report.unchecked.is_empty() {
        line(&mut text, "");
        line(
            &mut text,
            match lang {
                Lang::Zh => "以下规则包未记录核对日期（checked_on）：",
                Lang::En => "Nobody has compared these packs with their sources (no checked_on):",
            },
        );
        for path in &report.unchecked {
            line(&mut text, &format!("  {path}"));
        }
    }
    if !report.unreached.is_empty() {
        line(&mut text, "");
        line(
            &mut text,
            match lang {
                Lang::Zh => "以下条目没有案例用到：",
                Lang::En => "No case exercises these entries:",
            },
        );
        for one in &report.unreached {
            line(&mut text, &format!("  {}", note(one, lang)));
        }
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{line}");
}

fn failure(text: &mut String, failed: &Failed, lang: Lang) {
    let Failed { path, name, from, .. } = failed;
    line(
        text,
        &match lang {
            Lang::Zh => format!("不符：{path}：「{name}」，依据 {from}"),
            Lang::En => format!("FAILED {path}: \"{name}\", from {from}"),
        },
    );
    for one in &failed.differences {
        let place = &one.place;
        let sentence = one.problem.sentence(lang);
        let step = one.step.as_ref().map(|title| match lang {
            Lang::Zh => format!("（{}）", title.zh),
            Lang::En => format!(" ({})", title.en),
        });
        let step = step.unwrap_or_default();
        line(
            text,
            &match lang {
                Lang::Zh => format!("  {place}{step}：{sentence}"),
                Lang::En => format!("  {place}{step}: {sentence}"),
            },
        );
    }
    if let Some(trace) = &failed.trace {
        line(text, "");
        text.push_str(&sheet::quote(trace, lang));
        if !trace.lines.is_empty() {
            line(text, "");
            text.push_str(&sheet::lines(trace, lang));
        }
    }
}

fn note(one: &Unreached, lang: Lang) -> String {
    let Unreached { path, step, entries } = one;
    let entries = entries.join(", ");
    match (step, lang) {
        (None, _) => format!("{path}: {entries}"),
        (Some(step), Lang::Zh) if entries.is_empty() => format!("{path}: step {step}: 从未运行"),
        (Some(step), Lang::En) if entries.is_empty() => format!("{path}: step {step}: never runs"),
        (Some(step), _) => format!("{path}: step {step}: {entries}"),
    }
}
