//! `deploy-latest.sh`: a deployment of what runs already changes nothing; one of images that do not exist is taken back,
//! and no search is lost meanwhile.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::kubectl::{kubectl, shell, text};
use super::restarts::under_load;
use super::{NAMESPACE, await_rollout};
use crate::failure::Failure;
use crate::process;

pub(super) const DEPLOY: &str =
    "CONTEXT=\"$(kubectl config current-context)\" k8s/scripts/deploy-latest.sh --overlay local";

/// A registry client that finds every image and always the same digest, in a registry that nobody can reach.
const CRANE: &str = "#!/bin/sh\nprintf 'sha256:%064d\\n' 1\n";
/// Names below `.invalid` never resolve.
const REGISTRY: &str = "registry.invalid/gutenberg-explorer";

pub(super) fn check() -> Result<(), Failure> {
    let images = images()?;
    text(DEPLOY)?;
    hold_unchanged(&images)?;

    let folder = Tools::make()?;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut deploy = shell(DEPLOY);
    deploy
        .env("PATH", format!("{}:{path}", folder.0.display()))
        .env("REGISTRY", REGISTRY)
        .env("TIMEOUT", "15");
    process::say(&format!("$ REGISTRY={REGISTRY} TIMEOUT=15 {DEPLOY}"));
    let mut output = None;
    let count = under_load(|| {
        output = Some(
            deploy
                .output()
                .map_err(|error| format!("cannot start sh: {error}"))?,
        );
        await_rollout()
    })?;
    let output = output.ok_or("the script did not run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(1)
        || !said.contains("the new version does not work and was undone")
    {
        return Err(format!("deploy-latest.sh ended with {}: {said}", output.status).into());
    }
    hold_unchanged(&images)?;
    count.hold("a deployment that was undone", 0)
}

/// Every Deployment with its image.
fn images() -> Result<String, Failure> {
    let columns =
        "custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[*].image";
    kubectl(&["-n", NAMESPACE, "get", "deployments", "--output", columns])
}

fn hold_unchanged(before: &str) -> Result<(), Failure> {
    let now = images()?;
    match now == before {
        true => Ok(()),
        false => Err(format!("the images were\n{before}\nand are now\n{now}").into()),
    }
}

/// A folder with the registry client, for as long as this lives.
struct Tools(PathBuf);

impl Tools {
    fn make() -> Result<Tools, Failure> {
        let folder =
            Tools(std::env::temp_dir().join(format!("verify-deploy-{}", std::process::id())));
        let crane = folder.0.join("crane");
        std::fs::create_dir_all(&folder.0)
            .and_then(|()| std::fs::write(&crane, CRANE))
            .and_then(|()| std::fs::set_permissions(&crane, PermissionsExt::from_mode(0o755)))
            .map_err(|error| format!("{}: {error}", crane.display()))?;
        Ok(folder)
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        // What is left in the folder for temporary files does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
