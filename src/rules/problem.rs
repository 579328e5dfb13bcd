//! What can be wrong with a pack, in both languages, each kind under a code that stays. Packs 8.

use crate::calendar::Day;
use crate::calendar::Span;
use crate::money::NumberError;

/// What kind of value a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text.
    Text,
    /// A decimal in quotes: amounts, rates and shares.
    Decimal,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Flag,
    /// A day without quotes, time and zone.
    Date,
    /// A list.
    List,
    /// A table.
    Table,
}

impl Form {
    fn en(self) -> &'static str {
        match self {
            Form::Text => "a text in quotes",
            Form::Decimal => "a decimal in quotes, such as \"0.85\"",
            Form::Integer => "a whole number without quotes",
            Form::Flag => "true or false",
            Form::Date => "a date without quotes, such as 2018-01-01",
            Form::List => "a list",
            Form::Table => "a table",
        }
    }

    fn zh(self) -> &'static str {
        match self {
            Form::Text => "带引号的文本",
            Form::Decimal => "带引号的十进制数(如 \"0.85\")",
            Form::Integer => "不带引号的整数",
            Form::Flag => "true 或 false",
            Form::Date => "不带引号的日期(如 2018-01-01)",
            Form::List => "列表",
            Form::Table => "表",
        }
    }
}

/// Why a pack is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file is longer than any pack should be.
    #[error("is longer than {max} bytes")]
    TooLarge {
        /// The most.
        max: usize,
    },
    /// Not TOML.
    #[error("is not TOML: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// Another schema than the one that this program reads.
    #[error("schema {found} is not known; this program reads 1")]
    Schema {
        /// As written.
        found: i64,
    },
    /// The folder is not named after the pack.
    #[error("the folder is `{folder}`, the pack `{id}`")]
    FolderName {
        /// The folder.
        folder: String,
        /// The pack's id.
        id: String,
    },
    /// The file is not named after its first day.
    #[error("the file is `{file}`, its first day {from}")]
    FileName {
        /// The file.
        file: String,
        /// `effective_from`.
        from: Day,
    },
    /// A key that may not stand here.
    #[error("unknown key")]
    UnknownKey,
    /// A key that must stand here.
    #[error("is missing")]
    Missing,
    /// None of several keys, of which one must stand here.
    #[error("needs one of {}", keys.join(", "))]
    NoneOf {
        /// The keys.
        keys: &'static [&'static str],
    },
    /// Two keys that say the same thing.
    #[error("cannot stand beside {other}")]
    Both {
        /// The other key.
        other: &'static str,
    },
    /// Not the kind of value that the key takes.
    #[error("should be {}", want.en())]
    WrongForm {
        /// What it takes.
        want: Form,
    },
    /// An empty list or text.
    #[error("is empty")]
    Empty,
    /// More of something than a pack may have.
    #[error("more than {max}")]
    TooMany {
        /// The most.
        max: usize,
    },
    /// A text that is not written as it should be.
    #[error("`{text}` should be {}", want.0)]
    Spelling {
        /// What stands there.
        text: String,
        /// What it should be, in English and Chinese.
        want: (&'static str, &'static str),
    },
    /// Not one of the words that may stand here.
    #[error("`{text}` is not one of {}", allowed.join(", "))]
    NotOneOf {
        /// What stands there.
        text: String,
        /// The words.
        allowed: Vec<&'static str>,
    },
    /// A decimal that cannot be read, or is out of range.
    #[error("`{text}` {why}")]
    Number {
        /// What stands there.
        text: String,
        /// Why not.
        why: NumberError,
    },
    /// A whole number that is out of range.
    #[error("{found} is not from {from} to {to}")]
    Range {
        /// As written.
        found: i64,
        /// The least.
        from: u32,
        /// The greatest.
        to: u32,
    },
    /// The same thing twice in one list.
    #[error("stands there twice")]
    Repeated,
    /// An id that something before it has.
    #[error("`{id}` is used before")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// An identity that `[identities]` does not have.
    #[error("identity `{key}` is not declared")]
    UndeclaredIdentity {
        /// As written.
        key: String,
    },
    /// A source that `[sources]` does not have.
    #[error("source `{id}` is not declared")]
    UndeclaredSource {
        /// As written.
        id: String,
    },
    /// A source without a clause, or an assumption without a reason.
    #[error("should be a source id, a space and the clause, or `assumed: why`")]
    SourceForm,
    /// A lower bound above its upper bound.
    #[error("the lower bound {from} is above the upper bound {to}")]
    BoundsOrder {
        /// Lower.
        from: u32,
        /// Upper.
        to: u32,
    },
    /// `reached` where no step has run yet.
    #[error("may stand in steps and their entries only")]
    ReachedOutside,
    /// `reached` with what is not an earlier step.
    #[error("`{id}` is no earlier step")]
    ReachedStep {
        /// As written.
        id: String,
    },
    /// A benefit year that does not start on a day that every year has.
    #[error("`{text}` should be MM-DD, a day that every year has")]
    YearStart {
        /// As written.
        text: String,
    },
    /// The last day comes before the first.
    #[error("the span {span} ends before it begins")]
    SpanOrder {
        /// The span.
        span: Span,
    },
    /// Bands whose upper ends do not rise from above 0.
    #[error("upper ends must rise, from above 0")]
    BandsRising,
    /// Bands that end.
    #[error("the last segment must be open at the top")]
    BandsClosed,
    /// A segment after an open one.
    #[error("only the last segment may be open at the top")]
    BandsOpenEarly,
    /// A list of amounts, by ordinal, in a step of period `year`.
    #[error("a step of period year takes one amount")]
    AmountsOnYear,
    /// A chain in a step of period `year`.
    #[error("chains are for steps of period admission")]
    ChainOnYear,
    /// A chain by diagnosis without the diagnoses.
    #[error("by diagnosis needs a when of one table with principal")]
    ChainWithoutPrincipal,
    /// Class B without its first-copay rate.
    #[error("class B needs a first_copay_rate")]
    FirstCopayMissing,
    /// A first-copay rate of another class.
    #[error("stands with class B only")]
    FirstCopayUnasked,
    /// The limit that the measure does not take.
    #[error("{measure} takes {takes}")]
    OtherLimit {
        /// The measure.
        measure: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// Financing shares that leave something over.
    #[error("the shares do not sum to 1")]
    FinancingSum,
    /// Adjustments that could leave the range of exact numbers.
    #[error("the adjusted deductible could need {digits} digits; {max} are exact")]
    Inexact {
        /// Digits needed.
        digits: u32,
        /// Digits at hand.
        max: u32,
    },
    /// Two files of one family and day.
    #[error("`{other}` has the same id and first day")]
    SameFile {
        /// The other file.
        other: String,
    },
    /// Files of a family that must agree and do not.
    #[error("differs from `{other}` of the same family")]
    FamilyDiffers {
        /// The other file.
        other: String,
    },
    /// An explicit end inside the next file's span.
    #[error("{to} is not before {next}, when the family's next file begins")]
    SpanIntoNext {
        /// `effective_to`.
        to: Day,
        /// First day of the next file.
        next: Day,
    },
    /// Two families of one place, type and date.
    #[error("`{other}` governs the same place and insurance type on the same days")]
    FamiliesMeet {
        /// The other family's file.
        other: String,
    },
}

