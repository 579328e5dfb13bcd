//! What codes, parts, payers and sources are called in Chinese and English. A code without a name is shown as it is.

use crate::proto;
use crate::refusal::Lang;
use crate::sheet::figures;

/// One of two texts.
pub(crate) fn pick<'a>(lang: Lang, zh: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// What marks a number that nothing official says. Packs 2.
pub(crate) fn assumed_mark(lang: Lang) -> &'static str {
    pick(lang, "〔假定〕", " [assumed]")
}

/// Whether a source is an assumption; its text counts too, so that nothing assumed looks like law.
pub(crate) fn is_assumed(source: Option<&proto::Source>) -> bool {
    source.is_some_and(|source| source.assumed || source.text.starts_with("assumed"))
}

/// A source behind a number: in brackets, after the mark where it is assumed.
pub(crate) fn source(source: Option<&proto::Source>, lang: Lang) -> String {
    let Some(named) = source else { return String::new() };
    let mark = if is_assumed(source) { assumed_mark(lang) } else { "" };
    let text = named
        .text
        .strip_prefix("assumed")
        .map_or(named.text.as_str(), |rest| rest.trim_start_matches([':', ' ']));
    match lang {
        Lang::Zh if text.is_empty() => mark.to_owned(),
        Lang::Zh => format!("{mark}（{text}）"),
        Lang::En if text.is_empty() => mark.to_owned(),
        Lang::En => format!("{mark} ({text})"),
    }
}

/// A title in the language, else in the other one, else what stands in for it.
pub(crate) fn title<'a>(title: Option<&'a proto::Title>, other: &'a str, lang: Lang) -> &'a str {
    let Some(title) = title else { return other };
    let (first, second) = match lang {
        Lang::Zh => (&title.zh, &title.en),
        Lang::En => (&title.en, &title.zh),
    };
    [first.as_str(), second.as_str(), other].into_iter().find(|text| !text.is_empty()).unwrap_or("")
}

/// An amount with its unit.
pub(crate) fn yuan(text: &str, lang: Lang) -> String {
    format!("{} {}", figures::amount(text), pick(lang, "元", "yuan"))
}

/// A name from a list; what has none is shown as it is.
fn named<'a>(code: &'a str, names: &[(&str, &'static str, &'static str)], lang: Lang) -> &'a str {
    let found = names.iter().find(|(one, _, _)| *one == code);
    found.map_or(code, |(_, zh, en)| pick(lang, zh, en))
}

/// A code's name with the code behind it.
fn coded(code: &str, names: &[(&str, &'static str, &'static str)], lang: Lang) -> String {
    match named(code, names, lang) {
        name if name == code => code.to_owned(),
        name => say!(lang, "{name}（{code}）", "{name} ({code})"),
    }
}

/// Several things in a row.
pub(crate) fn list<T: AsRef<str>>(things: &[T], lang: Lang) -> String {
    let things: Vec<&str> = things.iter().map(AsRef::as_ref).collect();
    things.join(pick(lang, "、", ", "))
}

/// A part of the bill.
pub(crate) fn part(name: &str, lang: Lang) -> &str {
    let names = [
        ("in_scope", "符合政策范围", "in scope"),
        ("copay_first", "先行自付", "first copay"),
        ("over_limit", "超限价自费", "above limit"),
        ("own_expense", "全自费", "own expense"),
        ("facility_borne", "医院负担", "facility"),
    ];
    named(name, &names, lang)
}

