//! The amounts of a settlement in the fields of the national interface, from the statement, so that its identities hold:
//!
//! - I1 `medfee_sumamt` = `fund_pay_sumamt` + `psn_part_amt` + `hosp_part_amt`
//! - I2 `psn_part_amt` = `acct_pay` + `psn_cash_pay`
//! - I3 `fund_pay_sumamt` = the seven funds, `oth_pay` having `hifdm_pay` in it
//! - I4 `medfee_sumamt` = `fulamt_ownpay_amt` + `overlmt_selfpay` + `preselfpay_amt` + `inscp_scp_amt`
//! - I5 the same of every line; I6 `acct_pay` has `acct_mulaid_pay` in it
//!
//! The interface has four cost parts and we have five: what the facility bears of the bill stands in `fulamt_ownpay_amt`, and
//! `ownpay_hosp_part` says how much of it that is. Where a region counts the account into `fund_pay_sumamt`, I1 and I3 hold for
//! that sum less `acct_pay`.

use crate::config::HisConfig;
use crate::his::codes;
use crate::his::codes::FundField;
use crate::his::json::Json;
use crate::money::Money;
use crate::money::Ratio;
use crate::proto;
use crate::proto::step_result::Basis;
use crate::refusal::Refusal;
use crate::wire::from_proto;

use std::collections::BTreeMap;

/// The fund of a personal account, and of what the facility bears, in `setldetail`.
const ACCOUNT_FUNDS: (&str, &str) = ("310200", "390500");
const FACILITY_FUND: &str = "999996";

/// The parts of a cost in the four fields of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FourParts {
    /// `fulamt_ownpay_amt`, with what the facility bears.
    pub(super) own: Money,
    /// `overlmt_selfpay`; `overlmt_amt` of a line.
    pub(super) over: Money,
    /// `preselfpay_amt`
    pub(super) first: Money,
    /// `inscp_scp_amt`
    pub(super) in_scope: Money,
    /// `ownpay_hosp_part`: the part of `own` that the facility bears.
    pub(super) facility: Money,
}

impl FourParts {
    /// Of the five parts.
    pub(super) fn of(parts: Option<&proto::Parts>) -> Result<FourParts, Refusal> {
        let Some(parts) = parts else { return Ok(FourParts::default()) };
        let facility = amount(&parts.facility_borne)?;
        Ok(FourParts {
            own: amount(&parts.own_expense)? + facility,
            over: amount(&parts.over_limit)?,
            first: amount(&parts.copay_first)?,
            in_scope: amount(&parts.in_scope)?,
            facility,
        })
    }
}

/// What one source pays.
#[derive(Debug, Clone, PartialEq)]
struct Source {
    code: String,
    name: String,
    paid: Money,
    limit: Money,
    how: String,
}

/// The amounts of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Amounts {
    /// `medfee_sumamt`
    pub(super) total: Money,
    /// The four parts.
    pub(super) parts: FourParts,
    /// `fund_pay_sumamt`, as the region counts it.
    pub(super) funds: Money,
    /// `acct_pay`
    pub(super) account: Money,
    /// `psn_part_amt`
    pub(super) person: Money,
    /// `hosp_part_amt`
    pub(super) facility: Money,
    by_field: BTreeMap<FundField, Money>,
    from_kin: bool,
    nominal: Money,
    adjusted: Money,
    met: Money,
    pool: Option<Ratio>,
    sources: Vec<Source>,
}

fn amount(text: &str) -> Result<Money, Refusal> {
    from_proto::money(text, "amount")
}

impl Amounts {
    /// Of a statement; `from_kin` says that the account is that of a relative (个人账户共济).
    pub(super) fn of(
        config: &HisConfig,
        statement: &proto::Statement,
        from_kin: bool,
    ) -> Result<Amounts, Refusal> {
        let (person, account) = (amount(&statement.patient_pay)?, amount(&statement.account_pay)?);
        let mut amounts = Amounts {
            total: amount(&statement.total)?,
            parts: FourParts::of(statement.parts.as_ref())?,
            funds: amount(&statement.payments)?,
            account,
            person,
            facility: amount(&statement.facility_borne)?,
            by_field: BTreeMap::new(),
            from_kin,
            nominal: Money::ZERO,
            adjusted: Money::ZERO,
            met: Money::ZERO,
            pool: None,
            sources: Vec::new(),
        };
        for step in statement.steps.iter().filter(|step| step.ran) {
            amounts.add(config, step)?;
        }
        let pooled = amounts.paid(FundField::Hifp);
        let scope = amounts.parts.in_scope;
        amounts.pool = Ratio::rest_rounded(scope - pooled, scope);
        let insutype = statement.facts.as_ref().map_or("", |facts| facts.insutype.as_str());
        let fund = if insutype == "310" { ACCOUNT_FUNDS.0 } else { ACCOUNT_FUNDS.1 };
        amounts.source(fund, ("个人账户", ""), (account, account));
        let facility = amounts.facility;
        amounts.source(FACILITY_FUND, ("医院负担", ""), (facility, facility));
        if config.account_in_fund {
            amounts.funds += account;
        }
        Ok(amounts)
    }

