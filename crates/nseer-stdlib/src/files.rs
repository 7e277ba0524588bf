//! The files of the embedded library, by the paths under which they are looked for.

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../", $path)).as_slice())),*]
    };
}

/// Every file. A new one is a line here.
static FILES: &[(&str, &[u8])] = embedded![
    "nselib/comm.lua",
    "nselib/datetime.lua",
    "nselib/match.lua",
    "nselib/nsedebug.lua",
    "nselib/outlib.lua",
    "nselib/shortport.lua",
    "nselib/stdnse.lua",
    "nselib/stdnse/conversions.lua",
    "nselib/stdnse/output.lua",
    "nselib/strict.lua",
    "nselib/stringaux.lua",
    "nselib/tableaux.lua",
    "nselib/target.lua",
    "scripts/auth-owners.nse",
    "scripts/banner.nse",
    "scripts/script.db",
];

/// All files, with paths such as `nselib/stdnse.lua`.
#[must_use]
pub fn files() -> &'static [(&'static str, &'static [u8])] {
    FILES
}

/// The content of one file.
#[must_use]
pub fn file(path: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(p, _)| *p == path).map(|(_, content)| *content)
}
