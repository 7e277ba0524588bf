//! Each script meets a server that speaks its protocol and then says what cannot be.

use super::datagrams::DATAGRAMS;
use super::deep::DEEP;
use super::frames::FRAMES;
use super::scripts;

/// Beginnings of the names of scripts, and with what the names of servers begin that speak their protocol. The longest
/// beginning counts.
const SPOKEN: &[(&str, &str)] = &[
    ("ajp-", "AJP"),
    ("amqp-", "AMQP"),
    ("auth-owners", "ident"),
    ("bacnet-", "BACnet"),
    ("banner", "SMTP lines"),
    ("beanstalkd-", "beanstalkd"),
    ("cassandra-", "Cassandra"),
    ("coap-", "CoAP"),
    ("couchdb-", "JSON"),
    ("cups-", "IPP"),
    ("daytime", "time of day"),
    ("dhcp-", "DHCP"),
    ("dicom-", "DICOM"),
    ("dict-", "dict"),
    ("dns-", "DNS"),
    ("docker-", "JSON"),
    ("elasticsearch-", "JSON"),
    ("enip-", "EtherNet/IP"),
    ("epmd-", "EPMD"),
    ("etcd-", "JSON"),
    ("finger", "finger"),
    ("ftp-", "FTP"),
    ("ganglia-", "Ganglia"),
    ("giop-", "GIOP"),
    ("git-", "Git"),
    ("gkrellm-", "GKrellM"),
    ("gopher-", "Gopher"),
    ("gpsd-", "JSON of gpsd"),
    ("hddtemp-", "hddtemp"),
    ("http-", "HTTP"),
    ("http-ntlm-", "NTLM"),
    ("https-", "HTTP redirect"),
    ("icap-", "ICAP"),
    ("iec-", "IEC 104"),
    ("imap-", "IMAP"),
    ("ipmi-", "IPMI"),
    ("irc-", "IRC"),
    ("iscsi-", "iSCSI"),
    ("jdwp-", "JDWP"),
    ("kubernetes-", "JSON"),
    ("ldap-", "LDAP"),
    ("memcached-", "memcached"),
    ("modbus-", "Modbus"),
    ("mongodb-", "MongoDB"),
    ("mqtt-", "MQTT"),
    ("ms-sql-", "TDS"),
    ("mysql-", "MySQL"),
    ("nat-pmp-", "NAT-PMP"),
    ("nats-", "JSON of NATS"),
    ("nbd-", "NBD"),
    ("nbstat", "NetBIOS"),
    ("nfs-", "RPC programs"),
    ("nntp-", "NNTP"),
    ("ntp-", "NTP"),
    ("openvpn-", "OpenVPN"),
    ("pop3-", "POP3"),
    ("postgresql-", "PostgreSQL"),
    ("radius-", "RADIUS"),
    ("rdp-", "RDP"),
    ("redis-", "Redis"),
    ("rfc868-", "time"),
    ("rmi-", "RMI"),
    ("rpc", "RPC"),
    ("rsync-", "rsync"),
    ("rtsp-", "RTSP"),
    ("s7-", "S7"),
    ("sieve-", "Sieve"),
    ("sip-", "SIP"),
    ("smb", "SMB"),
    ("smtp-", "SMTP"),
    ("snmp-", "SNMP"),
    ("socks-", "SOCKS"),
    ("ssh", "SSH"),
    ("sshv1", "SSH version 1"),
    ("ssl-", "TLS"),
    ("sslv2", "SSL version 2"),
    ("stun-", "STUN"),
    ("telnet-", "Telnet"),
    ("tls-", "TLS"),
    ("upnp-", "UPnP"),
    ("vnc-", "VNC"),
    ("wsdd-", "WS-Discovery"),
    ("x11-", "X11"),
    ("xdmcp-", "XDMCP"),
    ("xmpp-", "XML"),
    ("zabbix-", "Zabbix"),
];

/// Scripts that ask nobody anything.
const SILENT: &[&str] = &["address-info", "clock-skew", "fingerprint-strings", "reverse-index"];

#[test]
fn each_script_meets_its_protocol() {
    let frames = FRAMES.iter().map(|(name, _)| *name);
    let deep = DEEP.iter().map(|(name, _, _)| *name);
    let servers: Vec<&str> =
        frames.chain(deep).chain(DATAGRAMS.iter().map(|(name, _)| *name)).collect();
    for script in scripts() {
        let spoken = SPOKEN.iter().filter(|(beginning, _)| script.starts_with(beginning));
        match spoken.max_by_key(|(beginning, _)| beginning.len()) {
            Some((_, server)) => {
                let met = servers.iter().any(|name| name.starts_with(server));
                assert!(met, "{script}: there is no server {server} with lengths that cannot be");
            }
            None => assert!(
                SILENT.contains(&script),
                "{script}: give its protocol a line in SPOKEN, and a server in one of the lists"
            ),
        }
    }
}
