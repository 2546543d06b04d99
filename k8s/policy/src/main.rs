//! `kustomize build … | policy`: reads rendered manifests, prints what breaks a rule, and exits with 1 if anything does.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use policy::{Manifests, check, rules};

fn main() -> ExitCode {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    let manifests = read
        .map_err(|error| error.to_string())
        .and_then(|_| Manifests::parse(&text));
    let mut out = std::io::stdout().lock();
    match manifests {
        Ok(manifests) => {
            let findings = check(&manifests);
            for finding in &findings {
                let _ = writeln!(out, "{finding}");
            }
            if findings.is_empty() {
                let (objects, rules) = (manifests.objects.len(), rules::ALL.len());
                let _ = writeln!(out, "{objects} objects keep {rules} rules");
            }
            ExitCode::from(u8::from(!findings.is_empty()))
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "policy: {error}");
            ExitCode::from(2)
        }
    }
}
