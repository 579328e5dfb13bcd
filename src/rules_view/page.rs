//! A pack as a person reads it: its place and span, what it does to a bill, and its steps in order.

use crate::bill::Class;
use crate::bill::Part;
use crate::refusal::Lang;
use crate::rules::entry::Entry;
use crate::rules::entry::Source;
use crate::rules::pack::Check;
use crate::rules::pack::IdentityDate;
use crate::rules::pack::Measure;
use crate::rules::pack::OnBreach;
use crate::rules::pack::Pack;
use crate::rules::when::When;
use crate::rules_view::conditions;
use crate::rules_view::steps;
use crate::sheet::figures;
use crate::sheet::layout::Block;
use crate::sheet::layout::Page;
use crate::sheet::words;
use crate::sheet::words::pick;
use crate::wire::to_proto;

/// What stands before an entry.
const MARK: &str = "  - ";

/// Writes a pack as a person reads it; every assumed number is marked.
pub fn page(pack: &Pack, lang: Lang) -> String {
    page_of(pack, lang).text()
}

/// The same in pieces, for whoever does not print to a terminal.
pub(crate) fn pieces(pack: &Pack, lang: Lang) -> Vec<Block> {
    page_of(pack, lang).blocks()
}

fn page_of(pack: &Pack, lang: Lang) -> Page {
    let mut page = Page::new(lang);
    let (id, from) = (&pack.id, pack.span.from);
    page.title(pick(lang, &pack.title.zh, &pack.title.en), &format!("{id}  {from}"));
    head(&mut page, pack, lang);
    names(&mut page, pack, lang);
    of_bill(&mut page, pack, lang);
    page.heading(pick(lang, "支付步骤", "The steps, in order"));
    for (index, step) in pack.steps.iter().enumerate() {
        if 0 < index {
            page.line("");
        }
        steps::step(&mut page, pack, (index, step), lang);
    }
    page
}

/// A number's source: in brackets, and marked where it is assumed.
pub(super) fn source(source: &Source, lang: Lang) -> String {
    words::source(Some(&to_proto::source(source)), lang)
}

/// What acts on the bill: whom it concerns, and what it says.
fn entry(page: &mut Page, pack: &Pack, (when, said): (&When, &str), lang: Lang) {
    page.item(MARK, &behind(&conditions::of(when, pack, lang), said, lang));
}

/// What is said behind whom it concerns.
pub(super) fn behind(whom: &str, said: &str, lang: Lang) -> String {
    match (whom.is_empty(), lang) {
        (true, _) => said.to_owned(),
        (false, Lang::Zh) => format!("{whom}：{said}"),
        (false, Lang::En) => format!("{whom}: {said}"),
    }
}

/// Parts by their names.
pub(super) fn parts(parts: &[Part], lang: Lang) -> String {
    let names: Vec<&str> = parts.iter().map(|part| words::part(part.name(), lang)).collect();
    words::list(&names, lang)
}

fn head(page: &mut Page, pack: &Pack, lang: Lang) {
    let insutype: Vec<String> =
        pack.insutype.iter().map(|one| words::insutype(one, lang)).collect();
    let stays: Vec<String> =
        pack.counts_as_admission.iter().map(|one| words::med_type(one, lang)).collect();
    let from = pack.span.from;
    let span = match (pack.span.to, lang) {
        (Some(to), Lang::Zh) => format!("{from} 至 {to}"),
        (Some(to), Lang::En) => format!("{from} to {to}"),
        (None, Lang::Zh) => format!("{from} 起"),
        (None, Lang::En) => format!("from {from}"),
    };
    let sources: Vec<bool> = pack.sources().map(|one| one.assumed).collect();
    let (all, assumed) = (sources.len(), sources.iter().filter(|assumed| **assumed).count());
    let identity_date = match pack.identity_date {
        IdentityDate::Admission => pick(lang, "入院日", "day of admission"),
        IdentityDate::Discharge => pick(lang, "出院日", "day of discharge"),
    };
    let checked = match pack.checked_on {
        Some(day) => day.to_string(),
        None => pick(lang, "未核对", "never").to_owned(),
    };
    let within = words::locality(pack.compliant_within.name(), lang);
    page.pairs(&[
        (pick(lang, "参保地", "insured in"), format!("{}…", pack.admdvs)),
        (pick(lang, "险种", "insurance"), words::list(&insutype, lang)),
        (pick(lang, "有效期", "in force"), span),
        (pick(lang, "年度起始", "year starts"), pack.benefit_year_start.to_string()),
        (pick(lang, "身份认定", "identities on"), identity_date.to_owned()),
        (pick(lang, "免转诊", "no referral"), within.to_owned()),
        (pick(lang, "政策范围", "policy scope"), parts(&pack.policy_scope, lang)),
        (pick(lang, "核对日期", "checked on"), checked),
        (pick(lang, "住院类别", "stays"), words::list(&stays, lang)),
        (
            pick(lang, "数字依据", "numbers"),
            match lang {
                Lang::Zh => format!("共 {all} 条，其中 {assumed} 条为假定"),
                Lang::En => format!("{all}, of which {assumed} assumed"),
            },
        ),
    ]);
}

