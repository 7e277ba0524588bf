//! Which name means which variable.

use std::collections::HashMap;

use crate::source::Span;
use crate::syntax::{
    Block, Expr, ExprKind, Function, Name, Stat, StatKind, Visit, walk_expr, walk_function,
    walk_stat,
};

/// A local variable.
#[derive(Debug)]
pub struct Var<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is declared.
    pub span: Span,
    /// How it is declared.
    pub kind: VarKind,
    /// `const` or `close`.
    pub attribute: Option<&'a Name>,
    /// The number of the function that declares it; 0 is the file.
    pub function: usize,
    /// What it is declared with, and which of the values of that it gets, from 0.
    pub init: Option<(&'a Expr, usize)>,
    /// The function of `local function`.
    pub body: Option<&'a Function>,
    /// Where it is read, and in which function.
    pub reads: Vec<(Span, usize)>,
    /// Where it is assigned to after its declaration, and in which function.
    pub writes: Vec<(Span, usize)>,
}

/// How a variable is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarKind {
    /// `local`
    Local,
    /// `local function`
    Function,
    /// A parameter.
    Parameter,
    /// The variable of a loop.
    Loop,
}

/// A use of a global variable.
#[derive(Debug)]
pub struct Global<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where.
    pub span: Span,
    /// Whether it is assigned to.
    pub is_write: bool,
    /// The number of the function; 0 is the file.
    pub function: usize,
    /// What is assigned.
    pub value: Option<&'a Expr>,
    /// The function that is declared by this name.
    pub body: Option<&'a Function>,
}

/// A function and the one that it stands in.
#[derive(Debug)]
pub struct Scope {
    /// Its place.
    pub span: Span,
    /// The number of the function around it.
    pub parent: usize,
}

/// All names of a file.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Local variables, in the order of their declarations.
    pub vars: Vec<Var<'a>>,
    /// Uses of globals, in order.
    pub globals: Vec<Global<'a>>,
    /// The functions; the first is the file itself.
    pub functions: Vec<Scope>,
    /// Errors that the Lua compiler would tell: places and texts.
    pub misplaced: Vec<(Span, String)>,
    uses: HashMap<usize, usize>,
}

impl<'a> Names<'a> {
    /// Finds out what each name of a file means.
    #[must_use]
    pub fn resolve(block: &'a Block, end: usize) -> Names<'a> {
        let whole = Scope { span: Span::new(0, end), parent: 0 };
        let names = Names { functions: vec![whole], ..Names::default() };
        let mut resolver = Resolver {
            names,
            visible: Vec::new(),
            function: vec![Frame { number: 0, is_vararg: true, loops: 0, labels: Vec::new() }],
        };
        resolver.block(block);
        resolver.names
    }

    /// The local variable that a name at this place means.
    #[must_use]
    pub fn var_at(&self, span: Span) -> Option<(usize, &Var<'a>)> {
        let at = *self.uses.get(&span.start)?;
        self.vars.get(at).map(|var| (at, var))
    }

    /// The local variable that an expression is.
    #[must_use]
    pub fn var_of(&self, expr: &Expr) -> Option<(usize, &Var<'a>)> {
        expr.name().and_then(|_| self.var_at(expr.span))
    }

    /// The number of the function with this place.
    #[must_use]
    pub fn function_at(&self, span: Span) -> Option<usize> {
        self.functions.iter().skip(1).position(|scope| scope.span == span).map(|at| at + 1)
    }
}

struct Frame<'a> {
    number: usize,
    is_vararg: bool,
    loops: usize,
    /// The labels of the blocks around.
    labels: Vec<Vec<&'a str>>,
}

struct Resolver<'a> {
    names: Names<'a>,
    visible: Vec<usize>,
    function: Vec<Frame<'a>>,
}

impl<'a> Resolver<'a> {
    fn number(&self) -> usize {
        self.function.last().map_or(0, |frame| frame.number)
    }

    fn declare(&mut self, name: &'a Name, kind: VarKind) -> usize {
        let at = self.names.vars.len();
        self.names.vars.push(Var {
            name: &name.text,
            span: name.span,
            kind,
            attribute: None,
            function: self.number(),
            init: None,
            body: None,
            reads: Vec::new(),
            writes: Vec::new(),
        });
        self.visible.push(at);
        at
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.visible.iter().rev().copied().find(|at| self.names.vars[*at].name == name)
    }

