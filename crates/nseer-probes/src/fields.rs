//! What a match tells of a service.

/// The fields that templates fill. Bytes are as the peer sent them: whoever shows them screens
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// `p`: product.
    pub product: Option<Vec<u8>>,
    /// `v`: version.
    pub version: Option<Vec<u8>>,
    /// `i`: whatever else the service told.
    pub info: Option<Vec<u8>>,
    /// `h`: the name that the host gives itself.
    pub hostname: Option<Vec<u8>>,
    /// `o`: operating system.
    pub os: Option<Vec<u8>>,
    /// `d`: kind of device.
    pub device: Option<Vec<u8>>,
    /// CPE names of an application, a kind of hardware and an operating system, in this order,
    /// each with its `cpe:/`.
    pub cpes: [Option<Vec<u8>>; 3],
}

/// Which field a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Product,
    Version,
    Info,
    Hostname,
    Os,
    Device,
    /// One of [`Fields::cpes`].
    Cpe(usize),
}

impl Field {
    pub(crate) fn of_letter(letter: u8) -> Option<Field> {
        Some(match letter {
            b'p' => Field::Product,
            b'v' => Field::Version,
            b'i' => Field::Info,
            b'h' => Field::Hostname,
            b'o' => Field::Os,
            b'd' => Field::Device,
            _ => return None,
        })
    }

    /// The most bytes that a value may have.
    pub(crate) fn capacity(self) -> usize {
        match self {
            Field::Product | Field::Version | Field::Hostname | Field::Cpe(_) => 79,
            Field::Info => 255,
            Field::Os | Field::Device => 31,
        }
    }

    pub(crate) fn place(self, fields: &mut Fields) -> &mut Option<Vec<u8>> {
        match self {
            Field::Product => &mut fields.product,
            Field::Version => &mut fields.version,
            Field::Info => &mut fields.info,
            Field::Hostname => &mut fields.hostname,
            Field::Os => &mut fields.os,
            Field::Device => &mut fields.device,
            Field::Cpe(slot) => &mut fields.cpes[slot.min(2)],
        }
    }
}
