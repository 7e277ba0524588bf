"""What python-nmap sees in a scan that it starts itself.

usage: python_nmap_runner.py PROGRAM TARGETS PORTS OPTIONS
"""
import json
import sys

import nmap

program, targets, ports, options = sys.argv[1:]
scanner = nmap.PortScanner(nmap_search_path=(program,))
scanner.scan(targets, ports=ports, arguments=options)
print(
    json.dumps(
        {
            "version": scanner.nmap_version(),
            "info": scanner.scaninfo(),
            "stats": scanner.scanstats(),
            "hosts": {address: scanner[address] for address in scanner.all_hosts()},
            "csv": scanner.csv(),
        }
    )
)
