//! Makes a BPF program of a test. Plain code in the order of the filter; it is not optimised,
//! since a few loads cost little beside a packet's way through the kernel.

use super::{FilterError, How, Instruction, LinkType, Number, Operation, Place, Size, Test};

// Instruction codes, after the kernel's `linux/bpf_common.h`.
pub(super) const LOAD: u16 = 0x00;
pub(super) const LOAD_X: u16 = 0x01;
pub(super) const STORE: u16 = 0x02;
pub(super) const CALCULATE: u16 = 0x04;
pub(super) const JUMP: u16 = 0x05;
pub(super) const RETURN: u16 = 0x06;
pub(super) const MOVE: u16 = 0x07;
pub(super) const HALF: u16 = 0x08;
pub(super) const BYTE: u16 = 0x10;
pub(super) const ABSOLUTE: u16 = 0x20;
pub(super) const INDEXED: u16 = 0x40;
pub(super) const MEMORY: u16 = 0x60;
pub(super) const LENGTH: u16 = 0x80;
/// Four times the lower half of a byte: the length of an IPv4 header.
pub(super) const HEADER_LENGTH: u16 = 0xa0;
pub(super) const BY_X: u16 = 0x08;
pub(super) const NEGATE: u16 = 0x80;
pub(super) const TO_A: u16 = 0x80;
pub(super) const EQUAL: u16 = 0x10;
pub(super) const GREATER: u16 = 0x20;
pub(super) const GREATER_OR_EQUAL: u16 = 0x30;

/// The cells of memory that a program has.
pub(super) const CELLS: u32 = 16;

/// The kernel takes no longer program (`BPF_MAXINSNS`); one instruction is added elsewhere.
const MOST_INSTRUCTIONS: usize = 4096 - 16;

/// Accept so many bytes: all of them. The receiver cuts packets.
const ALL: u32 = 0x0004_0000;

/// `ld [SKF_AD_OFF + SKF_AD_PKTTYPE]` gives the kernel's type of packet, of which this one is for
/// packets that go out (`linux/if_packet.h`).
const PACKET_TYPE: u32 = 0xffff_f000 + 4;
const OUTGOING: u32 = 4;

pub(super) fn plain(code: u16, operand: u32) -> Instruction {
    Instruction { code, if_true: 0, if_false: 0, operand }
}

pub(super) fn give_back(bytes: u32) -> Instruction {
    plain(RETURN, bytes)
}

/// Refuses packets that this machine sends, and goes on with others.
pub(super) fn refuse_outgoing() -> [Instruction; 3] {
    let test = plain(JUMP | EQUAL, OUTGOING);
    [plain(LOAD | BYTE | ABSOLUTE, PACKET_TYPE), Instruction { if_false: 1, ..test }, give_back(0)]
}

/// The program that answers `test`.
pub(super) fn program(test: &Test, link: LinkType) -> Result<Vec<Instruction>, FilterError> {
    let short = Coder::new(link, false).finish(test)?;
    // A test can skip 255 instructions; where that is not enough, jumps go by way of others.
    let code = match short {
        Some(code) => code,
        None => Coder::new(link, true).finish(test)?.ok_or(FilterError::TooLong)?,
    };
    if code.len() > MOST_INSTRUCTIONS { Err(FilterError::TooLong) } else { Ok(code) }
}

/// A place in the program that is not known yet.
type Label = usize;

enum Line {
    Plain(Instruction),
    Branch(Instruction, Label, Label),
    Go(Label),
}

struct Coder {
    lines: Vec<Line>,
    /// Where each label is.
    places: Vec<usize>,
    link_header: u32,
    far: bool,
}

impl Coder {
    fn new(link: LinkType, far: bool) -> Coder {
        let link_header = u32::try_from(link.header_length()).unwrap_or(0);
        Coder { lines: Vec::new(), places: Vec::new(), link_header, far }
    }

    /// The program; `None` where a jump is too far.
    fn finish(mut self, test: &Test) -> Result<Option<Vec<Instruction>>, FilterError> {
        let (yes, no) = (self.label(), self.label());
        self.test(test, yes, no)?;
        self.here(yes);
        self.put(RETURN, ALL);
        self.here(no);
        self.put(RETURN, 0);
        let distance = |from: usize, label: Label| self.places[label] - from - 1;
        let resolve = |(at, line): (usize, &Line)| match line {
            Line::Plain(instruction) => Some(*instruction),
            Line::Branch(instruction, yes, no) => Some(Instruction {
                if_true: u8::try_from(distance(at, *yes)).ok()?,
                if_false: u8::try_from(distance(at, *no)).ok()?,
                ..*instruction
            }),
            Line::Go(label) => Some(plain(JUMP, u32::try_from(distance(at, *label)).ok()?)),
        };
        Ok(self.lines.iter().enumerate().map(resolve).collect())
    }

    fn label(&mut self) -> Label {
        self.places.push(0);
        self.places.len() - 1
    }

    fn here(&mut self, label: Label) {
        self.places[label] = self.lines.len();
    }

    fn put(&mut self, code: u16, operand: u32) {
        self.lines.push(Line::Plain(plain(code, operand)));
    }

    fn branch(&mut self, code: u16, operand: u32, yes: Label, no: Label) {
        let instruction = plain(JUMP | code, operand);
        if !self.far {
            self.lines.push(Line::Branch(instruction, yes, no));
            return;
        }
        let (near_yes, near_no) = (self.label(), self.label());
        self.lines.push(Line::Branch(instruction, near_yes, near_no));
        self.here(near_yes);
        self.lines.push(Line::Go(yes));
        self.here(near_no);
        self.lines.push(Line::Go(no));
    }

