//! Lost answers: the line broke behind the request, or the counter hung up before the service had answered.

use crate::simulation::auditor::Expected;
use crate::simulation::auditor::answer::Answer;
use crate::simulation::auditor::answer::Ask;
use crate::simulation::auditor::answer::YearKey;
use crate::simulation::run::Outcome;
use crate::simulation::run::Run;
use crate::simulation::run::single::names;

use onestop::proto;
use onestop::proto::get_settlement_request::By;
use onestop::proto::reverse_request::Of;
use onestop::refusal::Refusal;
use onestop::service::Failure;

/// A request whose answer nobody saw.
pub(super) struct Lost {
    pub(super) ask: Ask,
    pub(super) person: String,
    /// What was so at each try.
    expected: Vec<Expected>,
}

impl Run {
    pub(super) async fn lose(&mut self) -> Outcome {
        self.count("lost answer");
        let person = self.person_in_order().await?;
        let standing = [2018, 2019]
            .map(|year| YearKey { person: person.clone(), year })
            .into_iter()
            .find_map(|key| self.auditor.years.get(&key)?.top());
        let ask = match (self.random.below(4), standing) {
            (0, _) => Ask::Open(Box::new(self.opening(&person))),
            (1, Some(top)) => Ask::Reverse(self.reversal_of(top)),
            _ => match self.fine_settlement(&person) {
                Some(request) => Ask::Settle(Box::new(request)),
                None => return Ok(()),
            },
        };
        let expected = vec![self.expected(&ask)];
        self.auditor.lose(&person);
        let (service, sent) = (self.service(), ask.clone());
        if self.random.chance(50) {
            // The answer came, but did not arrive.
            let answer = sent.send(&service).await;
            answer.map_err(|failure| format!("{:?}: {failure}", ask.request()))?;
        } else {
            // The counter hangs up at once. The server finishes what it has accepted, whenever it comes to it.
            self.count("hung up");
            self.hanging.push(tokio::spawn(async move {
                match sent.send(&service).await {
                    // Somebody was faster.
                    Ok(_) | Err(Failure::Refusal(Refusal::LaterStand { .. })) => Ok(()),
                    Err(failure) => Err(failure.to_string()),
                }
            }));
        }
        self.lost.push(Lost { ask, person, expected });
        Ok(())
    }

    /// Whether a request that nobody waits for may not be written yet.
    pub(super) fn is_in_flight(&mut self) -> bool {
        self.hanging.retain(|task| !task.is_finished());
        !self.hanging.is_empty()
    }

    /// Waits for all requests that nobody waits for.
    pub(super) async fn finish_hanging(&mut self) -> Outcome {
        for task in std::mem::take(&mut self.hanging) {
            let ended = task.await.map_err(|error| error.to_string())?;
            ended.map_err(|failure| format!("a request that was hung up on: {failure}"))?;
        }
        Ok(())
    }

    /// A request that is still on its way may be decided by what the registers say now.
    pub(super) fn expect_of_hanging(&mut self) {
        if !self.is_in_flight() {
            return;
        }
        for index in 0..self.lost.len() {
            let now = self.expected(&self.lost[index].ask);
            let expected = &mut self.lost[index].expected;
            if !expected.contains(&now) {
                expected.push(now);
            }
        }
    }

    pub(super) async fn resolve_one(&mut self) -> Outcome {
        if self.lost.is_empty() {
            return Ok(());
        }
        let index = self.random.below(u64::try_from(self.lost.len()).unwrap());
        self.resolve(usize::try_from(index).unwrap()).await
    }

