//! Codes that differ from one region to another: a table of the configuration goes before what is usual. HN tables 396 to 459.

use crate::admission::Referral;
use crate::calendar::Day;
use crate::config::HisConfig;
use crate::his::fields::Fields;
use crate::his::json::Json;

/// The output field that a fund's payments go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FundField {
    /// Basic insurance (基本医疗保险统筹基金支出).
    Hifp,
    /// Civil servants (公务员医疗补助).
    Cvlserv,
    /// Enterprise supplement (企业补充医疗保险).
    Hifes,
    /// Residents' critical illness (居民大病保险).
    Hifmi,
    /// Employees' large amounts (职工大额医疗费用补助).
    Hifob,
    /// Medical assistance (医疗救助).
    Maf,
    /// Disabled soldiers (伤残人员医疗保障); counted in `oth_pay` as well.
    Hifdm,
    /// All others (其他支出).
    Other,
}

impl FundField {
    /// All of them, in the order of the output.
    pub(super) const ALL: [FundField; 8] = [
        FundField::Hifp,
        FundField::Cvlserv,
        FundField::Hifes,
        FundField::Hifmi,
        FundField::Hifob,
        FundField::Maf,
        FundField::Hifdm,
        FundField::Other,
    ];

    /// The name of the field.
    pub(super) fn name(self) -> &'static str {
        match self {
            FundField::Hifp => "hifp_pay",
            FundField::Cvlserv => "cvlserv_pay",
            FundField::Hifes => "hifes_pay",
            FundField::Hifmi => "hifmi_pay",
            FundField::Hifob => "hifob_pay",
            FundField::Maf => "maf_pay",
            FundField::Hifdm => "hifdm_pay",
            FundField::Other => "oth_pay",
        }
    }

    fn parse(name: &str) -> Option<FundField> {
        FundField::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// Funds and their fields, by the beginning of the code; the longest that fits counts.
const FUND_FIELDS: &[(&str, FundField)] = &[
    ("3101", FundField::Hifp),
    ("3103", FundField::Hifob),
    ("32", FundField::Cvlserv),
    ("33", FundField::Hifob),
    ("35", FundField::Hifdm),
    ("37", FundField::Hifes),
    ("3901", FundField::Hifp),
    ("3902", FundField::Hifmi),
    ("6101", FundField::Maf),
];

/// What a fund's payments are to the region: the field, and the code to say.
pub(super) fn fund<'c>(config: &'c HisConfig, fund: &'c str) -> (FundField, &'c str) {
    let configured = config.fund_fields.get(fund).and_then(|name| FundField::parse(name));
    let usual = || {
        let fits = FUND_FIELDS.iter().filter(|(prefix, _)| fund.starts_with(prefix));
        fits.max_by_key(|(prefix, _)| prefix.len()).map_or(FundField::Other, |(_, field)| *field)
    };
    let code = config.funds.get(fund).map_or(fund, String::as_str);
    (configured.unwrap_or_else(usual), code)
}

/// The national medical type for the region's.
pub(super) fn med_type<'c>(config: &'c HisConfig, said: &'c str) -> &'c str {
    config.med_types.get(said).map_or(said, String::as_str)
}

/// How the patient came: what `exp_content` says of it (IPT_TYPE 2 emergency, 3 transfer), else what the medical type implies.
pub(super) fn referral(config: &HisConfig, visit: Fields<'_>, said: &str) -> Referral {
    let content = visit.text("exp_content").and_then(Json::read);
    let ipt_type = content.as_ref().and_then(|content| content.text_of("IPT_TYPE"));
    match ipt_type {
        Some("2") => Referral::Emergency,
        Some("3") => Referral::Registered,
        Some(_) | None => {
            let implied = config.referrals.get(said).map(String::as_str);
            implied.and_then(Referral::parse).unwrap_or_default()
        }
    }
}

/// The type of person (人员类别). The registers do not hold it: employees count as working, residents go by age.
pub(super) fn person_type(insutype: &str, age: u32) -> &'static str {
    match (insutype, age) {
        ("310", _) => "11",
        ("390" | "391", 0..=17) => "14",
        ("390" | "391", 18..=59) => "15",
        ("390" | "391", _) => "16",
        ("340", _) => "13",
        _ => "99",
    }
}

/// What the number of an identity card says of the sex: 1 male, 2 female, 0 unknown.
pub(super) fn sex(certificate: &str) -> &'static str {
    let signs = certificate.as_bytes();
    let digits = signs.iter().take(17).all(u8::is_ascii_digit);
    match signs.get(16) {
        Some(digit) if signs.len() == 18 && digits => {
            if (digit - b'0') % 2 == 1 {
                "1"
            } else {
                "2"
            }
        }
        Some(_) | None => "0",
    }
}

/// The type of a document (人员证件类型): an identity card by its shape, else another.
pub(super) fn certificate_type(certificate: &str) -> &'static str {
    let signs = certificate.as_bytes();
    let is_card = signs.len() == 18 && signs.iter().take(17).all(u8::is_ascii_digit);
    if is_card { "01" } else { "99" }
}

/// Whole years of a person on a day.
pub(super) fn age(birth: &str, day: Day) -> u32 {
    Day::parse(birth).map_or(0, |birth| birth.whole_years_to(day))
}

/// The national class of an item (收费项目等级).
pub(super) fn class(letter: &str) -> &'static str {
    match letter {
        "A" => "01",
        "B" => "02",
        _ => "03",
    }
}

/// The charge category of a line where neither it nor the catalogue says one: the first sign of a national item code tells
/// drugs and supplies apart, the rest is 14 其他费.
pub(super) fn category(code: &str) -> &'static str {
    match code.bytes().next() {
        Some(b'X') => "09",
        Some(b'Z') => "11",
        Some(b'T') => "10",
        Some(b'C') => "08",
        Some(_) | None => "14",
    }
}
