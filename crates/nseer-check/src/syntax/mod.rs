//! The syntax tree that rules look at: smaller than the parser's, every node with its place.

use crate::source::Span;

mod hints;
mod lower;
mod scan;
mod strings;
mod walk;

pub(crate) use hints::hint;
pub use lower::{Problem, parse};
pub use scan::{Comment, Scan, scan};
pub use strings::unescape;
pub use walk::{Visit, walk_block, walk_expr, walk_function, walk_stat};

/// A name where it stands.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// Statements in a row.
#[derive(Debug, Default)]
pub struct Block {
    /// The statements.
    pub stats: Vec<Stat>,
}

/// A statement.
#[derive(Debug)]
pub struct Stat {
    /// What it is.
    pub kind: StatKind,
    /// Its place.
    pub span: Span,
}

/// What a statement is.
#[derive(Debug)]
pub enum StatKind {
    /// `local a <const>, b = x, y`
    Local {
        /// The names with their attributes.
        names: Vec<(Name, Option<Name>)>,
        /// The values.
        values: Vec<Expr>,
    },
    /// `a, b.c = x, y`
    Assign {
        /// What is assigned to.
        targets: Vec<Expr>,
        /// The values.
        values: Vec<Expr>,
    },
    /// A call for its effects.
    Call(Expr),
    /// `do … end`
    Do(Block),
    /// `while c do … end`
    While(Expr, Block),
    /// `repeat … until c`
    Repeat(Block, Expr),
    /// `if c then … elseif d then … else … end`
    If {
        /// The conditions and what follows from them.
        arms: Vec<(Expr, Block)>,
        /// What follows otherwise.
        otherwise: Option<Block>,
    },
    /// `for i = a, b, c do … end`
    NumericFor {
        /// The variable.
        var: Name,
        /// Start, limit and step.
        range: Vec<Expr>,
        /// The loop.
        body: Block,
    },
    /// `for k, v in x do … end`
    GenericFor {
        /// The variables.
        vars: Vec<Name>,
        /// The iterator.
        values: Vec<Expr>,
        /// The loop.
        body: Block,
    },
    /// `function a.b:c() … end`
    Function {
        /// What it is assigned to: a name or a field.
        target: Expr,
        /// The function.
        function: Box<Function>,
    },
    /// `local function a() … end`
    LocalFunction {
        /// The name.
        name: Name,
        /// The function.
        function: Box<Function>,
    },
    /// `return a, b`
    Return(Vec<Expr>),
    /// `break`
    Break,
    /// `goto a`
    Goto(Name),
    /// `::a::`
    Label(Name),
}

/// An expression.
#[derive(Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug)]
pub enum ExprKind {
    /// `nil`
    Nil,
    /// `true`
    True,
    /// `false`
    False,
    /// `...`
    Vararg,
    /// A number as it is written.
    Number(String),
    /// A string: its bytes, as far as they are UTF-8.
    String(String),
    /// `function() … end`
    Function(Box<Function>),
    /// A variable.
    Name(String),
    /// `a.b`
    Field(Box<Expr>, Name),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `f(a, b)`
    Call(Box<Expr>, Vec<Expr>),
    /// `a:f(b)`
    Method(Box<Expr>, Name, Vec<Expr>),
    /// `a + b`
    Binary(String, Box<Expr>, Box<Expr>),
    /// `not a`
    Unary(String, Box<Expr>),
    /// `(a)`
    Paren(Box<Expr>),
    /// `{a, b = c, [d] = e}`
    Table(Vec<Item>),
    /// What the parser could not read.
    Missing,
}

/// An entry of a table.
#[derive(Debug)]
pub enum Item {
    /// `a`
    Value(Expr),
    /// `a = b`
    Named(Name, Expr),
    /// `[a] = b`
    Keyed(Expr, Expr),
}

impl Item {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &Expr {
        match self {
            Item::Value(value) | Item::Named(_, value) | Item::Keyed(_, value) => value,
        }
    }
}

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its parameters, without `self`.
    pub params: Vec<Name>,
    /// Whether it takes any number of values.
    pub is_vararg: bool,
    /// Whether it has a parameter `self` that is not written.
    pub has_self: bool,
    /// What it does.
    pub body: Block,
    /// Its place, from the word `function`.
    pub span: Span,
}

impl Expr {
    /// The string, if it is one as written.
    #[must_use]
    pub fn string(&self) -> Option<&str> {
        match &self.without_parens().kind {
            ExprKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The expression inside of parentheses.
    #[must_use]
    pub fn without_parens(&self) -> &Expr {
        match &self.kind {
            ExprKind::Paren(inner) => inner.without_parens(),
            _ => self,
        }
    }

    /// The name, if it is a variable.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The function, if it is one as written.
    #[must_use]
    pub fn function(&self) -> Option<&Function> {
        match &self.without_parens().kind {
            ExprKind::Function(function) => Some(function),
            _ => None,
        }
    }

    /// What a literal's type is called, where it can be seen.
    #[must_use]
    pub fn literal_type(&self) -> Option<&'static str> {
        Some(match &self.without_parens().kind {
            ExprKind::Nil => "nil",
            ExprKind::True | ExprKind::False => "boolean",
            ExprKind::Number(_) => "number",
            ExprKind::String(_) => "string",
            ExprKind::Function(_) => "function",
            ExprKind::Table(_) => "table",
            _ => return None,
        })
    }

    /// Whether it may give any number of values.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(
            self.kind,
            ExprKind::Call(..) | ExprKind::Method(..) | ExprKind::Vararg | ExprKind::Missing
        )
    }
}
