//! A quote: read from a request, computed on whatever registers and year it is given. Spec 9.1.

use crate::accumulators::Accumulators;
use crate::admission::Admission;
use crate::bill::Bill;
use crate::calendar::Day;
use crate::proto;
use crate::register::Catalogue;
use crate::service::Failure;
use crate::settle::Terms;
use crate::settle::settle;
use crate::situation::Situation;
use crate::statement::Statement;
use crate::store::fault::Fault;
use crate::wire::from_proto;
use crate::wire::from_proto::Asked;
use crate::wire::to_bytes;
use crate::wire::to_bytes::Detail;
use crate::wire::to_json;

/// A quote request, read.
#[derive(Debug)]
pub struct Quoting {
    /// The admission, real or supposed.
    pub admission: Admission,
    /// Its bill.
    pub bill: Bill,
    terms: Terms,
    detail: Detail,
}

impl Quoting {
    /// Reads a request; `today` stands for dates that it leaves out.
    pub fn read(
        request: &proto::QuoteRequest,
        today: Day,
        line_facts: bool,
    ) -> Result<Quoting, Failure> {
        let day = from_proto::day_if_given(&request.asked, "asked")?.unwrap_or(today);
        Ok(Quoting {
            admission: from_proto::admission(request.admission.as_ref(), Some(Asked { day }))?,
            bill: from_proto::bill(request.bill.as_ref())?,
            terms: Terms {
                account_pay: from_proto::money(&request.account_pay, "account_pay")?,
                deposit: from_proto::money(&request.deposit, "deposit")?,
                line_facts,
            },
            detail: if request.amounts_only { Detail::Amounts } else { Detail::Full },
        })
    }

    /// What everybody would pay, as a message.
    pub fn statement(
        &self,
        situation: Situation<'_>,
        catalogue: &Catalogue,
        year: &Accumulators,
    ) -> Result<proto::Statement, Failure> {
        let written = self.written(situation, catalogue, year)?;
        Ok(to_bytes::read(&written).map_err(Fault::undecodable)?)
    }

    /// The same as the bytes of the message.
    pub fn written(
        &self,
        situation: Situation<'_>,
        catalogue: &Catalogue,
        year: &Accumulators,
    ) -> Result<Vec<u8>, Failure> {
        let situation = situation.at(year);
        let statement = self.settle(&situation, catalogue, year)?;
        let admitted_on = self.admission.admitted_on;
        Ok(to_bytes::statement(&statement, &situation, admitted_on, self.detail))
    }

    /// The amounts of the same, as JSON of a `QuoteManyReply` behind `out`; nothing is written where it fails.
    pub fn write_amounts(
        &self,
        situation: Situation<'_>,
        catalogue: &Catalogue,
        year: &Accumulators,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let situation = situation.at(year);
        let statement = self.settle(&situation, catalogue, year)?;
        to_json::quoted(&statement, &situation, out);
        Ok(())
    }

    fn settle<'s>(
        &'s self,
        situation: &'s Situation<'s>,
        catalogue: &'s Catalogue,
        year: &Accumulators,
    ) -> Result<Statement<'s>, Failure> {
        let statement = settle(situation, &self.bill, catalogue, year, self.terms)?;
        balanced(&statement)?;
        Ok(statement)
    }
}

/// A statement whose payers do not pay the total is neither answered nor written.
pub(super) fn balanced(statement: &Statement<'_>) -> Result<(), Fault> {
    if statement.balances() { Ok(()) } else { Err(Fault::Unbalanced) }
}
