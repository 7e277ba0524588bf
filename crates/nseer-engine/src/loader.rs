//! From a script's file to a script: compiles it, runs its top level once, checks its fields.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use mlua::{MultiValue, Table, Value};
use nseer_core::{Phase, Severity};
use nseer_lua::{Limits, type_name};

use crate::chunks;
use crate::environment::{World, first_cause};
use crate::error::EngineError;
use crate::script::{Script, ScriptInfo};
use crate::selection::SelectedScript;

/// Loads the configured scripts, in order. `aloud` is false where another worker has already told
/// what there is to tell.
pub(crate) fn load_all(world: &Rc<World>, aloud: bool) -> Result<Vec<Rc<Script>>, EngineError> {
    let lua = world.lua();
    lua.gc_stop();
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut left_out = LeftOut::new();
    let mut by_id: HashMap<Arc<str>, String> = HashMap::new();
    for selected in &world.config.scripts {
        let Some(script) = load(world, selected, aloud, &mut left_out)? else { continue };
        let info = &script.info;
        if let Some(first) = by_id.insert(info.id.clone(), info.path.clone()) {
            return Err(EngineError::DuplicateId {
                id: info.id.to_string(),
                first,
                second: info.path.clone(),
            });
        }
        loaded.push(script);
    }
    if aloud {
        tell_of_left_out(world, &left_out);
    }
    let levels = levels(&loaded)?;
    lua.gc_restart();
    Ok(loaded
        .into_iter()
        .zip(levels)
        .map(|(Loaded { info, chunk, plain_rule }, level)| {
            let info = Arc::new(ScriptInfo { level, ..info });
            Rc::new(Script { info, chunk, plain_rule })
        })
        .collect())
}

/// A script whose place in the order is not known yet.
struct Loaded {
    info: ScriptInfo,
    chunk: mlua::Function,
    plain_rule: Option<mlua::Function>,
}

/// Scripts that are not run, by the native module that they miss.
type LeftOut = BTreeMap<&'static str, Vec<String>>;

fn tell_of_left_out(world: &World, left_out: &LeftOut) {
    for (module, scripts) in left_out {
        let text = format!(
            "left out, because the native module '{module}' is not built yet: {}",
            scripts.join(" ")
        );
        world.say(Severity::Warning, text);
    }
}

/// Gives `None` where the script does without itself, or needs a native module that is not built.
fn load(
    world: &World,
    selected: &SelectedScript,
    aloud: bool,
    left_out: &mut LeftOut,
) -> Result<Option<Loaded>, EngineError> {
    let lua = world.lua();
    let path = selected.display();
    let source =
        selected.read().map_err(|error| EngineError::Read { path: path.clone().into(), error })?;
    if aloud && !path.ends_with(".nse") {
        world.say(
            Severity::Warning,
            format!("NSE: Warning: Loading '{path}' -- the recommended file extension is '.nse'."),
        );
    }
    let id = script_id(&path);
    let functions = world.functions()?;
    let chunk = match chunks::script(lua, &path, &source) {
        Ok(chunk) => chunk,
        Err(error) => {
            let source = lua.create_string(&source)?;
            let told = (path.as_str(), first_cause(&error), source);
            return Err(EngineError::Syntax(text(&functions.refusal.call(told)?)));
        }
    };
    let limits = Limits { compute: world.config.compute_limit, elapsed: None };
    let look = || functions.look.call::<MultiValue>((&chunk, path.as_str(), id.as_str()));
    let seen = world.scheduler.watched(limits, look)?;
    let mut seen = seen.into_iter();
    let env = match seen.next() {
        Some(Value::Table(env)) => env,
        Some(Value::Boolean(false)) => {
            if let Some(module) = missing_native(&world.missing.take()) {
                left_out.entry(module).or_default().push(id);
            } else if aloud {
                world.verbose(1, || format!("Failed to load '{path}'."));
            }
            return Ok(None);
        }
        _ => {
            let reason = text(&seen.next().unwrap_or(Value::Nil));
            if let Some(module) = missing_native(&reason) {
                left_out.entry(module).or_default().push(id);
                return Ok(None);
            }
            if let Some(traceback) =
                seen.next().filter(|_| aloud && world.config.levels.debugging() > 0)
            {
                world.say(Severity::Warning, text(&traceback));
            }
            return Err(EngineError::TopLevel { path, text: without_places(reason) });
        }
    };
    let info = examine(&env, path, id, selected)?;
    let plain_rule = match env.raw_get::<Value>(Phase::Port.rule_name())? {
        Value::Function(rule) if functions.is_plain.call(&rule)? => Some(rule),
        _ => None,
    };
    Ok(Some(Loaded { info, chunk, plain_rule }))
}

/// The modules of the reference engine that are written in C and have no counterpart here yet.
const NATIVE_MODULES: &[&str] = &[
    "pcre",
    #[cfg(not(feature = "ssh"))]
    "libssh2",
];

fn missing_native(reason: &str) -> Option<&'static str> {
    NATIVE_MODULES
        .iter()
        .copied()
        .find(|module| reason.contains(&format!("module '{module}' not found")))
}

