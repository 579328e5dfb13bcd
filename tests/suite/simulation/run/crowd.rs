//! Several counters at once: for one person, for one admission, under one request id, and a register write beside them.

use crate::simulation::auditor::Expected;
use crate::simulation::auditor::answer::Answer;
use crate::simulation::auditor::answer::Ask;
use crate::simulation::auditor::answer::YearKey;
use crate::simulation::run::Outcome;
use crate::simulation::run::Run;
use crate::simulation::world::changed;

use onestop::proto;
use onestop::refusal::Refusal;
use onestop::service::Failure;

/// What a request of a crowd may end with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// It has to be answered.
    Answered,
    /// Of two that settle one admission, one is refused: this one or the one at this place.
    OneAdmission(usize),
    /// Of two that use one request id for different things, one is refused for this field.
    OneRequest(usize, &'static str),
    /// It is the request at this place once more, and gets the same answer.
    Same(usize),
    /// It undoes what was the latest entry before, unless somebody was faster.
    Undo,
}

/// What came of one.
type Came = Result<Answer, Failure>;

impl Run {
    pub(super) async fn crowd(&mut self) -> Outcome {
        self.count("crowd");
        let main = self.person_in_order().await?;
        let other = self.person_in_order().await?;
        let mut crowd = self.gather(&main, &other);
        if crowd.is_empty() {
            return Ok(());
        }
        let mut expected: Vec<Vec<Expected>> =
            crowd.iter().map(|(ask, _)| vec![self.expected(ask)]).collect();
        let put = self.put_beside(&other);
        if let Some((_, person)) = &put {
            self.world.persons.insert(person.id.clone(), person.clone());
        }
        for (expected, (ask, _)) in expected.iter_mut().zip(&crowd) {
            expected.push(self.expected(ask));
        }
        let tasks: Vec<_> = crowd
            .iter()
            .map(|(ask, _)| {
                let (ask, service) = (ask.clone(), self.service());
                tokio::spawn(async move { ask.send(&service).await })
            })
            .collect();
        let writing = put.map(|(put, _)| {
            let (service, writer) = (self.service(), put.writer.clone());
            (writer, tokio::spawn(async move { service.put_persons(put).await }))
        });
        let mut came: Vec<Came> = Vec::new();
        for task in tasks {
            came.push(task.await.map_err(|error| error.to_string())?);
        }
        if let Some((writer, writing)) = writing {
            let reply = writing.await.map_err(|error| error.to_string())?;
            self.put_noted(writer, reply)?;
        }
        let fates: Vec<Fate> = crowd.drain(..).map(|(_, fate)| fate).collect();
        self.judge(&fates, &came)?;
        let firsts = came.into_iter().zip(expected).zip(&fates);
        let firsts = firsts.filter_map(|((came, expected), fate)| match fate {
            Fate::Same(_) => None,
            Fate::Answered | Fate::OneAdmission(_) | Fate::OneRequest(..) | Fate::Undo => {
                came.ok().map(|answer| (answer, expected))
            }
        });
        self.auditor.note(firsts.collect())
    }

    /// Two to eight requests, most of them for one person.
    fn gather(&mut self, main: &str, other: &str) -> Vec<(Ask, Fate)> {
        let mut crowd: Vec<(Ask, Fate)> = Vec::new();
        if self.random.chance(30)
            && let Some(top) = self.top_of(main)
        {
            crowd.push((Ask::Reverse(self.reversal_of(top)), Fate::Undo));
        }
        for _ in 0..self.random.within(1, 4) {
            let person = if self.random.chance(75) { main } else { other };
            let Some(request) = self.fine_settlement(person) else { continue };
            let place = crowd.len();
            crowd.push((Ask::Settle(Box::new(request.clone())), Fate::Answered));
            let mut twin = request.clone();
            let fate = match self.random.below(6) {
                0 => Fate::Same(place),
                1 => {
                    let facility = request.writer.clone().unwrap_or_default().facility;
                    twin.writer = self.writer(&facility);
                    Fate::OneAdmission(place)
                }
                2 => {
                    // Of somebody else, so that no common lock orders the two.
                    let facility = request.writer.clone().unwrap_or_default().facility;
                    twin.writer = self.writer(&facility);
                    other.clone_into(&mut twin.admission.as_mut().unwrap().person);
                    Fate::OneAdmission(place)
                }
                3 => {
                    "77.77".clone_into(&mut twin.deposit);
                    Fate::OneRequest(place, "deposit")
                }
                4 if main != other && person == main => {
                    other.clone_into(&mut twin.admission.as_mut().unwrap().person);
                    Fate::OneRequest(place, "admission.person")
                }
                _ => continue,
            };
            if self.refusal_of(&twin).is_none() {
                crowd.push((Ask::Settle(Box::new(twin)), fate));
            }
        }
        crowd
    }

    fn top_of(&self, person: &str) -> Option<u64> {
        let years = [2018, 2019].map(|year| YearKey { person: person.to_owned(), year });
        years.iter().find_map(|key| self.auditor.years.get(key)?.top())
    }

    /// At times the other person's identities change while somebody settles for him.
    fn put_beside(&mut self, person: &str) -> Option<(proto::PutPersonsRequest, proto::Person)> {
        if !self.random.chance(25) {
            return None;
        }
        let changed = changed(&self.world.persons[person], self.today, &mut self.random);
        let put = self.put_of(vec![changed.clone()]);
        Some((put, changed))
    }

    /// Whether the answers and refusals of a crowd fit together.
    fn judge(&mut self, fates: &[Fate], came: &[Came]) -> Outcome {
        // A request of which a twin exists may be the one that is refused.
        let twin_of = |place: usize| {
            fates.iter().position(|fate| {
                matches!(fate, Fate::OneAdmission(one) | Fate::OneRequest(one, _) if *one == place)
            })
        };
        for (place, (fate, one)) in fates.iter().zip(came).enumerate() {
            let fits = match (fate, one) {
                (Fate::Same(first), Ok(answer)) => {
                    came[*first].as_ref().is_ok_and(|first| first == answer)
                }
                (Fate::OneAdmission(first), Ok(_)) => is_refused(&came[*first], "already-settled"),
                (Fate::OneAdmission(first), refused) => {
                    self.count("one admission twice at once");
                    is_refused(refused, "already-settled") && came[*first].is_ok()
                }
                (Fate::OneRequest(first, field), Ok(_)) => names_field(&came[*first], field),
                (Fate::OneRequest(first, field), refused) => {
                    self.count("one request id twice at once");
                    names_field(refused, field) && came[*first].is_ok()
                }
                (Fate::Undo, Ok(_)) | (Fate::Answered, Ok(_)) => true,
                (Fate::Undo, refused) => is_refused(refused, "later-stand"),
                (Fate::Answered, _) => twin_of(place).is_some_and(|twin| came[twin].is_ok()),
                (Fate::Same(_), Err(_)) => false,
            };
            if !fits {
                let came: Vec<_> =
                    came.iter().map(|one| one.as_ref().map(Answer::number)).collect();
                return Err(format!("crowd: {fate:?} of {fates:?} came to {came:?}"));
            }
        }
        Ok(())
    }
}

fn is_refused(came: &Came, name: &str) -> bool {
    matches!(came, Err(Failure::Refusal(refusal)) if refusal.name() == name)
}

fn names_field(came: &Came, name: &str) -> bool {
    matches!(came, Err(Failure::Refusal(Refusal::RequestIdReused { field })) if field == name)
}