    fn test(&mut self, test: &Test, yes: Label, no: Label) -> Result<(), FilterError> {
        match test {
            Test::Always => self.lines.push(Line::Go(yes)),
            Test::Never => self.lines.push(Line::Go(no)),
            Test::Not(inner) => self.test(inner, no, yes)?,
            Test::And(left, right) => {
                let next = self.label();
                self.test(left, next, no)?;
                self.here(next);
                self.test(right, yes, no)?;
            }
            Test::Or(left, right) => {
                let next = self.label();
                self.test(left, yes, next)?;
                self.here(next);
                self.test(right, yes, no)?;
            }
            Test::Field { at, size, mask, value } => {
                self.load(*at, *size);
                if *mask != mask_of(*size) {
                    self.put(CALCULATE | operation(Operation::And), *mask);
                }
                self.branch(EQUAL, *value, yes, no);
            }
            Test::Compare { left, how, right } => self.compare(left, *how, right, yes, no)?,
        }
        Ok(())
    }

    fn compare(
        &mut self,
        left: &Number,
        how: How,
        right: &Number,
        yes: Label,
        no: Label,
    ) -> Result<(), FilterError> {
        let code = match how {
            How::Equal => EQUAL,
            How::Greater => GREATER,
            How::GreaterOrEqual => GREATER_OR_EQUAL,
        };
        if let Number::Constant(constant) = right {
            self.number(left, 0)?;
            self.branch(code, *constant, yes, no);
        } else {
            self.pair(left, right, 0)?;
            self.branch(code | BY_X, 0, yes, no);
        }
        Ok(())
    }

    /// Loads bytes at a fixed place.
    fn load(&mut self, at: Place, size: Size) {
        match at {
            Place::Link(offset) => self.put(LOAD | ABSOLUTE | width(size), offset),
            Place::Network(offset) => {
                let offset = offset.wrapping_add(self.link_header);
                self.put(LOAD | ABSOLUTE | width(size), offset);
            }
            Place::Transport(offset) => {
                self.put(LOAD_X | BYTE | HEADER_LENGTH, self.link_header);
                let offset = offset.wrapping_add(self.link_header);
                self.put(LOAD | INDEXED | width(size), offset);
            }
        }
    }

    /// Computes a number; `cell` is the first cell of memory that is free.
    fn number(&mut self, number: &Number, cell: u32) -> Result<(), FilterError> {
        match number {
            Number::Constant(constant) => self.put(LOAD, *constant),
            Number::Length => self.put(LOAD | LENGTH, 0),
            Number::Negative(inner) => {
                self.number(inner, cell)?;
                self.put(CALCULATE | NEGATE, 0);
            }
            Number::Calculate(how, left, right) => {
                if let Number::Constant(constant) = **right {
                    self.number(left, cell)?;
                    self.put(CALCULATE | operation(*how), constant);
                } else {
                    self.pair(left, right, cell)?;
                    self.put(CALCULATE | BY_X | operation(*how), 0);
                }
            }
            Number::Bytes { from, index, size } => self.bytes(*from, index, *size, cell)?,
        }
        Ok(())
    }

    /// `left` to A and `right` to X.
    fn pair(&mut self, left: &Number, right: &Number, cell: u32) -> Result<(), FilterError> {
        if cell >= CELLS {
            return Err(FilterError::TooLong);
        }
        self.number(left, cell)?;
        self.put(STORE, cell);
        self.number(right, cell + 1)?;
        self.put(MOVE, 0);
        self.put(LOAD | MEMORY, cell);
        Ok(())
    }

    fn bytes(
        &mut self,
        from: Place,
        index: &Number,
        size: Size,
        cell: u32,
    ) -> Result<(), FilterError> {
        if let Number::Constant(index) = index {
            let at = match from {
                Place::Link(offset) => Place::Link(offset.wrapping_add(*index)),
                Place::Network(offset) => Place::Network(offset.wrapping_add(*index)),
                Place::Transport(offset) => Place::Transport(offset.wrapping_add(*index)),
            };
            self.load(at, size);
            return Ok(());
        }
        self.number(index, cell)?;
        let offset = match from {
            Place::Link(offset) => offset,
            Place::Network(offset) => offset.wrapping_add(self.link_header),
            Place::Transport(offset) => {
                self.put(LOAD_X | BYTE | HEADER_LENGTH, self.link_header);
                self.put(CALCULATE | BY_X | operation(Operation::Add), 0);
                offset.wrapping_add(self.link_header)
            }
        };
        self.put(MOVE, 0);
        self.put(LOAD | INDEXED | width(size), offset);
        Ok(())
    }
}

fn width(size: Size) -> u16 {
    match size {
        Size::Byte => BYTE,
        Size::Half => HALF,
        Size::Word => 0,
    }
}

fn mask_of(size: Size) -> u32 {
    match size {
        Size::Byte => 0xff,
        Size::Half => 0xffff,
        Size::Word => u32::MAX,
    }
}

pub(super) fn operation(how: Operation) -> u16 {
    match how {
        Operation::Add => 0x00,
        Operation::Subtract => 0x10,
        Operation::Multiply => 0x20,
        Operation::Divide => 0x30,
        Operation::Or => 0x40,
        Operation::And => 0x50,
        Operation::ShiftLeft => 0x60,
        Operation::ShiftRight => 0x70,
        Operation::Modulo => 0x90,
        Operation::Xor => 0xa0,
    }
}
