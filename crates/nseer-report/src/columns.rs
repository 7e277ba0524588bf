//! A table as text: each cell begins where its column does.

use std::borrow::Cow;

/// Rows of `N` cells, of which some columns are shown. A column is as wide as its widest cell.
pub(crate) struct Columns<'a, const N: usize> {
    wanted: [bool; N],
    widths: [usize; N],
    rows: Vec<[Cow<'a, str>; N]>,
}

const BLANKS: &str = "                                ";

impl<'a, const N: usize> Columns<'a, N> {
    /// A table for so many rows; `wanted` says which columns are shown.
    pub(crate) fn new(wanted: [bool; N], rows: usize) -> Self {
        Columns { wanted, widths: [0; N], rows: Vec::with_capacity(rows) }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [Cow<'a, str>; N]) {
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = cell.chars().count().max(*width);
        }
        self.rows.push(row);
    }

    /// Adds a row to `line`, the cell of one column in a colour where one is given. No blanks follow
    /// the last cell but its own.
    pub(crate) fn write(&self, row: usize, colour: Option<(usize, &str)>, line: &mut String) {
        let (mut begin, mut length) = (0, 0);
        for (column, cell) in self.cells(row) {
            if !cell.is_empty() {
                pad(line, begin - length);
                match colour {
                    Some((of, colour)) if of == column => line.push_str(&coloured(cell, colour)),
                    _ => line.push_str(cell),
                }
                length = begin + cell.chars().count();
            }
            begin += self.widths[column] + 1;
        }
    }

    fn cells(&self, row: usize) -> impl Iterator<Item = (usize, &str)> {
        let cells = self.rows.get(row).into_iter().flatten().map(AsRef::as_ref).enumerate();
        cells.filter(|(column, _)| self.wanted[*column])
    }
}

fn pad(line: &mut String, mut blanks: usize) {
    while blanks > 0 {
        let some = blanks.min(BLANKS.len());
        line.push_str(&BLANKS[..some]);
        blanks -= some;
    }
}

/// Text in a colour of Select Graphic Rendition, ECMA-48, section 8.3.117.
pub(crate) fn coloured(text: &str, colour: &str) -> String {
    format!("\x1b[{colour}m{text}\x1b[0m")
}