/// The five parts by name and amount, in the order of spec 2.1.
pub(crate) fn parts(parts: &proto::Parts) -> [(&'static str, &str); 5] {
    [
        ("in_scope", &parts.in_scope),
        ("copay_first", &parts.copay_first),
        ("over_limit", &parts.over_limit),
        ("own_expense", &parts.own_expense),
        ("facility_borne", &parts.facility_borne),
    ]
}

/// Who pays.
pub(crate) fn payer(name: &str, lang: Lang) -> &str {
    let names = [
        ("fund", "医保基金", "fund"),
        ("commercial", "商业保险", "commercial"),
        ("government", "政府", "government"),
        ("charity", "慈善", "charity"),
        ("facility", "医院", "facility"),
    ];
    named(name, &names, lang)
}

/// Who finances a piece.
pub(crate) fn financier(name: &str, lang: Lang) -> &str {
    let names = [
        ("state", "中央", "state"),
        ("province", "省级", "province"),
        ("city", "市级", "city"),
        ("county", "县级", "county"),
    ];
    named(name, &names, lang)
}

/// Where the facility lies, seen from the insured place.
pub(crate) fn locality(name: &str, lang: Lang) -> &str {
    let names = [
        ("county", "参保县内", "same county"),
        ("city", "参保市内", "same city"),
        ("province", "参保省内", "same province"),
        ("outside", "参保省外", "outside the province"),
    ];
    named(name, &names, lang)
}

/// The facility's administrative tier.
pub(crate) fn tier(name: &str, lang: Lang) -> &str {
    let names = [
        ("township", "乡镇", "township"),
        ("county", "县属", "county"),
        ("city", "市属", "city"),
        ("province", "省属", "province"),
    ];
    named(name, &names, lang)
}

/// The facility's level.
pub(crate) fn level(level: u32, lang: Lang) -> String {
    let name = match (level, lang) {
        (0, Lang::Zh) => "未定级",
        (1, Lang::Zh) => "一级",
        (2, Lang::Zh) => "二级",
        (3, Lang::Zh) => "三级",
        (0, Lang::En) => "unrated",
        (other, Lang::Zh) => return format!("{other} 级"),
        (other, Lang::En) => return format!("level {other}"),
    };
    name.to_owned()
}

/// How the patient came.
pub(crate) fn referral(name: &str, lang: Lang) -> &str {
    let names = [
        ("none", "未转诊", "none"),
        ("registered", "已转诊备案", "registered"),
        ("emergency", "急诊", "emergency"),
    ];
    named(name, &names, lang)
}

/// The national medical type.
pub(crate) fn med_type(code: &str, lang: Lang) -> String {
    let names = [
        ("11", "普通门诊", "outpatient"),
        ("14", "门诊慢特病", "chronic outpatient"),
        ("21", "普通住院", "inpatient"),
        ("2101", "普通住院", "inpatient"),
        ("2102", "单病种住院", "single-disease inpatient"),
        ("2105", "康复住院", "rehabilitation inpatient"),
        ("2106", "平产住院", "natural birth"),
        ("2107", "剖宫产住院", "caesarean birth"),
        ("2109", "新生儿抢救", "newborn in danger"),
        ("21303", "精神病住院", "psychiatric inpatient"),
        ("22", "外伤住院", "inpatient after an injury"),
        ("23", "转外住院", "inpatient elsewhere"),
        ("24", "急诊转住院", "emergency inpatient"),
        ("28", "日间手术", "day surgery"),
        ("51", "生育门诊", "maternity outpatient"),
        ("52", "生育住院", "maternity inpatient"),
        ("9921", "新生儿随母住院", "newborn with the mother"),
        ("9925", "转入住院", "transferred in"),
    ];
    coded(code, &names, lang)
}

/// The insurance type.
pub(crate) fn insutype(code: &str, lang: Lang) -> String {
    let names = [("310", "职工", "employees"), ("390", "城乡居民", "residents")];
    coded(code, &names, lang)
}

/// A chain that shares one deductible: `episode:…` or `diagnosis:…`.
pub(crate) fn chain(name: &str, lang: Lang) -> String {
    let by = [("episode", "同一就诊链", "episode"), ("diagnosis", "同一病种", "diagnosis")];
    match name.split_once(':') {
        Some((kind, rest)) => format!("{} {rest}", named(kind, &by, lang)),
        None => name.to_owned(),
    }
}

/// Which cap bound.
pub(crate) fn cap(name: &str, lang: Lang) -> &str {
    let names = [
        ("admission", "单次限额", "limit for one admission"),
        ("year", "年度限额", "limit for the year"),
        ("base_share", "基数比例限额", "limit by share of the base"),
    ];
    named(name, &names, lang)
}
