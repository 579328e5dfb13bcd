//! A table that is read key by key, and a value that knows its place.

use crate::calendar::Day;
use crate::money::NumberError;
use crate::rules::problem::Form;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Errors;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::Reported;
use crate::rules::read::errors::Spot;
use crate::rules::read::errors::all;
use crate::rules::read::errors::quoted;

use toml::Table;
use toml::Value;

/// A value that knows where it stands.
pub(crate) struct Field<'e> {
    pub(crate) spot: Spot,
    pub(crate) value: Value,
    errors: &'e Errors<'e>,
}

impl<'e> Field<'e> {
    pub(crate) fn report(&self, problem: Problem) -> Reported {
        self.errors.report(&self.spot, problem)
    }

    fn wrong(spot: &Spot, errors: &Errors<'_>, want: Form) -> Reported {
        errors.report(spot, Problem::WrongForm { want })
    }

    /// Where its errors go.
    pub(crate) fn errors(&self) -> &'e Errors<'e> {
        self.errors
    }

    /// The same value under another name: a step's, say.
    pub(crate) fn at(self, spot: Spot) -> Field<'e> {
        Field { spot, ..self }
    }

    /// A text that is not empty.
    pub(crate) fn text(self) -> Read<String> {
        let Field { spot, value, errors } = self;
        let Value::String(text) = value else {
            return Err(Field::wrong(&spot, errors, Form::Text));
        };
        if text.trim().is_empty() {
            return Err(errors.report(&spot, Problem::Empty));
        }
        Ok(text)
    }

    /// A text that is spelt as it should be.
    pub(crate) fn spelt(
        self,
        fits: fn(&str) -> bool,
        want: (&'static str, &'static str),
    ) -> Read<String> {
        let (spot, errors) = (self.spot.clone(), self.errors);
        let text = self.text()?;
        if fits(&text) {
            return Ok(text);
        }
        Err(errors.report(&spot, Problem::Spelling { text: quoted(&text), want }))
    }

    /// One of a closed set, by its name.
    pub(crate) fn one_of<T: Copy>(self, set: &[T], name: fn(T) -> &'static str) -> Read<T> {
        let (spot, errors) = (self.spot.clone(), self.errors);
        let text = self.text()?;
        set.iter().copied().find(|one| name(*one) == text).ok_or_else(|| {
            let allowed = set.iter().map(|one| name(*one)).collect();
            errors.report(&spot, Problem::NotOneOf { text: quoted(&text), allowed })
        })
    }

    /// A decimal in quotes. Packs 3.
    pub(crate) fn decimal<T>(self, parse: fn(&str) -> Result<T, NumberError>) -> Read<T> {
        let Field { spot, value, errors } = self;
        let Value::String(text) = value else {
            return Err(Field::wrong(&spot, errors, Form::Decimal));
        };
        parse(&text)
            .map_err(|why| errors.report(&spot, Problem::Number { text: quoted(&text), why }))
    }

    /// A whole number from 0 to `max`.
    pub(crate) fn integer(self, max: u32) -> Read<u32> {
        let Value::Integer(found) = self.value else {
            return Err(Field::wrong(&self.spot, self.errors, Form::Integer));
        };
        let number = u32::try_from(found).ok().filter(|number| *number <= max);
        number.ok_or_else(|| self.report(Problem::Range { found, from: 0, to: max }))
    }

    /// `true` or `false`.
    pub(crate) fn flag(self) -> Read<bool> {
        let Value::Boolean(flag) = self.value else {
            return Err(Field::wrong(&self.spot, self.errors, Form::Flag));
        };
        Ok(flag)
    }

    /// A local date, without time and zone.
    pub(crate) fn day(self) -> Read<Day> {
        let Field { spot, value, errors } = self;
        let date = if let Value::Datetime(datetime) = value {
            let bare = datetime.time.is_none() && datetime.offset.is_none();
            datetime.date.filter(|_| bare)
        } else {
            None
        };
        let read = |date: toml::value::Date| {
            let year = i16::try_from(date.year).ok()?;
            Day::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?)
        };
        date.and_then(read).ok_or_else(|| Field::wrong(&spot, errors, Form::Date))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, Value::Array(_))
    }

    /// The members of a list that is not empty.
    pub(crate) fn list(self) -> Read<Vec<Field<'e>>> {
        let (spot, errors) = (self.spot.clone(), self.errors);
        let members = self.members()?;
        if members.is_empty() {
            return Err(errors.report(&spot, Problem::Empty));
        }
        Ok(members)
    }

    /// The members of a list, which may be empty.
    pub(crate) fn members(self) -> Read<Vec<Field<'e>>> {
        let Field { spot, value, errors } = self;
        let Value::Array(members) = value else {
            return Err(Field::wrong(&spot, errors, Form::List));
        };
        let field = |(index, value)| Field { spot: spot.member(index), value, errors };
        Ok(members.into_iter().enumerate().map(field).collect())
    }

    /// The members of a list that is neither empty nor too long; of one too long, as many as there may be.
    pub(crate) fn list_of_at_most(self, max: usize) -> Read<Vec<Field<'e>>> {
        let (spot, errors) = (self.spot.clone(), self.errors);
        let mut members = self.list()?;
        if members.len() > max {
            errors.report(&spot, Problem::TooMany { max });
            members.truncate(max);
        }
        Ok(members)
    }

    /// What stands in a list that is not empty.
    pub(crate) fn list_of<T>(self, read: impl FnMut(Field<'e>) -> Read<T>) -> Read<Vec<T>> {
        all(self.list()?.into_iter().map(read))
    }

    /// What stands in a list that is not empty, each of it once.
    pub(crate) fn set_of<T: PartialEq>(
        self,
        mut read: impl FnMut(Field<'e>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let errors = self.errors;
        let mut set: Vec<T> = Vec::new();
        let mut failed = None;
        for field in self.list()? {
            let spot = field.spot.clone();
            match read(field) {
                Ok(one) if set.contains(&one) => {
                    failed = Some(errors.report(&spot, Problem::Repeated))
                }
                Ok(one) => set.push(one),
                Err(reported) => failed = Some(reported),
            }
        }
        failed.map_or(Ok(set), Err)
    }

    /// A table, to be read key by key.
    pub(crate) fn keys(self) -> Read<Keys<'e>> {
        let Field { spot, value, errors } = self;
        let Value::Table(table) = value else {
            return Err(Field::wrong(&spot, errors, Form::Table));
        };
        Ok(Keys::new(spot, table, errors))
    }
}

