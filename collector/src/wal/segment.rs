//! A file of the write-ahead log: records behind each other, each with its length and checksum.
//!
//! ```text
//! length of the request: u32 | CRC-32 of signal and request: u32 | signal: u8 | request in protobuf
//! ```
//! Numbers are little-endian.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::otlp::Signal;

/// What stands before a request.
pub(super) const HEAD_BYTES: usize = 9;
const EXTENSION: &str = "otlp";

/// A segment as it lies on the disk.
#[derive(Clone)]
pub(super) struct Segment {
    /// Position of its first byte in the log.
    start: u64,
    /// Bytes of whole records.
    len: u64,
    path: PathBuf,
}

/// Requests of one signal.
pub(crate) struct Read {
    pub(crate) signal: Signal,
    /// None where the log is damaged.
    pub(crate) requests: Vec<Vec<u8>>,
    /// The position behind them.
    pub(crate) end: u64,
}

struct Record {
    signal: Signal,
    request: Vec<u8>,
    /// The position behind it.
    end: u64,
}

/// What was read at the start.
pub(super) struct Replayed {
    pub(super) requests: u64,
    pub(super) torn_bytes: u64,
}

/// What went with a segment.
pub(super) struct Gone {
    pub(super) requests: u64,
    /// Those that nobody has read.
    pub(super) unread: u64,
}

/// The segments of a folder, oldest first.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == EXTENSION)
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            && let Ok(start) = name.parse()
        {
            let len = fs::metadata(&path)?.len();
            segments.push(Segment { start, len, path });
        }
    }
    segments.sort_by_key(|segment| segment.start);
    Ok(segments)
}

/// Appends a record.
pub(super) fn encode(signal: Signal, request: &[u8], out: &mut Vec<u8>) {
    let tag = tag(signal);
    // No request is longer than what may be received.
    let length = u32::try_from(request.len()).unwrap_or(u32::MAX);
    out.extend(length.to_le_bytes());
    out.extend(checksum(tag, request).to_le_bytes());
    out.push(tag);
    out.extend_from_slice(request);
}

impl Segment {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn end(&self) -> u64 {
        self.start + self.len
    }

    pub(super) fn grow(&mut self, bytes: u64) {
        self.len += bytes;
    }

    /// Says that nothing of it counts from this position on.
    pub(super) fn cut(&mut self, position: u64) {
        self.len = self.len.min(position.saturating_sub(self.start));
    }

    /// Hands over its requests. What stands behind the last whole one is of no use and is cut off.
    pub(super) fn replay(
        &mut self,
        replay: &mut impl FnMut(Signal, &[u8]),
    ) -> io::Result<Replayed> {
        let on_disk = self.len;
        let mut reader = Reader::open(self, self.start, self.end())?;
        let mut requests = 0;
        while let Some(record) = reader.next()? {
            replay(record.signal, &record.request);
            requests += 1;
        }
        self.cut(reader.position);
        let torn_bytes = on_disk - self.len;
        if torn_bytes > 0 {
            tracing::warn!(
                segment = %self.path.display(),
                bytes = torn_bytes,
                "the end of a segment of the write-ahead log cannot be read and is left out"
            );
            File::options()
                .write(true)
                .open(&self.path)?
                .set_len(self.len)?;
        }
        Ok(Replayed {
            requests,
            torn_bytes,
        })
    }

    /// Requests of one signal from a position on, or from the beginning when that is behind it.
    pub(super) fn read(&self, position: u64, durable: u64, max_bytes: usize) -> io::Result<Read> {
        let mut reader = Reader::open(self, position.max(self.start), self.end().min(durable))?;
        let Some(first) = reader.next()? else {
            // What is behind the damage cannot be found.
            return Ok(Read {
                signal: Signal::Traces,
                requests: Vec::new(),
                end: self.end(),
            });
        };
        let mut bytes = first.request.len();
        let mut read = Read {
            signal: first.signal,
            requests: vec![first.request],
            end: first.end,
        };
        while let Some(record) = reader.next()? {
            bytes += record.request.len();
            if record.signal != read.signal || bytes > max_bytes {
                break;
            }
            read.requests.push(record.request);
            read.end = record.end;
        }
        Ok(read)
    }

    /// Deletes it; says what was in it.
    pub(super) fn remove(self, read: Option<u64>) -> Gone {
        let mut gone = Gone {
            requests: 0,
            unread: 0,
        };
        if let Ok(mut reader) = Reader::open(&self, self.start, self.end()) {
            while let Ok(Some(record)) = reader.next() {
                gone.requests += 1;
                gone.unread += u64::from(read.is_some_and(|read| record.end > read));
            }
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a segment of the write-ahead log cannot be deleted"
            );
        }
        gone
    }
}

struct Reader {
    file: BufReader<File>,
    position: u64,
    end: u64,
}

impl Reader {
    fn open(segment: &Segment, position: u64, end: u64) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(64 << 10, File::open(&segment.path)?);
        file.seek(SeekFrom::Start(position - segment.start))?;
        Ok(Self {
            file,
            position,
            end,
        })
    }

    /// The next whole record; nothing at the end, and nothing where something else stands.
    fn next(&mut self) -> io::Result<Option<Record>> {
        let rest = self.end.saturating_sub(self.position);
        if rest < HEAD_BYTES as u64 {
            return Ok(None);
        }
        let mut head = [0; HEAD_BYTES];
        self.file.read_exact(&mut head)?;
        let [l0, l1, l2, l3, c0, c1, c2, c3, tag] = head;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let record_bytes = HEAD_BYTES as u64 + u64::from(length);
        let Some(signal) = signal(tag).filter(|_| record_bytes <= rest) else {
            return Ok(None);
        };
        let mut request = Vec::new();
        (&mut self.file)
            .take(u64::from(length))
            .read_to_end(&mut request)?;
        if checksum(tag, &request) != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Ok(None);
        }
        self.position += record_bytes;
        Ok(Some(Record {
            signal,
            request,
            end: self.position,
        }))
    }
}

/// The segment that is written to.
pub(super) struct Writer {
    file: File,
    len: u64,
}

impl Writer {
    /// Makes a segment, and sees to it that its name is on the disk too.
    pub(super) fn create(folder: &Path, start: u64) -> io::Result<(Self, Segment)> {
        let path = folder.join(format!("{start:020}.{EXTENSION}"));
        // One of this name holds nothing: it is left over from a disk that was full.
        let file = File::create(&path)?;
        File::open(folder)?.sync_all()?;
        let segment = Segment {
            start,
            len: 0,
            path,
        };
        Ok((Self { file, len: 0 }, segment))
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Brings whole records to the disk, all or nothing.
    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        let written = self
            .file
            .write_all(records)
            .and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.len += records.len() as u64,
            // Gives the room back as well. Where even that fails, the checksum tells.
            Err(_) => drop(self.file.set_len(self.len)),
        }
        written
    }
}

fn checksum(tag: u8, request: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[tag]);
    hasher.update(request);
    hasher.finalize()
}

fn tag(signal: Signal) -> u8 {
    match signal {
        Signal::Traces => 1,
        Signal::Logs => 2,
        Signal::Metrics => 3,
    }
}

fn signal(tag: u8) -> Option<Signal> {
    Signal::ALL
        .into_iter()
        .find(|signal| self::tag(*signal) == tag)
}
