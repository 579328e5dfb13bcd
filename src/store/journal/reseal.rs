//! Writing the segments of a journal anew under another key.

use crate::store::durable::sync_directory;
use crate::store::journal::Journal;
use crate::store::journal::error::JournalError;
use crate::store::journal::record::FRAME_BYTES;
use crate::store::journal::record::put;
use crate::store::journal::scan::Scan;
use crate::store::journal::scan::Step;
use crate::store::journal::segment::Header;
use crate::store::journal::segment::header_of;
use crate::store::journal::segment::list;
use crate::store::journal::segment::path_of;
use crate::store::reseal::Resealed;
use crate::store::seal::name_of;

use std::fs;
use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A file that is being written is named so until it is whole; opening a journal does not look at it.
const ENDING: &str = "resealed";

impl Journal {
    /// Seals every segment with the first key that is not sealed with it yet. The journal is closed by it.
    pub(in crate::store) fn reseal(
        self,
        done: &mut Resealed,
        next: &mut impl FnMut(),
    ) -> Result<(), JournalError> {
        let mut before = 0;
        for segment in list(&self.directory)? {
            let path = path_of(&self.directory, segment);
            let io = || JournalError::io(&path, "sealed anew");
            let file = File::open(&path).map_err(io())?;
            let header = header_of(&file, segment, before).map_err(io())?;
            let header = header.map_err(|damage| JournalError::damaged(&path, 0, damage))?;
            before = segment;
            if self.is_under_first_key(&file, header, &path)? {
                continue;
            }
            done.records += self.anew(file, header, &path, next)?;
            done.segments += 1;
            sync_directory(&self.directory).map_err(io())?;
        }
        Ok(())
    }

    /// Whether all records of a segment are sealed with the first key.
    fn is_under_first_key(
        &self,
        file: &File,
        header: Header,
        path: &Path,
    ) -> Result<bool, JournalError> {
        if !header.is_sealed {
            return Ok(false);
        }
        let io = || JournalError::io(path, "read");
        let file = file.try_clone().map_err(io())?;
        let mut scan = Scan::begin(file, header, &self.options.seal).map_err(io())?;
        loop {
            match scan.step().map_err(io())? {
                Step::Record(_, position) => {
                    let mut name = [0; 4];
                    let content = position.offset + u64::try_from(FRAME_BYTES).unwrap_or(u64::MAX);
                    scan.file().read_exact_at(&mut name, content).map_err(io())?;
                    let name = name_of(&name).map(|(name, _)| name);
                    if name != self.options.seal.name() {
                        return Ok(false);
                    }
                }
                Step::End => return Ok(true),
                Step::Misfit(damage) => {
                    return Err(JournalError::damaged(path, scan.offset(), damage));
                }
            }
        }
    }

    /// Writes a segment anew and puts it in the old one's place; returns how many records it has.
    fn anew(
        &self,
        file: File,
        header: Header,
        path: &Path,
        next: &mut impl FnMut(),
    ) -> Result<u64, JournalError> {
        let new = path.with_extension(ENDING);
        let written = self.write_anew(file, header, (path, &new), next);
        match written.and_then(|records| {
            fs::rename(&new, path).map_err(JournalError::io(path, "sealed anew"))?;
            Ok(records)
        }) {
            Ok(records) => Ok(records),
            Err(error) => {
                // It says already what went wrong; the old segment stands.
                let _ = fs::remove_file(&new);
                Err(error)
            }
        }
    }

    fn write_anew(
        &self,
        file: File,
        header: Header,
        (path, new): (&Path, &Path),
        next: &mut impl FnMut(),
    ) -> Result<u64, JournalError> {
        let io = || JournalError::io(path, "sealed anew");
        let seal = &self.options.seal;
        let mut scan = Scan::begin(file, header, seal).map_err(io())?;
        let mut out = BufWriter::new(File::create(new).map_err(io())?);
        let sealed = Header { is_sealed: true, ..header };
        out.write_all(&sealed.to_bytes()).map_err(io())?;
        let mut records = 0;
        loop {
            match scan.step().map_err(io())? {
                Step::Record(record, _) => {
                    let mut bytes = Vec::new();
                    let numbers = (record.sequence, record.group);
                    put(&mut bytes, numbers, &record.previous, &record.content, seal)
                        .map_err(JournalError::Seal)?;
                    out.write_all(&bytes).map_err(io())?;
                    records += 1;
                    next();
                }
                Step::End => break,
                Step::Misfit(damage) => {
                    return Err(JournalError::damaged(path, scan.offset(), damage));
                }
            }
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error).map_err(io())?;
        file.sync_all().map_err(io())?;
        Ok(records)
    }
}
