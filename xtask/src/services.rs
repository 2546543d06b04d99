//! Running services: start one, wait for the addresses it announces, pass its log on, stop all in order. `demo` decides
//! what to start.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::http;
use crate::process;
use crate::supervise::Stop;

/// A service has this long to listen, and then to be ready; a debug build on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(120);
/// A service has this long to drain its requests and to flush its spans.
const GRACE: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Width of the longest name of a service, so that log lines stand below each other.
const NAME_WIDTH: usize = "frontend-server".len();

/// The services that run, in the order of their start. They are stopped when this goes away, whatever the reason.
#[derive(Default)]
pub(crate) struct Services(Vec<Service>);

struct Service {
    name: &'static str,
    child: Child,
    logs: Vec<JoinHandle<()>>,
}

impl Services {
    /// Starts `command` and waits until it has announced every listener of `listeners`. Returns their addresses in that
    /// order.
    ///
    /// # Errors
    /// When it cannot start, ends, stays silent, or when a stop is asked for.
    pub(crate) fn start<const N: usize>(
        &mut self,
        name: &'static str,
        command: &mut Command,
        listeners: [&str; N],
        stop: &Stop,
    ) -> Result<[String; N], Failure> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                let program = std::path::Path::new(command.get_program());
                format!("cannot start {}: {error}", program.display())
            })?;
        let (announce, announced) = channel();
        let logs = [
            child
                .stdout
                .take()
                .map(|output| pass_on(name, output, Some(announce))),
            child
                .stderr
                .take()
                .map(|output| pass_on(name, output, None)),
        ];
        self.0.push(Service {
            name,
            child,
            logs: logs.into_iter().flatten().collect(),
        });

        let mut found = BTreeMap::new();
        let deadline = Instant::now() + PATIENCE;
        while !listeners
            .iter()
            .all(|listener| found.contains_key(*listener))
        {
            self.wait_for_announcement(name, &announced, &mut found)?;
            self.check(stop)?;
            if Instant::now() > deadline {
                return Err(
                    format!("{name} does not listen after {} s", PATIENCE.as_secs()).into(),
                );
            }
        }
        Ok(listeners.map(|listener| found[listener].clone()))
    }

    /// Waits until `path` at `address` answers 200.
    ///
    /// # Errors
    /// When it never does, a service ends, or a stop is asked for.
    pub(crate) fn wait_until_ready(
        &mut self,
        address: &str,
        path: &str,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        while http::get(address, path).is_none_or(|answer| answer.status != 200) {
            self.check(stop)?;
            if Instant::now() > deadline {
                return Err(format!(
                    "http://{address}{path} does not answer 200 after {} s",
                    PATIENCE.as_secs()
                )
                .into());
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        Ok(())
    }

    /// Waits until a stop is asked for.
    ///
    /// # Errors
    /// When a service ends before that.
    pub(crate) fn run_until(&mut self, stop: &Stop) -> Result<(), Failure> {
        while !stop.is_asked() {
            self.check_alive()?;
            std::thread::sleep(LOOK_INTERVAL);
        }
        Ok(())
    }

    /// Stops all, the last one started first: a service still has the ones it sends spans to while it drains.
    ///
    /// # Errors
    /// When one does not end cleanly; the others are stopped all the same.
    pub(crate) fn stop(&mut self) -> Result<(), Failure> {
        let mut unclean = Vec::new();
        while let Some(mut service) = self.0.pop() {
            match process::terminate(&mut service.child, GRACE) {
                Ok(status) if status.success() => {}
                Ok(status) => unclean.push(format!("{} ended with {status}", service.name)),
                Err(failure) => unclean.push(failure.message),
            }
            for log in service.logs {
                let _ = log.join();
            }
        }
        match unclean.is_empty() {
            true => Ok(()),
            false => Err(unclean.join("; ").into()),
        }
    }

    fn wait_for_announcement(
        &mut self,
        name: &str,
        announced: &Receiver<(String, String)>,
        found: &mut BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        match announced.recv_timeout(LOOK_INTERVAL) {
            Ok((listener, address)) => {
                found.insert(listener, address);
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            // Standard output is closed: the service has ended, or soon will.
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(LOOK_INTERVAL);
                self.check_alive()?;
                Err(format!("{name} closed its standard output before it listened").into())
            }
        }
    }

    fn check(&mut self, stop: &Stop) -> Result<(), Failure> {
        match stop.is_asked() {
            true => Err("stopped".into()),
            false => self.check_alive(),
        }
    }

    fn check_alive(&mut self) -> Result<(), Failure> {
        for service in &mut self.0 {
            match service.child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => {
                    return Err(format!(
                        "{} ended with {status}; its log above says why",
                        service.name
                    )
                    .into());
                }
                Err(error) => return Err(format!("lost {}: {error}", service.name).into()),
            }
        }
        Ok(())
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Err(failure) = self.stop() {
            process::complain(&failure.message);
        }
    }
}

/// Prints every line of `output` behind the name of its service, and sends what it says about listeners to `announce`.
fn pass_on(
    name: &'static str,
    output: impl Read + Send + 'static,
    announce: Option<Sender<(String, String)>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(output);
        let mut line = Vec::new();
        // A line need not be UTF-8, and a service must never wait because nobody reads its log.
        while lines
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            process::say(&format!("{name:NAME_WIDTH$} | {text}"));
            if let (Some(announce), Some(listener)) = (&announce, announcement(text)) {
                let _ = announce.send(listener);
            }
            line.clear();
        }
    })
}

/// Name and address of `listening <name> <address>`.
fn announcement(line: &str) -> Option<(String, String)> {
    let (name, address) = line.strip_prefix("listening ")?.split_once(' ')?;
    Some((name.to_owned(), address.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_announcements_count() {
        assert_eq!(
            announcement("listening http 127.0.0.1:8000"),
            Some(("http".to_owned(), "127.0.0.1:8000".to_owned()))
        );
        assert_eq!(announcement("listening"), None);
        assert_eq!(announcement("now listening http 127.0.0.1:8000"), None);
    }
}
