//! Frames and packets that go out as they are given. Whom they may go to is not decided here.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::bind;
use socket2::{Domain, Protocol, Socket, Type};

use crate::device::Device;
use crate::error::PacketError;

/// Sends Ethernet frames out of one interface.
#[derive(Debug)]
pub struct EthernetSender {
    socket: Socket,
}

impl EthernetSender {
    /// Opens the interface.
    ///
    /// # Errors
    /// Where there is no such interface, it is no Ethernet, or the user may not send.
    pub fn open(device: &str) -> Result<EthernetSender, PacketError> {
        let device = Device::find(device)?;
        if !device.is_ethernet() {
            return Err(PacketError::NotEthernet(device.name));
        }
        // Protocol 0 receives nothing.
        let socket = raw_socket(Domain::PACKET, Protocol::from(0))?;
        bind(socket.as_raw_fd(), &device.link_address())?;
        Ok(EthernetSender { socket })
    }

    /// Sends one frame, from the destination's address to the end of the payload.
    ///
    /// # Errors
    /// As the kernel says; a frame that was cut short is an error too.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        whole(self.socket.send(frame)?, frame)
    }
}

/// Sends IP packets with their headers; the kernel chooses the way.
#[derive(Debug)]
pub struct IpSender {
    v4: Socket,
    /// Absent where the machine has no IPv6.
    v6: Option<Socket>,
}

impl IpSender {
    /// Opens the sockets.
    ///
    /// # Errors
    /// Where the user may not send.
    pub fn open() -> Result<IpSender, PacketError> {
        let raw = Protocol::from(libc::IPPROTO_RAW);
        let v4 = raw_socket(Domain::IPV4, raw)?;
        v4.set_header_included_v4(true)?;
        v4.set_broadcast(true)?;
        let v6 = raw_socket(Domain::IPV6, raw).ok();
        if let Some(v6) = &v6 {
            v6.set_header_included_v6(true)?;
        }
        Ok(IpSender { v4, v6 })
    }

    /// Sends one packet towards `to`, whatever the packet itself says. `zone` is the number of the
    /// interface where `to` is an address of one link, else 0.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn send(&self, packet: &[u8], to: IpAddr, zone: u32) -> io::Result<()> {
        let socket = match to {
            IpAddr::V4(_) => Some(&self.v4),
            IpAddr::V6(_) => self.v6.as_ref(),
        };
        let socket = socket.ok_or_else(|| io::Error::from_raw_os_error(libc::EAFNOSUPPORT))?;
        whole(socket.send_to(packet, &socket_address(to, 0, zone).into())?, packet)
    }
}

/// A port of an address. `zone` is the number of the interface where the address is one of one link, else 0.
#[must_use]
pub fn socket_address(address: IpAddr, port: u16, zone: u32) -> SocketAddr {
    match address {
        IpAddr::V4(v4) => (v4, port).into(),
        IpAddr::V6(v6) => SocketAddrV6::new(v6, port, 0, zone).into(),
    }
}

fn raw_socket(domain: Domain, protocol: Protocol) -> io::Result<Socket> {
    #[allow(clippy::disallowed_methods, reason = "this crate is the seam for raw sockets")]
    let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
    // A full queue is an error, not a reason to wait: the caller's thread serves many scripts.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn whole(sent: usize, packet: &[u8]) -> io::Result<()> {
    if sent == packet.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}
