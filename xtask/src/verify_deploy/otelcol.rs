//! The configuration of the real OpenTelemetry Collector, against the Collector itself: built from its manifest, made to
//! validate every overlay and to refuse what is wrong, and run between senders and destinations.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Check, Speed, Verdict};
use crate::process;
use crate::supervise::Stop;
use crate::tools::tools_folder;
use crate::workspace;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "otelcol-build",
        shows: "the manifest compiles in its pinned versions to a Collector of exactly its parts",
        speed: Speed::Slow,
        commands: &[],
        run: build_check,
    },
    Check {
        name: "otelcol-config",
        shows: "the Collector accepts its configuration with every overlay, and refuses broken ones",
        speed: Speed::Fast,
        commands: &[],
        run: config_check,
    },
    Check {
        name: "otelcol-behaviour",
        shows: "spans arrive whole, masked, sampled and counted, also after outages and kills",
        speed: Speed::Slow,
        commands: &[],
        run: behaviour_check,
    },
];

const BUILDER: &str = "collector/otelcol/builder";
const OVERLAYS: [&str; 5] = ["debug", "ours", "jaeger", "local", "datadog"];

/// What makes the configuration wrong, and what the Collector says of it. The line completes the files like one more of
/// them, a setting stands in the environment.
struct Broken {
    overlay: &'static str,
    line: &'static str,
    setting: (&'static str, &'static str),
    refusal: &'static str,
}

const NO_LINE: &str = "{}";
const NO_SETTING: (&str, &str) = ("LANG", "C");
const BROKEN: &[Broken] = &[
    Broken {
        overlay: "base",
        line: NO_LINE,
        setting: NO_SETTING,
        refusal: "not used in any supported receiver pipeline",
    },
    Broken {
        overlay: "local",
        line: "exporters: [",
        setting: NO_SETTING,
        refusal: "not valid YAML",
    },
    Broken {
        overlay: "local",
        line: "processors::memory_limiter::limit: 1",
        setting: NO_SETTING,
        refusal: "has invalid keys: limit",
    },
    Broken {
        overlay: "local",
        line: "exporters::carrier_pigeon::endpoint: roof",
        setting: NO_SETTING,
        refusal: "unknown type: \"carrier_pigeon\"",
    },
    Broken {
        overlay: "local",
        line: "service::pipelines::traces/in::processors: [memory_limiter, redact]",
        setting: NO_SETTING,
        refusal: "references processor \"redact\" which is not configured",
    },
    Broken {
        overlay: "jaeger",
        line: "processors::tail_sampling::decision_wait: soon",
        setting: NO_SETTING,
        refusal: "invalid duration",
    },
    Broken {
        overlay: "ours",
        line: "processors::redaction::blocked_values: ['(']",
        setting: NO_SETTING,
        refusal: "missing closing )",
    },
    Broken {
        overlay: "ours",
        line: "processors::transform/lend::trace_statements: ['set(span.nme, 1)']",
        setting: NO_SETTING,
        refusal: "unable to parse OTTL statement",
    },
    Broken {
        overlay: "local",
        line: NO_LINE,
        setting: ("OTELCOL_SAMPLING_PERCENTAGE", "most"),
        refusal: "expected type 'float64'",
    },
    Broken {
        overlay: "local",
        line: NO_LINE,
        setting: ("OTELCOL_QUEUE_DIR", "/a folder/that is/not there"),
        refusal: "directory must exist",
    },
    Broken {
        overlay: "datadog",
        line: NO_LINE,
        setting: ("DD_API_KEY", ""),
        refusal: "api.key is not set",
    },
];

fn build_check() -> Result<String, Verdict> {
    let otelcol = build()?;
    let parts = answer(Command::new(&otelcol).arg("components"))?;
    let found: BTreeSet<String> = modules(&parts, "module:");
    let manifest = workspace::root().join(BUILDER).join("manifest.yaml");
    let manifest = std::fs::read_to_string(&manifest)
        .map_err(|error| format!("cannot read {}: {error}", manifest.display()))?;
    let named = modules(&manifest, "- gomod:");
    if found != named {
        let difference: Vec<_> = found.symmetric_difference(&named).collect();
        return Err(format!("manifest and program differ in {difference:?}").into());
    }
    refuses_other_versions()?;
    version(&otelcol)
}

