//! What a rule is given: a file with everything that is known of it.

use nseer_nsedoc::{Comment as Doc, Tag};

use crate::api::Api;
use crate::lua_names;
use crate::scope::{Global, Names, Var};
use crate::source::{Source, Span};
use crate::syntax::{
    self, Block, Comment, Expr, ExprKind, Function, Name, Stat, Visit, walk_expr, walk_function,
    walk_stat,
};

/// What a file is to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A script: it is given hosts and ports.
    Script,
    /// A library, which scripts `require`.
    Library,
}

/// A file that was read.
#[derive(Debug)]
pub struct File {
    /// Its text.
    pub source: Source,
    /// What it is.
    pub kind: Kind,
    /// Its comments.
    pub comments: Vec<Comment>,
    /// Its documentation.
    pub docs: Vec<Doc>,
    /// Its statements, as far as they could be read.
    pub block: Block,
    /// Why it could not be read: places and texts.
    pub problems: Vec<syntax::Problem>,
}

impl File {
    /// Reads a file. Its name tells what it is: a name that ends in `.lua` is a library.
    #[must_use]
    pub fn read(name: impl Into<String>, bytes: &[u8]) -> File {
        let source = Source::new(name, bytes);
        let kind = if source.name.ends_with(".lua") { Kind::Library } else { Kind::Script };
        let scan = syntax::scan(&source.text);
        let refused = match (scan.too_deep, scan.too_long) {
            (Some(at), _) => Some((at, "this is nested deeper than the 200 levels that Lua takes")),
            (_, Some(at)) => Some((at, "this expression has too many operators to be looked at")),
            _ => None,
        };
        let (block, problems) = match refused {
            Some((at, what)) => (Block::default(), vec![(Span::new(at - 1, at), what.to_owned())]),
            None => syntax::parse(&source.text, &scan),
        };
        let docs = docs(&source);
        File { source, kind, comments: scan.comments, docs, block, problems }
    }

    /// The place of a tag's name with its `@`.
    #[must_use]
    pub fn tag_span(&self, tag: &Tag) -> Span {
        let start = self.place_in(tag.line, "@");
        Span::new(start, start + 1 + tag.name.len())
    }

    /// Where a mark of a comment is in its line.
    pub(crate) fn place_in(&self, line: usize, mark: &str) -> usize {
        self.source.line_start(line) + self.source.line(line).find(mark).unwrap_or_default()
    }
}

/// Language servers read what begins with this, which is no NSEDoc.
const ANNOTATION: &str = "---@";

/// The NSEDoc of a source, without annotations for language servers.
fn docs(source: &Source) -> Vec<Doc> {
    let is_annotation = |line| source.line(line).trim_start().starts_with(ANNOTATION);
    let mut docs = nseer_nsedoc::comments(&source.text);
    docs.retain(|doc| !is_annotation(doc.line));
    for doc in &mut docs {
        doc.tags.retain(|tag| !is_annotation(tag.line));
    }
    docs
}

/// A call, of a function or of a method.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// All of it.
    pub expr: &'a Expr,
    /// What is called, or whose method.
    pub base: &'a Expr,
    /// The name of the method.
    pub method: Option<&'a Name>,
    /// The arguments.
    pub args: &'a [Expr],
    /// The number of the function it stands in.
    pub function: usize,
}

/// A file and what its names mean.
pub struct Context<'a> {
    /// The file.
    pub file: &'a File,
    /// What scripts can use.
    pub api: &'a Api,
    /// Its names.
    pub names: Names<'a>,
    /// All calls, in the order of their beginnings.
    pub calls: Vec<Call<'a>>,
}

