//! Sockets that stay open when a function gives up.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};
use crate::scope::Var;
use crate::source::Span;
use crate::syntax::{Block, Expr, ExprKind, Function, Stat, StatKind, Visit, walk_expr};

pub(super) static RULE: Rule = Rule {
    name: "unclosed-socket",
    level: Level::Warning,
    about: "a function returns without closing its socket",
    why: "An open socket holds one of the few places for scripts that use the network until the script ends or \
        the collector comes by. Close it on every path, best before the answer is looked at. A socket that \
        did not connect need not be closed, nor one that is given to somebody else.",
    bad: "local function ask(host, port)\n  local socket = nmap.new_socket()\n  \
          if not socket:connect(host, port) then\n    return nil\n  end\n  \
          local status, line = socket:receive_lines(1)\n  if not status then\n    return nil\n  end\n  \
          socket:close()\n  return line\nend\n",
    good: "local function ask(host, port)\n  local socket = nmap.new_socket()\n  \
           if not socket:connect(host, port) then\n    return nil\n  end\n  \
           local status, line = socket:receive_lines(1)\n  socket:close()\n  if not status then\n    return nil\n  \
           end\n  return line\nend\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    for (at, var) in context.names.vars.iter().enumerate() {
        let is_own = context.is_socket(var) && var.function != 0 && var.writes.is_empty();
        if !is_own || escapes(context, at, var) {
            continue;
        }
        let mut paths = Paths { context, var: at, found: Vec::new() };
        if let Some(block) = block_of(&context.file.block, var.span) {
            let end = paths.block(block, State::Unseen);
            if end == State::Open && paths.found.is_empty() {
                paths.found.push(var.span);
            }
        }
        for span in paths.found {
            let message = format!("the socket '{}' is still open here", var.name);
            let finding = found.add(span, message);
            finding.help(format!("call {}:close() first", var.name));
            if span != var.span {
                finding.also(var.span, "it is made here");
            }
        }
    }
}

/// Whether the socket is used as anything but the object of a method call of the same function.
fn escapes(context: &Context<'_>, at: usize, var: &Var<'_>) -> bool {
    var.reads.iter().any(|(span, function)| {
        let as_object =
            context.calls.iter().any(|call| call.method.is_some() && call.base.span == *span);
        let is_ours = context.names.var_at(*span).is_some_and(|(known, _)| known == at);
        !(as_object && is_ours && *function == var.function)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The declaration has not been seen.
    Unseen,
    /// Not connected, or closed.
    Closed,
    /// Connected, as far as can be told.
    Open,
    /// The path has ended.
    Left,
}

struct Paths<'c, 'a> {
    context: &'c Context<'a>,
    var: usize,
    found: Vec<Span>,
}

impl Paths<'_, '_> {
    fn block(&mut self, block: &Block, mut state: State) -> State {
        let mut after_connect = false;
        for stat in &block.stats {
            let connects = self.calls(stat, &["connect", "reconnect_ssl"]);
            state = self.stat(stat, state, after_connect);
            after_connect = connects;
        }
        state
    }

    fn stat(&mut self, stat: &Stat, state: State, after_connect: bool) -> State {
        match &stat.kind {
            StatKind::Return(values) => {
                let closes = values.iter().any(|value| self.closes_expr(value));
                if state == State::Open && !closes {
                    self.found.push(stat.span);
                }
                State::Left
            }
            StatKind::If { arms, otherwise } => {
                let mut states = Vec::new();
                // `if not s:connect() then return end`, and the question right after a connect.
                let first = arms.first().map(|(condition, _)| condition);
                let asks = first.is_some_and(|c| self.calls_expr(c, &["connect", "reconnect_ssl"]));
                let entry = if asks || after_connect { State::Closed } else { state };
                let closes = first.is_some_and(|c| self.closes_expr(c));
                for (_, block) in arms {
                    states.push(self.block(block, if closes { State::Closed } else { entry }));
                }
                let rest = if asks { State::Open } else { state };
                states.push(match otherwise {
                    Some(block) => self.block(block, rest),
                    None => rest,
                });
                join(&states)
            }
            StatKind::Do(block) => self.block(block, state),
            StatKind::While(_, block)
            | StatKind::Repeat(block, _)
            | StatKind::NumericFor { body: block, .. }
            | StatKind::GenericFor { body: block, .. } => {
                let end = self.block(block, state);
                join(&[state, end])
            }
            // Where a path goes from here is not followed.
            StatKind::Goto(_) | StatKind::Break => State::Left,
            _ => {
                if self.calls(stat, &["close"]) {
                    State::Closed
                } else if self.calls(stat, &["connect"]) {
                    State::Open
                } else {
                    state
                }
            }
        }
    }

    fn calls(&self, stat: &Stat, methods: &[&str]) -> bool {
        let mut finder = Methods { paths: self, methods, found: false };
        finder.shallow(stat);
        finder.found
    }

    fn calls_expr(&self, expr: &Expr, methods: &[&str]) -> bool {
        let mut finder = Methods { paths: self, methods, found: false };
        finder.expr(expr);
        finder.found
    }

    fn closes_expr(&self, expr: &Expr) -> bool {
        self.calls_expr(expr, &["close"])
    }
}

fn join(states: &[State]) -> State {
    let live = || states.iter().filter(|state| **state != State::Left);
    match (live().next(), live().any(|state| *state == State::Closed)) {
        (None, _) => State::Left,
        // What is closed on one path was meant to be closed: the other is told where it ends.
        (_, true) => State::Closed,
        (Some(state), _) => *state,
    }
}

/// Looks for calls of methods of the socket, without functions inside.
struct Methods<'p, 'c, 'a> {
    paths: &'p Paths<'c, 'a>,
    methods: &'p [&'p str],
    found: bool,
}

impl Methods<'_, '_, '_> {
    fn shallow(&mut self, stat: &Stat) {
        let values: Vec<&Expr> = match &stat.kind {
            StatKind::Local { values, .. } | StatKind::Assign { values, .. } => {
                values.iter().collect()
            }
            StatKind::Call(call) => vec![call],
            _ => return,
        };
        for value in values {
            self.expr(value);
        }
    }
}

impl<'v> Visit<'v> for Methods<'_, '_, '_> {
    fn expr(&mut self, expr: &'v Expr) {
        if let ExprKind::Method(base, name, _) = &expr.kind {
            let var = self.paths.context.names.var_of(base);
            let is_ours = var.is_some_and(|(at, _)| at == self.paths.var);
            self.found |= is_ours && self.methods.contains(&name.text.as_str());
        }
        walk_expr(self, expr);
    }

    fn function(&mut self, _: &'v Function) {}
}

/// The innermost block with a declaration.
fn block_of(block: &Block, declared: Span) -> Option<&Block> {
    struct Finder<'a> {
        declared: Span,
        best: Option<&'a Block>,
    }
    impl<'a> Visit<'a> for Finder<'a> {
        fn block(&mut self, block: &'a Block) {
            let has = |stat: &Stat| {
                matches!(&stat.kind, StatKind::Local { names, .. }
                    if names.iter().any(|(name, _)| name.span == self.declared))
            };
            if block.stats.iter().any(has) {
                self.best = Some(block);
            }
            crate::syntax::walk_block(self, block);
        }
    }
    let mut finder = Finder { declared, best: None };
    finder.block(block);
    finder.best
}
