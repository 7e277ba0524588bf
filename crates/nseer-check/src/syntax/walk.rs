//! Walks over the syntax tree.

use super::{Block, Expr, ExprKind, Function, Item, Stat, StatKind};

/// What sees every node; each method goes on into the node unless it is written otherwise.
pub trait Visit<'a> {
    /// A statement.
    fn stat(&mut self, stat: &'a Stat) {
        walk_stat(self, stat);
    }
    /// An expression.
    fn expr(&mut self, expr: &'a Expr) {
        walk_expr(self, expr);
    }
    /// A function, wherever it stands.
    fn function(&mut self, function: &'a Function) {
        walk_function(self, function);
    }
    /// Statements in a row.
    fn block(&mut self, block: &'a Block) {
        walk_block(self, block);
    }
}

/// Sees the statements of a block.
pub fn walk_block<'a, V: Visit<'a> + ?Sized>(to: &mut V, block: &'a Block) {
    for stat in &block.stats {
        to.stat(stat);
    }
}

/// Sees the body of a function.
pub fn walk_function<'a, V: Visit<'a> + ?Sized>(to: &mut V, function: &'a Function) {
    to.block(&function.body);
}

/// Sees the parts of a statement.
pub fn walk_stat<'a, V: Visit<'a> + ?Sized>(to: &mut V, stat: &'a Stat) {
    match &stat.kind {
        StatKind::Local { values, .. } | StatKind::Return(values) => each(to, values),
        StatKind::Assign { targets, values } => {
            each(to, values);
            each(to, targets);
        }
        StatKind::Call(call) => to.expr(call),
        StatKind::Do(block) => to.block(block),
        StatKind::While(condition, body) => {
            to.expr(condition);
            to.block(body);
        }
        StatKind::Repeat(body, condition) => {
            to.block(body);
            to.expr(condition);
        }
        StatKind::If { arms, otherwise } => {
            for (condition, block) in arms {
                to.expr(condition);
                to.block(block);
            }
            if let Some(block) = otherwise {
                to.block(block);
            }
        }
        StatKind::NumericFor { range: values, body, .. }
        | StatKind::GenericFor { values, body, .. } => {
            each(to, values);
            to.block(body);
        }
        StatKind::Function { target, function } => {
            to.expr(target);
            to.function(function);
        }
        StatKind::LocalFunction { function, .. } => to.function(function),
        StatKind::Break | StatKind::Goto(_) | StatKind::Label(_) => {}
    }
}

/// Sees the parts of an expression.
pub fn walk_expr<'a, V: Visit<'a> + ?Sized>(to: &mut V, expr: &'a Expr) {
    match &expr.kind {
        ExprKind::Function(function) => to.function(function),
        ExprKind::Field(base, _) | ExprKind::Unary(_, base) | ExprKind::Paren(base) => {
            to.expr(base)
        }
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) => {
            to.expr(a);
            to.expr(b);
        }
        ExprKind::Call(base, args) | ExprKind::Method(base, _, args) => {
            to.expr(base);
            each(to, args);
        }
        ExprKind::Table(items) => {
            for item in items {
                if let Item::Keyed(key, _) = item {
                    to.expr(key);
                }
                to.expr(item.value());
            }
        }
        ExprKind::Nil
        | ExprKind::True
        | ExprKind::False
        | ExprKind::Vararg
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Name(_)
        | ExprKind::Missing => {}
    }
}

fn each<'a, V: Visit<'a> + ?Sized>(to: &mut V, exprs: &'a [Expr]) {
    for expr in exprs {
        to.expr(expr);
    }
}
