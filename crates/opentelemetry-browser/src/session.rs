//! The session: what one person does in one tab without a long pause. Its id, `session.id` of the semantic conventions, is
//! on the first span of the page in each trace and on every log record. It survives a reload in the tab's session storage
//! and is replaced when nothing was recorded for half an hour.

use std::rc::Rc;

#[cfg(feature = "logs")]
use opentelemetry::Context;

#[cfg(feature = "logs")]
use crate::attribute::{SESSION_ID, SESSION_PREVIOUS_ID};
use crate::ids::Random;
#[cfg(feature = "logs")]
use crate::logs::{Event, Severity};
#[cfg(target_arch = "wasm32")]
use crate::pipeline::Host;
use crate::pipeline::{Pipeline, with};
#[cfg(feature = "logs")]
use crate::span::Item;

/// How often the time of the last record is written down at most: storage is slow, and minutes are near enough.
const WRITE_INTERVAL_MS: f64 = 60_000.0;

/// The session as this page knows it.
#[derive(Debug)]
pub(crate) struct Session {
    id: Rc<str>,
    last_active_ms: f64,
    written_ms: f64,
    idle_ms: f64,
}

/// A session, as of now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Active {
    pub(crate) id: Rc<str>,
    /// Whether the tab has to be told of it.
    pub(crate) has_to_be_stored: bool,
    /// Set when it has just begun: the one before, which is over; empty when none is known.
    pub(crate) begun_after: Option<Rc<str>>,
}

impl Session {
    /// The session of what was stored, its id and when it was active, or none yet. Times are in milliseconds since the Unix
    /// epoch; `idle_ms` ends it.
    pub(crate) fn restore(stored: Option<(String, f64)>, idle_ms: u32) -> Self {
        let (id, last_active_ms) = stored.unwrap_or((String::new(), f64::NEG_INFINITY));
        Self {
            id: id.into(),
            last_active_ms,
            written_ms: f64::NEG_INFINITY,
            idle_ms: f64::from(idle_ms),
        }
    }

    /// The session of something that is recorded at `now_ms`; a new one after a long pause, or when the clock has gone back
    /// as far.
    pub(crate) fn touch(&mut self, now_ms: f64, random: &Random) -> Active {
        let mut begun_after = None;
        if (now_ms - self.last_active_ms).abs() > self.idle_ms {
            begun_after = Some(std::mem::replace(&mut self.id, random.uuid().into()));
            self.written_ms = f64::NEG_INFINITY;
        }
        self.last_active_ms = now_ms;
        let has_to_write = (now_ms - self.written_ms).abs() > WRITE_INTERVAL_MS;
        if has_to_write {
            self.written_ms = now_ms;
        }
        Active {
            id: Rc::clone(&self.id),
            has_to_be_stored: has_to_write,
            begun_after,
        }
    }
}

impl Pipeline {
    /// The id of the session, in which something is recorded now.
    pub(crate) fn session_id(&self) -> Rc<str> {
        let now_ms = self.host.date_ms();
        let active = with(&self.session, |session| session.touch(now_ms, &self.random));
        let Some(active) = active else {
            return Rc::from("");
        };
        if active.has_to_be_stored {
            self.host.store_session(&active.id, now_ms);
        }
        #[cfg(feature = "logs")]
        if let Some(previous) = &active.begun_after {
            self.tell_session(previous);
        }
        active.id
    }

    /// Events `session.end` and `session.start`, which are known only now that something is recorded again.
    #[cfg(feature = "logs")]
    fn tell_session(&self, previous: &str) {
        let tell = |name, attributes: &[(&str, Item<'_>)]| {
            self.log(
                &Event::new(name, Severity::Info, attributes),
                &Context::new(),
            );
        };
        if previous.is_empty() {
            return tell("session.start", &[]);
        }
        tell("session.end", &[(SESSION_ID, Item::Text(previous))]);
        tell(
            "session.start",
            &[(SESSION_PREVIOUS_ID, Item::Text(previous))],
        );
    }
}

/// The random bits of a session's id by which all its traces are sampled alike: the first sixteen digits of a UUID, of which
/// one says the version, too far back to matter.
pub(crate) fn random_bits(id: &str) -> u64 {
    let digits = id.bytes().filter_map(|byte| char::from(byte).to_digit(16));
    digits
        .take(16)
        .fold(0, |bits, digit| bits << 4 | u64::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SEED_WORDS;
    use crate::sampler::RatioSampler;

    const HALF_AN_HOUR_MS: u32 = 30 * 60 * 1000;
    const NOW_MS: f64 = 1_700_000_000_000.0;

    fn random() -> Random {
        Random::new([4; SEED_WORDS])
    }

    #[test]
    fn lasts_while_something_is_recorded() {
        let random = random();
        let mut session = Session::restore(None, HALF_AN_HOUR_MS);
        let first = session.touch(NOW_MS, &random);
        assert_eq!(first.id.len(), 36);
        let mut now_ms = NOW_MS;
        for _ in 0..100 {
            now_ms += 29.0 * 60_000.0;
            assert_eq!(session.touch(now_ms, &random).id, first.id);
        }
        let next = session.touch(now_ms + 31.0 * 60_000.0, &random);
        assert_ne!(next.id, first.id);
        assert!(next.has_to_be_stored, "the new id");
    }

    #[test]
    fn survives_a_reload_but_no_long_pause() {
        let random = random();
        let id_after = |pause_ms: f64| {
            let stored = ("stored".to_owned(), NOW_MS);
            let mut session = Session::restore(Some(stored), HALF_AN_HOUR_MS);
            session.touch(NOW_MS + pause_ms, &random).id
        };
        assert_eq!(&*id_after(1000.0), "stored");
        assert_ne!(&*id_after(2_000_000.0), "stored");
        assert_ne!(&*id_after(-2_000_000.0), "stored", "the clock was set back");
    }

    #[test]
    fn is_written_once_a_minute() {
        let random = random();
        let mut session = Session::restore(None, HALF_AN_HOUR_MS);
        let writes = (0..600)
            .filter(|second| {
                let now_ms = NOW_MS + f64::from(*second) * 1000.0;
                session.touch(now_ms, &random).has_to_be_stored
            })
            .count();
        assert_eq!(writes, 10);
    }

    #[test]
    fn sessions_are_sampled_by_the_ratio() {
        let random = random();
        let sampler = RatioSampler::new(0.25);
        let sampled = (0..10_000)
            .filter(|_| sampler.samples_bits(random_bits(&random.uuid())))
            .count();
        assert!((2300..2700).contains(&sampled), "{sampled}");
        assert_eq!(
            random_bits("123e4567-e89b-42d3-a456-426614174000"),
            0x123e_4567_e89b_42d3
        );
    }
}
