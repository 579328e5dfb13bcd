//! A step of a pack in words.

use crate::money::Money;
use crate::refusal::Lang;
use crate::rules::entry::Entry;
use crate::rules::pack::Adjust;
use crate::rules::pack::Cap;
use crate::rules::pack::ChainBy;
use crate::rules::pack::Deductible;
use crate::rules::pack::Floor;
use crate::rules::pack::Guarantee;
use crate::rules::pack::Kind;
use crate::rules::pack::Origin;
use crate::rules::pack::Pack;
use crate::rules::pack::Period;
use crate::rules::pack::Segment;
use crate::rules::pack::Share;
use crate::rules::pack::Step;
use crate::rules_view::conditions;
use crate::rules_view::page::behind;
use crate::rules_view::page::parts;
use crate::rules_view::page::source;
use crate::sheet::figures;
use crate::sheet::layout::Page;
use crate::sheet::words;
use crate::sheet::words::pick;

use std::fmt::Display;

/// What stands before a sentence about a step.
const INDENT: &str = "  ";

/// What stands before an entry of a step.
const MARK: &str = "    - ";

/// What a value says.
type Said<'a, T> = &'a dyn Fn(&T, Lang) -> String;

pub(super) fn step(page: &mut Page, pack: &Pack, (index, step): (usize, &Step), lang: Lang) {
    let (number, title) = (index + 1, pick(lang, &step.title.zh, &step.title.en));
    let id = &step.id;
    let closed = if step.enabled { "" } else { pick(lang, "  未启用", "  closed") };
    page.line(&format!("{number} {title}  {id}{closed}"));
    let kind = match (&step.kind, lang) {
        (Kind::Share(_), Lang::Zh) => "按比例支付",
        (Kind::Share(_), Lang::En) => "a share",
        (Kind::Floor(_), Lang::Zh) => "兜底",
        (Kind::Floor(_), Lang::En) => "a floor",
    };
    let period = match step.period {
        Period::Admission => pick(lang, "按次", "for each admission"),
        Period::Year => pick(lang, "按年度", "over the year"),
    };
    let (base, payer) = (parts(&step.base, lang), words::payer(step.payer.name(), lang));
    let fund = &step.fund;
    let fund_source = step.fund_source.as_ref().map(|one| source(one, lang)).unwrap_or_default();
    page.item(
        INDENT,
        &match lang {
            Lang::Zh => {
                format!("{kind}，{period}，基数：{base}；{payer}支付，基金 {fund}{fund_source}")
            }
            Lang::En => {
                format!("{kind} of {base}, {period}; paid by {payer}, fund {fund}{fund_source}")
            }
        },
    );
    let whom = conditions::of(&step.when, pack, lang);
    if !whom.is_empty() {
        page.item(
            INDENT,
            &match lang {
                Lang::Zh => format!("适用：{whom}"),
                Lang::En => format!("For: {whom}"),
            },
        );
    }
    match &step.kind {
        Kind::Share(terms) => share(page, pack, terms, lang),
        Kind::Floor(terms) => floor(page, pack, terms, lang),
    }
    let heads = (pick(lang, "封顶（先匹配者）", "Caps, the first that fits"), lang);
    list(page, pack, heads, (&step.cap, &cap));
    financing(page, step, lang);
}

