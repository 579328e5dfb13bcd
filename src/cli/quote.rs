//! `onestop quote`: one bill, or JSON lines by the million, without a server.

use crate::accumulators::Accumulators;
use crate::admission::Admission;
use crate::calendar::Day;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::cli::progress;
use crate::folder;
use crate::folder::Registers;
use crate::proto;
use crate::proto::quote_many_reply::Outcome;
use crate::refusal::Refusal;
use crate::rules::RuleBook;
use crate::service;
use crate::service::Failure;
use crate::service::quote::Quoting;
use crate::sheet;
use crate::situation::Situation;
use crate::situation::situation;
use crate::store::fault::chain;
use crate::wire::to_proto;

use clap::Args;

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::path::PathBuf;
use std::thread;

/// Lines that are answered together.
const CHUNK_LINES: usize = 1024;

#[derive(Debug, Args)]
pub(super) struct QuoteArguments {
    /// A QuoteRequest or SettleRequest in the contract's JSON form, or one in each line; `-` is standard input.
    file: PathBuf,
    /// Folder of rule packs.
    #[arg(long, value_name = "FOLDER")]
    packs: Option<PathBuf>,
    /// Register folder: persons.csv, facilities.csv, catalogue.csv.
    #[arg(long, value_name = "FOLDER", default_value = "deploy/sample")]
    registers: PathBuf,
    /// With JSON lines: answer with the full trace instead of amounts only.
    #[arg(long)]
    trace: bool,
    /// With JSON lines: how many threads; all cores by default.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// What quotes are computed on.
struct Desk {
    book: RuleBook,
    registers: Registers,
    line_facts: bool,
    today: Day,
}

pub(super) fn run(context: &Context, arguments: &QuoteArguments) -> Exit {
    let packs = arguments.packs.as_ref().unwrap_or(&context.config.rules.path);
    let book = match service::read_rules(packs) {
        Ok(book) => book,
        Err(error) => {
            output::complain(&chain(&error));
            return Exit::Usage;
        }
    };
    let registers = match folder::registers(&arguments.registers) {
        Ok(registers) => registers,
        Err(error) => {
            output::complain(&error.sentence(context.lang));
            return Exit::Usage;
        }
    };
    let line_facts = context.config.rules.line_facts;
    let desk = Desk { book, registers, line_facts, today: service::now().day() };
    let outcome = open(&arguments.file)
        .and_then(|(reader, bytes)| answer(context, arguments, &desk, (reader, bytes)));
    match outcome {
        Ok(exit) => exit,
        Err(error) => {
            output::complain(&format!("{}: {error}", arguments.file.display()));
            Exit::Usage
        }
    }
}

type Input = Box<dyn BufRead>;

fn open(file: &Path) -> io::Result<(Input, Option<u64>)> {
    if file == Path::new("-") {
        return Ok((Box::new(BufReader::new(io::stdin())), None));
    }
    let file = File::open(file)?;
    let bytes = file.metadata()?.len();
    Ok((Box::new(BufReader::with_capacity(1 << 20, file)), Some(bytes)))
}

/// One document, or JSON lines: that is so where the first line is one by itself and another follows.
fn answer(
    context: &Context,
    arguments: &QuoteArguments,
    desk: &Desk,
    (mut input, bytes): (Input, Option<u64>),
) -> io::Result<Exit> {
    let mut first = String::new();
    while first.trim().is_empty() {
        first.clear();
        if input.read_line(&mut first)? == 0 {
            return Err(io::Error::other("no request in it"));
        }
    }
    let mut second = String::new();
    while second.trim().is_empty() {
        second.clear();
        if input.read_line(&mut second)? == 0 {
            return Ok(one(context, desk, &first));
        }
    }
    if serde_json::from_str::<serde::de::IgnoredAny>(&first).is_ok() {
        return many(arguments, desk, (first + &second, input), bytes);
    }
    let mut text = first + &second;
    input.read_to_string(&mut text)?;
    Ok(one(context, desk, &text))
}

fn one(context: &Context, desk: &Desk, text: &str) -> Exit {
    let request = match read(text) {
        Ok(request) => request,
        Err(error) => {
            output::complain(&error);
            return Exit::Usage;
        }
    };
    match desk.quote(&request) {
        Ok(statement) if context.json => {
            output::print_json(&statement);
            Exit::Done
        }
        Ok(statement) => {
            output::print(&sheet::quote(&statement, context.lang));
            Exit::Done
        }
        Err(Failure::Refusal(refusal)) => {
            output::refuse(&to_proto::refusal(&refusal), context.lang);
            Exit::Refused
        }
        Err(Failure::Fault(fault)) => {
            output::complain(&chain(&fault));
            Exit::Failed
        }
    }
}

/// Answers every line by one, in order; a refused one does not end the run.
fn many(
    arguments: &QuoteArguments,
    desk: &Desk,
    (first, mut input): (String, Input),
    bytes: Option<u64>,
) -> io::Result<Exit> {
    let jobs = arguments.jobs.or_else(|| thread::available_parallelism().ok());
    let jobs = jobs.map_or(1, NonZeroUsize::get);
    let bar = progress::bytes(bytes);
    let mut out = io::stdout().lock();
    let mut chunks: Vec<Chunk> = (0..jobs).map(|_| Chunk::default()).collect();
    let (mut quoted, mut refused) = (0_u64, 0_u64);
    chunks[0].lines = first;
    loop {
        for chunk in &mut chunks {
            chunk.fill(&mut input)?;
        }
        if chunks[0].lines.is_empty() {
            break;
        }
        if jobs == 1 {
            chunks[0].answer(desk, arguments.trace);
        } else {
            thread::scope(|scope| {
                for chunk in &mut chunks {
                    scope.spawn(|| chunk.answer(desk, arguments.trace));
                }
            });
        }
        for chunk in &mut chunks {
            out.write_all(&chunk.answers)?;
            quoted += chunk.quoted;
            refused += chunk.refused;
            bar.inc(u64::try_from(chunk.lines.len()).unwrap_or_default());
            chunk.lines.clear();
        }
    }
    out.flush()?;
    bar.finish_and_clear();
    output::say(&format!("{quoted} quoted, {refused} refused"));
    Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
}

/// Lines and their answers; the memory is used again for the next lines.
#[derive(Default)]
struct Chunk {
    lines: String,
    answers: Vec<u8>,
    quoted: u64,
    refused: u64,
}

impl Chunk {
    fn fill(&mut self, input: &mut Input) -> io::Result<()> {
        for _ in 0..CHUNK_LINES {
            if input.read_line(&mut self.lines)? == 0 {
                break;
            }
        }
        Ok(())
    }

