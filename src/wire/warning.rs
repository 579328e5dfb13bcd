//! The words of a statement's warnings.

use crate::statement::Warning;

/// The kind of a warning, and the item's code where it is about one.
pub(super) fn name(warning: &Warning) -> (&'static str, &str) {
    match warning {
        Warning::NotInCatalogue(code) => ("not-in-catalogue", code.as_str()),
        Warning::TotalsUnseen => ("totals-unseen", ""),
        Warning::DrugsNotMeasured => ("drugs-not-measured", ""),
    }
}

/// Its sentence, Chinese and English.
pub(super) fn sentence(warning: &Warning) -> (String, String) {
    match warning {
        Warning::NotInCatalogue(code) => (
            format!("项目 {code} 不在目录内,按丙类处理"),
            format!("item `{code}` is not in the catalogue and counts as class C"),
        ),
        Warning::TotalsUnseen => (
            "本单只有合计,规则中的目录调整和减免未能适用".to_owned(),
            "a bill of totals: the pack's overrides and waivers could not be applied".to_owned(),
        ),
        Warning::DrugsNotMeasured => (
            "未提供药品费,目录内药品占比未检查".to_owned(),
            "the bill does not state its drugs: the drug share was not checked".to_owned(),
        ),
    }
}
