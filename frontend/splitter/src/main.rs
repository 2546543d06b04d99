//! The last step of `trunk build`: cuts the program into the part that every visit needs and the chunks that are loaded when
//! they are wanted, and puts them in the place of the one module that Trunk has made. Started by the hook in
//! `frontend/Trunk.toml`.

mod scripts;
mod staging;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::{Options, transform};

use crate::staging::{PROGRAM, Staging};

/// Trunk's folder for what will be the page.
const STAGING: &str = "TRUNK_STAGING_DIR";
/// The profile that cargo was told, where it is not the one in Trunk.toml.
const PROFILE: &str = "FRONTEND_PROFILE";
const USUAL_PROFILE: &str = "wasm-release";

fn main() -> Result<()> {
    let staging = env::var_os(STAGING)
        .with_context(|| format!("{STAGING} is not set: this is a hook of `trunk build`"))?;
    let staging = Staging::read(Path::new(&staging))?;
    let scratch = staging.folder().join("program");
    split(&compiled()?, &scratch)?;
    let folder = format!("program-{}", hash_of(&scratch)?);
    fs::rename(&scratch, staging.folder().join(&folder))
        .with_context(|| format!("cannot name the folder {folder}"))?;
    staging.replace_program(&folder)
}

/// The module that cargo has compiled for Trunk.
fn compiled() -> Result<PathBuf> {
    let profile = env::var(PROFILE).unwrap_or_else(|_| USUAL_PROFILE.to_owned());
    let folder = match profile.as_str() {
        "dev" => "debug",
        profile => profile,
    };
    // This program lies in the target folder as well, in one for each profile.
    let own = env::current_exe().context("cannot tell where this program lies")?;
    let target = own
        .ancestors()
        .nth(2)
        .context("this program lies outside of cargo's target folder")?;
    let module = target
        .join("wasm32-unknown-unknown")
        .join(folder)
        .join(PROGRAM)
        .with_extension("wasm");
    match module.is_file() {
        true => Ok(module),
        false => bail!(
            "there is no {}: {PROFILE} must be the profile that Trunk builds with, {USUAL_PROFILE} without it",
            module.display()
        ),
    }
}

/// Fills `folder` with the main module, the chunks and their scripts.
fn split(module: &Path, folder: &Path) -> Result<()> {
    let whole = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let main = folder.join("main.wasm");
    let script = format!("./{PROGRAM}.js");
    let mut options = Options::new(&whole);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = "./chunks.js";
    options.main_module = &script;
    transform(options)
        .map_err(|error| anyhow::anyhow!("cannot split {}: {error:#}", module.display()))?;
    Bindgen::new()
        .input_path(&main)
        .out_name(PROGRAM)
        .web(true)?
        .typescript(false)
        // The chunks are linked to what the linker exports.
        .keep_lld_exports(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .context("wasm-bindgen refuses the main module")?;
    fs::remove_file(&main).with_context(|| format!("cannot remove {}", main.display()))?;
    scripts::shorten(folder)
}

/// Of names and contents: a folder of this name never changes.
fn hash_of(folder: &Path) -> Result<String> {
    let mut files = BTreeMap::new();
    read_folder(folder, &mut files)?;
    let mut hasher = Sha256::new();
    for (path, content) in &files {
        hasher.update(path.strip_prefix(folder)?.to_string_lossy().as_bytes());
        hasher.update(content);
    }
    let digest = hasher.finalize();
    Ok(digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn read_folder(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, files)?;
        } else {
            let content = fs::read(&path)?;
            files.insert(path, content);
        }
    }
    Ok(())
}
