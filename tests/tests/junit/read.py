"""Prints what Python's junitparser reads in junit.xml, as JSON."""

import json
import sys

from junitparser import JUnitXml, SystemOut, Error, Failure, Skipped

KINDS = {Error: "error", Failure: "failure", Skipped: "skipped"}


def ended(case):
    results = case.result
    assert len(results) <= 1, case.name
    for result in results:
        kind = KINDS[type(result)]
        return {"how": kind, "kind": result.type, "message": result.message, "text": result.text or ""}
    return None


def read(suite):
    said = suite.child(SystemOut)
    return {
        "name": suite.name,
        "counts": [suite.tests, suite.failures, suite.errors, suite.skipped],
        "millis": round(suite.time * 1000),
        "timestamp": suite.timestamp,
        "properties": [[p.name, p.value] for p in suite.properties()],
        "said": said.text or "",
        "cases": [
            {
                "class": case.classname,
                "name": case.name,
                "millis": round(case.time * 1000),
                "ended": ended(case),
                "said": case.system_out,
            }
            for case in suite
        ],
    }


whole = JUnitXml.fromfile(sys.argv[1])
told = [whole.tests, whole.failures, whole.errors]
whole.update_statistics()
assert told == [whole.tests, whole.failures, whole.errors], "the totals are those of the cases"
json.dump({"name": whole.name, "counts": told, "suites": [read(suite) for suite in whole]}, sys.stdout)
