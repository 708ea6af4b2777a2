//! What the system does with datagrams that nobody takes fast enough.

use std::{fs, net::UdpSocket, os::fd::AsRawFd, os::unix::fs::MetadataExt};

use rustix::net::sockopt;

/// Lets the system keep as many octets of datagrams as that, or as many as it allows.
pub fn set_buffer(socket: &UdpSocket, octets: usize) {
    // Who may do everything may also have more than others.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if sockopt::set_socket_recv_buffer_size_force(socket, octets).is_ok() {
        return;
    }
    // No matter if it is refused: what gets lost is counted.
    _ = sockopt::set_socket_recv_buffer_size(socket, octets);
}

/// Returns how many datagrams to a socket the system has dropped because there was no room, if it tells.
#[must_use]
pub fn dropped(socket: &UdpSocket) -> Option<u64> {
    let file = format!("/proc/self/fd/{}", socket.as_raw_fd());
    let inode = fs::metadata(file).ok()?.ino();
    let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"];
    tables
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| drops_of(&table, inode))
}

/// Returns the drops of a socket in a table as in proc(5): the inode is the tenth column, and the drops are the last.
fn drops_of(table: &str, inode: u64) -> Option<u64> {
    let inode = inode.to_string();
    let mut rows = table.lines().skip(1).map(str::split_ascii_whitespace);
    let row = rows.find(|row| row.clone().nth(9) == Some(&inode))?;
    row.last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_in_the_last_column() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode \
                     ref pointer drops\n  \
             12: 0100007F:2364 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 123 2 0 7\n  \
             13: 0100007F:2365 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1234 2 0 42\n";
        assert_eq!(drops_of(table, 1234), Some(42));
        assert_eq!(drops_of(table, 123), Some(7));
        assert_eq!(drops_of(table, 12), None);
        assert_eq!(drops_of("", 1), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_nobody_takes_is_dropped_and_told() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(dropped(&socket), Some(0));
        set_buffer(&socket, 8 << 10);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..1_000 {
            sender.send_to(&[0; 1_000], address).unwrap();
        }
        socket.set_nonblocking(true).unwrap();
        let mut taken = 0;
        while socket.recv_from(&mut [0; 2_000]).is_ok() {
            taken += 1;
        }
        assert!(taken < 1_000);
        assert_eq!(dropped(&socket), Some(1_000 - taken));
    }
}
