//! Clearing types (清算类别): under which of them a medical type is cleared. Pure.

use std::collections::BTreeMap;

/// The clearing type of every medical type (医疗类别): what a region configures, else what the national codes imply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClearingTypes(BTreeMap<String, String>);

impl ClearingTypes {
    /// With what a region configures: a medical type, and its clearing type.
    pub fn new(configured: BTreeMap<String, String>) -> ClearingTypes {
        ClearingTypes(configured)
    }

    /// The clearing type of a medical type: 11 outpatient, 41 pharmacy, 21 inpatient.
    pub fn of(&self, med_type: &str) -> &str {
        if let Some(configured) = self.0.get(med_type) {
            return configured;
        }
        match med_type.get(..2).unwrap_or_default() {
            "11" | "12" | "13" | "14" | "15" | "18" | "19" | "51" | "99" => "11",
            "41" => "41",
            _ => "21",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_region_says_goes_before_the_national_codes() {
        let types = ClearingTypes::new([("2106".to_owned(), "99".to_owned())].into());
        for (med_type, is) in
            [("11", "11"), ("1401", "11"), ("41", "41"), ("21", "21"), ("52", "21"), ("2106", "99")]
        {
            assert_eq!(types.of(med_type), is, "{med_type}");
        }
        assert_eq!((types.of(""), types.of("医")), ("21", "21"));
    }
}
