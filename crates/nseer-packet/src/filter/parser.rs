//! The grammar of filters: `and`, `or` and `not` over primitives and comparisons. What a primitive
//! means is asked of `primitive`.
//!
//! `and` and `or` bind equally and to the left. A primitive without words of its own, as the
//! second in `port 80 or 443`, has those of the one before.

use super::lexer::Token;
use super::primitive::{Direction, Kind, Primitives, Proto, Qualifiers, meaning, proto};
use super::words::{CONSTANTS, ETHER_PROTOCOLS, IP_PROTOCOLS, find};
use super::{FilterError, How, LinkType, Number, Operation, Size, Test};

/// How deep brackets and `not` may be nested.
const MOST_DEPTH: usize = 60;

/// Longer filters hardly fit into the kernel's programs, and tests nest as deep as they are long.
const MOST_TOKENS: usize = 1500;

/// Arithmetic, from what binds least to what binds most.
const LEVELS: &[&[(&str, Operation)]] = &[
    &[("|", Operation::Or)],
    &[("^", Operation::Xor)],
    &[("&", Operation::And)],
    &[("<<", Operation::ShiftLeft), (">>", Operation::ShiftRight)],
    &[("+", Operation::Add), ("-", Operation::Subtract)],
    &[("*", Operation::Multiply), ("/", Operation::Divide), ("%", Operation::Modulo)],
];

const BARE: Qualifiers =
    Qualifiers { proto: Proto::Any, direction: Direction::Either, kind: Kind::Any };

