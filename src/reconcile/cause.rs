//! Why two lists may differ, as far as the ledger shows it.

/// The likely cause of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The ledger settled, and the hospital never took the answer (结果未取回).
    AnswerNotCollected,
    /// The hospital tried again under a new id; the ledger has both (换号重试).
    RetryUnderNewId,
    /// Settled and reversed, and the hospital has neither: together they come to nothing (结算与撤销相抵).
    CancelsOut,
    /// Settled in an earlier or reconciled period, reversed after it was cut off (扎账后撤销).
    ReversalAfterCutOff,
    /// Settled after the period was cut off (扎账后结算).
    SettledAfterCutOff,
    /// Settled before the period began (期前结算).
    SettledBefore,
    /// The hospital reversed, and the ledger never heard of it (撤销未送达).
    ReversalNotReceived,
    /// The hospital has no number of the centre: it was never settled there (未在中心结算).
    NeverSettled,
    /// The hospital counts the personal account among what the funds paid (个人账户计入基金).
    AccountInFund,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 9] = [
        Cause::AnswerNotCollected,
        Cause::RetryUnderNewId,
        Cause::CancelsOut,
        Cause::ReversalAfterCutOff,
        Cause::SettledAfterCutOff,
        Cause::SettledBefore,
        Cause::ReversalNotReceived,
        Cause::NeverSettled,
        Cause::AccountInFund,
    ];

    /// The name in answers and exports.
    pub fn name(self) -> &'static str {
        match self {
            Cause::AnswerNotCollected => "answer_not_collected",
            Cause::RetryUnderNewId => "retry_under_new_id",
            Cause::CancelsOut => "cancels_out",
            Cause::ReversalAfterCutOff => "reversal_after_cut_off",
            Cause::SettledAfterCutOff => "settled_after_cut_off",
            Cause::SettledBefore => "settled_before",
            Cause::ReversalNotReceived => "reversal_not_received",
            Cause::NeverSettled => "never_settled",
            Cause::AccountInFund => "account_in_fund",
        }
    }
}