/// Of a library that is nowhere, `require` tells every place where it looked: the first is enough.
fn without_places(reason: String) -> String {
    let Some((library, places)) = reason.split_once(" not found:\n\t") else { return reason };
    format!("{library} not found: {}", places.lines().next().unwrap_or_default())
}

/// The file name without its directories and its `.nse`.
pub(crate) fn script_id(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => name.to_owned(),
    }
}

fn examine(
    env: &Table,
    path: String,
    id: String,
    selected: &SelectedScript,
) -> Result<ScriptInfo, EngineError> {
    let field = |problem: String| EngineError::Field { path: path.clone(), problem };
    match env.raw_get::<Value>("action")? {
        Value::Function(_) => {}
        Value::Nil => return Err(field("is missing required field: 'action'".to_owned())),
        other => return Err(field(improper("action", &other, "function"))),
    }
    let strings = |name: &str| -> Result<Vec<String>, EngineError> {
        let list = match env.raw_get::<Value>(name)? {
            Value::Nil => return Ok(Vec::new()),
            Value::Table(list) => list,
            other => return Err(field(improper(name, &other, "table"))),
        };
        let strings = list.sequence_values::<Value>().map(|value| match value? {
            Value::String(text) => Ok(text.to_string_lossy()),
            _ => Err(field(format!("has non-string entries in the '{name}' array"))),
        });
        strings.collect()
    };
    let (categories, dependencies) = (strings("categories")?, strings("dependencies")?);
    let mut phases = Vec::new();
    for phase in Phase::ALL {
        match env.raw_get::<Value>(phase.rule_name())? {
            Value::Nil => {}
            Value::Function(_) => phases.push(phase),
            _ => return Err(field(format!("{} must be a function!", phase.rule_name()))),
        }
    }
    if phases.is_empty() {
        return Err(field("is missing required function: 'rule'".to_owned()));
    }
    let description = match env.raw_get::<Value>("description")? {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        _ => None,
    };
    Ok(ScriptInfo {
        id: id.into(),
        path,
        categories,
        description,
        dependencies,
        phases,
        selected_by_name: selected.selected_by_name,
        forced: selected.forced,
        from_data_dir: selected.from_data_dir(),
        level: 1,
    })
}

fn improper(name: &str, value: &Value, expected: &str) -> String {
    format!("field '{name}' is of improper type '{}', expected type '{expected}'", type_name(value))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string_lossy(),
        Value::Error(error) => first_cause(error),
        other => other.to_string().unwrap_or_default(),
    }
}

/// Each script's level: 1 + the highest level of its dependencies that are loaded.
fn levels(scripts: &[Loaded]) -> Result<Vec<usize>, EngineError> {
    let place: HashMap<&str, usize> =
        scripts.iter().enumerate().map(|(i, script)| (&*script.info.id, i)).collect();
    let dependencies: Vec<Vec<usize>> = scripts
        .iter()
        .map(|script| {
            let dependencies = script.info.dependencies.iter();
            dependencies.filter_map(|d| place.get(d.as_str()).copied()).collect()
        })
        .collect();
    let mut levels = vec![None; scripts.len()];
    for i in 0..scripts.len() {
        let mut chain = Vec::new();
        if let Err(circle) = level_of(i, &dependencies, &mut levels, &mut chain) {
            let names: Vec<&str> = circle.iter().map(|i| &*scripts[*i].info.id).collect();
            return Err(EngineError::Circle(names.join("->")));
        }
    }
    Ok(levels.into_iter().map(|level| level.unwrap_or(1)).collect())
}

/// The error is the circle, its first member repeated at its end.
fn level_of(
    script: usize,
    dependencies: &[Vec<usize>],
    levels: &mut [Option<usize>],
    chain: &mut Vec<usize>,
) -> Result<usize, Vec<usize>> {
    if let Some(level) = levels[script] {
        return Ok(level);
    }
    if let Some(start) = chain.iter().position(|i| *i == script) {
        let mut circle = chain[start..].to_vec();
        circle.push(script);
        return Err(circle);
    }
    chain.push(script);
    let mut level = 1;
    for dependency in &dependencies[script] {
        level = level.max(1 + level_of(*dependency, dependencies, levels, chain)?);
    }
    chain.pop();
    levels[script] = Some(level);
    Ok(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (path, id) in [
            ("/a/b/http-title.nse", "http-title"),
            ("x.nse", "x"),
            ("dir/x.lua", "x"),
            ("embedded:/scripts/banner.nse", "banner"),
            ("./noext", "noext"),
            ("http-robots.txt.nse", "http-robots.txt"),
        ] {
            assert_eq!(script_id(path), id);
        }
    }

    #[test]
    fn a_library_that_is_nowhere_is_told_in_a_line() {
        let told = "x.nse:1: module 'a' not found:\n\tno file 'a.lua'\n\tno file 'b/a.lua'";
        let line = "x.nse:1: module 'a' not found: no file 'a.lua'";
        assert_eq!(without_places(told.to_owned()), line);
        assert_eq!(without_places("two\nlines".to_owned()), "two\nlines");
    }

    #[test]
    fn native_modules_are_told_from_others() {
        assert_eq!(missing_native("x.lua:1: module 'pcre' not found:"), Some("pcre"));
        assert_eq!(missing_native("module 'nosuch' not found:"), None);
    }
}
