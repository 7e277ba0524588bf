//! Packets that pass an interface, from a packet socket (packet(7)) with a filter in the kernel.
//! How long to wait is the caller's business.

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::sockopt::{ReceiveTimestampns, SetStruct};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, bind, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::device::Device;
use crate::error::PacketError;
use crate::filter::{LinkType, Program, compile};

/// Most bytes of a packet that are taken, however many were asked for.
const MOST_BYTES: usize = 256 << 10;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its bytes, at most as many as were asked for.
    pub bytes: Vec<u8>,
    /// How many of them are the link header.
    pub header: usize,
    /// How long it was on the wire.
    pub length: usize,
    /// When the kernel saw it, since the epoch.
    pub time: Duration,
}

impl Frame {
    /// Link header and the rest.
    #[must_use]
    pub fn split(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(self.header.min(self.bytes.len()))
    }
}

/// An open capture. Closed when dropped.
#[derive(Debug)]
pub struct Capture {
    socket: AsyncFd<Socket>,
    link: LinkType,
    snap_length: usize,
}

nix::setsockopt_impl!(
    AddMembership,
    libc::SOL_PACKET,
    libc::PACKET_ADD_MEMBERSHIP,
    libc::packet_mreq,
    SetStruct<'_, libc::packet_mreq>
);

#[derive(Clone, Copy, Debug)]
struct AddMembership;

impl Capture {
    /// Begins to capture: at most `snap_length` bytes (0: all) of each packet that `filter` accepts.
    /// Needs a tokio runtime.
    ///
    /// # Errors
    /// Where there is no such interface, the filter makes no sense or the user may not capture.
    pub fn open(
        device: &str,
        snap_length: usize,
        promiscuous: bool,
        filter: &str,
    ) -> Result<Capture, PacketError> {
        let device = Device::find(device)?;
        let link = device.link_type();
        let program = compile(filter, link)?;
        let program = if device.is_loopback() { program.without_outgoing() } else { program };
        let socket = open_socket(&device, &program)?;
        if promiscuous {
            set_promiscuous(&socket, &device)?;
        }
        let socket = watched(socket)?;
        let snap_length = if snap_length == 0 { MOST_BYTES } else { snap_length.min(MOST_BYTES) };
        Ok(Capture { socket, link, snap_length })
    }

    /// Waits for the next packet.
    ///
    /// # Errors
    /// As the kernel says, for example that the interface went down.
    pub async fn receive(&self) -> Result<Frame, PacketError> {
        loop {
            let mut ready = self.socket.readable().await?;
            if let Ok(frame) = ready.try_io(|socket| self.read(socket.get_ref())) {
                return Ok(frame?);
            }
        }
    }

    fn read(&self, socket: &Socket) -> io::Result<Frame> {
        let mut bytes = vec![0; self.snap_length];
        let mut control = nix::cmsg_space!(TimeSpec);
        let (length, time) = {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            // With MSG_TRUNC the kernel tells the length of the whole packet.
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
            let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
            let time = message.cmsgs()?.find_map(|part| match part {
                ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
                _ => None,
            });
            (message.bytes, time.unwrap_or_default())
        };
        bytes.truncate(length);
        Ok(Frame { bytes, header: self.link.header_length(), length, time })
    }
}

/// A packet socket is open to everything from its first moment, so it is closed by a filter until
/// it is bound, and what came meanwhile is thrown away.
fn open_socket(device: &Device, program: &Program) -> Result<Socket, PacketError> {
    let kind = if device.link_type() == LinkType::Ethernet { Type::RAW } else { Type::DGRAM };
    let every_protocol = i32::from(u16::to_be(0x0003));
    #[allow(clippy::disallowed_methods, reason = "this crate is the seam for raw sockets")]
    let socket = Socket::new(Domain::PACKET, kind, Some(Protocol::from(every_protocol)))?;
    socket.set_nonblocking(true)?;
    attach(&socket, &Program::nothing())?;
    bind(socket.as_raw_fd(), &device.link_address())?;
    setsockopt(&socket, ReceiveTimestampns, &true)?;
    let mut byte = [std::mem::MaybeUninit::uninit()];
    while socket.recv(&mut byte).is_ok() {}
    attach(&socket, program)?;
    Ok(socket)
}

/// Puts the socket under the runtime's eyes.
#[allow(unsafe_code, reason = "there is no safe way to register a socket of one's own")]
pub(crate) fn watched(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: the socket owns its descriptor, always gives the same one, and moves into the
    // `AsyncFd`, which only lends it out by shared reference here; nothing else closes it.
    let watched = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) };
    Ok(watched?)
}

pub(crate) fn attach(socket: &Socket, program: &Program) -> io::Result<()> {
    let instructions: Vec<SockFilter> = program
        .instructions()
        .iter()
        .map(|i| SockFilter::new(i.code, i.if_true, i.if_false, i.operand))
        .collect();
    socket.attach_filter(&instructions)
}

/// Ends with the socket (packet(7)).
fn set_promiscuous(socket: &Socket, device: &Device) -> Result<(), PacketError> {
    let index = i32::try_from(device.index());
    let membership = libc::packet_mreq {
        mr_ifindex: index.map_err(|_| PacketError::NoDevice(device.name.clone()))?,
        mr_type: u16::try_from(libc::PACKET_MR_PROMISC).unwrap_or_default(),
        mr_alen: 0,
        mr_address: [0; 8],
    };
    Ok(setsockopt(socket, AddMembership, &membership)?)
}
