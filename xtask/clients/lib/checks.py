"""What the Python programs share: checks, what they print, and connections with redis-py.

A check starts from an empty server. What it looks at is printed, two blanks before it, and compared with
what the same program prints on the real server; then comes `ok NAME`, `skip NAME: why` or
`not ok NAME: why`.
"""

import hashlib
import re
import sys
import time
import traceback

import redis

PORT = int(sys.argv[1])
URL = f"redis://127.0.0.1:{PORT}"
# Seconds. Far above what anything takes: only a hang gets here.
LIMIT = 20
# Longer values are cut; their digest is printed too.
SHOWN = 400

_checks = []
# Of the connection that the check at hand is given; others have them too.
_options = {}


class Skip(Exception):
    """The server or the client lacks what the check is about."""


def check(function):
    _checks.append(function)
    return function


def connect(**options):
    """One more connection, like that of the check but for `options`."""
    options = {"socket_timeout": LIMIT, **_options, **options}
    return redis.Redis(host="127.0.0.1", port=PORT, **options)


def show(value):
    """Prints a value that the real server decides, and gives it back."""
    text = repr(value)
    if len(text) > SHOWN:
        text = f"{text[:SHOWN]}... {len(text)} bytes, {hashlib.sha1(text.encode()).hexdigest()}"
    print(f"  {text}", flush=True)
    return value


def equal(got, expected):
    show(got)
    assert got == expected, f"expected {expected!r}, got {got!r}"


def holds(truth, what):
    """For what depends on time or chance: `what` is printed, the values are not."""
    assert truth, what
    print(f"  {what}", flush=True)


def raises(kind, call, *args, **options):
    """Calls, prints the error that must be raised, and gives back its text."""
    try:
        value = call(*args, **options)
    except kind as error:
        print(f"  {type(error).__name__}: {error}", flush=True)
        return str(error)
    raise AssertionError(f"expected {kind.__name__}, got {value!r}")


def show_keys():
    """Prints what a library has left on the server: keys, their types and sizes, but for what is random in
    their names."""
    sizes = {b"string": "STRLEN", b"list": "LLEN", b"set": "SCARD", b"zset": "ZCARD", b"hash": "HLEN", b"stream": "XLEN"}
    lines = []
    with connect() as client:
        for key in client.keys():
            kind = client.type(key)
            name = re.sub(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", "UUID", key.decode("latin1"))
            left = "expires" if client.pttl(key) > 0 else "stays"
            lines.append(f"  {name} {kind.decode()} {client.execute_command(sizes[kind], key)} {left}")
    print("\n".join(sorted(lines)), flush=True)


def until(condition, what):
    """Waits for a condition, and gives back its first true value."""
    deadline = time.monotonic() + LIMIT
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.005)


def _run(name, function):
    try:
        with connect() as client:
            client.flushall()
            client.script_flush()
            client.function_flush()
            function(client)
        print(f"ok {name}", flush=True)
    except Skip as why:
        print(f"skip {name}: {why}", flush=True)
    except Exception as error:  # whatever it is, the next check runs
        frames = traceback.extract_tb(error.__traceback__)
        mine = [frame for frame in frames if "/clients/" in frame.filename]
        lines = ", ".join(str(frame.lineno) for frame in mine[1:])
        text = " ".join(str(error).split())[:600]
        print(f"not ok {name}: line {lines}: {type(error).__name__} {text}", flush=True)


def main(variants=(("", {}),)):
    """Runs every check once per variant: what follows its name, and options of its connection."""
    for suffix, options in variants:
        _options.clear()
        _options.update(options)
        for function in _checks:
            _run(function.__name__.replace("_", " ") + suffix, function)