/// A heading and its entries; nothing where there are none.
fn list<T>(
    page: &mut Page,
    pack: &Pack,
    (heading, lang): (&str, Lang),
    (entries, said): (&[Entry<T>], Said<'_, T>),
) {
    if entries.is_empty() {
        return;
    }
    page.line(&format!("{INDENT}{heading}"));
    for (index, one) in entries.iter().enumerate() {
        let said = format!("{}{}", said(&one.value, lang), source(&one.source, lang));
        entry(page, pack, (index, one, &said), lang);
    }
}

/// An entry of a list; one for everybody behind others is for the rest.
fn entry<T>(
    page: &mut Page,
    pack: &Pack,
    (index, one, said): (usize, &Entry<T>, &str),
    lang: Lang,
) {
    let whom = match conditions::of(&one.when, pack, lang) {
        whom if whom.is_empty() && 0 < index => pick(lang, "其余", "otherwise").to_owned(),
        whom => whom,
    };
    page.item(MARK, &behind(&whom, said, lang));
}

fn share(page: &mut Page, pack: &Pack, terms: &Share, lang: Lang) {
    let heads = (pick(lang, "起付线（先匹配者）", "Deductible, the first that fits"), lang);
    list(page, pack, heads, (&terms.deductible, &deductible));
    page.line(&format!(
        "{INDENT}{}",
        match terms.origin {
            Origin::Deductible => pick(
                lang,
                "支付比例（先匹配者，从起付线以上算起）",
                "Rates, the first that fit, counted from the deductible",
            ),
            Origin::Zero => pick(
                lang,
                "支付比例（先匹配者，从第一元算起）",
                "Rates, the first that fit, counted from the first yuan",
            ),
        }
    ));
    for (index, one) in terms.bands.iter().enumerate() {
        entry(page, pack, (index, one, &bands(one, lang)), lang);
    }
    let heads = (pick(lang, "调整（全部匹配者）", "Adjustments, all that fit"), lang);
    list(page, pack, heads, (&terms.adjust, &adjust));
    let heads = (pick(lang, "连续计算起付线", "One deductible for several stays"), lang);
    list(page, pack, heads, (&terms.chain, &chain));
}

fn floor(page: &mut Page, pack: &Pack, terms: &Floor, lang: Lang) {
    let heads = (pick(lang, "保障（先匹配者）", "Guarantee, the first that fits"), lang);
    list(page, pack, heads, (&terms.guarantee, &guarantee));
}

fn yuan(money: Money, lang: Lang) -> String {
    words::yuan(&money.to_string(), lang)
}

fn percent(rate: impl Display) -> String {
    figures::percent(&rate.to_string())
}

fn deductible(value: &Deductible, lang: Lang) -> String {
    match value.amounts.as_slice() {
        [one] => yuan(*one, lang),
        several => {
            let amounts: Vec<String> = several.iter().map(Money::to_string).collect();
            let amounts = amounts.join(pick(lang, "、", ", "));
            match lang {
                Lang::Zh => format!("年内各次依次 {amounts} 元，此后同最后一次"),
                Lang::En => format!("{amounts} yuan for the admissions of a year in turn"),
            }
        }
    }
}

/// Segments of one source say it once, at the end.
fn bands(one: &Entry<Vec<Segment>>, lang: Lang) -> String {
    let split = one.value.iter().any(|segment| segment.source.is_some());
    let mut from = Money::ZERO;
    let mut said = Vec::new();
    for segment in &one.value {
        let rate = percent(segment.rate);
        let range = match (from.is_zero(), segment.up_to, lang) {
            (true, None, _) => String::new(),
            (false, None, Lang::Zh) => format!("{from} 以上 "),
            (false, None, Lang::En) => format!("above {from} "),
            (_, Some(to), Lang::Zh) => format!("{from} 至 {to} "),
            (_, Some(to), Lang::En) => format!("{from} to {to} "),
        };
        let its = segment.source.as_ref().unwrap_or(&one.source);
        let its = if split { source(its, lang) } else { String::new() };
        said.push(format!("{range}{rate}{its}"));
        from = segment.up_to.unwrap_or(from);
    }
    let end = if split { String::new() } else { source(&one.source, lang) };
    format!("{}{end}", said.join(pick(lang, "，", ", ")))
}

fn adjust(value: &Adjust, lang: Lang) -> String {
    let mut did = Vec::new();
    let amount = |zh: &str, en: &str, money: Money| match lang {
        Lang::Zh => format!("起付线{zh} {money} 元"),
        Lang::En => format!("deductible {en} {money} yuan"),
    };
    did.extend(value.deductible_set.map(|set| amount("为", "is", set)));
    did.extend(value.deductible_multiply.map(|factor| match lang {
        Lang::Zh => format!("起付线 × {factor}"),
        Lang::En => format!("deductible × {factor}"),
    }));
    did.extend(value.deductible_add.map(|add| match add.is_negative() {
        true => amount("减", "less", add.abs()),
        false => amount("加", "plus", add),
    }));
    did.extend(value.deductible_at_most.map(|most| amount("至多", "at most", most)));
    did.extend(value.rate_add.map(|points| {
        let text = points.to_string();
        let shown = figures::points(&text).unwrap_or(text);
        match (shown.strip_prefix('-'), lang) {
            (Some(off), Lang::Zh) => format!("支付比例降低 {off} 个百分点"),
            (None, Lang::Zh) => format!("支付比例提高 {shown} 个百分点"),
            (Some(off), Lang::En) => format!("rates less {off} points"),
            (None, Lang::En) => format!("rates plus {shown} points"),
        }
    }));
    did.join(pick(lang, "，", ", "))
}

fn chain(value: &ChainBy, lang: Lang) -> String {
    match value {
        ChainBy::Episode => {
            pick(lang, "同一就诊链只扣一次起付线", "once along one episode").to_owned()
        }
        ChainBy::Diagnosis(_) => {
            pick(lang, "同一病种年内只扣一次起付线", "once a year for these diagnoses").to_owned()
        }
    }
}

fn guarantee(value: &Guarantee, lang: Lang) -> String {
    let ratio = value.ratio.map(|ratio| match lang {
        Lang::Zh => format!("支付不低于 {}", percent(ratio)),
        Lang::En => format!("at least {} is paid", percent(ratio)),
    });
    let most = value.patient_at_most.map(|most| match lang {
        Lang::Zh => format!("个人负担不超过 {}", yuan(most, lang)),
        Lang::En => format!("the patient's part is at most {}", yuan(most, lang)),
    });
    let both: Vec<String> = ratio.into_iter().chain(most).collect();
    both.join(pick(lang, "，", ", "))
}

fn cap(value: &Cap, lang: Lang) -> String {
    let mut caps = Vec::new();
    caps.extend(value.admission.map(|most| match lang {
        Lang::Zh => format!("每次 {}", yuan(most, lang)),
        Lang::En => format!("{} for an admission", yuan(most, lang)),
    }));
    caps.extend(value.year.map(|most| match lang {
        Lang::Zh => format!("每年 {}", yuan(most, lang)),
        Lang::En => format!("{} a year", yuan(most, lang)),
    }));
    caps.extend(value.base_share.map(|share| match lang {
        Lang::Zh => format!("基数的 {}", percent(share)),
        Lang::En => format!("{} of the base", percent(share)),
    }));
    caps.join(pick(lang, "，", ", "))
}

fn financing(page: &mut Page, step: &Step, lang: Lang) {
    if step.financing.is_empty() {
        return;
    }
    page.line(&format!("{INDENT}{}", pick(lang, "筹资分担", "Financed by")));
    for one in &step.financing {
        let (from, share) = (words::financier(&one.from, lang), percent(one.share));
        page.item(MARK, &format!("{from} {share}{}", source(&one.source, lang)));
    }
}
