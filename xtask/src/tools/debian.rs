//! Debian's packages, where this machine has apt-get and lets us use it: as root, or by sudo without a password.

use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;

/// Installs packages.
///
/// # Errors
/// When that is not possible here; the message has the line for a person to run.
pub(crate) fn install(packages: &[&str], stop: &Stop) -> Result<(), Failure> {
    let names = packages.join(" ");
    let by_hand = format!("run `sudo apt-get install -y {names}`");
    if process::find_program("apt-get").is_none() {
        return Err(format!("install {names} (there is no apt-get here)").into());
    }
    let prefix: &[&str] = match process::output_of(Command::new("id").arg("-u")) {
        Some(id) if id.trim() == "0" => &[],
        _ if process::output_of(Command::new("sudo").args(["-n", "true"])).is_some() => {
            &["sudo", "-n"]
        }
        _ => return Err(by_hand.into()),
    };
    process::say(&format!("installing Debian's {names}"));
    let run = |arguments: &[&str]| {
        let line: Vec<&str> = prefix.iter().chain(&["apt-get"]).copied().collect();
        process::run(
            Command::new(line[0])
                .args(&line[1..])
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
            stop,
        )
    };
    // Old lists may still do; the installation tells.
    if let Err(failure) = run(&["update", "-qq"]) {
        process::complain(&failure.message);
    }
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    run(&arguments).map_err(|failure| format!("{}; {by_hand}", failure.message).into())
}
