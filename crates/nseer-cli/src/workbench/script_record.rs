//! `nseer script test --record`: writes down a conversation with a real target.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, bail};
use nseer_core::Protocol;
use nseer_engine::Workbench;
use nseer_net::{Network, NetworkConfig};
use nseer_replay::{
    Port, Recorder, Recording, Stage,
    machine::{self, Pace},
};
use nseer_seam::{FileKind, System};

use super::Words;
use super::script_run::{Target, given_host};
use super::single_run::{self, GivenHost, Ran, SingleRun};
use super::test_run::Settings;
use crate::printing::print;
use crate::zones::Zones;

/// Runs the script against `target` and writes a recording.
pub(super) fn record(target: &OsStr, words: &Words, system: &System) -> anyhow::Result<()> {
    let [script] = words.operands.as_slice() else {
        bail!("--record takes one script: nseer script test --record TARGET:PORT NAME.nse");
    };
    let script = PathBuf::from(script);
    for option in ["--bless", "--junit", "--coverage", "--format"] {
        if words.has(option) {
            bail!("{option} belongs to running tests: leave it out with --record");
        }
    }
    let path = words.value("-o").map_or_else(|| script.with_extension("rec"), PathBuf::from);
    if system.files.kind(&path).is_some() {
        bail!("'{}' is there already: remove it, or write to another file with -o", path.display());
    }
    let masks = masks(words)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let target = Target::read(target)?;
    let zones = Zones::default();
    let host = runtime.block_on(given_host(&target, words, false, (system, &zones)))?;
    let time = system.clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
    let stage = Stage {
        script: relative(&script, &path, system)?,
        host: host.address,
        name: host.name.clone(),
        way: host.way.clone(),
        args: words.value("--script-args").map(|args| args.to_string_lossy().into_owned()),
        time: u64::try_from(time.as_millis()).unwrap_or(0),
        ..Stage::default()
    };
    let data = single_run::data_dirs(words.value("--datadir").map(Path::new), system)?;
    let settings = Settings::new(data, system)?;
    let pace = Pace::default();
    let recorder = Arc::new(Recorder::paced(&pace));
    let network = Network::new(NetworkConfig {
        observer: Some(recorder.clone()),
        zone: zones.lookup(),
        ..NetworkConfig::default()
    });
    let run = SingleRun {
        script: &script,
        host: &host,
        args: stage.args.as_ref().map(String::as_bytes),
        data: settings.data.clone(),
        names: settings.names.clone(),
        network,
        started: system.clock.wall(),
        system: machine::machine(stage.time, stage.seed, &pace),
        workbench: Workbench { seed: Some(stage.seed), ..Workbench::default() },
        forced: false,
        // They are not recorded.
        privileged: false,
        debugging: 0,
        verbosity: 0,
    };
    let ran = runtime.block_on(run.go())?;
    drop(runtime);
    check(&ran, &host)?;
    let heard = recorder.take();
    let stage = Stage { ports: ports(&ran, &host), ..stage };
    let output = Some(ran.text());
    let conversations = heard.conversations;
    let mut recording = Recording { stage, conversations, names: heard.names, output };
    for mask in &masks {
        recording.mask(mask);
    }
    let written = system.files.write(&path, recording.write().as_bytes());
    written.with_context(|| format!("cannot write '{}'", path.display()))?;
    tell(&recording, &path, &script, &settings)
}

/// What goes through the network is not to be found in the recording.
fn masks(words: &Words) -> anyhow::Result<Vec<Vec<u8>>> {
    let masks: Vec<Vec<u8>> = words.values("--mask").map(|m| m.as_bytes().to_vec()).collect();
    if masks.iter().any(Vec::is_empty) {
        bail!("an empty text cannot be masked (--mask)");
    }
    Ok(masks)
}

fn check(ran: &Ran, host: &GivenHost) -> anyhow::Result<()> {
    if !ran.has_run() {
        let ports: Vec<String> = host.ports.iter().map(|port| port.key.to_string()).collect();
        bail!(
            "nothing was written: {} did not run, its rules say no for the ports {}",
            ran.script.id,
            if ports.is_empty() { "(none)".to_owned() } else { ports.join(", ") }
        );
    }
    match ran.failures().first() {
        Some(failure) => bail!("nothing was written: {failure}"),
        None => Ok(()),
    }
}

/// The ports with their services, whatever table of services a later test has.
fn ports(ran: &Ran, host: &GivenHost) -> Vec<Port> {
    host.ports
        .iter()
        .map(|port| Port {
            number: port.key.number,
            is_udp: port.key.protocol == Protocol::Udp,
            state: port.state.as_str().to_owned(),
            service: port.service.clone().or_else(|| ran.host.ports.service(port.key).name),
        })
        .collect()
}

/// The script's file as seen from the recording, so that both can be moved together; where they have no
/// folder in common, from the root.
fn relative(script: &Path, recording: &Path, system: &System) -> anyhow::Result<String> {
    let absolute = |path: &Path| {
        let path = std::path::absolute(path);
        path.map(|path| plain(&path)).context("cannot find the present folder")
    };
    let (script, recording) = (absolute(script)?, absolute(recording)?);
    let folder = recording.parent().unwrap_or(&recording);
    let near = from(folder, &script).filter(|near| {
        // A link may lead elsewhere.
        system.files.kind(&folder.join(near)) == Some(FileKind::File)
    });
    let shown = near.unwrap_or(script);
    let text = shown.to_str().map(str::to_owned);
    text.with_context(|| format!("the name '{}' is not text", shown.display()))
}

/// Without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// The way from a folder to a file, where more than the root is common to both.
fn from(folder: &Path, file: &Path) -> Option<PathBuf> {
    let common = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let down = file.components().skip(common);
    (common > 1).then(|| up.chain(down).collect())
}

/// Says what was written, and whether it replays.
fn tell(
    recording: &Recording,
    path: &Path,
    script: &Path,
    settings: &Settings,
) -> anyhow::Result<()> {
    let count = recording.conversations.len();
    let connections =
        if count == 1 { "1 connection".to_owned() } else { format!("{count} connections") };
    let mut text = recording.output.clone().unwrap_or_default();
    text.push_str(&format!("Recorded {connections} in {}\n", path.display()));
    print(text)?;
    let played = settings.replay(script, recording)?;
    let is_same = recording.output.as_ref() == Some(&played.ran.text());
    let first =
        played.mismatches.first().map(|mismatch| mismatch.text(&path.display().to_string()));
    if let (true, None) = (is_same, &first) {
        return Ok(());
    }
    let why = first.unwrap_or_else(|| "its output is another".to_owned());
    let note = format!(
        "nseer: warning: the recording does not replay as it was recorded; edit it by hand (\\? stands \
         for any byte)\n{why}\n"
    );
    // Where standard error is gone there is nobody to tell.
    let _ = std::io::stderr().write_all(note.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_seen_from_its_recording() {
        let way = |folder: &str, file: &str| {
            from(Path::new(folder), &plain(Path::new(file))).map(|way| way.display().to_string())
        };
        assert_eq!(way("/a/b", "/a/b/x.nse").as_deref(), Some("x.nse"));
        assert_eq!(way("/a/tests", "/a/scripts/x.nse").as_deref(), Some("../scripts/x.nse"));
        assert_eq!(way("/a/b", "/a/b/c/../../x.nse").as_deref(), Some("../x.nse"));
        assert_eq!(way("/a", "/b/x.nse"), None);
    }
}
