"""Calls Python functions for an experiment of Chaos Toolkit.

An order comes as JSON on standard input, the answer goes as JSON to file descriptor 3: standard output belongs to the
function. `check` imports functions and compares their arguments with their signatures; `call` calls one.
"""

import importlib
import inspect
import json
import os
import sys
import traceback


def find(order):
    module = importlib.import_module(order["module"])
    function = getattr(module, order["func"], None)
    if not callable(function):
        raise LookupError(f"module {order['module']} has no function {order['func']}")
    return function


def signature_of(function):
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def problem(order):
    """What keeps a function from being called, or None."""
    try:
        function = find(order)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    signature = signature_of(function)
    if signature is None:
        return None
    given = dict(order["arguments"])
    for name in ("secrets", "configuration"):
        if name in signature.parameters:
            given[name] = None
    try:
        signature.bind(**given)
    except TypeError as error:
        return f"{order['module']}.{order['func']}: {error}"
    return None


def call(order):
    function = find(order)
    given = dict(order["arguments"])
    signature = signature_of(function)
    parameters = signature.parameters if signature else {}
    if order["secrets"] is not None and "secrets" in parameters:
        given["secrets"] = order["secrets"]
    if "configuration" in parameters:
        given["configuration"] = order["configuration"]
    return function(**given)


def main():
    order = json.load(sys.stdin)
    sys.path[0] = os.getcwd()
    if order["do"] == "check":
        answer = {"problems": [problem(each) for each in order["functions"]]}
    else:
        try:
            answer = {"output": call(order)}
        except BaseException as error:
            answer = {"error": traceback.format_exception_only(type(error), error)[0].strip()}
    with os.fdopen(3, "w", encoding="utf-8") as result:
        json.dump(answer, result, default=str)


main()
