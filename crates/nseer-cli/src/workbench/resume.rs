//! `nseer resume`: goes on with a scan that was broken off.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use nseer_seam::System;
use nseer_store::Store;

use super::documents::named;
use super::{Tool, Words};
use crate::command::{Invocation, execute};
use crate::parse::parse;
use crate::plan::{Command, plan};

pub(super) const TOOL: Tool = Tool {
    name: "resume",
    operands: &["STORE"],
    short: "go on with a scan that --store keeps and that was broken off",
    long: "Goes on with a scan whose --store is STORE, with the options it was begun with and in the \
        folder it was begun in, however it was ended. Hosts that are done are not scanned again, and \
        on a host whose ports are known the scripts that ended are not run again. The other outputs \
        of the scan are written anew, with everything in them. What scripts that ended left in their \
        registries is there again.",
    options: &[],
    trouble: 1,
    run,
};

fn run(words: &Words, _: &System) -> anyhow::Result<u8> {
    let [file] = words.operands.as_slice() else { bail!("resume takes one store") };
    // The folder changes below.
    let path = std::path::absolute(Path::new(file))
        .with_context(|| format!("cannot open '{}'", file.display()))?;
    let resumed = Store::resume(&path);
    let (store, progress) = resumed.map_err(|error| named(error, &file.display().to_string()))?;
    if progress.is_finished {
        let note = format!(
            "nseer: nothing is left to do; nseer show {} prints the scan\n",
            file.display()
        );
        // Where standard error is gone there is nobody to tell.
        let _ = std::io::stderr().write_all(note.as_bytes());
        return Ok(0);
    }
    let folder = progress.beginning.folder.clone();
    std::env::set_current_dir(&folder)
        .with_context(|| format!("cannot go back to '{}', where it began", folder.display()))?;
    let settings = parse(progress.beginning.words.clone())?;
    let Command::Run(plan) = plan(&settings)? else { bail!("the store holds no scan") };
    let invocation = Invocation {
        args: progress.run.args.clone(),
        words: progress.beginning.words.clone(),
        resumed: Some((store, progress)),
    };
    Ok(u8::from(!execute(&plan, invocation)?))
}