    /// A use of a name.
    fn name(&mut self, name: &'a str, span: Span, written: Option<Written<'a>>) {
        let function = self.number();
        let Some(at) = self.find(name) else {
            let is_write = written.is_some();
            let Written { value, body } = written.unwrap_or_default();
            self.names.globals.push(Global { name, span, is_write, function, value, body });
            return;
        };
        self.names.uses.insert(span.start, at);
        let var = &mut self.names.vars[at];
        if written.is_none() {
            var.reads.push((span, function));
        } else if let Some(attribute) = var.attribute {
            let what = format!("'{name}' is <{}> and cannot be assigned to", attribute.text);
            self.names.misplaced.push((span, what));
        } else {
            var.writes.push((span, function));
        }
    }

    fn target(&mut self, target: &'a Expr, written: Written<'a>) {
        match target.name() {
            Some(name) => self.name(name, target.span, Some(written)),
            None => self.expr(target),
        }
    }

    fn loop_body(&mut self, body: &'a Block) {
        if let Some(frame) = self.function.last_mut() {
            frame.loops += 1;
        }
        self.block(body);
        if let Some(frame) = self.function.last_mut() {
            frame.loops -= 1;
        }
    }

    fn local(&mut self, names: &'a [(Name, Option<Name>)], values: &'a [Expr]) {
        for value in values {
            self.expr(value);
        }
        for (at, (name, attribute)) in names.iter().enumerate() {
            let var = self.declare(name, VarKind::Local);
            if let Some(known) = attribute
                && !matches!(known.text.as_str(), "const" | "close")
            {
                let what = format!("Lua has no attribute <{}>", known.text);
                self.names.misplaced.push((known.span, what));
            }
            self.names.vars[var].attribute = attribute.as_ref();
            self.names.vars[var].init = match values.get(at) {
                Some(value) => Some((value, 0)),
                None => values.last().filter(|v| v.is_open()).map(|v| (v, at + 1 - values.len())),
            };
        }
    }

    fn misplaced(&mut self, span: Span, what: impl Into<String>) {
        self.names.misplaced.push((span, what.into()));
    }

    fn label(&mut self, label: &'a Name) {
        let known = self.function.last().is_some_and(|frame| {
            // The label itself is in its block once.
            frame.labels.iter().flatten().filter(|known| **known == label.text).count() > 1
        });
        if known {
            self.misplaced(label.span, format!("there is another label '{}'", label.text));
        }
    }
}

#[derive(Default)]
struct Written<'a> {
    value: Option<&'a Expr>,
    body: Option<&'a Function>,
}

