//! Request bodies, read and inflated within bounds: one body's size, and the memory of all that are under way.

use std::io::{ErrorKind, Read};
use std::sync::Arc;

use axum::body::Body;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Refusal;

/// Memory for bodies under way. Nobody waits for it: who finds none left is told to come back.
#[derive(Clone)]
pub(super) struct Budget {
    kibibytes: Arc<Semaphore>,
}

/// A whole body, and its hold on the budget.
pub(super) struct Received {
    bytes: Vec<u8>,
    held: Held,
}

struct Held {
    budget: Budget,
    permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            kibibytes: Arc::new(Semaphore::new(max_bytes >> 10)),
        }
    }

    /// Reads a body of at most `max_bytes`. A body that cannot be taken is read to its end as well, though not kept:
    /// a connection that is closed on a sender in the middle of its body may lose it the answer.
    pub(super) async fn read(&self, mut body: Body, max_bytes: usize) -> Result<Received, Refusal> {
        let mut received = Ok(Received::empty(self.clone()));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::Malformed("the body ended early".to_owned()))?;
            if let (Ok(whole), Ok(data)) = (&mut received, frame.into_data())
                && let Err(refusal) = whole.append(&data, max_bytes)
            {
                received = Err(refusal);
            }
        }
        received
    }
}

impl Received {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the first bytes off.
    pub(super) fn without_first(mut self, length: usize) -> Self {
        self.bytes.drain(..length.min(self.bytes.len()));
        self
    }

    /// Inflates a gzip body to at most `max_bytes`.
    pub(super) fn inflate(self, max_bytes: usize) -> Result<Self, Refusal> {
        let mut inflated = Self::empty(self.held.budget.clone());
        let mut decoder = MultiGzDecoder::new(self.bytes.as_slice());
        let mut chunk = [0; 16 << 10];
        loop {
            match decoder.read(&mut chunk) {
                Ok(0) => return Ok(inflated),
                Ok(length) => inflated.append(&chunk[..length], max_bytes)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Refusal::Malformed(format!("not gzip: {error}"))),
            }
        }
    }

    fn empty(budget: Budget) -> Self {
        Self {
            bytes: Vec::new(),
            held: Held {
                budget,
                permit: None,
            },
        }
    }

    fn append(&mut self, data: &[u8], max_bytes: usize) -> Result<(), Refusal> {
        let length = self.bytes.len() + data.len();
        if length > max_bytes {
            return Err(Refusal::TooLarge { max_bytes });
        }
        self.held.grow(length)?;
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

impl Held {
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let held = self
            .permit
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let missing =
            u32::try_from(bytes.div_ceil(1 << 10).saturating_sub(held)).unwrap_or(u32::MAX);
        let budget = self.budget.kibibytes.clone();
        let more = budget
            .try_acquire_many_owned(missing)
            .map_err(|_| Refusal::Busy)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }
}
