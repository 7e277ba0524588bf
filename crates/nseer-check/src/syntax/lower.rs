//! From the parser's tree to ours.
//!
//! The parser gives a tree even where it found errors; what it made up has no place and becomes
//! [`ExprKind::Missing`] or an empty name.

use full_moon::ast::{
    self, Call, Expression, Field, FunctionArgs, Index, LastStmt, Prefix, Suffix, Var,
};
use full_moon::node::Node;
use full_moon::tokenizer::{TokenReference, TokenType};
use full_moon::{LuaVersion, parse_fallible};

use super::{Block, Expr, ExprKind, Function, Item, Name, Scan, Stat, StatKind, unescape};
use crate::source::Span;

/// An error of syntax: where, and what.
pub type Problem = (Span, String);

/// Stands for the word `break` while the text is parsed: a label of the same length.
const BREAK: &str = "::b::";

/// Parses a text that was scanned and found not too deep. Gives the tree as far as it goes, and what
/// is wrong.
#[must_use]
pub fn parse(text: &str, scan: &Scan) -> (Block, Vec<Problem>) {
    // Lua allows `break` anywhere in a block, the parser only at its end; so it is shown a label.
    // A backtick makes it panic; no other sign that Lua lacks does, and none is neutral in strings but this.
    let mut shown = text.replace('`', "@");
    for at in &scan.breaks {
        shown.replace_range(*at..at + BREAK.len(), BREAK);
    }
    let parsed = parse_fallible(&shown, LuaVersion::lua54());
    let mut lower = Lower { problems: Vec::new(), breaks: &scan.breaks, last: 0 };
    let mut certain = None;
    for error in parsed.errors() {
        let (start, end) = error.range();
        let is_of_text = matches!(error, full_moon::Error::TokenizerError(_));
        // The parser tells of what it met first, and then of the blocks around that it could not end: those
        // begin before, and follow from it.
        if !is_of_text && start.bytes() < *certain.get_or_insert(start.bytes()) {
            continue;
        }
        let message = match error {
            full_moon::Error::AstError(error) => message(error, text),
            _ if text.as_bytes().get(start.bytes()) == Some(&b'`') => "unexpected `".to_owned(),
            full_moon::Error::TokenizerError(error) => {
                error.error().to_string().replace("unexpected character", "unexpected")
            }
        };
        lower.problems.push((Span::new(start.bytes(), end.bytes()), message));
    }
    let block = lower.block(parsed.ast().nodes());
    // A quote or an escape without its end points behind the text.
    for (span, _) in &mut lower.problems {
        *span = Span::new(span.start.min(text.len()), span.end.min(text.len()));
    }
    lower.problems.sort_by_key(|(span, _)| *span);
    // What the parser says of a place and of what touches it follows from the first.
    lower.problems.dedup_by(|(next, _), (first, _)| next.start <= first.end);
    (block, lower.problems)
}

fn message(error: &ast::AstError, text: &str) -> String {
    let (start, end) = error.range();
    let what = error.error_message();
    let block =
        what.strip_prefix("expected `end` to close ").and_then(|w| w.strip_suffix(" block"));
    if let Some(block) = block {
        return format!("no `end` closes the {block} that begins here");
    }
    match text.get(start.bytes()..end.bytes()) {
        Some("") => format!("{what}, but the text ends"),
        _ if what.is_empty() => "unexpected here".to_owned(),
        _ => what.to_owned(),
    }
}

struct Lower<'s> {
    problems: Vec<Problem>,
    /// Where the word `break` stands.
    breaks: &'s [usize],
    /// The end of what was read last: the place of what the parser made up.
    last: usize,
}

