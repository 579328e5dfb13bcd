//! What a file declares: the identities, sources and steps that the rest of it may name.

use toml::Table;

/// The names of a file, taken as they stand, before anything is looked at closely.
pub(super) struct Names {
    identities: Vec<String>,
    sources: Vec<String>,
    /// By their place in the file; none where a step has no id that can be read.
    steps: Vec<Option<String>>,
    checks: Vec<Option<String>>,
}

impl Names {
    pub(super) fn of(table: &Table) -> Names {
        let keys = |key: &str| {
            let table = table.get(key).and_then(toml::Value::as_table);
            table.into_iter().flat_map(Table::keys).cloned().collect()
        };
        let ids = |key: &str| {
            let tables = table.get(key).and_then(toml::Value::as_array);
            let id = |table: &toml::Value| Some(table.get("id")?.as_str()?.to_owned());
            tables.into_iter().flatten().map(id).collect()
        };
        Names {
            identities: keys("identities"),
            sources: keys("sources"),
            steps: ids("step"),
            checks: ids("check"),
        }
    }

    /// The id of a step.
    pub(super) fn step(&self, place: usize) -> Option<&str> {
        self.steps.get(place)?.as_deref()
    }

    /// Whether an earlier step has the id of this one.
    pub(super) fn step_is_double(&self, place: usize) -> bool {
        is_double(&self.steps, place)
    }

    /// Whether an earlier check has the id of this one.
    pub(super) fn check_is_double(&self, place: usize) -> bool {
        is_double(&self.checks, place)
    }
}

fn is_double(ids: &[Option<String>], place: usize) -> bool {
    let id = ids.get(place).and_then(Option::as_ref);
    id.is_some_and(|id| ids.iter().take(place).flatten().any(|earlier| earlier == id))
}

/// What may be named at one place of the file.
pub(super) struct Scope<'n> {
    names: &'n Names,
    earlier_steps: Option<usize>,
}

impl<'n> Scope<'n> {
    /// Outside the steps, where none has run yet.
    pub(super) fn of_bill(names: &'n Names) -> Scope<'n> {
        Scope { names, earlier_steps: None }
    }

    /// In a step, by its place in the file.
    pub(super) fn of_step(names: &'n Names, place: usize) -> Scope<'n> {
        Scope { names, earlier_steps: Some(place) }
    }

    /// The place of an identity in the pack.
    pub(super) fn identity(&self, key: &str) -> Option<usize> {
        self.names.identities.iter().position(|one| one == key)
    }

    /// Whether a source is declared.
    pub(super) fn has_source(&self, id: &str) -> bool {
        self.names.sources.iter().any(|one| one == id)
    }

    /// Whether steps can have run.
    pub(super) fn is_in_step(&self) -> bool {
        self.earlier_steps.is_some()
    }

    /// The place of an earlier step.
    pub(super) fn earlier_step(&self, id: &str) -> Option<usize> {
        let earlier = self.names.steps.iter().take(self.earlier_steps.unwrap_or(0));
        earlier.into_iter().position(|one| one.as_deref() == Some(id))
    }
}
