//! The container images: what is in them, as whom they run, how large they are.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use super::docker::{OWN_SERVICES, output, run, versions};
use super::{Check, Speed, Verdict};
use crate::process;

pub(super) const CHECKS: &[Check] = &[Check {
    name: "images",
    shows: "each image is one program under user 65532, without a shell, and below 20 MB to download",
    speed: Speed::Slow,
    commands: &["docker compose build"],
    run: images,
}];

/// Empty files in every container that Docker creates.
const PUT_IN_BY_DOCKER: [&str; 5] = [
    ".dockerenv",
    "dev/console",
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
];
const MOST_COMPRESSED_BYTES: u64 = 20_000_000;

fn images() -> Result<String, Verdict> {
    let versions = versions()?;
    run("docker compose build")?;
    for service in OWN_SERVICES {
        let image = output(&format!("docker compose config --images {service}"))
            .and_then(|images| {
                // Compose also names the images of what the service depends on.
                let own = format!("gutenberg-explorer/{service}:");
                images
                    .lines()
                    .find(|line| line.starts_with(&own))
                    .map(str::to_owned)
            })
            .ok_or_else(|| format!("the compose file names no image for {service}"))?;
        configuration(&image)?;
        contents(&image)?;
        behaviour(&image)?;
        size(&image)?;
    }
    Ok(versions)
}

/// User, entry point, health check and labels.
fn configuration(image: &str) -> Result<(), Verdict> {
    let field = |path: &str| {
        output(&format!(
            "docker image inspect --format {{{{{path}}}}} {image}"
        ))
        .unwrap_or_default()
    };
    let user = field(".Config.User");
    if user != "65532:65532" {
        return Err(format!("{image} runs as `{user}`, not 65532:65532").into());
    }
    let entry = field(".Config.Entrypoint");
    let health = field(".Config.Healthcheck");
    if !health.contains(&format!("{} healthcheck", entry.trim_matches(['[', ']']))) {
        return Err(format!("{image}: {entry} and the health check {health} differ").into());
    }
    let labels = field(".Config.Labels");
    for label in [
        "title",
        "description",
        "licenses",
        "version",
        "revision",
        "source",
    ] {
        let name = format!("org.opencontainers.image.{label}:");
        if !labels.contains(&name) {
            return Err(format!("{image} has no label {name}").into());
        }
    }
    Ok(())
}

/// One program, and apart from it only data.
fn contents(image: &str) -> Result<(), Verdict> {
    let container = output(&format!("docker create {image}"))
        .ok_or_else(|| format!("cannot create a container of {image}"))?;
    let listing = process::output_of(
        Command::new("sh").args(["-c", &format!("docker export {container} | tar -tv")]),
    );
    run(&format!("docker rm {container}"))?;
    let listing = listing.ok_or_else(|| format!("cannot list what is in {image}"))?;
    let programs = programs(&listing);
    if programs.len() != 1 {
        return Err(format!("{image} holds {programs:?}, not one program").into());
    }
    Ok(())
}

/// Regular files that may be executed, in a listing by `tar -tv`.
fn programs(listing: &str) -> BTreeSet<&str> {
    listing
        .lines()
        .filter(|line| {
            line.starts_with('-')
                && line
                    .split_whitespace()
                    .next()
                    .is_some_and(|mode| mode.contains('x'))
        })
        .filter_map(|line| line.split_whitespace().last())
        .filter(|name| !PUT_IN_BY_DOCKER.contains(name))
        .collect()
}

/// It starts with nothing allowed, refuses a bad setting, and there is no shell to start.
fn behaviour(image: &str) -> Result<(), Verdict> {
    let with_nothing = "docker run --rm --read-only --cap-drop ALL --network none";
    run(&format!("{with_nothing} {image} --help"))?;
    let expect = |line: String, code: i32| {
        let status = Command::new("sh")
            .args(["-c", &line])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match status.ok().and_then(|status| status.code()) {
            Some(found) if found == code => Ok(()),
            found => Err(Verdict::from(format!(
                "`{line}` ended with {found:?}, not {code}"
            ))),
        }
    };
    expect(format!("{with_nothing} {image} --no-such-setting"), 2)?;
    expect(format!("{with_nothing} {image} healthcheck"), 1)?;
    // 127 is Docker's word for a program that is not there.
    expect(format!("{with_nothing} --entrypoint /bin/sh {image}"), 127)
}

/// What a registry would send.
fn size(image: &str) -> Result<(), Verdict> {
    let unpacked = output(&format!(
        "docker image inspect --format {{{{.Size}}}} {image}"
    ));
    let packed = process::output_of(
        Command::new("sh").args(["-c", &format!("docker save {image} | gzip -6 | wc -c")]),
    );
    let (Some(unpacked), Some(packed)) = (unpacked, packed) else {
        return Err(format!("cannot measure {image}").into());
    };
    process::say(&format!(
        "{image}: {} bytes compressed, {unpacked} unpacked",
        packed.trim()
    ));
    match packed.trim().parse::<u64>() {
        Ok(bytes) if bytes < MOST_COMPRESSED_BYTES => Ok(()),
        _ => Err(format!("{image} is {} bytes, compressed", packed.trim()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_regular_files_that_may_be_executed() {
        let listing = "\
drwxr-xr-x 0/0 0 2026-11-21 12:00 dev/
-rwxr-xr-x 0/0 0 2026-11-21 12:00 .dockerenv
-rwxr-xr-x 0/0 9 2026-11-21 12:00 backend
-rwxr-xr-x 0/0 0 2026-11-21 12:00 etc/hosts
-rw-r--r-- 0/0 9 2026-11-21 12:00 etc/mime.types
lrwxrwxrwx 0/0 0 2026-11-21 12:00 etc/mtab -> /proc/mounts
";
        assert_eq!(programs(listing), BTreeSet::from(["backend"]));
        let with_shell = format!("{listing}-rwxr-xr-x 0/0 9 2026-11-21 12:00 bin/sh\n");
        assert_eq!(programs(&with_shell).len(), 2);
    }
}
