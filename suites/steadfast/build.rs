//! Packs what the program carries: manifests, scripts, static sentinels, and the sources by which an image of these is known.

use std::{
    env,
    error::Error,
    fs,
    io::Write,
    process::{Command, Stdio},
};

use camino::{Utf8Path, Utf8PathBuf};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use tar::{Builder, HeaderMode};

/// What of the repository is carried.
const PARTS: [&str; 3] = ["harness/sentinel", "manifests", "scripts"];
/// The environment variable that names a folder with static sentinels: `x86_64/sentinel`, `aarch64/sentinel`.
const SENTINELS: &str = "STATIC_SENTINELS";
/// Of those that are carried, the folder in the archive.
const FOLDER: &str = "sentinel";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Utf8PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize_utf8()?;
    let out = Utf8PathBuf::from(env::var("OUT_DIR")?);
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    archive.mode(HeaderMode::Deterministic);
    archive.follow_symlinks(false);
    for part in PARTS {
        println!("cargo::rerun-if-changed={}", root.join(part));
        pack(&mut archive, &root.join(part), Utf8Path::new(part))?;
    }
    println!("cargo::rerun-if-env-changed={SENTINELS}");
    if let Some(folder) = env::var(SENTINELS).ok().filter(|folder| !folder.is_empty()) {
        println!("cargo::rerun-if-changed={folder}");
        pack(&mut archive, Utf8Path::new(&folder), Utf8Path::new(FOLDER))?;
    } else if let Some(architecture) = installed_for()? {
        let program = sentinel(&root, &out, &architecture)?;
        archive.append_path_with_name(program, format!("{FOLDER}/{architecture}/sentinel"))?;
    }
    let archive = archive.into_inner()?.finish()?;
    let digest: String = Sha256::digest(&archive).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=CARRIED_DIGEST={digest}");
    fs::write(out.join("carried.tar.gz"), archive)?;
    Ok(())
}

/// Adds a file, link or folder, in an order that is always the same: the digest says what is in it.
fn pack(archive: &mut Builder<impl Write>, path: &Utf8Path, name: &Utf8Path) -> Result<(), Box<dyn Error>> {
    let kind = fs::symlink_metadata(path).map_err(|error| format!("packing {path}: {error}"))?.file_type();
    if !kind.is_dir() {
        return Ok(archive.append_path_with_name(path, name)?);
    }
    let mut entries = path.read_dir_utf8()?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by(|one, other| one.file_name().cmp(other.file_name()));
    entries.iter().try_for_each(|entry| pack(archive, entry.path(), &name.join(entry.file_name())))
}

/// The architecture of this machine, where a program is made for it that may be run without the repository.
fn installed_for() -> Result<Option<String>, Box<dyn Error>> {
    let released = env::var("PROFILE")? == "release" && env::var("HOST")? == env::var("TARGET")?;
    let linux = env::var("CARGO_CFG_TARGET_OS")? == "linux";
    Ok(if released && linux { Some(env::var("CARGO_CFG_TARGET_ARCH")?) } else { None })
}

/// Builds a static sentinel, as for an image.
fn sentinel(root: &Utf8Path, out: &Utf8Path, architecture: &str) -> Result<String, Box<dyn Error>> {
    let script = root.join("scripts/images/sentinel/program");
    let mut command = Command::new(&script);
    // What this build is told is not for that one.
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("STEADFAST_CACHE", out.join("cache"));
    let built = command.arg(architecture).stderr(Stdio::inherit()).output()?;
    if !built.status.success() {
        return Err(format!("{script} {architecture}: {}", built.status).into());
    }
    Ok(String::from_utf8(built.stdout)?.trim_end().to_owned())
}
