# What Nmap::Parser sees in an XML file, as JSON.
#
# usage: parser.pl FILE
use strict;
use warnings;

use JSON::PP;
use Nmap::Parser;

my $parser = Nmap::Parser->new;
$parser->parsefile($ARGV[0]);
my $session = $parser->get_session;
my %seen = (
    version => $session->nmap_version,
    finished => $session->finish_time,
    postscripts => [$session->postscripts],
);
for my $host ($parser->all_hosts) {
    my %ports;
    for my $number ($host->tcp_ports) {
        my $service = $host->tcp_service($number);
        my %scripts = map { $_ => $service->scripts($_) } $service->scripts;
        $ports{$number} = {
            state => $host->tcp_port_state($number),
            name => $service->name,
            product => $service->product,
            version => $service->version,
            tunnel => $service->tunnel,
            owner => $service->owner,
            scripts => \%scripts,
        };
    }
    my %scripts = map { $_ => $host->hostscripts($_) } $host->hostscripts;
    $seen{hosts}{ $host->addr } = {
        type => $host->addrtype,
        status => $host->status,
        name => $host->hostname,
        ports => \%ports,
        scripts => \%scripts,
    };
}
print JSON::PP->new->ascii->canonical->encode(\%seen), "\n";
