//! The `nseer` command.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod elementary;

use std::ffi::OsString;
use std::process::ExitCode;

use nseer_cli::command::{Failure, Invocation, execute};
use nseer_cli::complaint::complain;
use nseer_cli::early;
use nseer_cli::interfaces;
use nseer_cli::page::{self, Page};
use nseer_cli::parse::parse;
use nseer_cli::plan::{Command, plan};
use nseer_cli::printing::print;
use nseer_cli::settings::Settings;
use nseer_cli::workbench::find;
use nseer_seam::System;

/// Scripts make and drop many small values on several threads, which is what this allocator is
/// good at.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(command) = find(&words) {
        return ExitCode::from(command.run());
    }
    let settings = match parse(words.iter().cloned()) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string()),
    };
    match plan(&settings) {
        Ok(Command::Print(Page::Version)) => {
            show(&page::version(&std::env::args_os().next().unwrap_or_default()))
        }
        Ok(Command::Print(page)) => show(&page.text()),
        Ok(Command::Interfaces) => match interfaces::text(&System::real()) {
            Ok(text) => show(&text),
            Err(error) => fail(&format!("{error:#}")),
        },
        Ok(Command::Run(plan)) => match execute(&plan, invocation(words.clone())) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(Failure { error, is_early: true }) => {
                fail_early(&settings, words, &format!("{error:#}"))
            }
            Err(Failure { error, .. }) => fail(&format!("{error:#}")),
        },
        Err(error) => fail_early(&settings, words, &error.to_string()),
    }
}

/// The words as they were typed.
fn invocation(words: Vec<OsString>) -> Invocation {
    let shown = words.iter().map(|word| quoted(&word.to_string_lossy()));
    let args = std::iter::once("nseer".to_owned()).chain(shown).collect::<Vec<_>>().join(" ");
    Invocation { args, words, resumed: None }
}

/// A word so that who splits the line has it again, as Nmap writes it.
fn quoted(word: &str) -> String {
    let escaped = word.replace('\\', r"\\").replace('"', "\\\"");
    if word.contains(char::is_whitespace) { format!("\"{escaped}\"") } else { escaped }
}

fn show(text: &str) -> ExitCode {
    match print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    }
}

/// Fails before outputs are open.
fn fail_early(settings: &Settings, words: Vec<OsString>, why: &str) -> ExitCode {
    early::tell(settings, &invocation(words).args, why, &*System::real().clock);
    fail(why)
}

fn fail(text: &str) -> ExitCode {
    complain(text);
    ExitCode::FAILURE
}
