"""What python-libnmap sees in an XML file, or with --run in a scan that it starts itself.

usage: libnmap_reader.py FILE
       libnmap_reader.py --run PROGRAM TARGETS OPTIONS
"""
import json
import sys

from libnmap.parser import NmapParser
from libnmap.process import NmapProcess


def seen(report):
    return {
        "version": report.version,
        "command": report.commandline,
        "up": report.hosts_up,
        "total": report.hosts_total,
        "exit": report._runstats["finished"]["exit"],
        "hosts": [
            {
                "address": host.address,
                "ipv6": host.ipv6,
                "status": host.status,
                "names": host.hostnames,
                "scripts": host.scripts_results,
                "ports": [
                    {
                        "id": "%d/%s" % (service.port, service.protocol),
                        "state": service.state,
                        "reason": service.reason,
                        "service": service.service,
                        "banner": service.banner,
                        "tunnel": service.tunnel,
                        "cpe": [cpe.cpestring for cpe in service.cpelist],
                        "scripts": service.scripts_results,
                    }
                    for service in host.services
                ],
            }
            for host in report.hosts
        ],
    }


def run(program, targets, options):
    events = []
    process = NmapProcess(
        targets.split(),
        options,
        event_callback=lambda process: events.append(
            process.current_task and process.current_task.name
        ),
        fqp=program,
    )
    code = process.run()
    result = seen(NmapParser.parse(process.stdout))
    tasks = {name: task.status for name, task in process.tasks.items()}
    progress = {name: task.percent for name, task in process.tasks.items()}
    result["process"] = {
        "code": code,
        "successful": process.is_successful(),
        "stderr": process.stderr,
        "version": process.version,
        "summary": process.summary,
        "tasks": tasks,
        "progress": progress,
        "events": len(events),
    }
    return result


if sys.argv[1] == "--run":
    print(json.dumps(run(*sys.argv[2:])))
else:
    print(json.dumps(seen(NmapParser.parse_fromfile(sys.argv[1]))))