/// Identities and documents.
fn names(page: &mut Page, pack: &Pack, lang: Lang) {
    if !pack.identities.is_empty() {
        page.heading(pick(lang, "身份", "Identities"));
    }
    for one in &pack.identities {
        let (key, title) = (&one.key, pick(lang, &one.title.zh, &one.title.en));
        let codes = words::list(&one.codes, lang);
        let codes = if codes.is_empty() { codes } else { format!(" {codes}") };
        page.item(
            MARK,
            &match lang {
                Lang::Zh => format!("{title}（{key}{codes}）"),
                Lang::En => format!("{title} ({key}{codes})"),
            },
        );
    }
    if !pack.documents.is_empty() {
        page.heading(pick(lang, "政策文件", "Documents"));
    }
    for one in &pack.documents {
        let (id, document, title) = (&one.id, &one.document, &one.title);
        page.item(MARK, format!("{id}: {document} {title}").trim_end());
    }
}

/// What is done to a bill before any step.
fn of_bill(page: &mut Page, pack: &Pack, lang: Lang) {
    let any = !pack.overrides.is_empty()
        || !pack.waivers.is_empty()
        || !pack.checks.is_empty()
        || !pack.deposit_exempt.is_empty();
    if any {
        page.heading(pick(lang, "费用与押金", "The bill and the deposit"));
    }
    for one in &pack.overrides {
        let (tags, source) = (words::list(&one.value.tags, lang), source(&one.source, lang));
        let letter = one.value.treat_as.letter();
        let class = match (one.value.treat_as, lang) {
            (Class::B(rate), Lang::Zh) => {
                format!("乙类，先行自付 {}", figures::percent(&rate.to_string()))
            }
            (Class::B(rate), Lang::En) => {
                format!("class B, first copay {}", figures::percent(&rate.to_string()))
            }
            (Class::A, Lang::Zh) => "甲类".to_owned(),
            (Class::C, Lang::Zh) => "丙类".to_owned(),
            (Class::A | Class::C, Lang::En) => format!("class {letter}"),
        };
        let said = match lang {
            Lang::Zh => format!("带标签 {tags} 的项目按{class}{source}"),
            Lang::En => format!("items tagged {tags} count as {class}{source}"),
        };
        entry(page, pack, (&one.when, &said), lang);
    }
    for one in &pack.waivers {
        let (tags, source) = (words::list(&one.value.tags, lang), source(&one.source, lang));
        let categories = words::list(&one.value.categories, lang);
        let what = [
            (pick(lang, "收费类别 ", "charge categories "), categories),
            (pick(lang, "标签 ", "tags "), tags),
        ];
        let what = what.iter().filter(|(_, values)| !values.is_empty());
        let what: Vec<String> = what.map(|(name, values)| format!("{name}{values}")).collect();
        let what = what.join(pick(lang, "或", " or "));
        let said = match lang {
            Lang::Zh => format!("由医院承担：{what}{source}"),
            Lang::En => format!("borne by the facility: {what}{source}"),
        };
        entry(page, pack, (&one.when, &said), lang);
    }
    for one in &pack.checks {
        check(page, pack, one, lang);
    }
    for one in &pack.deposit_exempt {
        let source = source(&one.source, lang);
        let said = match lang {
            Lang::Zh => format!("不收押金，先诊疗后付费{source}"),
            Lang::En => format!("no deposit may be asked{source}"),
        };
        entry(page, pack, (&one.when, &said), lang);
    }
}

fn check(page: &mut Page, pack: &Pack, one: &Entry<Check>, lang: Lang) {
    let source = source(&one.source, lang);
    let measure = match (one.value.measure, lang) {
        (Measure::CatalogueDrugShare(rate), Lang::Zh) => {
            format!("目录内药品占比不低于 {}", figures::percent(&rate.to_string()))
        }
        (Measure::CatalogueDrugShare(rate), Lang::En) => {
            format!("catalogue drugs at least {} of all", figures::percent(&rate.to_string()))
        }
        (Measure::OwnExpenseShare(rate), Lang::Zh) => {
            format!("自费占比不高于 {}", figures::percent(&rate.to_string()))
        }
        (Measure::OwnExpenseShare(rate), Lang::En) => {
            format!("own expense at most {} of the bill", figures::percent(&rate.to_string()))
        }
    };
    let breach = match one.value.on_breach {
        OnBreach::Warn => pick(lang, "超出时提醒", "else a warning"),
        OnBreach::FacilityBorne => {
            pick(lang, "超出部分由医院承担", "the excess is borne by the facility")
        }
    };
    let said = match lang {
        Lang::Zh => format!("{measure}，{breach}{source}"),
        Lang::En => format!("{measure}, {breach}{source}"),
    };
    entry(page, pack, (&one.when, &said), lang);
}
