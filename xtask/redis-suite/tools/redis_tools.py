"""What the tools that come with a server do, against the server on 127.0.0.1 at the port given as the
only argument: redis-cli's modes that watch or move data, and redis-benchmark with all its default tests.

Every check starts from an empty server. Prints `ok NAME`, `skip NAME: why` or `not ok NAME: why` for
each, which the suite counts.
"""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

PORT = sys.argv[1]
CHECKS = []
# Far above what any of them takes: only a hang gets here.
LIMIT = 60


def check(function):
    CHECKS.append(function)
    return function


def cli(*args, stdin=b""):
    """Standard output of redis-cli, which must succeed."""
    done = subprocess.run(
        ["redis-cli", "-p", PORT, *args], input=stdin, capture_output=True, timeout=LIMIT
    )
    assert done.returncode == 0, f"redis-cli {args}: {done.stdout!r} {done.stderr!r}"
    return done.stdout.decode()


def watch(*args, until, meanwhile=None):
    """Output of a redis-cli that does not end by itself, up to a line that matches."""
    process = subprocess.Popen(
        ["redis-cli", "-p", PORT, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    signal.alarm(LIMIT)
    try:
        lines = []
        for line in process.stdout:
            line = line.decode().rstrip("\n")
            lines.append(line)
            if re.search(until, line):
                return lines
            if meanwhile is not None:
                meanwhile()
                meanwhile = None
        raise AssertionError(f"redis-cli {args} ended: {lines}")
    finally:
        signal.alarm(0)
        process.kill()
        process.wait()


def equal(got, expected):
    assert got == expected, f"expected {expected!r}, got {got!r}"


def holds(text, *parts):
    for part in parts:
        assert part in text, f"no {part!r} in {text!r}"


def fill():
    """A few keys of each type that every server has."""
    for i in range(20):
        cli("set", f"string:{i}", "x" * (i + 1))
    cli("rpush", "list", *"abcdef")
    cli("hset", "hash", "a", "1", "b", "2", "c", "3")
    cli("sadd", "set", "x", "y")
    cli("zadd", "zset", "1", "one", "2", "two")


@check
def bigkeys():
    fill()
    out = cli("--bigkeys")
    holds(
        out,
        'Biggest string found \'"string:19"\' has 20 bytes',
        'Biggest   list found \'"list"\' has 6 items',
        'Biggest   hash found \'"hash"\' has 3 fields',
        'Biggest    set found \'"set"\' has 2 members',
        'Biggest   zset found \'"zset"\' has 2 members',
        "20 strings with 210 bytes",
    )


@check
def memkeys():
    fill()
    holds(cli("--memkeys"), "Sampled 24 keys in the keyspace!", "20 strings with ", "1 lists with ")


@check
def stat():
    fill()
    lines = watch("--stat", "-i", "0.05", until=r"^24 ")
    holds(lines[0] + lines[1], "keys", "clients", "requests")


@check
def latency():
    # Without a terminal it measures for one interval and prints: least, most, mean, samples.
    fields = cli("--latency", "-i", "1").split()
    equal(len(fields), 4)
    assert int(fields[3]) > 10, fields


@check
def scan_with_pattern():
    fill()
    equal(sorted(cli("--scan", "--pattern", "string:1?").split()), [f"string:{i}" for i in range(10, 20)])
    equal(sorted(cli("--scan", "--pattern", "[lz]*").split()), ["list", "zset"])


@check
def pipe():
    n = 10_000
    commands = b"".join(
        b"*3\r\n$3\r\nSET\r\n$%d\r\nk%d\r\n$1\r\nv\r\n" % (len(b"k%d" % i), i) for i in range(n)
    )
    holds(cli("--pipe", stdin=commands), "errors: 0, replies: 10000")
    equal(cli("dbsize").strip(), "10000")
    # An error is counted, and does not end the transfer.
    holds(
        subprocess.run(
            ["redis-cli", "-p", PORT, "--pipe"],
            input=b"SET a 1\r\nLPUSH a x\r\nSET b 2\r\n",
            capture_output=True,
            timeout=LIMIT,
        ).stdout.decode(),
        "errors: 1, replies: 3",
    )


@check
def monitor():
    def act():
        cli("set", "watched", "value")
        cli("eval", "return redis.call('get', KEYS[1])", "1", "watched")

    lines = watch("monitor", until=r'\[0 lua\] "get" "watched"', meanwhile=act)
    holds("\n".join(lines), '"set" "watched" "value"', '"eval" "return redis.call')


@check
def eval_file():
    equal(cli("--eval", "/dev/stdin", "k", ",", "5", stdin=b"return {KEYS[1], ARGV[1]}").split(), ["k", "5"])


@check
def eval_file_with_keys_and_arguments():
    script = b"redis.call('set', KEYS[1], ARGV[1]) return {redis.call('get', KEYS[1]), #KEYS, #ARGV}"
    out = cli("--eval", "/dev/stdin", "k", "l", ",", "five", "6", stdin=script)
    equal(out.split("\n"), ["five", "2", "2", ""])
    equal(cli("--eval", "/dev/stdin", stdin=b"return redis.error_reply('MINE no')").strip(), "MINE no")
    holds(cli("--eval", "/dev/stdin", stdin=b"return +"), "ERR Error compiling script")


# What redis-cli shows of a session, without colours.
SESSION = """\
* Stopped at 1, stop reason = step over
-> 1   local sum = 0
   2   for i = 1, 3 do
  #3     sum = sum + i
   4   end
* Stopped at 3, stop reason = break point
->#3     sum = sum + i
<value> 1
* Stopped at 2, stop reason = step over
-> 2   for i = 1, 3 do
<value> 1
* Stopped at 3, stop reason = break point
->#3     sum = sum + i
<redis> set k v
<reply> "+OK"
<retval> 100
* Stopped at 3, stop reason = break point
->#3     sum = sum + i

1) (integer) 6
2) "x"
"""


@check
def debugger():
    commands = "break 3, continue, print i, step, print sum, continue, redis set k v, eval #ARGV * 100, continue, continue"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("local sum = 0\nfor i = 1, 3 do\n  sum = sum + i\nend\nreturn {sum, ARGV[1]}\n")
        file.flush()
        for mode, end, value in (
            ("--ldb", "(Lua debugging session ended -- dataset changes rolled back)", ""),
            ("--ldb-sync-mode", "(Lua debugging session ended)", "v"),
        ):
            out = cli(mode, "--eval", file.name, ",", "x", stdin=commands.replace(", ", "\n").encode() + b"\n")
            out = re.sub("\x1b\\[[0-9;]*m", "", out)
            holds(out, "Lua debugging session started", SESSION, end)
            equal(cli("get", "k").strip(), value)


@check
def subscribe():
    lines = watch("subscribe", "news", until="hello", meanwhile=lambda: cli("publish", "news", "hello"))
    equal(lines[0], "subscribe")


@check
def benchmark():
    out = subprocess.run(
        ["redis-benchmark", "-p", PORT, "-n", "500", "-c", "10", "--csv"],
        capture_output=True,
        timeout=LIMIT,
    )
    equal(out.returncode, 0)
    rows = [line.split(",")[0].strip('"') for line in out.stdout.decode().splitlines()[1:]]
    expected = (
        "PING_INLINE PING_MBULK SET GET INCR LPUSH RPUSH LPOP RPOP SADD HSET SPOP ZADD ZPOPMIN"
    ).split()
    equal([row for row in rows if row in expected], expected)
    holds("\n".join(rows), "LRANGE_100", "LRANGE_600", "MSET (10 keys)")
    text = (out.stdout + out.stderr).decode()
    assert "rror" not in text, text


# What it does without being told what.
ALL_TESTS = (
    "PING_INLINE PING_MBULK SET GET INCR LPUSH RPUSH LPOP RPOP SADD HSET SPOP ZADD ZPOPMIN LPUSH LRANGE_100 "
    "LRANGE_300 LRANGE_500 LRANGE_600 MSET"
).split()


@check
def benchmark_with_pipeline():
    out = subprocess.run(
        ["redis-benchmark", "-p", PORT, "-n", "1600", "-c", "10", "-P", "16", "--csv"],
        capture_output=True,
        timeout=LIMIT,
    )
    equal(out.returncode, 0)
    rows = [line.split('","') for line in out.stdout.decode().splitlines()[1:]]
    equal([row[0].strip('"').split(" ")[0] for row in rows], ALL_TESTS)
    assert all(float(row[1]) > 0 for row in rows), rows
    text = (out.stdout + out.stderr).decode()
    assert "rror" not in text, text
    equal(cli("llen", "mylist").strip(), "1600")
    equal(cli("get", "key:__rand_int__").strip(), "VXK")


@check
def benchmark_with_pipeline_and_random_keys():
    out = subprocess.run(
        ["redis-benchmark", "-p", PORT, "-n", "5000", "-c", "20", "-P", "16", "-r", "1000", "-q", "-t", "set,get,incr"],
        capture_output=True,
        timeout=LIMIT,
    )
    equal(out.returncode, 0)
    holds(out.stdout.decode(), "SET:", "GET:", "INCR:")


@check
def benchmark_of_a_script():
    cli("script", "load", "return redis.call('incr', KEYS[1])")
    out = subprocess.run(
        ["redis-benchmark", "-p", PORT, "-n", "2000", "-q", "eval", "return redis.call('incr', KEYS[1])", "1", "counter"],
        capture_output=True,
        timeout=LIMIT,
    )
    equal(out.returncode, 0)
    equal(cli("get", "counter").strip(), "2000")


def main():
    missing = [tool for tool in ("redis-cli", "redis-benchmark") if shutil.which(tool) is None]
    for function in CHECKS:
        if missing:
            print(f"skip {function.__name__}: no {missing[0]}")
            continue
        try:
            cli("flushall")
            function()
        except Exception as error:
            text = str(error).replace("\n", " | ")[:600]
            print(f"not ok {function.__name__}: {type(error).__name__}: {text}", flush=True)
            traceback.print_exc()
        else:
            print(f"ok {function.__name__}", flush=True)


main()
