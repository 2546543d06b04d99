//! What the whole project takes.

use crate::process;
use crate::verify_deploy::Verdict;
use crate::verify_deploy::docker::output;

/// All five containers together, when nobody searches.
const MOST_BYTES: f64 = 400e6;

/// Memory of the containers as Docker counts it.
///
/// # Errors
/// When it is too much.
pub(super) fn memory() -> Result<String, Verdict> {
    let containers = output("docker compose ps --quiet").unwrap_or_default();
    let containers = containers.split_whitespace().collect::<Vec<_>>().join(" ");
    let format = "{{.Name}}|{{.MemUsage}}";
    let listing = output(&format!(
        "docker stats --no-stream --format {format} {containers}"
    ))
    .ok_or("docker stats does not answer")?;
    let mut total = 0.0;
    for line in listing.lines() {
        let used = line.split_once('|').and_then(|(_, usage)| bytes(usage));
        total += used.ok_or_else(|| format!("docker stats says `{line}`"))?;
        process::say(line);
    }
    let megabytes = (total / 1e6).round();
    match total < MOST_BYTES {
        true => Ok(format!("{megabytes} MB when idle")),
        false => Err(format!("the containers take {megabytes} MB when idle").into()),
    }
}

/// The first quantity of `12.3MiB / 128MiB`.
fn bytes(usage: &str) -> Option<f64> {
    let used = usage.split('/').next()?.trim();
    let unit = used.find(|character: char| character.is_ascii_alphabetic())?;
    let factor = match &used[unit..] {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some(used[..unit].parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_says() {
        assert_eq!(bytes("1.5MiB / 128MiB"), Some(1_572_864.0));
        assert_eq!(bytes("2GiB / 4GiB"), Some(2_147_483_648.0));
        assert_eq!(bytes("-- / --"), None);
        assert_eq!(bytes("7kB / 1GB"), None);
    }
}