impl Lower<'_> {
    fn span(&mut self, node: &impl Node) -> Span {
        match node.range() {
            Some((start, end)) if end.bytes() > 0 => {
                self.last = end.bytes();
                Span::new(start.bytes(), end.bytes())
            }
            _ => Span::new(self.last, self.last),
        }
    }

    fn token_span(&mut self, token: &TokenReference) -> Span {
        let (start, end) = (token.token().start_position(), token.token().end_position());
        if end.bytes() == 0 {
            return Span::new(self.last, self.last);
        }
        self.last = end.bytes();
        Span::new(start.bytes(), end.bytes())
    }

    fn name(&mut self, token: &TokenReference) -> Name {
        Name { text: token.token().to_string(), span: self.token_span(token) }
    }

    fn block(&mut self, block: &ast::Block) -> Block {
        let mut stats: Vec<Stat> = block.stmts().map(|stmt| self.stat(stmt)).collect();
        if let Some(last) = block.last_stmt() {
            let span = self.span(last);
            let kind = match last {
                LastStmt::Return(values) => {
                    StatKind::Return(values.returns().iter().map(|e| self.expr(e)).collect())
                }
                _ => StatKind::Break,
            };
            stats.push(Stat { kind, span });
        }
        Block { stats }
    }

    fn stat(&mut self, stmt: &ast::Stmt) -> Stat {
        let span = self.span(stmt);
        let kind = match stmt {
            ast::Stmt::Assignment(assignment) => StatKind::Assign {
                values: assignment.expressions().iter().map(|e| self.expr(e)).collect(),
                targets: assignment.variables().iter().map(|var| self.var(var)).collect(),
            },
            ast::Stmt::Do(block) => StatKind::Do(self.block(block.block())),
            ast::Stmt::FunctionCall(call) => {
                StatKind::Call(self.chain(call.prefix(), call.suffixes(), span))
            }
            ast::Stmt::FunctionDeclaration(declared) => self.declaration(declared),
            ast::Stmt::GenericFor(each) => StatKind::GenericFor {
                vars: each.names().iter().map(|name| self.name(name)).collect(),
                values: each.expressions().iter().map(|e| self.expr(e)).collect(),
                body: self.block(each.block()),
            },
            ast::Stmt::If(conditional) => self.conditional(conditional),
            ast::Stmt::LocalAssignment(local) => {
                let attributes: Vec<Option<Name>> =
                    local.attributes().map(|found| found.map(|a| self.name(a.name()))).collect();
                let mut attributes = attributes.into_iter();
                let names = local.names().iter().map(|name| self.name(name));
                let names = names.map(|name| (name, attributes.next().flatten())).collect();
                let values = local.expressions().iter().map(|e| self.expr(e)).collect();
                StatKind::Local { names, values }
            }
            ast::Stmt::LocalFunction(local) => StatKind::LocalFunction {
                name: self.name(local.name()),
                function: Box::new(self.function(local.function_token(), local.body(), false)),
            },
            ast::Stmt::NumericFor(counted) => {
                let range = [Some(counted.start()), Some(counted.end()), counted.step()];
                StatKind::NumericFor {
                    var: self.name(counted.index_variable()),
                    range: range.into_iter().flatten().map(|e| self.expr(e)).collect(),
                    body: self.block(counted.block()),
                }
            }
            ast::Stmt::Repeat(repeat) => {
                StatKind::Repeat(self.block(repeat.block()), self.expr(repeat.until()))
            }
            ast::Stmt::While(repeat) => {
                StatKind::While(self.expr(repeat.condition()), self.block(repeat.block()))
            }
            ast::Stmt::Goto(goto) => StatKind::Goto(self.name(goto.label_name())),
            ast::Stmt::Label(_) if self.breaks.binary_search(&span.start).is_ok() => {
                StatKind::Break
            }
            ast::Stmt::Label(label) => StatKind::Label(self.name(label.name())),
            _ => StatKind::Do(Block::default()),
        };
        Stat { kind, span }
    }

    fn declaration(&mut self, declared: &ast::FunctionDeclaration) -> StatKind {
        let mut target = Expr { kind: ExprKind::Missing, span: Span::new(self.last, self.last) };
        for (at, token) in declared.name().names().iter().enumerate() {
            target = match at {
                0 => {
                    let name = self.name(token);
                    Expr { kind: ExprKind::Name(name.text), span: name.span }
                }
                _ => self.field(target, token),
            };
        }
        let method = declared.name().method_name();
        if let Some(token) = method {
            target = self.field(target, token);
        }
        let function = self.function(declared.function_token(), declared.body(), method.is_some());
        StatKind::Function { target, function: Box::new(function) }
    }

    fn conditional(&mut self, conditional: &ast::If) -> StatKind {
        let mut arms = vec![(self.expr(conditional.condition()), self.block(conditional.block()))];
        for arm in conditional.else_if().into_iter().flatten() {
            arms.push((self.expr(arm.condition()), self.block(arm.block())));
        }
        StatKind::If { arms, otherwise: conditional.else_block().map(|block| self.block(block)) }
    }

    fn function(
        &mut self,
        word: &TokenReference,
        body: &ast::FunctionBody,
        has_self: bool,
    ) -> Function {
        let start = self.token_span(word).start;
        let mut params = Vec::new();
        let mut is_vararg = false;
        for parameter in body.parameters() {
            match parameter {
                ast::Parameter::Name(token) => params.push(self.name(token)),
                _ => is_vararg = true,
            }
        }
        let block = self.block(body.block());
        let end = self.token_span(body.end_token()).end;
        Function { params, is_vararg, has_self, body: block, span: Span::new(start, end) }
    }

    fn expr(&mut self, expr: &Expression) -> Expr {
        let span = self.span(expr);
        let kind = match expr {
            Expression::BinaryOperator { lhs, binop, rhs } => {
                let (left, right) = (Box::new(self.expr(lhs)), Box::new(self.expr(rhs)));
                ExprKind::Binary(binop.token().token().to_string(), left, right)
            }
            Expression::Parentheses { expression, .. } => {
                ExprKind::Paren(Box::new(self.expr(expression)))
            }
            Expression::UnaryOperator { unop, expression } => {
                let operand = Box::new(self.expr(expression));
                ExprKind::Unary(unop.token().token().to_string(), operand)
            }
            Expression::Function(function) => {
                let function = self.function(function.function_token(), function.body(), false);
                ExprKind::Function(Box::new(function))
            }
            Expression::FunctionCall(call) => {
                return self.chain(call.prefix(), call.suffixes(), span);
            }
            Expression::TableConstructor(table) => self.table(table),
            Expression::Number(token) => ExprKind::Number(token.token().to_string()),
            Expression::String(token) => self.string(token),
            Expression::Symbol(token) => match token.token().to_string().as_str() {
                "nil" => ExprKind::Nil,
                "true" => ExprKind::True,
                "false" => ExprKind::False,
                "..." => ExprKind::Vararg,
                _ => ExprKind::Missing,
            },
            Expression::Var(var) => return self.var(var),
            _ => ExprKind::Missing,
        };
        Expr { kind, span }
    }

    fn var(&mut self, var: &Var) -> Expr {
        match var {
            Var::Name(token) => {
                let name = self.name(token);
                Expr { kind: ExprKind::Name(name.text), span: name.span }
            }
            Var::Expression(chain) => {
                let span = self.span(chain.as_ref());
                self.chain(chain.prefix(), chain.suffixes(), span)
            }
            _ => Expr { kind: ExprKind::Missing, span: self.span(var) },
        }
    }

    /// A prefix and what follows it: `a.b[c](d):e(f)`.
    fn chain<'s>(
        &mut self,
        prefix: &Prefix,
        suffixes: impl Iterator<Item = &'s Suffix>,
        whole: Span,
    ) -> Expr {
        let mut expr = match prefix {
            Prefix::Expression(inner) => self.expr(inner),
            Prefix::Name(token) => {
                let name = self.name(token);
                Expr { kind: ExprKind::Name(name.text), span: name.span }
            }
            _ => Expr { kind: ExprKind::Missing, span: whole },
        };
        for suffix in suffixes {
            let end = match suffix {
                // The node itself ends before its bracket.
                Suffix::Index(Index::Brackets { brackets, .. }) => {
                    self.token_span(brackets.tokens().1).end
                }
                _ => self.span(suffix).end,
            };
            let span = Span::new(expr.span.start, end);
            let kind = match suffix {
                Suffix::Call(Call::AnonymousCall(args)) => {
                    ExprKind::Call(Box::new(expr), self.args(args))
                }
                Suffix::Call(Call::MethodCall(method)) => {
                    let name = self.name(method.name());
                    ExprKind::Method(Box::new(expr), name, self.args(method.args()))
                }
                Suffix::Index(Index::Brackets { expression, .. }) => {
                    ExprKind::Index(Box::new(expr), Box::new(self.expr(expression)))
                }
                Suffix::Index(Index::Dot { name, .. }) => {
                    let name = self.name(name);
                    ExprKind::Field(Box::new(expr), name)
                }
                _ => ExprKind::Missing,
            };
            self.last = end;
            expr = Expr { kind, span };
        }
        expr
    }

    fn field(&mut self, base: Expr, token: &TokenReference) -> Expr {
        let name = self.name(token);
        let span = Span::new(base.span.start, name.span.end);
        Expr { kind: ExprKind::Field(Box::new(base), name), span }
    }

    fn args(&mut self, args: &FunctionArgs) -> Vec<Expr> {
        match args {
            FunctionArgs::Parentheses { arguments, .. } => {
                arguments.iter().map(|e| self.expr(e)).collect()
            }
            FunctionArgs::String(token) => {
                let (kind, span) = (self.string(token), self.token_span(token));
                vec![Expr { kind, span }]
            }
            FunctionArgs::TableConstructor(table) => {
                let (kind, span) = (self.table(table), self.span(table.as_ref()));
                vec![Expr { kind, span }]
            }
            _ => Vec::new(),
        }
    }

    fn table(&mut self, table: &ast::TableConstructor) -> ExprKind {
        let items = table.fields().iter().map(|field| match field {
            Field::ExpressionKey { key, value, .. } => {
                Item::Keyed(self.expr(key), self.expr(value))
            }
            Field::NameKey { key, value, .. } => Item::Named(self.name(key), self.expr(value)),
            Field::NoKey(value) => Item::Value(self.expr(value)),
            _ => Item::Value(Expr { kind: ExprKind::Missing, span: Span::default() }),
        });
        ExprKind::Table(items.collect())
    }

    fn string(&mut self, token: &TokenReference) -> ExprKind {
        use full_moon::tokenizer::StringLiteralQuoteType::Brackets;
        let TokenType::StringLiteral { literal, quote_type, .. } = token.token().token_type()
        else {
            return ExprKind::Missing;
        };
        let span = self.token_span(token);
        if *quote_type == Brackets {
            let text = literal.strip_prefix("\r\n").or_else(|| literal.strip_prefix('\n'));
            return ExprKind::String(text.unwrap_or(literal).to_owned());
        }
        match unescape(literal) {
            Ok(text) => ExprKind::String(text),
            Err((at, what)) => {
                let start = span.start + 1 + at;
                self.problems.push((Span::new(start, start + 2), what));
                ExprKind::String(literal.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::scan;

    #[test]
    fn places_are_those_of_the_text() {
        let text = "local a <const> = s:f('x', {b = 1}).c[2] -- end\nreturn a";
        let (block, problems) = parse(text, &scan(text));
        assert_eq!(problems, []);
        let StatKind::Local { names, values } = &block.stats[0].kind else { panic!("{block:#?}") };
        assert_eq!(names[0].1.as_ref().expect("an attribute").text, "const");
        let piece = |span: Span| &text[span.start..span.end];
        assert_eq!(piece(values[0].span), "s:f('x', {b = 1}).c[2]");
        let ExprKind::Index(base, _) = &values[0].kind else { panic!("{values:#?}") };
        assert_eq!(piece(base.span), "s:f('x', {b = 1}).c");
        assert_eq!(piece(block.stats[1].span), "return a");
    }

    #[test]
    fn several_errors_are_told() {
        let text = "local x = \nlocal y = 'a\\q'\nif x then\n  z = = 2\nend\nf(\n";
        let (_, problems) = parse(text, &scan(text));
        assert!(problems.len() >= 3, "{problems:#?}");
        assert!(problems.iter().any(|(_, what)| what == "Lua has no escape \\q"), "{problems:#?}");
        let lines: Vec<usize> =
            problems.iter().map(|(span, _)| text[..span.start].matches('\n').count() + 1).collect();
        assert!(lines.is_sorted(), "{lines:?}");
    }
}