impl Problem {
    /// The code of this kind. Never changed, never used again.
    pub fn code(&self) -> &'static str {
        match self {
            Problem::TooLarge { .. } => "too-large",
            Problem::Syntax { .. } => "syntax",
            Problem::Schema { .. } => "schema",
            Problem::FolderName { .. } => "folder-name",
            Problem::FileName { .. } => "file-name",
            Problem::UnknownKey => "unknown-key",
            Problem::Missing => "missing",
            Problem::NoneOf { .. } => "none-of",
            Problem::Both { .. } => "both",
            Problem::WrongForm { .. } => "wrong-form",
            Problem::Empty => "empty",
            Problem::TooMany { .. } => "too-many",
            Problem::Spelling { .. } => "spelling",
            Problem::NotOneOf { .. } => "not-one-of",
            Problem::Number { .. } => "number",
            Problem::Range { .. } => "range",
            Problem::Repeated => "repeated",
            Problem::DuplicateId { .. } => "duplicate-id",
            Problem::UndeclaredIdentity { .. } => "undeclared-identity",
            Problem::UndeclaredSource { .. } => "undeclared-source",
            Problem::SourceForm => "source-form",
            Problem::BoundsOrder { .. } => "bounds-order",
            Problem::ReachedOutside => "reached-outside",
            Problem::ReachedStep { .. } => "reached-step",
            Problem::YearStart { .. } => "year-start",
            Problem::SpanOrder { .. } => "span-order",
            Problem::BandsRising => "bands-rising",
            Problem::BandsClosed => "bands-closed",
            Problem::BandsOpenEarly => "bands-open-early",
            Problem::AmountsOnYear => "amounts-on-year",
            Problem::ChainOnYear => "chain-on-year",
            Problem::ChainWithoutPrincipal => "chain-without-principal",
            Problem::FirstCopayMissing => "first-copay-missing",
            Problem::FirstCopayUnasked => "first-copay-unasked",
            Problem::OtherLimit { .. } => "other-limit",
            Problem::FinancingSum => "financing-sum",
            Problem::Inexact { .. } => "inexact",
            Problem::SameFile { .. } => "same-file",
            Problem::FamilyDiffers { .. } => "family-differs",
            Problem::SpanIntoNext { .. } => "span-into-next",
            Problem::FamiliesMeet { .. } => "families-meet",
        }
    }

    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Problem::TooLarge { max } => format!("文件超过 {max} 字节"),
            Problem::Syntax { message } => format!("不是合法的 TOML:{message}"),
            Problem::Schema { found } => format!("格式版本 {found} 未知,本程序只读 1"),
            Problem::FolderName { folder, id } => {
                format!("文件夹名 {folder} 与规则包编号 {id} 不符")
            }
            Problem::FileName { file, from } => format!("文件名 {file} 与生效日期 {from} 不符"),
            Problem::NoneOf { keys } => format!("须至少填写其一:{}", keys.join("、")),
            Problem::Both { other } => format!("不能与 {other} 同时填写"),
            Problem::WrongForm { want } => format!("应为{}", want.zh()),
            Problem::TooMany { max } => format!("超过上限 {max}"),
            Problem::Spelling { text, want } => format!("{text} 应为{}", want.1),
            Problem::NotOneOf { text, allowed } => {
                format!("{text} 不在可选值之内:{}", allowed.join("、"))
            }
            Problem::Number { text, why } => format!("{text} {}", why.zh()),
            Problem::Range { found, from, to } => format!("{found} 不在 {from} 至 {to} 之内"),
            Problem::DuplicateId { id } => format!("编号 {id} 重复"),
            Problem::UndeclaredIdentity { key } => format!("身份 {key} 未在 [identities] 中声明"),
            Problem::UndeclaredSource { id } => format!("依据 {id} 未在 [sources] 中声明"),
            Problem::BoundsOrder { from, to } => format!("下限 {from} 大于上限 {to}"),
            Problem::ReachedStep { id } => format!("{id} 不是排在前面的步骤"),
            Problem::YearStart { text } => format!("{text} 应为 MM-DD,且每年都有这一天"),
            Problem::SpanOrder { span } => format!("期间 {span} 止日早于起日"),
            Problem::OtherLimit { measure, takes } => format!("{measure} 应填写 {takes}"),
            Problem::Inexact { digits, max } => {
                format!("调整后的起付线可能需要 {digits} 位数字,精确计算限 {max} 位")
            }
            Problem::SameFile { other } => format!("与 {other} 的编号和生效日期相同"),
            Problem::FamilyDiffers { other } => format!("与同一规则包的 {other} 不一致"),
            Problem::SpanIntoNext { to, next } => {
                format!("失效日期 {to} 不早于下一文件的生效日期 {next}")
            }
            Problem::FamiliesMeet { other } => format!("与 {other} 在同一地区、险种、日期重叠"),
            Problem::UnknownKey => "不认识的键".to_owned(),
            Problem::Missing => "缺少该键".to_owned(),
            Problem::Empty => "为空".to_owned(),
            Problem::Repeated => "重复出现".to_owned(),
            Problem::SourceForm => "应为依据编号、空格加条款,或 assumed: 加理由".to_owned(),
            Problem::ReachedOutside => "只能用于步骤及其条目".to_owned(),
            Problem::BandsRising => "分段上限须从 0 以上逐段递增".to_owned(),
            Problem::BandsClosed => "最后一段不得有上限".to_owned(),
            Problem::BandsOpenEarly => "只有最后一段可以没有上限".to_owned(),
            Problem::AmountsOnYear => "按年度计算的步骤只能有一个金额".to_owned(),
            Problem::ChainOnYear => "连续计算起付线只用于按次计算的步骤".to_owned(),
            Problem::ChainWithoutPrincipal => {
                "按诊断连续计算须有只含一张表且写明 principal 的 when".to_owned()
            }
            Problem::FirstCopayMissing => "按乙类处理须写明先行自付比例".to_owned(),
            Problem::FirstCopayUnasked => "先行自付比例只与乙类同用".to_owned(),
            Problem::FinancingSum => "筹资分担比例之和不为 1".to_owned(),
        }
    }
}