/// `name version` of the modules behind `mark`. The providers of configuration are no parts of a pipeline.
fn modules(text: &str, mark: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix(mark))
        .map(|module| module.trim().to_owned())
        .filter(|module| !module.contains("/confmap/provider/"))
        .collect()
}

/// The program of the manifest, which is compiled at first use and after each change.
fn build() -> Result<PathBuf, Verdict> {
    let built = cached()?;
    if built.is_file() {
        return Ok(built);
    }
    let go = process::find_program("go").ok_or_else(|| {
        Verdict::Skipped("otelcol would be compiled by go, which is missing".to_owned())
    })?;
    let module = "go.opentelemetry.io/collector/cmd/builder@v0.155.0";
    if process::output_of(Command::new(go).args(["list", "-m", module])).is_none() {
        return Err(Verdict::Skipped("no Go module proxy answers".to_owned()));
    }
    process::say("compiling the Collector, about five minutes on two cores");
    let folder = built.parent().ok_or("the cache has no folder")?;
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let script = workspace::root().join(BUILDER).join("build.sh");
    process::run(Command::new("sh").arg(script).arg(&built), &Stop::never())?;
    Ok(built)
}

/// Where the program of this manifest in these versions lies, or will.
fn cached() -> Result<PathBuf, Verdict> {
    let mut hasher = DefaultHasher::new();
    for name in ["manifest.yaml", "go.mod", "go.sum", "build.sh"] {
        let file = workspace::root().join(BUILDER).join(name);
        std::fs::read(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?
            .hash(&mut hasher);
    }
    let tools = tools_folder().ok_or_else(|| {
        Verdict::Skipped("neither XDG_CACHE_HOME nor HOME is set: no place for tools".to_owned())
    })?;
    let folder = format!("otelcol-{:016x}", hasher.finish());
    Ok(tools.join(folder).join("otelcol-contrib"))
}

/// A part whose checksum is not pinned is not compiled.
fn refuses_other_versions() -> Result<(), Verdict> {
    let folder = std::env::temp_dir().join(format!("otelcol-broken-{}", std::process::id()));
    let outcome = unpinned_build(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    let said = outcome.map_err(|error| format!("cannot copy {BUILDER}: {error}"))?;
    match said.contains("missing go.sum entry") {
        true => Ok(()),
        false => Err(format!("a build without checksums says:\n{said}").into()),
    }
}

/// What `build.sh` says when the checksum of one module is gone.
fn unpinned_build(folder: &Path) -> std::io::Result<String> {
    let builder = workspace::root().join(BUILDER);
    std::fs::create_dir_all(folder)?;
    for name in ["manifest.yaml", "go.mod", "build.sh"] {
        std::fs::copy(builder.join(name), folder.join(name))?;
    }
    let sums = std::fs::read_to_string(builder.join("go.sum"))?;
    let sums: Vec<&str> = sums
        .lines()
        .filter(|line| !line.contains("/processor/redactionprocessor "))
        .collect();
    std::fs::write(folder.join("go.sum"), sums.join("\n") + "\n")?;
    let output = Command::new("sh")
        .arg(folder.join("build.sh"))
        .arg(folder.join("out"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(match output.status.success() {
        true => "success".to_owned(),
        false => said,
    })
}

fn config_check() -> Result<String, Verdict> {
    let otelcol = available()?;
    for overlay in OVERLAYS {
        let (accepted, said) = validate(&otelcol, overlay, NO_LINE, NO_SETTING)?;
        if !accepted {
            return Err(format!("base.yaml and {overlay}.yaml are refused:\n{said}").into());
        }
    }
    for broken in BROKEN {
        let (accepted, said) = validate(&otelcol, broken.overlay, broken.line, broken.setting)?;
        if accepted || !said.contains(broken.refusal) {
            return Err(format!(
                "{} with `{}` and {:?} is not refused because of `{}`, but:\n{said}",
                broken.overlay, broken.line, broken.setting, broken.refusal
            )
            .into());
        }
    }
    version(&otelcol)
}

/// Whether the configuration is accepted, and what is said of it.
fn validate(
    otelcol: &Path,
    overlay: &str,
    line: &str,
    setting: (&str, &str),
) -> Result<(bool, String), Verdict> {
    let folder = workspace::root().join("collector/otelcol");
    let output = Command::new(otelcol)
        .arg("validate")
        .arg("--config")
        .arg(folder.join("base.yaml"))
        .arg("--config")
        .arg(folder.join(format!("{overlay}.yaml")))
        .args(["--config", &format!("yaml:{line}")])
        // What the caller has in its environment must not decide.
        .env_clear()
        .env("OTELCOL_QUEUE_DIR", std::env::temp_dir())
        // Of the right form; nobody is asked about it.
        .env("DD_API_KEY", "0".repeat(32))
        .env(setting.0, setting.1)
        .output()
        .map_err(|error| format!("cannot start {}: {error}", otelcol.display()))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.success(), said))
}

fn behaviour_check() -> Result<String, Verdict> {
    if !cfg!(target_os = "linux") {
        return Err(Verdict::Skipped(
            "the tests need all of 127.0.0.0/8, as Linux has it".to_owned(),
        ));
    }
    let otelcol = match build() {
        Err(Verdict::Skipped(reason)) => available().map_err(|_| Verdict::Skipped(reason))?,
        outcome => outcome?,
    };
    let mut tools = version(&otelcol)?;
    let stop = Stop::never();
    process::run(
        process::cargo().args(["build", "--locked", "--quiet", "-p", "collector"]),
        &stop,
    )?;
    let mut tests = process::cargo();
    tests
        .args(["test", "--locked", "-p", "e2e", "--test", "otelcol", "--"])
        .env("OTELCOL", &otelcol)
        .env("E2E_BIN_DIR", workspace::target_folder()?.join("debug"));
    match named("JAEGER", &["jaeger"]) {
        Some(jaeger) => {
            tests.arg("--include-ignored").env("JAEGER", jaeger);
            tools.push_str(" and Jaeger");
        }
        None => tools.push_str(", without Jaeger: none on PATH or in JAEGER"),
    }
    process::run(&mut tests, &stop)?;
    Ok(tools)
}

/// The Collector that is here already, if there is one.
pub(crate) fn at_hand() -> Option<PathBuf> {
    available().ok()
}

/// A Collector that is here already: the one that OTELCOL names, one on PATH, or that of the manifest.
fn available() -> Result<PathBuf, Verdict> {
    if let Some(found) = named("OTELCOL", &["otelcol-contrib", "otelcol"]) {
        return Ok(found);
    }
    let built = cached()?;
    match built.is_file() {
        true => Ok(built),
        false => Err(Verdict::Skipped(
            "no otelcol on PATH or in OTELCOL, and `otelcol-build` has not run".to_owned(),
        )),
    }
}

/// The program that the environment names, else the first of these on PATH.
fn named(variable: &str, programs: &[&str]) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .or_else(|| programs.iter().find_map(|name| process::find_program(name)))
}

fn version(otelcol: &Path) -> Result<String, Verdict> {
    Ok(answer(Command::new(otelcol).arg("--version"))?
        .trim()
        .to_owned())
}

fn answer(command: &mut Command) -> Result<String, Verdict> {
    process::output_of(command).ok_or_else(|| {
        let program = Path::new(command.get_program()).display();
        format!("{program} does not answer").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Maps are merged, so `local.yaml` could have named the two; but it is started with the base alone.
    #[test]
    fn the_local_overlay_has_the_exporters_of_the_two_it_is_made_of() {
        let read = |name: &str| {
            let file = workspace::root().join("collector/otelcol").join(name);
            std::fs::read_to_string(file).unwrap()
        };
        let exporter = |file: &str, name: &str| -> Vec<String> {
            let text = read(file);
            let lines = text.lines().skip_while(|line| *line != name);
            let inside = lines.skip(1).take_while(|line| line.starts_with("    "));
            inside.map(str::to_owned).collect()
        };
        for (file, name) in [
            ("ours.yaml", "  otlp_http/ours:"),
            ("jaeger.yaml", "  otlp_grpc/jaeger:"),
        ] {
            let found = exporter("local.yaml", name);
            assert!(found.len() > 10, "{name} is not in local.yaml");
            assert_eq!(found, exporter(file, name));
        }
    }

    #[test]
    fn modules_are_read_from_both_sides_alike() {
        let manifest = "receivers:\n  - gomod: example.org/a v1.0.0\nproviders:\n  - gomod: x/confmap/provider/y v1.0.0\n";
        let program = "receivers:\n    - name: a\n      module: example.org/a v1.0.0\n";
        assert_eq!(modules(manifest, "- gomod:"), modules(program, "module:"));
        assert_eq!(modules(manifest, "- gomod:").len(), 1);
    }
}
