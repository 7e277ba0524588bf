//! Filters in the language of pcap-filter(7), compiled to classic BPF. Written from that manual
//! page, from the kernel's description of the machine (`Documentation/networking/filter.rst`) and
//! from what `tcpdump -d` prints.
//!
//! Text goes through `lexer`, `parser` (which asks `primitive` what a primitive means) and `code`;
//! `possible` refuses what no packet can pass.
//! No name is looked up: addresses, ports and protocols beyond the known ones are numbers.
//! What is about the filter's own machine (`gateway`, `vlan`, `mpls`, `ip broadcast` …) is refused.

mod code;
mod lexer;
mod machine;
mod parser;
mod possible;
mod primitive;
mod words;

/// A filter that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It is not in the language.
    #[error("'{0}' is not expected here")]
    Syntax(String),
    /// It makes no sense.
    #[error("{0}")]
    Meaning(String),
    /// It is nested too deeply, or its program has more instructions than the kernel takes.
    #[error("it is too long")]
    TooLong,
    /// It contradicts itself: no packet can pass.
    #[error("it rejects all packets")]
    Never,
}

/// What packets begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// An Ethernet header.
    Ethernet,
    /// The IP header.
    Raw,
}

impl LinkType {
    /// Bytes before the IP header.
    #[must_use]
    pub fn header_length(self) -> usize {
        match self {
            LinkType::Ethernet => 14,
            LinkType::Raw => 0,
        }
    }
}

/// One instruction of classic BPF (`struct sock_filter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip where a test is true.
    pub if_true: u8,
    /// How many where it is false.
    pub if_false: u8,
    /// The constant.
    pub operand: u32,
}

/// A compiled filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    instructions: Vec<Instruction>,
}

impl Program {
    /// The program that accepts no packet.
    #[must_use]
    pub fn nothing() -> Program {
        Program { instructions: vec![code::give_back(0)] }
    }

    /// The instructions, for the kernel.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The same without packets that this machine sends: the loopback shows each once more when it
    /// arrives.
    #[must_use]
    pub(crate) fn without_outgoing(mut self) -> Program {
        self.instructions.splice(0..0, code::refuse_outgoing());
        self
    }

    /// What the kernel would say about `packet`.
    #[must_use]
    pub fn accepts(&self, packet: &[u8]) -> bool {
        machine::run(&self.instructions, packet) != 0
    }

    /// A program from elsewhere, to compare with.
    #[must_use]
    pub fn from_instructions(instructions: Vec<Instruction>) -> Program {
        Program { instructions }
    }
}

/// Compiles a filter for packets of one kind. The empty filter accepts everything.
///
/// # Errors
/// Where it is not in the language, makes no sense or contradicts itself.
pub fn compile(filter: &str, link: LinkType) -> Result<Program, FilterError> {
    let test = parser::parse(&lexer::tokens(filter)?, link)?;
    let instructions = code::program(&test, link)?;
    if possible::possible(&test) { Ok(Program { instructions }) } else { Err(FilterError::Never) }
}

/// A question about a packet. Whatever reads beyond the packet's end refuses the packet.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Always,
    Never,
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
    /// Bytes at a fixed place, under a mask, are equal to a value.
    Field {
        at: Place,
        size: Size,
        mask: u32,
        value: u32,
    },
    /// A comparison of two numbers.
    Compare {
        left: Number,
        how: How,
        right: Number,
    },
}

impl Test {
    fn and(self, other: Test) -> Test {
        match (self, other) {
            (Test::Always, other) | (other, Test::Always) => other,
            (Test::Never, _) => Test::Never,
            (this, other) => Test::And(Box::new(this), Box::new(other)),
        }
    }

    fn or(self, other: Test) -> Test {
        match (self, other) {
            (Test::Never, other) | (other, Test::Never) => other,
            (this, other) => Test::Or(Box::new(this), Box::new(other)),
        }
    }

    fn not(self) -> Test {
        Test::Not(Box::new(self))
    }
}

/// Where bytes are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// Counted from the beginning of the packet.
    Link(u32),
    /// Counted from the end of the link header.
    Network(u32),
    /// Counted from the end of the IPv4 header.
    Transport(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Size {
    Byte,
    Half,
    Word,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Equal,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Or,
    And,
    ShiftLeft,
    ShiftRight,
    Modulo,
    Xor,
}

/// A number of 32 bits that is computed from the packet.
#[derive(Clone, Debug, PartialEq)]
enum Number {
    Constant(u32),
    /// How long the packet is.
    Length,
    Bytes {
        from: Place,
        index: Box<Number>,
        size: Size,
    },
    Negative(Box<Number>),
    Calculate(Operation, Box<Number>, Box<Number>),
}

#[cfg(test)]
mod tests;
