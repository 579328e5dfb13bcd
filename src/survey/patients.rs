//! How patients' shares are spread.

use crate::extract::Settled;
use crate::money::Money;
use crate::report::Cell;
use crate::report::Report;
use crate::survey::SUMS;
use crate::survey::Sums;

/// Where a step of the spread ends. Unit: fen.
const ENDS: [i64; 7] = [0, 50_000, 100_000, 200_000, 500_000, 1_000_000, 3_000_000];

/// Settlements by what the patient bears.
#[derive(Debug, Default)]
pub(super) struct Patients([Sums; 8]);

impl Patients {
    pub(super) fn add(&mut self, settled: &Settled, sign: i64) {
        let bears = settled.patient_pay.abs();
        let step = ENDS.iter().position(|end| bears <= Money::from_fen(*end));
        self.0[step.unwrap_or(ENDS.len())].add(settled, sign);
    }

    pub(super) fn report(&self) -> Report {
        let mut columns = vec![("个人负担区间", "Patient bears")];
        columns.extend(SUMS);
        let title = ("个人负担分布", "How patients' shares are spread");
        let mut report = Report::new("patients", title, &columns);
        let mut from = Money::ZERO;
        for (step, sums) in self.0.iter().enumerate() {
            let name = match ENDS.get(step) {
                Some(0) => "0.00".to_owned(),
                Some(end) => format!("{from}–{}", Money::from_fen(*end)),
                None => format!("> {from}"),
            };
            from = ENDS.get(step).map_or(from, |end| Money::from_fen(*end));
            report.rows.push(std::iter::once(Cell::Text(name)).chain(sums.cells()).collect());
        }
        report
    }
}