impl<'a> Context<'a> {
    /// Finds out about a file.
    #[must_use]
    pub fn new(file: &'a File, api: &'a Api) -> Context<'a> {
        let names = Names::resolve(&file.block, file.source.text.len());
        let mut finder = Calls { found: Vec::new(), count: 0, at: 0 };
        finder.block(&file.block);
        let mut calls = finder.found;
        calls.sort_by_key(|call| (call.expr.span.start, call.expr.span.end));
        Context { file, api, names, calls }
    }

    /// Whether the file is a script.
    #[must_use]
    pub fn is_script(&self) -> bool {
        self.file.kind == Kind::Script
    }

    /// The assignments to a global.
    pub fn assigned<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Global<'a>> {
        self.names.globals.iter().filter(move |global| global.is_write && global.name == name)
    }

    /// The only value that a global is given, where it is given one as written.
    #[must_use]
    pub fn value_of(&self, name: &str) -> Option<&'a Expr> {
        let mut assigned = self.assigned(name);
        match (assigned.next(), assigned.next()) {
            (Some(only), None) => only.value,
            _ => None,
        }
    }

    /// The functions that a global may be: `action` or a rule.
    #[must_use]
    pub fn functions_of(&self, name: &str) -> Vec<&'a Function> {
        let assigned = self.assigned(name);
        assigned.filter_map(|global| global.body.or_else(|| self.function(global.value?))).collect()
    }

    /// The function that an expression is, also by the name of a local.
    #[must_use]
    pub fn function(&self, expr: &'a Expr) -> Option<&'a Function> {
        expr.function().or_else(|| {
            let (_, var) = self.names.var_of(expr)?;
            if !var.writes.is_empty() {
                return None;
            }
            var.body.or_else(|| var.init.and_then(|(init, _)| init.function()))
        })
    }

    /// The module that an expression is: `stdnse` after `local stdnse = require "stdnse"`.
    #[must_use]
    pub fn module(&self, expr: &Expr) -> Option<&'a str> {
        let name = expr.name()?;
        match self.names.var_of(expr) {
            Some((_, var)) => self.module_of(var),
            None if lua_names::members(name).is_some() || lua_names::NATIVES.contains(&name) => {
                // What a file assigns to may be something else.
                let known = self.names.globals.iter().find(|global| global.span == expr.span)?;
                self.assigned(name).next().is_none().then_some(known.name)
            }
            None => None,
        }
    }

    fn module_of(&self, var: &Var<'a>) -> Option<&'a str> {
        let (init, 0) = var.init? else { return None };
        if !var.writes.is_empty() {
            return None;
        }
        match &init.kind {
            ExprKind::Call(base, args) => {
                let is_require = base.name() == Some("require")
                    || matches!(&base.kind, ExprKind::Field(_, name) if name.text == "silent_require");
                args.first().filter(|_| is_require)?.string()
            }
            ExprKind::Name(_) => self.module(init),
            _ => None,
        }
    }

    /// The module and the name of the function that an expression is: `stdnse`, `debug1`. Functions of
    /// Lua itself have an empty module.
    #[must_use]
    pub fn member(&self, expr: &'a Expr) -> Option<(&'a str, &'a str)> {
        match &expr.kind {
            ExprKind::Field(base, name) => Some((self.module(base)?, name.text.as_str())),
            ExprKind::Name(name) => match self.names.var_of(expr) {
                Some((_, var)) if var.writes.is_empty() => match var.init? {
                    (init, 0) if init.span.start < expr.span.start => self.member(init),
                    _ => None,
                },
                Some(_) => None,
                None if lua_names::BASE.contains(&name.as_str()) => Some(("", name)),
                None => None,
            },
            _ => None,
        }
    }

    /// The function of a module that a call calls.
    #[must_use]
    pub fn callee(&self, call: &Call<'a>) -> Option<(&'a str, &'a str)> {
        if call.method.is_some() { None } else { self.member(call.base) }
    }

    /// The function that a call as an expression calls.
    #[must_use]
    pub fn callee_of(&self, expr: &'a Expr) -> Option<(&'a str, &'a str)> {
        match &expr.without_parens().kind {
            ExprKind::Call(base, _) => self.member(base),
            _ => None,
        }
    }

    /// The modules that the file requires: their names and the calls.
    pub fn required(&self) -> impl Iterator<Item = (&'a str, &Call<'a>)> {
        self.calls.iter().filter_map(|call| {
            if call.method.is_none() && call.base.name() == Some("require") {
                Some((call.args.first()?.string()?, call))
            } else {
                None
            }
        })
    }

    /// Whether a variable holds a socket that the function made itself.
    #[must_use]
    pub fn is_socket(&self, var: &Var<'a>) -> bool {
        matches!(var.init, Some((init, 0)) if self.callee_of(init) == Some(("nmap", "new_socket")))
    }

    /// Whether a call may wait for the network or the clock, so that it yields.
    #[must_use]
    pub fn may_wait(&self, call: &Call<'a>) -> bool {
        if let Some(method) = call.method {
            let of_socket =
                self.names.var_of(call.base).is_some_and(|(_, var)| self.is_socket(var));
            return of_socket && self.api.waits("nse.Socket", &method.text);
        }
        self.callee(call).is_some_and(|(module, name)| self.api.waits(module, name))
    }

    /// The name of the script: that of the file without its ending.
    #[must_use]
    pub fn script_name(&self) -> &'a str {
        let name = &self.file.source.name;
        let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
        base.strip_suffix(".nse").unwrap_or(base)
    }
}

struct Calls<'a> {
    found: Vec<Call<'a>>,
    count: usize,
    at: usize,
}

impl<'a> Visit<'a> for Calls<'a> {
    fn stat(&mut self, stat: &'a Stat) {
        walk_stat(self, stat);
    }

    fn expr(&mut self, expr: &'a Expr) {
        let (base, method, args) = match &expr.kind {
            ExprKind::Call(base, args) => (base, None, args),
            ExprKind::Method(base, name, args) => (base, Some(name), args),
            _ => return walk_expr(self, expr),
        };
        self.found.push(Call { expr, base, method, args, function: self.at });
        walk_expr(self, expr);
    }

    fn function(&mut self, function: &'a Function) {
        // Counted in the same order as the names are resolved.
        self.count += 1;
        let outer = std::mem::replace(&mut self.at, self.count);
        walk_function(self, function);
        self.at = outer;
    }
}
