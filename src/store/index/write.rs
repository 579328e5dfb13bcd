//! Writing a run: whole and on stable storage before it has its name.

use crate::store::durable::sync_directory;
use crate::store::index::error::IndexError;
use crate::store::index::filter::Filter;
use crate::store::index::layout::Fence;
use crate::store::index::layout::HEADER_BYTES;
use crate::store::index::layout::MAGIC;
use crate::store::index::layout::POSTINGS_PER_BLOCK;
use crate::store::index::layout::ROWS_PER_BLOCK;
use crate::store::index::layout::Trailer;
use crate::store::index::layout::VERSION;
use crate::store::index::layout::name;
use crate::store::index::layout::number;
use crate::store::index::posting::Key;
use crate::store::index::posting::POSTING_BYTES;
use crate::store::index::posting::Posting;
use crate::store::index::posting::ROW_BYTES;
use crate::store::index::posting::Row;
use crate::store::index::posting::put_posting;
use crate::store::index::run::Run;
use crate::store::journal::Head;

use std::fs;
use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

const WRITE_BYTES: usize = 1 << 20;

/// A run that is being written: first all rows, then all postings in order.
pub(super) struct Writing {
    directory: PathBuf,
    path: PathBuf,
    file: BufWriter<File>,
    fingerprint: u64,
    first: u64,
    head: Head,
    trailer: Trailer,
    postings: u64,
    rows: Vec<u8>,
    block: Vec<u8>,
    begins: Option<(Key, u64)>,
}

impl Writing {
    /// Begins a run of these entries with about so many postings.
    pub(super) fn begin(
        directory: &Path,
        fingerprint: u64,
        (first, head): (u64, Head),
        postings: usize,
    ) -> Result<Writing, IndexError> {
        let path = directory.join(format!("{}.new", name(first, head.sequence)));
        let file = File::create(&path).map_err(IndexError::io(&path, "created"))?;
        let filter = Filter::for_keys(postings);
        let mut writing = Writing {
            directory: directory.to_owned(),
            path,
            file: BufWriter::with_capacity(WRITE_BYTES, file),
            fingerprint,
            first,
            head,
            trailer: Trailer { row_sums: Vec::new(), fences: Vec::new(), filter },
            postings: 0,
            rows: Vec::new(),
            block: Vec::new(),
            begins: None,
        };
        let header = writing.header();
        writing.write(&header)?;
        Ok(writing)
    }

    /// Adds the next row.
    pub(super) fn row(&mut self, row: Row) -> Result<(), IndexError> {
        row.put(&mut self.rows);
        if self.rows.len() < ROWS_PER_BLOCK * ROW_BYTES { Ok(()) } else { self.end_rows() }
    }

    /// Adds the bytes of the next rows.
    pub(super) fn row_bytes(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        for row in bytes.chunks(ROW_BYTES) {
            self.rows.extend_from_slice(row);
            if self.rows.len() == ROWS_PER_BLOCK * ROW_BYTES {
                self.end_rows()?;
            }
        }
        Ok(())
    }

    /// Adds the next posting. All rows are there.
    pub(super) fn posting(&mut self, key: Key, posting: Posting) -> Result<(), IndexError> {
        if self.begins.is_none() {
            self.end_rows()?;
            self.begins = Some((key, posting.number));
        }
        self.trailer.filter.add(key);
        put_posting(&mut self.block, key, posting);
        self.postings += 1;
        if self.block.len() < POSTINGS_PER_BLOCK * POSTING_BYTES {
            Ok(())
        } else {
            self.end_block()
        }
    }

    /// Brings everything to stable storage, gives the run its name, and opens it.
    pub(super) fn finish(mut self) -> Result<Run, IndexError> {
        self.end_rows()?;
        self.end_block()?;
        let trailer = self.trailer.to_bytes();
        let mut footer = self.postings.to_le_bytes().to_vec();
        footer.extend_from_slice(&number(trailer.len()).to_le_bytes());
        footer.extend_from_slice(&crc32fast::hash(&trailer).to_le_bytes());
        footer.extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
        self.write(&trailer)?;
        self.write(&footer)?;
        let Writing { directory, path, file, fingerprint, first, head, .. } = self;
        let file = file
            .into_inner()
            .map_err(|error| IndexError::io(&path, "written")(error.into_error()))?;
        file.sync_all().map_err(IndexError::io(&path, "synced"))?;
        let named = directory.join(name(first, head.sequence));
        fs::rename(&path, &named).map_err(IndexError::io(&named, "named"))?;
        sync_directory(&directory).map_err(IndexError::io(&directory, "synced"))?;
        Run::open(&named, fingerprint)
    }

    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(&MAGIC);
        for number in [VERSION, self.fingerprint, self.first, self.head.sequence] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        header.extend_from_slice(self.head.digest.as_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        header
    }

    fn end_rows(&mut self) -> Result<(), IndexError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.trailer.row_sums.push(crc32fast::hash(&self.rows));
        let rows = std::mem::take(&mut self.rows);
        self.write(&rows)?;
        self.rows = rows;
        self.rows.clear();
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), IndexError> {
        let Some((key, number)) = self.begins.take() else { return Ok(()) };
        let sum = crc32fast::hash(&self.block);
        self.trailer.fences.push(Fence { key, number, sum });
        let block = std::mem::take(&mut self.block);
        self.write(&block)?;
        self.block = block;
        self.block.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        self.file.write_all(bytes).map_err(IndexError::io(&self.path, "written"))
    }
}
