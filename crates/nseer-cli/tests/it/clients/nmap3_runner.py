"""What python3-nmap sees in scans that it starts itself.

usage: nmap3_runner.py PROGRAM TARGET OPTIONS
"""
import json
import sys

import nmap3

program, target, options = sys.argv[1:]
nmap = nmap3.Nmap(path=program)
seen = {"version": nmap.nmap_version()["nmap"]}
seen["versions"] = nmap.nmap_version_detection(target, args=options)
seen["list"] = nmap.nmap_list_scan(target)
seen["connect"] = nmap3.NmapScanTechniques(path=program).nmap_tcp_scan(target, args=options)
print(json.dumps(seen))