/// A table whose keys are taken one by one; what is left over at the end nobody knows.
pub(crate) struct Keys<'e> {
    spot: Spot,
    table: Table,
    errors: &'e Errors<'e>,
}

impl<'e> Keys<'e> {
    pub(crate) fn new(spot: Spot, table: Table, errors: &'e Errors<'e>) -> Keys<'e> {
        Keys { spot, table, errors }
    }

    /// Reports something about the table, or about one of its keys.
    pub(crate) fn report(&self, key: &str, problem: Problem) -> Reported {
        let spot = if key.is_empty() { self.spot.clone() } else { self.spot.key(key) };
        self.errors.report(&spot, problem)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(crate) fn optional(&mut self, key: &str) -> Option<Field<'e>> {
        let value = self.table.remove(key)?;
        Some(Field { spot: self.spot.key(key), value, errors: self.errors })
    }

    pub(crate) fn required(&mut self, key: &str) -> Read<Field<'e>> {
        self.optional(key).ok_or_else(|| self.report(key, Problem::Missing))
    }

    /// Reads a key that must be there.
    pub(crate) fn must<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Field<'e>) -> Read<T>,
    ) -> Read<T> {
        self.required(key).and_then(read)
    }

    /// Reads a key that may be there.
    pub(crate) fn may<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Field<'e>) -> Read<T>,
    ) -> Read<Option<T>> {
        self.optional(key).map(read).transpose()
    }

    /// All keys that are left, with their values: of a table whose keys are names.
    pub(crate) fn rest(&mut self) -> Vec<(String, Field<'e>)> {
        let (spot, errors) = (&self.spot, self.errors);
        let field = |(key, value): (String, Value)| {
            let spot = spot.key(&key);
            (key, Field { spot, value, errors })
        };
        std::mem::take(&mut self.table).into_iter().map(field).collect()
    }

    /// Takes keys out of sight, where it is not known whether they may stand here.
    pub(crate) fn overlook(&mut self, keys: &[&str]) {
        for key in keys {
            self.table.remove(*key);
        }
    }

    /// Reports the keys that nobody took.
    pub(crate) fn finish(&mut self) {
        for (_, field) in self.rest() {
            field.report(Problem::UnknownKey);
        }
    }
}
