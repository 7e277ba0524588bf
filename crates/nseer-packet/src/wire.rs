//! Many packets at a time: what a port scan sends, and what all interfaces receive of it.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::sockopt::RcvBufForce;
use nix::sys::socket::{
    LinkAddr, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg, setsockopt,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;

use crate::capture::{attach, watched};
use crate::error::PacketError;
use crate::filter::{LinkType, compile};
use crate::send::socket_address;

/// Bytes of a packet that are read: IP and TCP headers with options, or an error with what it
/// quotes, at most a datagram of 300 bytes.
const MOST_BYTES: usize = 400;
/// Packets that are read or sent before others have their turn.
const AT_A_TIME: usize = 64;
/// Bytes that the kernel may keep for us while we are busy.
const RECEIVE_BUFFER: usize = 16 << 20;

/// Sends IP packets with their headers, several in one system call. Waits where the interface is
/// busy, as a scan should.
#[derive(Debug)]
pub struct Wire {
    v4: Socket,
    v6: Option<Socket>,
}

/// An IP packet and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The packet, header included.
    pub packet: Vec<u8>,
    /// Whom it is for.
    pub to: IpAddr,
    /// The number of the interface, for addresses of one link; else 0.
    pub zone: u32,
}

impl Wire {
    /// Opens the sockets; packets leave through the interface named, if one is.
    ///
    /// # Errors
    /// Where the user may not send raw packets, or there is no such interface.
    pub fn open(interface: Option<&str>) -> Result<Wire, PacketError> {
        let raw = Protocol::from(libc::IPPROTO_RAW);
        let v4 = open(Domain::IPV4, raw, interface)?;
        v4.set_header_included_v4(true)?;
        v4.set_broadcast(true)?;
        let v6 = open(Domain::IPV6, raw, interface).ok();
        if let Some(v6) = &v6 {
            v6.set_header_included_v6(true)?;
        }
        Ok(Wire { v4, v6 })
    }

    /// Sends packets, in order. `failed` is told of each that could not be sent, by its position.
    pub fn send(&self, packets: &[Outgoing], mut failed: impl FnMut(usize, io::Error)) {
        let mut at = 0;
        while at < packets.len() {
            let is_v4 = packets[at].to.is_ipv4();
            let run = packets[at..].iter().take(AT_A_TIME);
            let length = run.take_while(|packet| packet.to.is_ipv4() == is_v4).count();
            match self.send_run(&packets[at..at + length], is_v4) {
                Ok(0) => at += length,
                Ok(sent) => at += sent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    failed(at, error);
                    at += 1;
                }
            }
        }
    }

    /// Sends packets of one family; tells how many of the first ones are on their way.
    fn send_run(&self, packets: &[Outgoing], is_v4: bool) -> io::Result<usize> {
        let socket = if is_v4 { Some(&self.v4) } else { self.v6.as_ref() };
        let socket = socket.ok_or_else(|| io::Error::from_raw_os_error(libc::EAFNOSUPPORT))?;
        if let [one] = packets {
            return socket.send_to(&one.packet, &one.address().into()).map(|_| 1);
        }
        let slices: Vec<[IoSlice<'_>; 1]> =
            packets.iter().map(|packet| [IoSlice::new(&packet.packet)]).collect();
        let addresses: Vec<Option<SockaddrStorage>> =
            packets.iter().map(|packet| Some(packet.address().into())).collect();
        let mut headers = MultiHeaders::preallocate(packets.len(), None);
        let flags = MsgFlags::empty();
        let sent = sendmmsg(socket.as_raw_fd(), &mut headers, &slices, &addresses, [], flags)?;
        Ok(sent.count())
    }
}

impl Outgoing {
    fn address(&self) -> SocketAddr {
        socket_address(self.to, 0, self.zone)
    }
}

/// True where this process may send raw packets and see others' (capabilities(7), CAP_NET_RAW).
#[must_use]
pub fn may_send_raw() -> bool {
    open(Domain::IPV4, Protocol::from(libc::IPPROTO_RAW), None).is_ok()
}