    fn add(&mut self, config: &HisConfig, step: &proto::StepResult) -> Result<(), Refusal> {
        let paid = amount(&step.payment)?;
        let title = step.title.as_ref().map_or("", |title| title.zh.as_str());
        let (field, code) = codes::fund(config, &step.fund);
        if let (FundField::Hifp, Some(Basis::Share(share))) = (field, &step.basis) {
            self.nominal += amount(&share.nominal)?;
            self.adjusted += amount(&share.adjusted)?;
            self.met += amount(&share.met)?;
        }
        // What a facility-paid step pays is the facility's, which has its row.
        if step.payer == "facility" {
            return Ok(());
        }
        *self.by_field.entry(field).or_default() += paid;
        let limit = match &step.cap {
            Some(cap) if !cap.year.is_empty() => {
                let before = amount(&cap.paid_before)?;
                amount(&cap.year)?.less(before)
            }
            Some(cap) if !cap.admission.is_empty() => amount(&cap.admission)?,
            Some(_) | None => self.parts.in_scope,
        };
        let code = code.to_owned();
        self.source(&code, (title, &format!("{title}:{paid}")), (paid, limit));
        Ok(())
    }

    /// One row a source: steps of one fund are added up.
    fn source(&mut self, code: &str, (name, how): (&str, &str), (paid, limit): (Money, Money)) {
        match self.sources.iter_mut().find(|source| source.code == code) {
            Some(source) => {
                source.paid += paid;
                source.how = format!("{};{how}", source.how);
            }
            None if paid.is_zero() && how.is_empty() => {}
            None => self.sources.push(Source {
                code: code.to_owned(),
                name: name.to_owned(),
                paid,
                limit,
                how: how.to_owned(),
            }),
        }
    }

    /// What goes to a field.
    pub(super) fn paid(&self, field: FundField) -> Money {
        let of = |field| self.by_field.get(&field).copied().unwrap_or_default();
        if field == FundField::Other { of(field) + of(FundField::Hifdm) } else { of(field) }
    }

    /// `psn_cash_pay`
    pub(super) fn cash(&self) -> Money {
        self.person - self.account
    }

    /// The amounts of `setlinfo`; of a reversal, all of them negated.
    pub(super) fn setlinfo(&self, reversal: bool) -> Vec<(&'static str, Json)> {
        let number = |money: Money| number(if reversal { Money::ZERO - money } else { money });
        let kin = if self.from_kin { self.account } else { Money::ZERO };
        let mut fields = vec![
            ("medfee_sumamt", number(self.total)),
            ("fulamt_ownpay_amt", number(self.parts.own)),
            ("overlmt_selfpay", number(self.parts.over)),
            ("preselfpay_amt", number(self.parts.first)),
            ("inscp_scp_amt", number(self.parts.in_scope)),
            ("inscp_amt", number(self.parts.in_scope)),
            ("dedc_std", number(self.nominal)),
            ("crt_dedc", number(self.adjusted)),
            ("act_pay_dedc", number(self.met)),
            ("pool_prop_selfpay", ratio(self.pool)),
        ];
        fields.extend(FundField::ALL.map(|field| (field.name(), number(self.paid(field)))));
        fields.extend([
            ("othfund_pay", number(self.paid(FundField::Other))),
            ("pref_fund_pay", number(Money::ZERO)),
            ("hosp_part_amt", number(self.facility)),
            ("ownpay_hosp_part", number(self.parts.facility)),
            ("fund_pay_sumamt", number(self.funds)),
            ("psn_part_amt", number(self.person)),
            ("psn_pay", number(self.person)),
            ("acct_pay", number(self.account)),
            ("acct_mulaid_pay", number(kin)),
            ("psn_cash_pay", number(self.cash())),
            ("cash_payamt", number(self.cash())),
            ("balc", number(Money::ZERO)),
        ]);
        fields
    }

    /// The rows of `setldetail`: one a source, with the account and the facility where they pay.
    pub(super) fn setldetail(&self, reversal: bool) -> Json {
        let number = |money: Money| number(if reversal { Money::ZERO - money } else { money });
        let row = |source: &Source| {
            Json::object([
                ("fund_pay_type", Json::text(&*source.code)),
                ("fund_pay_type_name", Json::text(&*source.name)),
                ("inscp_scp_amt", number(self.parts.in_scope)),
                ("crt_payb_lmt_amt", number(source.limit)),
                ("fund_payamt", number(source.paid)),
                ("setl_proc_info", Json::text(&*source.how)),
                ("exp_content", Json::text("")),
            ])
        };
        Json::List(self.sources.iter().map(row).collect())
    }
}

/// An amount as a JSON number with two decimals.
pub(super) fn number(money: Money) -> Json {
    Json::Number(money.text())
}