    /// Finds out what became of a request: by asking again, by looking it up, or by undoing it.
    pub(super) async fn resolve(&mut self, index: usize) -> Outcome {
        self.count("lost answer found");
        let lost = self.lost.swap_remove(index);
        let found = match (&lost.ask, self.random.below(4)) {
            (Ask::Settle(request), 0 | 1) => self.look_up(request)?,
            (Ask::Settle(request), 2) => return self.undo_unseen(&lost, request).await,
            (Ask::Settle(_) | Ask::Reverse(_) | Ask::Open(_), _) => None,
        };
        let Lost { ask, person, mut expected } = lost;
        expected.push(self.expected(&ask));
        let answer = match found {
            Some(answer) => answer,
            None => match ask.clone().send(&self.service()).await {
                Ok(answer) => answer,
                // Somebody was faster than a reversal that was hung up on.
                Err(Failure::Refusal(Refusal::LaterStand { later })) => {
                    self.count("lost reversal came too late");
                    self.auditor.find(&person)?;
                    return self.stands_below(&ask, &names(&later));
                }
                Err(failure) => return Err(format!("{:?}, once lost: {failure}", ask.request())),
            },
        };
        self.auditor.note(vec![(answer, expected)])?;
        self.auditor.find(&person)
    }

    /// Whether what a reversal was to undo stands below these.
    fn stands_below(&self, ask: &Ask, later: &[(String, u64)]) -> Outcome {
        let Ask::Reverse(request) = ask else {
            return Err("only a reversal can come too late".to_owned());
        };
        let facility = request.writer.clone().unwrap_or_default().facility;
        let number = match request.of.clone() {
            Some(Of::Number(number)) => Some(number),
            Some(Of::Admission(id)) => self.auditor.effective(&(facility, id)),
            Some(Of::Opening(id)) => {
                let mut openings = self.auditor.openings.iter();
                openings.find(|((_, name), _)| *name == id).map(|(_, number)| *number)
            }
            None => None,
        };
        let own = number.map(|number| self.auditor.later(number)).unwrap_or_default();
        if own.is_empty() || own != later {
            return Err(format!("the later entries should be {own:?}: {later:?}"));
        }
        Ok(())
    }

    /// Looks a settlement up by request id or admission. A request that was hung up on may not be there yet.
    fn look_up(&mut self, request: &proto::SettleRequest) -> Result<Option<Answer>, String> {
        self.count("lost answer looked up");
        let writer = request.writer.clone().unwrap_or_default();
        let admission = request.admission.clone().unwrap_or_default();
        let by = if self.random.chance(50) {
            let (facility, request_id) = (writer.facility, writer.request_id);
            By::Request(proto::RequestName { facility, request_id })
        } else {
            let (facility, admission) = (admission.facility, admission.id);
            By::Admission(proto::AdmissionName { facility, admission })
        };
        let asked = proto::GetSettlementRequest { by: Some(by) };
        let may_lack = self.is_in_flight();
        match self.service().settlement(&asked) {
            Ok(record) => Ok(Some(Answer::Settlement(Box::new(record)))),
            Err(Failure::Refusal(Refusal::UnknownEntry { .. })) if may_lack => Ok(None),
            Err(failure) => Err(format!("a settlement that was made is not found: {failure}")),
        }
    }

    /// The counter undoes by admission what it never saw, and then looks what that was.
    async fn undo_unseen(&mut self, lost: &Lost, request: &proto::SettleRequest) -> Outcome {
        self.count("undone unseen");
        // The request itself once more, so that it is certainly there.
        let again = lost.ask.clone().send(&self.service()).await;
        let again = again.map_err(|failure| format!("once lost: {failure}"))?;
        let admission = request.admission.clone().unwrap_or_default();
        let undo = proto::ReverseRequest {
            writer: self.writer(&admission.facility),
            of: Some(Of::Admission(admission.id)),
            reason: String::new(),
        };
        let mut expected = lost.expected.clone();
        expected.push(self.expected(&lost.ask));
        let undone = Ask::Reverse(undo).send(&self.service()).await;
        self.auditor.note(vec![(again.clone(), expected)])?;
        match undone {
            Ok(reversal) => {
                self.auditor.note(vec![(reversal, Vec::new())])?;
                self.auditor.find(&lost.person)
            }
            Err(Failure::Refusal(Refusal::LaterStand { later })) => {
                self.auditor.find(&lost.person)?;
                let own = self.auditor.later(again.number());
                if self.auditor.is_adrift(&lost.person) || own == names(&later) {
                    return Ok(());
                }
                Err(format!("the later entries should be {own:?}: {later:?}"))
            }
            Err(failure) => Err(format!("undone unseen: {failure}")),
        }
    }
}
