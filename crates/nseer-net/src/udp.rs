//! UDP: datagrams to one peer, or to many.

#![allow(clippy::disallowed_methods, reason = "this is the socket seam")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::error::NetError;
use crate::stream::{deadline, within};

/// The largest datagram (RFC 768: 16 bits of length).
const LARGEST: usize = 65_535;

/// Opens a UDP socket, bound to `bind` or to any address and port.
pub(crate) fn open(ipv6: bool, bind: Option<SocketAddr>) -> Result<UdpSocket, NetError> {
    let domain = if ipv6 { socket2::Domain::IPV6 } else { socket2::Domain::IPV4 };
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_broadcast(true)?;
    let any: IpAddr =
        if ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    if bind.is_some() {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&bind.unwrap_or_else(|| SocketAddr::new(any, 0)).into())?;
    Ok(UdpSocket::from_std(socket.into())?)
}

/// One datagram.
pub(crate) async fn receive(
    socket: &UdpSocket,
    timeout: Option<Duration>,
) -> Result<Vec<u8>, NetError> {
    within(deadline(timeout), async {
        loop {
            socket.readable().await?;
            // Allocated only once something is there.
            let mut data = vec![0; LARGEST];
            match socket.try_recv(&mut data) {
                Ok(n) => {
                    data.truncate(n);
                    data.shrink_to_fit();
                    return Ok(data);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    })
    .await
}