fn ratio(ratio: Option<Ratio>) -> Json {
    Json::Number(ratio.map_or_else(|| "0".to_owned(), |ratio| ratio.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement with these amounts: the five parts, what each fund pays, the account, and what the person owes.
    fn statement(
        (total, parts): (&str, [&str; 5]),
        funds: &[(&str, &str)],
        (patient, account, facility): (&str, &str, &str),
    ) -> proto::Statement {
        let [in_scope, copay_first, over_limit, own_expense, facility_borne] =
            parts.map(str::to_owned);
        let step = |(fund, payment): &(&str, &str)| proto::StepResult {
            fund: (*fund).to_owned(),
            payment: (*payment).to_owned(),
            payer: "fund".to_owned(),
            ran: true,
            ..proto::StepResult::default()
        };
        let paid: Money = funds.iter().map(|(_, paid)| amount(paid).unwrap()).sum();
        proto::Statement {
            total: total.to_owned(),
            parts: Some(proto::Parts {
                in_scope,
                copay_first,
                over_limit,
                own_expense,
                facility_borne,
            }),
            steps: funds.iter().map(step).collect(),
            payments: paid.text(),
            patient_pay: patient.to_owned(),
            account_pay: account.to_owned(),
            facility_borne: facility.to_owned(),
            facts: Some(proto::Facts { insutype: "310".to_owned(), ..proto::Facts::default() }),
            ..proto::Statement::default()
        }
    }

    fn shown(amounts: &Amounts, name: &str) -> String {
        let fields = amounts.setlinfo(false);
        let found = fields.into_iter().find(|(own, _)| *own == name);
        let mut text = String::new();
        found.unwrap().1.write(&mut text);
        text
    }

    #[test]
    fn the_recorded_amounts_of_a_chongqing_settlement_come_out_the_same() {
        let recorded = statement(
            ("23442.46", ["18808.16", "703.44", "1396.89", "2028.96", "505.01"]),
            &[("310100", "15000.00"), ("330100", "3785.39")],
            ("4152.06", "170.04", "505.01"),
        );
        let amounts = Amounts::of(&HisConfig::default(), &recorded, false).unwrap();
        for (name, expected) in [
            ("fund_pay_sumamt", "18785.39"),
            ("psn_part_amt", "4152.06"),
            ("hosp_part_amt", "505.01"),
            ("psn_cash_pay", "3982.02"),
            ("fulamt_ownpay_amt", "2533.97"),
            ("overlmt_selfpay", "1396.89"),
            ("preselfpay_amt", "703.44"),
            ("inscp_scp_amt", "18808.16"),
            ("ownpay_hosp_part", "505.01"),
            ("hifob_pay", "3785.39"),
        ] {
            assert_eq!(shown(&amounts, name), expected, "{name}");
        }
        let rows: Money = amounts.sources.iter().map(|source| source.paid).sum();
        assert_eq!(rows.text(), "19460.44");
        let account = amounts.sources.iter().find(|source| source.code == "310200").unwrap();
        assert_eq!(account.paid.text(), "170.04");
        let region = HisConfig { account_in_fund: true, ..HisConfig::default() };
        let amounts = Amounts::of(&region, &recorded, true).unwrap();
        assert_eq!(shown(&amounts, "fund_pay_sumamt"), "18955.43");
        assert_eq!(shown(&amounts, "acct_mulaid_pay"), "170.04");
    }

    #[test]
    fn the_recorded_amounts_of_a_hunan_settlement_come_out_the_same() {
        let recorded = statement(
            ("5792.53", ["4973.72", "522.61", "0.00", "296.20", "0.00"]),
            &[("390100", "2900.00"), ("610100", "106.54"), ("350100", "100.00")],
            ("2685.99", "0.00", "0.00"),
        );
        let amounts = Amounts::of(&HisConfig::default(), &recorded, false).unwrap();
        for (name, expected) in [
            ("fund_pay_sumamt", "3106.54"),
            ("psn_cash_pay", "2685.99"),
            ("hifp_pay", "2900.00"),
            ("maf_pay", "106.54"),
            ("hifdm_pay", "100.00"),
            // Disabled soldiers are counted there as well.
            ("oth_pay", "100.00"),
        ] {
            assert_eq!(shown(&amounts, name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_undone_is_shown_with_every_amount_negated() {
        let recorded = statement(
            ("10.00", ["10.00", "0.00", "0.00", "0.00", "0.00"]),
            &[("390100", "6.00")],
            ("4.00", "0.00", "0.00"),
        );
        let amounts = Amounts::of(&HisConfig::default(), &recorded, false).unwrap();
        for (name, value) in amounts.setlinfo(true) {
            let mut text = String::new();
            value.write(&mut text);
            let is_negated = text.starts_with('-') || text == "0.00" || name == "pool_prop_selfpay";
            assert!(is_negated, "{name} {text}");
        }
    }
}