/// Makes one test of a whole filter.
pub(super) fn parse(tokens: &[Token], link: LinkType) -> Result<Test, FilterError> {
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        last: BARE,
        guard: Test::Always,
        primitives: Primitives(link),
    };
    if tokens.is_empty() {
        return Ok(Test::Always);
    }
    if tokens.len() > MOST_TOKENS {
        return Err(FilterError::TooLong);
    }
    let test = parser.expression()?;
    if parser.at < tokens.len() { parser.unexpected() } else { Ok(test) }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// The words of the last primitive that had some.
    last: Qualifiers,
    /// What must hold before the bytes of the comparison being read exist.
    guard: Test,
    primitives: Primitives,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(text));
        self.at += usize::from(found);
        found
    }

    fn unexpected<T>(&self) -> Result<T, FilterError> {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Word(word)) => word.clone(),
            Some(Token::Sign(sign)) => (*sign).to_owned(),
            Some(Token::Number(number)) => number.to_string(),
            Some(other) => format!("{other:?}"),
        };
        Err(FilterError::Syntax(found))
    }

    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        if self.depth >= MOST_DEPTH {
            return Err(FilterError::TooLong);
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> Result<Test, FilterError> {
        let mut left = self.term()?;
        loop {
            if self.eat("and") {
                left = left.and(self.term()?);
            } else if self.eat("or") {
                left = left.or(self.term()?);
            } else {
                return Ok(left);
            }
        }
    }

    fn term(&mut self) -> Result<Test, FilterError> {
        self.deeper(|this| {
            if this.eat("not") {
                return Ok(this.term()?.not());
            }
            if let Some(comparison) = this.comparison()? {
                return Ok(comparison);
            }
            if this.eat("(") {
                let inner = this.expression()?;
                return if this.eat(")") { Ok(inner) } else { this.unexpected() };
            }
            this.primitive()
        })
    }

    fn primitive(&mut self) -> Result<Test, FilterError> {
        let start = self.at;
        let q = self.qualifiers();
        let named = self.at > start;
        for (word, test) in [
            ("broadcast", Primitives::broadcast as fn(_, _) -> _),
            ("multicast", Primitives::multicast),
        ] {
            if self.eat(word) {
                return test(self.primitives, q.proto);
            }
        }
        if !named {
            return match self.length()? {
                Some(test) => Ok(test),
                None => self.identity(self.last),
            };
        }
        self.last = q;
        let only_proto = q.direction == Direction::Either && q.kind == Kind::Any;
        let has_identity = matches!(
            self.peek(),
            Some(Token::Dotted(_) | Token::V6(_) | Token::Mac(_) | Token::Number(_))
        );
        if only_proto && !has_identity {
            return Ok(self.primitives.of_protocol(q.proto));
        }
        if self.peek().is_some_and(|token| token.is("not") || token.is("(")) {
            return self.term();
        }
        self.identity(q)
    }

    /// `less N` and `greater N`, both of which include N.
    fn length(&mut self) -> Result<Option<Test>, FilterError> {
        let is_less = self.eat("less");
        if !is_less && !self.eat("greater") {
            return Ok(None);
        }
        let Some(Token::Number(number)) = self.peek() else { return self.unexpected() };
        self.at += 1;
        let right = Number::Constant(*number);
        let compare = |how| Test::Compare { left: Number::Length, how, right };
        Ok(Some(if is_less { compare(How::Greater).not() } else { compare(How::GreaterOrEqual) }))
    }

    fn qualifiers(&mut self) -> Qualifiers {
        let mut q = BARE;
        if let Some(Token::Word(word)) = self.peek()
            && let Some(named) = proto(word)
        {
            q.proto = named;
            self.at += 1;
        }
        if let Some(direction) = self.direction() {
            q.direction = direction;
        }
        let kinds = [
            ("host", Kind::Host),
            ("net", Kind::Net),
            ("portrange", Kind::PortRange),
            ("port", Kind::Port),
            ("proto", Kind::Proto),
        ];
        if let Some((_, kind)) = kinds.into_iter().find(|(word, _)| self.eat(word)) {
            q.kind = kind;
        }
        q
    }

    fn direction(&mut self) -> Option<Direction> {
        let (first, other) = if self.eat("src") {
            (Direction::Source, "dst")
        } else if self.eat("dst") {
            (Direction::Destination, "src")
        } else {
            return None;
        };
        let follows = self.tokens.get(self.at + 1).is_some_and(|token| token.is(other));
        let joined = match self.peek() {
            Some(token) if follows && token.is("or") => Direction::Either,
            Some(token) if follows && token.is("and") => Direction::Both,
            _ => return Some(first),
        };
        self.at += 2;
        Some(joined)
    }

    /// The number, address or name that a primitive ends with.
    fn identity(&mut self, q: Qualifiers) -> Result<Test, FilterError> {
        let Some(token) = self.peek() else { return self.unexpected() };
        self.at += 1;
        let p = self.primitives;
        match (q.kind, token) {
            (Kind::Proto, Token::Number(number)) => p.proto_number(q, *number),
            (Kind::Proto, Token::Word(word)) => {
                let list = if q.proto == Proto::Ether { ETHER_PROTOCOLS } else { IP_PROTOCOLS };
                match find(list, word) {
                    Some(number) => p.proto_number(q, number),
                    None => meaning(format!("'{word}' is no known protocol")),
                }
            }
            (Kind::Port, Token::Number(port)) => p.ports(q, *port, *port),
            (Kind::PortRange, Token::Number(port)) => p.ports(q, *port, *port),
            (Kind::PortRange, Token::Range(from, to)) => p.ports(q, *from, *to),
            (Kind::Any | Kind::Host, Token::Mac(mac)) => p.mac(q, *mac),
            (Kind::Any | Kind::Host | Kind::Net, Token::V6(v6)) => {
                let length = self.prefix(q)?.unwrap_or(128);
                p.v6(q, *v6, length)
            }
            (Kind::Any | Kind::Host | Kind::Net, Token::Dotted(bytes)) => {
                let (address, length) = partial(bytes);
                self.v4(q, address, length)
            }
            (Kind::Net, Token::Number(number)) => {
                let bytes = number.to_be_bytes();
                let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(3);
                let (address, length) = partial(&bytes[first..]);
                self.v4(q, address, length)
            }
            (Kind::Any | Kind::Host, Token::Number(address)) => p.v4(q, *address, u32::MAX),
            (_, Token::Word(word)) => meaning(format!("'{word}' is no address, port or protocol")),
            _ => {
                self.at -= 1;
                self.unexpected()
            }
        }
    }

    fn v4(&mut self, q: Qualifiers, address: u32, length: u32) -> Result<Test, FilterError> {
        if q.kind == Kind::Net && self.eat("mask") {
            let Some(Token::Dotted(bytes)) = self.peek() else { return self.unexpected() };
            self.at += 1;
            return self.primitives.v4(q, address, partial(bytes).0);
        }
        let length = self.prefix(q)?.unwrap_or(length);
        let Some(shift) = 32_u32.checked_sub(length) else {
            return meaning("a prefix of IPv4 has at most 32 bits");
        };
        self.primitives.v4(q, address, u32::MAX.checked_shl(shift).unwrap_or(0))
    }

    /// `/N`
    fn prefix(&mut self, q: Qualifiers) -> Result<Option<u32>, FilterError> {
        if !self.eat("/") {
            return Ok(None);
        }
        let Some(Token::Number(length)) = self.peek() else { return self.unexpected() };
        self.at += 1;
        if q.kind == Kind::Host && *length != 128 {
            return meaning("a host has no prefix");
        }
        Ok(Some(*length))
    }

    /// `number < number`, or `None` where something else is here.
    fn comparison(&mut self) -> Result<Option<Test>, FilterError> {
        let start = self.at;
        self.guard = Test::Always;
        match self.comparison_here() {
            Ok(Some(test)) => Ok(Some(test)),
            Ok(None) | Err(FilterError::Syntax(_)) => {
                self.at = start;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn comparison_here(&mut self) -> Result<Option<Test>, FilterError> {
        let left = self.number(0)?;
        let Some(Token::Sign(sign)) = self.peek() else { return Ok(None) };
        let (how, negated) = match *sign {
            "=" => (How::Equal, false),
            "!=" => (How::Equal, true),
            ">" => (How::Greater, false),
            "<=" => (How::Greater, true),
            ">=" => (How::GreaterOrEqual, false),
            "<" => (How::GreaterOrEqual, true),
            _ => return Ok(None),
        };
        self.at += 1;
        let right = self.number(0)?;
        let test = Test::Compare { left, how, right };
        let test = if negated { test.not() } else { test };
        Ok(Some(std::mem::replace(&mut self.guard, Test::Always).and(test)))
    }

    fn number(&mut self, level: usize) -> Result<Number, FilterError> {
        let Some(operations) = LEVELS.get(level) else {
            return self.deeper(Self::operand);
        };
        let mut left = self.number(level + 1)?;
        while let Some((_, operation)) = operations.iter().find(|(sign, _)| self.eat(sign)) {
            let right = self.number(level + 1)?;
            left = calculation(*operation, left, right)?;
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Number, FilterError> {
        if self.eat("-") {
            return Ok(Number::Negative(Box::new(self.deeper(Self::operand)?)));
        }
        if self.eat("(") {
            let inner = self.number(0)?;
            return if self.eat(")") { Ok(inner) } else { self.unexpected() };
        }
        match self.peek() {
            Some(Token::Number(number)) => {
                self.at += 1;
                Ok(Number::Constant(*number))
            }
            Some(Token::Word(word)) => self.word(word),
            _ => self.unexpected(),
        }
    }

    fn word(&mut self, word: &str) -> Result<Number, FilterError> {
        if let Some(constant) = find(CONSTANTS, word) {
            self.at += 1;
            return Ok(Number::Constant(constant));
        }
        if self.eat("len") {
            return Ok(Number::Length);
        }
        let is_followed = self.tokens.get(self.at + 1).is_some_and(|token| token.is("["));
        let Some(proto) = proto(word).filter(|_| is_followed) else { return self.unexpected() };
        self.at += 2;
        let (guard, from) = self.primitives.bytes_of(proto)?;
        let index = Box::new(self.number(0)?);
        let size = if self.eat(":") { self.size()? } else { Size::Byte };
        if !self.eat("]") {
            return self.unexpected();
        }
        // Guards of inner brackets come first, as their bytes are read first.
        self.guard = std::mem::replace(&mut self.guard, Test::Always).and(guard);
        Ok(Number::Bytes { from, index, size })
    }

    fn size(&mut self) -> Result<Size, FilterError> {
        let size = match self.peek() {
            Some(Token::Number(1)) => Size::Byte,
            Some(Token::Number(2)) => Size::Half,
            Some(Token::Number(4)) => Size::Word,
            Some(Token::Number(_)) => return meaning("1, 2 or 4 bytes can be read"),
            _ => return self.unexpected(),
        };
        self.at += 1;
        Ok(size)
    }
}

fn calculation(how: Operation, left: Number, right: Number) -> Result<Number, FilterError> {
    match (how, &right) {
        (Operation::Divide | Operation::Modulo, Number::Constant(0)) => {
            return meaning("division by zero");
        }
        (Operation::ShiftLeft | Operation::ShiftRight, Number::Constant(32..)) => {
            return meaning("numbers have 32 bits");
        }
        _ => {}
    }
    Ok(Number::Calculate(how, Box::new(left), Box::new(right)))
}

/// `10.1` is 10.1.0.0/16.
fn partial(bytes: &[u8]) -> (u32, u32) {
    let mut whole = [0; 4];
    let count = bytes.len().min(4);
    whole[..count].copy_from_slice(&bytes[..count]);
    (u32::from_be_bytes(whole), u32::try_from(count * 8).unwrap_or(32))
}
