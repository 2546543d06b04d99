//! A steady client inside the cluster, while one workload after the other is restarted and killed.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::kubectl::kubectl;
use super::network::{STEADY_CLIENT, bash_in};
use super::{NAMESPACE, WORKLOADS, await_rollout, await_rollout_of};
use crate::failure::Failure;
use crate::process;

const SCRIPT: &str = include_str!("steady-client.sh");
/// Searches under way at the same time, at most.
const WORKERS: usize = 4;
/// How long the client goes on after a change, for what comes late: the ends of old pods, the probes of new ones.
const AFTERMATH: Duration = Duration::from_secs(5);

/// What became of the client's searches.
pub(super) struct Count {
    answered: usize,
    failures: Vec<String>,
}

/// A restart loses no search, whichever workload it is; a pod that is killed loses at most those that are under way.
pub(super) fn check() -> Result<(), Failure> {
    for workload in WORKLOADS {
        let count = under_load(|| restart(workload))?;
        count.hold(&format!("rollout restart of {workload}"), 0)?;
    }
    for workload in ["backend", "frontend"] {
        let count = under_load(|| kill(workload))?;
        count.hold(&format!("a killed pod of {workload}"), WORKERS)?;
    }
    Ok(())
}

/// Searches from inside the cluster while `change` happens, from before it until a while after it.
pub(super) fn under_load(change: impl FnOnce() -> Result<(), Failure>) -> Result<Count, Failure> {
    let client = SteadyClient::start()?;
    let changed = change();
    std::thread::sleep(AFTERMATH);
    let count = client.stop();
    changed?;
    count
}

impl Count {
    /// Holds that no more than `allowed` searches were lost.
    pub(super) fn hold(&self, what: &str, allowed: usize) -> Result<(), Failure> {
        let Count { answered, failures } = self;
        let line = format!(
            "{what}: {answered} searches answered, {} lost",
            failures.len()
        );
        process::say(&line);
        // A client that hardly searched has shown nothing.
        if *answered < 50 || failures.len() > allowed {
            return Err(format!("{line}, allowed are {allowed}: {}", failures.join("; ")).into());
        }
        Ok(())
    }
}

fn restart(workload: &str) -> Result<(), Failure> {
    let deployment = format!("deployment/{workload}");
    let before = pods(workload)?;
    kubectl(&["-n", NAMESPACE, "rollout", "restart", &deployment])?;
    await_rollout_of(workload)?;
    // The rollout is over when the new pods are ready; requests may be lost until the old ones are gone.
    for pod in before {
        kubectl(&[
            "-n",
            NAMESPACE,
            "wait",
            "--for=delete",
            &pod,
            "--timeout=90s",
        ])?;
    }
    Ok(())
}

fn kill(workload: &str) -> Result<(), Failure> {
    let pods = pods(workload)?;
    let pod = pods.first().ok_or("there is no pod to kill")?;
    kubectl(&[
        "-n",
        NAMESPACE,
        "delete",
        pod,
        "--force",
        "--grace-period=0",
    ])?;
    await_rollout()
}

fn pods(workload: &str) -> Result<Vec<String>, Failure> {
    let selector = format!("app.kubernetes.io/name={workload}");
    let names = kubectl(&[
        "-n",
        NAMESPACE,
        "get",
        "pods",
        "-l",
        &selector,
        "--output=name",
    ])?;
    Ok(names.lines().map(str::to_owned).collect())
}

/// The script in its pod.
struct SteadyClient {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl SteadyClient {
    /// Returns once it searches.
    fn start() -> Result<SteadyClient, Failure> {
        let workers = WORKERS.to_string();
        let arguments = ["frontend-service", "80", &workers];
        let mut child = Command::new("kubectl")
            .args(bash_in(STEADY_CLIENT, SCRIPT, &arguments))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start kubectl: {error}"))?;
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut said = BufReader::new(stdout).lines();
        match said.next() {
            Some(Ok(line)) if line == "started" => Ok(SteadyClient { child, said }),
            other => Err(format!("the steady client does not start: {other:?}").into()),
        }
    }

    fn stop(mut self) -> Result<Count, Failure> {
        let command = bash_in(STEADY_CLIENT, "touch /tmp/stop", &[]);
        kubectl(&command.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut count = Count {
            answered: 0,
            failures: Vec::new(),
        };
        let mut finished = 0;
        for line in self.said.by_ref() {
            let line = line.map_err(|error| format!("lost the steady client: {error}"))?;
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["answered", answered, "failed", _] => {
                    finished += 1;
                    count.answered += answered.parse().unwrap_or(0);
                }
                _ => count.failures.push(line),
            }
        }
        match finished == WORKERS {
            true => Ok(count),
            false => {
                Err(format!("only {finished} of {WORKERS} workers of the client reported").into())
            }
        }
    }
}

impl Drop for SteadyClient {
    fn drop(&mut self) {
        // A client that has ended by itself leaves nothing to do.
        let _ = process::terminate(&mut self.child, Duration::from_secs(1));
    }
}