    fn answer(&mut self, desk: &Desk, trace: bool) {
        self.answers.clear();
        (self.quoted, self.refused) = (0, 0);
        for line in self.lines.lines().filter(|line| !line.trim().is_empty()) {
            match desk.answer_line(line, trace, &mut self.answers) {
                Ok(()) => self.quoted += 1,
                Err(refusal) => {
                    self.refused += 1;
                    reply(Outcome::Refusal(to_proto::refusal(&refusal)), &mut self.answers);
                }
            }
            self.answers.push(b'\n');
        }
    }
}

/// Writes one reply as JSON.
fn reply(outcome: Outcome, out: &mut Vec<u8>) {
    let reply = proto::QuoteManyReply { outcome: Some(outcome) };
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, &reply);
}

impl Desk {
    /// Writes the reply to a line; nothing where it is refused.
    fn answer_line(&self, line: &str, trace: bool, out: &mut Vec<u8>) -> Result<(), Refusal> {
        const WANT: (&str, &str) = ("a QuoteRequest in JSON form", "QuoteRequest 的 JSON 形式");
        let malformed = |error: String| {
            let field = format!("line: {error}");
            Refusal::Malformed { field, want: WANT }
        };
        let request = read(line).map_err(malformed)?;
        let outcome = if trace {
            let request = proto::QuoteRequest { amounts_only: false, ..request };
            self.quote(&request).map(|statement| reply(Outcome::Statement(statement), out))
        } else {
            self.write_amounts(&request, out)
        };
        outcome.map_err(|failure| match failure {
            Failure::Refusal(refusal) => refusal,
            Failure::Fault(fault) => malformed(chain(&fault)),
        })
    }

    fn quote(&self, request: &proto::QuoteRequest) -> Result<proto::Statement, Failure> {
        let quoting = Quoting::read(request, self.today, self.line_facts)?;
        let situation = self.situation(&quoting.admission)?;
        quoting.statement(situation, &self.registers.catalogue, &Accumulators::default())
    }

    fn write_amounts(
        &self,
        request: &proto::QuoteRequest,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let quoting = Quoting::read(request, self.today, self.line_facts)?;
        let situation = self.situation(&quoting.admission)?;
        let year = Accumulators::default();
        quoting.write_amounts(situation, &self.registers.catalogue, &year, out)
    }

    fn situation<'a>(&'a self, admission: &'a Admission) -> Result<Situation<'a>, Refusal> {
        let person = self.registers.persons.get(&admission.person);
        let person = person.ok_or(Refusal::UnknownPerson)?;
        let facility = match &admission.facility {
            Some(id) => {
                let unknown = || Refusal::UnknownFacility { facility: id.to_string() };
                Some(self.registers.facilities.get(id).ok_or_else(unknown)?)
            }
            None => None,
        };
        situation(&self.book, person, facility, admission)
    }
}

/// A quote request, or the quote of a settle request.
fn read(text: &str) -> Result<proto::QuoteRequest, String> {
    serde_json::from_str::<proto::QuoteRequest>(text).or_else(|error| {
        let settle: proto::SettleRequest =
            serde_json::from_str(text).map_err(|_| error.to_string())?;
        Ok(proto::QuoteRequest {
            admission: settle.admission,
            bill: settle.bill,
            account_pay: settle.account_pay,
            deposit: settle.deposit,
            ..proto::QuoteRequest::default()
        })
    })
}