impl<'a> Visit<'a> for Resolver<'a> {
    fn block(&mut self, block: &'a Block) {
        let visible = self.visible.len();
        let labels = block.stats.iter().filter_map(|stat| match &stat.kind {
            StatKind::Label(name) => Some(name.text.as_str()),
            _ => None,
        });
        if let Some(frame) = self.function.last_mut() {
            frame.labels.push(labels.collect());
        }
        for stat in &block.stats {
            self.stat(stat);
        }
        if let Some(frame) = self.function.last_mut() {
            frame.labels.pop();
        }
        self.visible.truncate(visible);
    }

    fn stat(&mut self, stat: &'a Stat) {
        match &stat.kind {
            StatKind::Local { names, values } => self.local(names, values),
            StatKind::Assign { targets, values } => {
                for value in values {
                    self.expr(value);
                }
                for (at, target) in targets.iter().enumerate() {
                    self.target(target, Written { value: values.get(at), body: None });
                }
            }
            StatKind::Function { target, function } => {
                self.target(target, Written { value: None, body: Some(function) });
                self.function(function);
            }
            StatKind::LocalFunction { name, function } => {
                let at = self.declare(name, VarKind::Function);
                self.names.vars[at].body = Some(function);
                self.function(function);
            }
            StatKind::NumericFor { var, range, body } => {
                for value in range {
                    self.expr(value);
                }
                let visible = self.visible.len();
                self.declare(var, VarKind::Loop);
                self.loop_body(body);
                self.visible.truncate(visible);
            }
            StatKind::GenericFor { vars, values, body } => {
                for value in values {
                    self.expr(value);
                }
                let visible = self.visible.len();
                for var in vars {
                    self.declare(var, VarKind::Loop);
                }
                self.loop_body(body);
                self.visible.truncate(visible);
            }
            StatKind::While(condition, body) => {
                self.expr(condition);
                self.loop_body(body);
            }
            StatKind::Repeat(body, condition) => {
                // The condition sees the variables of the body.
                let visible = self.visible.len();
                if let Some(frame) = self.function.last_mut() {
                    frame.loops += 1;
                    frame.labels.push(Vec::new());
                }
                for stat in &body.stats {
                    if let (StatKind::Label(name), Some(frame)) =
                        (&stat.kind, self.function.last_mut())
                    {
                        frame.labels.last_mut().into_iter().for_each(|l| l.push(&name.text));
                    }
                }
                for stat in &body.stats {
                    self.stat(stat);
                }
                self.expr(condition);
                if let Some(frame) = self.function.last_mut() {
                    frame.loops -= 1;
                    frame.labels.pop();
                }
                self.visible.truncate(visible);
            }
            StatKind::Break if self.function.last().is_some_and(|frame| frame.loops == 0) => {
                self.misplaced(stat.span, "break stands in no loop");
            }
            StatKind::Goto(name) => {
                let known = self.function.last();
                let known =
                    known.is_some_and(|f| f.labels.iter().flatten().any(|l| *l == name.text));
                if !known && !name.text.is_empty() {
                    self.misplaced(
                        name.span,
                        format!("no label '{}' can be seen from here", name.text),
                    );
                }
            }
            StatKind::Label(name) => self.label(name),
            _ => walk_stat(self, stat),
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span, None),
            ExprKind::Vararg if self.function.last().is_some_and(|frame| !frame.is_vararg) => {
                self.misplaced(
                    expr.span,
                    "... stands in a function that has no ... among its parameters",
                );
            }
            _ => walk_expr(self, expr),
        }
    }

    fn function(&mut self, function: &'a Function) {
        let number = self.names.functions.len();
        self.names.functions.push(Scope { span: function.span, parent: self.number() });
        let is_vararg = function.is_vararg;
        self.function.push(Frame { number, is_vararg, loops: 0, labels: Vec::new() });
        let visible = self.visible.len();
        for param in &function.params {
            self.declare(param, VarKind::Parameter);
        }
        if function.has_self {
            // `self` has no place of its own; it is declared so that it is no global.
            self.names.vars.push(Var {
                name: "self",
                span: Span::new(function.span.start, function.span.start),
                kind: VarKind::Parameter,
                attribute: None,
                function: number,
                init: None,
                body: None,
                reads: Vec::new(),
                writes: Vec::new(),
            });
            self.visible.push(self.names.vars.len() - 1);
        }
        walk_function(self, function);
        self.visible.truncate(visible);
        self.function.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{parse, scan};

    fn names(text: &str, check: impl FnOnce(&Names<'_>)) {
        let (block, problems) = parse(text, &scan(text));
        assert_eq!(problems, []);
        check(&Names::resolve(&block, text.len()));
    }

    #[test]
    fn locals_hide_globals_where_they_are_seen() {
        let text = "x = 1\ndo local x = x x = x end\nlocal function f(x) return x, f end\nprint(x)";
        names(text, |names| {
            let uses: Vec<(&str, bool, usize)> =
                names.globals.iter().map(|g| (g.name, g.is_write, g.function)).collect();
            assert_eq!(
                uses,
                [("x", true, 0), ("x", false, 0), ("print", false, 0), ("x", false, 0)]
            );
            let f = names.vars.iter().find(|var| var.name == "f").expect("declared");
            assert_eq!((f.reads.len(), f.kind), (1, VarKind::Function));
            let inner = &names.vars[0];
            assert_eq!((inner.reads.len(), inner.writes.len()), (1, 1));
        });
    }

    #[test]
    fn what_the_compiler_refuses_is_found() {
        let text = "break\nfor i = 1, 2 do goto next ::next:: break end\ngoto away\n\
                    local c <const>, d <late> = 1\nc = 2\nlocal function f() return ... end\n\
                    repeat local u = 1 until u\nlocal function g(...) return ... end";
        names(text, |names| {
            let found: Vec<&str> = names.misplaced.iter().map(|(_, what)| what.as_str()).collect();
            assert_eq!(
                found,
                [
                    "break stands in no loop",
                    "no label 'away' can be seen from here",
                    "Lua has no attribute <late>",
                    "'c' is <const> and cannot be assigned to",
                    "... stands in a function that has no ... among its parameters",
                ]
            );
            assert!(names.globals.is_empty());
        });
    }
}
