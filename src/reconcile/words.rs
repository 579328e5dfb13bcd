//! What classes, causes and remedies are called, in both languages.

use crate::reconcile::cause::Cause;
use crate::reconcile::difference::Class;
use crate::reconcile::difference::Difference;
use crate::refusal::Lang;

impl Class {
    /// What it is called.
    pub fn title(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Class::MissingInLedger => ("中心缺", "missing in the ledger"),
            Class::MissingAtHospital => ("医院缺", "missing at the hospital"),
            Class::AmountDiffers => ("金额不符", "amount differs"),
            Class::ReversedOnOneSide => ("单边撤销", "reversed on one side"),
            Class::CountedTwice => ("重复列报", "counted twice"),
            Class::WrongPeriod => ("期间不符", "wrong period"),
            Class::WrongType => ("险种或清算类别不符", "wrong insurance or clearing type"),
            Class::WrongPerson => ("人员不符", "wrong person"),
            Class::DifferentReference => ("编号不符", "different reference"),
        };
        of_lang(lang, zh, en)
    }
}

impl Cause {
    /// What it is called.
    pub fn title(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Cause::AnswerNotCollected => {
                ("中心已结算,医院未取回结果", "settled, but the hospital never took the answer")
            }
            Cause::RetryUnderNewId => {
                ("医院换号重试,中心有两笔", "tried again under a new id; the ledger has both")
            }
            Cause::CancelsOut => {
                ("结算与撤销医院均未列,两笔相抵", "settled and reversed; the two come to nothing")
            }
            Cause::ReversalAfterCutOff => ("扎账后撤销", "reversed after the cut-off"),
            Cause::SettledAfterCutOff => ("扎账后结算", "settled after the cut-off"),
            Cause::SettledBefore => ("期前结算", "settled before the period"),
            Cause::ReversalNotReceived => {
                ("医院已撤销,中心未收到", "reversed at the hospital, never received here")
            }
            Cause::NeverSettled => {
                ("医院无结算编号,未在中心结算", "the hospital has no number: never settled here")
            }
            Cause::AccountInFund => (
                "医院将个人账户计入基金支付",
                "the hospital counts the account among fund payments",
            ),
        };
        of_lang(lang, zh, en)
    }
}

impl Difference {
    /// The step that mends it.
    pub fn remedy(&self, lang: Lang) -> &'static str {
        let (zh, en) = match (self.class, self.cause) {
            (_, Some(Cause::AnswerNotCollected)) => (
                "医院按就诊或报文编号查询结算,补录结算编号与金额",
                "the hospital asks for the settlement by admission or request id and records it",
            ),
            (_, Some(Cause::RetryUnderNewId)) => (
                "核对两笔是否同一次就诊;如是,撤销医院未列的一笔",
                "see whether both are one admission; if so reverse the one that the hospital lacks",
            ),
            (_, Some(Cause::CancelsOut)) => (
                "无须付款;医院补录结算与撤销两笔,或双方确认不列",
                "nothing is owed; the hospital records both rows, or both sides agree to leave them",
            ),
            (_, Some(Cause::ReversalAfterCutOff)) => (
                "撤销计入其发生的期间;医院在该期间列报",
                "a reversal counts in the period in which it happened; list it there",
            ),
            (_, Some(Cause::SettledAfterCutOff | Cause::SettledBefore))
            | (Class::WrongPeriod, _) => (
                "以中心结算时间为准,医院改列到相应期间",
                "the ledger's time counts; the hospital lists it in that period",
            ),
            (_, Some(Cause::ReversalNotReceived)) => (
                "医院以原报文编号重新发送撤销",
                "the hospital sends the reversal again under its request id",
            ),
            (_, Some(Cause::NeverSettled)) => (
                "医院以原报文编号重新发送结算,或从列报中删去",
                "the hospital sends the settlement again under its request id, or takes the row out",
            ),
            (_, Some(Cause::AccountInFund)) => (
                "医院从基金支付中扣除个人账户支付后重新列报",
                "the hospital takes the account's part out of fund payments and lists it again",
            ),
            (Class::MissingInLedger, None) => (
                "医院核对结算编号;如未结算,重新结算或删去该行",
                "the hospital checks the number; if it was not settled, settle it or take the row out",
            ),
            (Class::MissingAtHospital, None) => {
                ("医院补录该笔结算", "the hospital records the settlement")
            }
            (Class::AmountDiffers, None) => (
                "以中心结算单为准,医院按结算编号取回并更正金额",
                "the settlement sheet counts; the hospital fetches it by number and corrects its row",
            ),
            (Class::ReversedOnOneSide, None) => (
                "医院核对该笔是否应撤销:应撤销的补录撤销,误撤的重新结算",
                "decide whether it should be reversed: record the reversal, or settle it again",
            ),
            (Class::CountedTwice, _) => ("医院删去重复行", "the hospital takes the repetition out"),
            (Class::WrongType, _) => (
                "医院改列到正确的险种与清算类别",
                "the hospital lists it under the right insurance and clearing type",
            ),
            (Class::WrongPerson, _) => (
                "核对参保人;结算错人的撤销后重新结算",
                "check who was treated; if the wrong person was settled, reverse it and settle again",
            ),
            (Class::DifferentReference, None) => {
                ("医院按中心编号更正", "the hospital corrects its number to the ledger's")
            }
        };
        of_lang(lang, zh, en)
    }
}

fn of_lang(lang: Lang, zh: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}