fn open(domain: Domain, protocol: Protocol, interface: Option<&str>) -> io::Result<Socket> {
    #[allow(clippy::disallowed_methods, reason = "this crate is the seam for raw sockets")]
    let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
    socket.bind_device(interface.map(str::as_bytes))?;
    Ok(socket)
}

/// What a [`Listener`] hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// IPv4 packets.
    V4,
    /// IPv6 packets.
    V6,
    /// ARP packets.
    Arp,
}

/// Receives packets from all interfaces, without their link headers. Closed when dropped.
pub struct Listener {
    socket: AsyncFd<Socket>,
    /// Room for the packets of one call of the system.
    room: Box<[[u8; MOST_BYTES]]>,
}

impl Listener {
    /// Begins to listen to what `filter` (pcap-filter(7)) accepts; to everything where it is empty.
    /// Needs a tokio runtime.
    ///
    /// # Errors
    /// Where the filter makes no sense or the user may not listen.
    pub fn open(heard: Heard, filter: &str) -> Result<Listener, PacketError> {
        let protocol = match heard {
            Heard::V4 => libc::ETH_P_IP,
            Heard::V6 => libc::ETH_P_IPV6,
            Heard::Arp => libc::ETH_P_ARP,
        };
        let protocol = i32::from(u16::try_from(protocol).unwrap_or_default().to_be());
        // What comes before the filter is there does no harm: it answers no probe.
        #[allow(clippy::disallowed_methods, reason = "this crate is the seam for raw sockets")]
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(protocol)))?;
        socket.set_nonblocking(true)?;
        if !filter.is_empty() {
            attach(&socket, &compile(filter, LinkType::Raw)?)?;
        }
        // Root may have more than the system's limit; others get what they can.
        if setsockopt(&socket, RcvBufForce, &RECEIVE_BUFFER).is_err() {
            let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        }
        let room = vec![[0; MOST_BYTES]; AT_A_TIME].into_boxed_slice();
        Ok(Listener { socket: watched(socket)?, room })
    }

    /// Waits for packets and gives each to `take`, with the Ethernet address of whoever sent it over
    /// the last link; at most some at a time.
    ///
    /// # Errors
    /// As the kernel says. An interface that goes down is no error.
    pub async fn receive(
        &mut self,
        mut take: impl FnMut(&[u8], Option<[u8; 6]>),
    ) -> io::Result<()> {
        let mut ready = self.socket.readable().await?;
        let received = receive_some(ready.get_inner().as_raw_fd(), &mut self.room);
        let heads = match received {
            Ok(heads) => heads,
            Err(Errno::EAGAIN) => {
                ready.clear_ready();
                return Ok(());
            }
            Err(Errno::ENETDOWN | Errno::EINTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // Nothing was left; what has come since makes the socket ready once more.
        if heads.len() < AT_A_TIME {
            ready.clear_ready();
        }
        for (packet, (length, from)) in self.room.iter().zip(heads) {
            take(&packet[..length.min(MOST_BYTES)], from);
        }
        Ok(())
    }
}

/// The length of a packet, and who sent it over the last link.
type Head = (usize, Option<[u8; 6]>);

/// Fills `room` with what has come, with one call of the system; gives the length of each packet and who
/// sent it.
fn receive_some(socket: RawFd, room: &mut [[u8; MOST_BYTES]]) -> Result<Vec<Head>, Errno> {
    let mut headers = MultiHeaders::<LinkAddr>::preallocate(room.len(), None);
    let mut slices: Vec<[IoSliceMut<'_>; 1]> =
        room.iter_mut().map(|packet| [IoSliceMut::new(packet)]).collect();
    let heads = recvmmsg(socket, &mut headers, &mut slices, MsgFlags::empty(), None)?;
    let mac = |from: LinkAddr| if from.halen() == 6 { from.addr() } else { None };
    Ok(heads.map(|head| (head.bytes, head.address.and_then(mac))).collect())
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("socket", &self.socket).finish_non_exhaustive()
    }
}
