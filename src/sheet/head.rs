//! Head of a sheet: which settlement it is, of whom and where, and what policy looked at. Spec 3.

use crate::id;
use crate::proto;
use crate::refusal::Lang;
use crate::sheet::bill;
use crate::sheet::explain;
use crate::sheet::layout::Page;
use crate::sheet::words;
use crate::sheet::words::pick;

/// Signs of a digest that are shown.
const DIGEST_SIGNS: usize = 16;

/// The head of a recorded settlement.
pub(super) fn of_record(page: &mut Page, record: &proto::SettlementRecord, lang: Lang) {
    let number = record.number;
    let standing = match record.reversed_by {
        0 => pick(lang, "有效", "effective").to_owned(),
        by => say!(lang, "已撤销，见 {by} 号", "reversed by no. {by}"),
    };
    page.title(
        pick(lang, "医疗费用结算单", "Settlement sheet"),
        &say!(lang, "{number} 号  {standing}", "no. {number}  {standing}"),
    );
    let request = record.request.as_ref();
    let admission = request.and_then(|request| request.admission.as_ref());
    if let Some(admission) = admission {
        page.pairs(&[
            (pick(lang, "患者", "patient"), id::masked(&admission.person)),
            (pick(lang, "医疗机构", "facility"), admission.facility.clone()),
            (pick(lang, "就诊号", "admission"), admission.id.clone()),
            (pick(lang, "就诊链", "episode"), admission.episode.clone()),
        ]);
    }
    let writer = request.and_then(|request| request.writer.as_ref());
    let field = |of: fn(&proto::Writer) -> &String| writer.map(of).cloned().unwrap_or_default();
    page.pairs(&[
        (pick(lang, "结算时间", "recorded"), instant(&record.recorded_at)),
        (pick(lang, "经办人", "operator"), field(|writer| &writer.operator)),
        (pick(lang, "摘要号", "digest"), digest(&record.digest)),
    ]);
}

/// The head of a quote.
pub(super) fn of_quote(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    let version = statement.version;
    page.title(
        pick(lang, "医疗费用预结算单", "Quote"),
        &say!(
            lang,
            "未入账  按累计版本 {version} 计算",
            "nothing recorded  year at version {version}"
        ),
    );
}

/// What policy looked at, and the pack.
pub(super) fn facts(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    if let Some(facts) = &statement.facts {
        persons(page, facts, statement.benefit_year, lang);
    }
    let pack = statement.pack.as_ref();
    page.pairs(&[(
        pick(lang, "规则包", "pack"),
        pack.map_or_else(String::new, |pack| pack_name(pack, lang)),
    )]);
    if uses_assumed(statement) {
        let mark = words::assumed_mark(lang).trim_start();
        page.item(
            &format!("{mark} "),
            pick(
                lang,
                "本单用到没有正式文件依据的数值，凡用到处均有此标记。",
                "This sheet rests on numbers that nothing official says; each is marked so.",
            ),
        );
    }
}

/// The facts of person, facility and admission.
pub(super) fn persons(page: &mut Page, facts: &proto::Facts, year: i32, lang: Lang) {
    page.pairs(&pairs(facts, year, lang));
}

/// The facts of person, facility and admission by name; what is empty does not concern them.
pub(crate) fn pairs(facts: &proto::Facts, year: i32, lang: Lang) -> [(&'static str, String); 12] {
    let identities: Vec<&str> = facts
        .identities
        .iter()
        .map(|one| words::title(one.title.as_ref(), &one.key, lang))
        .collect();
    let identities = match identities.as_slice() {
        [] => pick(lang, "无", "none").to_owned(),
        some => words::list(some, lang),
    };
    let (age, insured) = (facts.age, facts.insured_years);
    let compliant = facts.compliant.map_or("", |compliant| match compliant {
        true => pick(lang, "是", "yes"),
        false => pick(lang, "否", "no"),
    });
    let ordinal = facts.ordinal;
    [
        (pick(lang, "入院", "admitted"), facts.admitted_on.clone()),
        (pick(lang, "出院", "discharged"), facts.discharged_on.clone()),
        (pick(lang, "医疗类别", "medical type"), words::med_type(&facts.med_type, lang)),
        (pick(lang, "诊断", "diagnoses"), words::list(&facts.diagnoses, lang)),
        (pick(lang, "参保地", "insured in"), facts.place.clone()),
        (pick(lang, "险种", "insurance"), words::insutype(&facts.insutype, lang)),
        (pick(lang, "人员身份", "identities"), identities),
        (
            pick(lang, "年龄", "age"),
            say!(lang, "{age} 岁，连续参保 {insured} 年", "{age}, insured {insured} years"),
        ),
        (pick(lang, "就医地", "facility lies"), lies(facts, lang)),
        (pick(lang, "转诊", "referral"), words::referral(&facts.referral, lang).to_owned()),
        (pick(lang, "分级诊疗", "compliant"), compliant.to_owned()),
        (
            pick(lang, "待遇年度", "year"),
            say!(lang, "{year}，本年第 {ordinal} 次就诊", "{year}, admission {ordinal}"),
        ),
    ]
}

/// Where the facility lies, its level and tier, and its tags.
fn lies(facts: &proto::Facts, lang: Lang) -> String {
    let mut said = vec![words::locality(&facts.locality, lang).to_owned()];
    said.extend(facts.level.map(|level| words::level(level, lang)));
    said.push(words::tier(&facts.tier, lang).to_owned());
    said.extend(facts.facility_tags.iter().cloned());
    said.retain(|text| !text.is_empty());
    words::list(&said, lang)
}

/// A pack by its title, family and first day.
pub(crate) fn pack_name(pack: &proto::PackName, lang: Lang) -> String {
    let title = words::title(pack.title.as_ref(), &pack.id, lang);
    let (id, from) = (&pack.id, &pack.effective_from);
    say!(lang, "{title}（{id}，{from} 起）", "{title} ({id}, from {from})")
}

/// A digest by its first signs.
pub(crate) fn digest(digest: &str) -> String {
    match digest.char_indices().nth(DIGEST_SIGNS) {
        Some((end, _)) => digest.split_at(end).0.to_owned() + "…",
        None => digest.to_owned(),
    }
}

/// An instant without its offset, which is always that of Shanghai; to the second.
pub(crate) fn instant(text: &str) -> String {
    let local = text.strip_suffix("+08:00").unwrap_or(text);
    let second = local.split_once('.').map_or(local, |(second, _)| second);
    second.replacen('T', " ", 1)
}

/// Whether anything in a statement is assumed. Packs 2.
pub(crate) fn uses_assumed(statement: &proto::Statement) -> bool {
    let lines = statement.lines.iter().map(|line| line.source.as_ref());
    let checks = statement.checks.iter().map(|check| check.source.as_ref());
    let mut sources = lines.chain(checks).chain([bill::deposit_source(statement)]);
    sources.any(words::is_assumed)
        || statement.steps.iter().any(|step| step.ran && explain::uses_assumed(step))
}
