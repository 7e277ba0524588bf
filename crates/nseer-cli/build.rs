//! How the program is linked, so that a start takes little: most of the time of a short run is the
//! loader's.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CC");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") != "linux" || target("ENV") != "gnu" {
        return;
    }
    // The tables of OpenSSL need 40,000 relocations: 12 KB in this form, else 900 KB. (A linker that does
    // not know it says so and goes on. What this links to needs glibc 2.36, which is Debian 12's.)
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // The unwinder as an archive saves the loader a library.
    if let Some(folder) = folder_of_the_unwinder() {
        println!("cargo:rustc-link-search=native={}", folder.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Where the C compiler has `libgcc_eh.a`, if it does.
fn folder_of_the_unwinder() -> Option<PathBuf> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let said = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let path = PathBuf::from(String::from_utf8(said.stdout).ok()?.trim());
    // It says the bare name of a file that it does not have.
    path.parent().filter(|_| path.is_absolute()).map(PathBuf::from)
}
