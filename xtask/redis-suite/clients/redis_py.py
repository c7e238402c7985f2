"""What redis-py does, against the server on 127.0.0.1 at the port given as the only argument.

Every check starts from an empty server and asserts exact values. Prints `ok NAME`, `skip NAME: why`
or `not ok NAME: why` for each, which the suite counts.
"""

import hashlib
import sys
import threading
import time
import traceback

import redis
from redis.exceptions import (
    LockError,
    LockNotOwnedError,
    NoScriptError,
    ResponseError,
    WatchError,
)

PORT = int(sys.argv[1])
CHECKS = []


class Skip(Exception):
    """The server lacks what the check is about."""


def check(function):
    CHECKS.append(function)
    return function


def connect(**options):
    return redis.Redis(host="127.0.0.1", port=PORT, socket_timeout=20, **options)


def equal(got, expected):
    assert got == expected, f"expected {expected!r}, got {got!r}"


def raises(kind, call, *args, **options):
    """Calls, and gives back the text of the error that must be raised."""
    try:
        value = call(*args, **options)
    except kind as error:
        return str(error)
    raise AssertionError(f"expected {kind.__name__}, got {value!r}")


@check
def eval_converts_replies(r):
    equal(r.eval("return 42", 0), 42)
    equal(r.eval("return 'text'", 0), b"text")
    equal(r.eval("return {1, 'two', {3, {}}}", 0), [1, b"two", [3, []]])
    equal(r.eval("return nil", 0), None)
    equal(r.eval("return true", 0), 1)
    equal(r.eval("return false", 0), None)
    equal(r.eval("return redis.status_reply('FINE')", 0), b"FINE")
    equal(r.eval("return {KEYS[1], ARGV[1], ARGV[2]}", 1, "k", "a", 2), [b"k", b"a", b"2"])


@check
def eval_of_bytes(r):
    every = bytes(range(256))
    equal(r.eval("return ARGV[1]", 0, every), every)
    r.set("k", every)
    equal(r.eval("return redis.call('get', KEYS[1])", 1, "k"), every)
    equal(r.eval("return #redis.call('get', KEYS[1])", 1, "k"), 256)


@check
def errors_of_scripts(r):
    r.set("s", "v")
    text = raises(ResponseError, r.eval, "return redis.call('lpush', 's', 'x')", 0)
    assert text.startswith("WRONGTYPE") or text.startswith("Operation against"), text
    text = raises(ResponseError, r.eval, "error('boom')", 0)
    assert text.startswith("user_script:1: boom script: "), text
    text = raises(ResponseError, r.eval, "return +", 0)
    equal(
        text,
        "Error compiling script (new function): user_script:1: unexpected symbol near '+'",
    )
    equal(raises(ResponseError, r.eval, "return redis.error_reply('MYERR no')", 0), "MYERR no")


@check
def evalsha_needs_a_loaded_script(r):
    raises(NoScriptError, r.evalsha, "0" * 40, 0)
    sha = r.script_load("return ARGV[1] * 2")
    equal(sha, hashlib.sha1(b"return ARGV[1] * 2").hexdigest())
    equal(r.evalsha(sha, 0, 21), 42)
    equal(r.script_exists(sha, "0" * 40), [True, False])
    equal(r.script_flush(), True)
    equal(r.script_exists(sha), [False])
    raises(NoScriptError, r.evalsha, sha, 0, 21)


@check
def read_only_evaluation(r):
    r.set("k", "v")
    equal(r.eval_ro("return redis.call('get', KEYS[1])", 1, "k"), b"v")
    text = raises(ResponseError, r.eval_ro, "return redis.call('set', KEYS[1], 'w')", 1, "k")
    assert text.startswith("Write commands are not allowed from read-only scripts."), text


@check
def registered_scripts_load_themselves(r):
    double = r.register_script("return redis.call('incrby', KEYS[1], ARGV[1] * 2)")
    equal(r.script_exists(double.sha), [False])
    equal(double(keys=["n"], args=[4]), 8)
    equal(r.script_exists(double.sha), [True])
    equal(double(keys=["n"], args=[1]), 10)
    r.script_flush()
    equal(double(keys=["n"], args=[1]), 12)


@check
def registered_scripts_in_a_pipeline(r):
    add = r.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
    r.script_flush()
    with r.pipeline() as pipe:
        pipe.set("n", 1)
        add(keys=["n"], args=[2], client=pipe)
        add(keys=["n"], args=[3], client=pipe)
        pipe.get("n")
        equal(pipe.execute(), [True, 3, 6, b"6"])


@check
def lock_is_taken_once(r):
    lock = r.lock("lock", timeout=30)
    equal(lock.acquire(blocking=False), True)
    equal(r.lock("lock", timeout=30).acquire(blocking=False), False)
    equal(lock.owned(), True)
    equal(lock.locked(), True)
    assert 29000 < r.pttl("lock") <= 30000, r.pttl("lock")
    lock.release()
    equal(r.exists("lock"), 0)
    equal(lock.owned(), False)


@check
def lock_waits_only_so_long(r):
    held = r.lock("lock", timeout=30)
    held.acquire()
    started = time.monotonic()
    equal(r.lock("lock", sleep=0.02).acquire(blocking_timeout=0.2), False)
    waited = time.monotonic() - started
    assert 0.15 < waited < 15, waited
    held.release()


@check
def lock_passes_to_the_one_who_waits(r):
    held = r.lock("lock", timeout=30)
    held.acquire()
    got = []

    def wait():
        with connect().lock("lock", timeout=30, sleep=0.02, blocking_timeout=15):
            got.append(True)

    waiter = threading.Thread(target=wait)
    waiter.start()
    time.sleep(0.05)
    equal(got, [])
    held.release()
    waiter.join(20)
    equal(got, [True])
    equal(r.exists("lock"), 0)


@check
def lock_is_extended_and_reacquired(r):
    lock = r.lock("lock", timeout=10)
    lock.acquire()
    equal(lock.extend(10), True)
    assert 19000 < r.pttl("lock") <= 20000, r.pttl("lock")
    equal(lock.extend(5, replace_ttl=True), True)
    assert 4000 < r.pttl("lock") <= 5000, r.pttl("lock")
    equal(lock.reacquire(), True)
    assert 9000 < r.pttl("lock") <= 10000, r.pttl("lock")
    lock.release()


@check
def lock_of_another_is_left_alone(r):
    lock = r.lock("lock", timeout=10)
    lock.acquire()
    r.set("lock", "of another")
    equal(lock.owned(), False)
    raises(LockNotOwnedError, lock.extend, 10)
    raises(LockNotOwnedError, lock.reacquire)
    raises(LockNotOwnedError, lock.release)
    equal(r.get("lock"), b"of another")
    raises(LockError, r.lock("free").release)


@check
def lock_ends_by_itself(r):
    lock = r.lock("lock", timeout=0.05)
    lock.acquire()
    time.sleep(0.1)
    equal(r.lock("lock", timeout=10).acquire(blocking=False), True)
    raises(LockNotOwnedError, lock.release)


@check
def lock_as_a_context(r):
    with r.lock("lock", timeout=10, blocking_timeout=1) as lock:
        equal(lock.owned(), True)
    equal(r.exists("lock"), 0)


@check
def pipelines_answer_in_order(r):
    pipe = r.pipeline(transaction=False)
    for number in range(500):
        pipe.rpush("l", number)
    equal(pipe.execute(), list(range(1, 501)))
    equal(r.lrange("l", 0, 2), [b"0", b"1", b"2"])
    pipe.set("s", "v").incr("s").get("s")
    replies = pipe.execute(raise_on_error=False)
    equal(replies[0], True)
    equal(str(replies[1]), "value is not an integer or out of range")
    equal(replies[2], b"v")


@check
def transactions_are_whole(r):
    with r.pipeline(transaction=True) as pipe:
        pipe.set("a", 1)
        pipe.incr("a")
        pipe.hset("h", mapping={"x": 1, "y": 2})
        pipe.hgetall("h")
        equal(pipe.execute(), [True, 2, 2, {b"x": b"1", b"y": b"2"}])


@check
def watched_keys_stop_a_transaction(r):
    r.set("n", 1)
    with r.pipeline() as pipe:
        pipe.watch("n")
        value = int(pipe.get("n"))
        r.set("n", 100)
        pipe.multi()
        pipe.set("n", value + 1)
        raises(WatchError, pipe.execute)
    equal(r.get("n"), b"100")


@check
def transaction_helper_tries_again(r):
    r.set("n", 1)
    tries = []

    def bump(pipe):
        tries.append(1)
        value = int(pipe.get("n"))
        if len(tries) == 1:
            r.set("n", 10)
        pipe.multi()
        pipe.set("n", value + 1)

    equal(r.transaction(bump, "n"), [True])
    equal(len(tries), 2)
    equal(r.get("n"), b"11")


@check
def counters_from_many_threads(r):
    script = "local n = redis.call('get', KEYS[1]) or 0 redis.call('set', KEYS[1], n + 1) return n + 1"

    def bump():
        client = connect()
        for _ in range(50):
            client.eval(script, 1, "n")

    threads = [threading.Thread(target=bump) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    equal(r.get("n"), b"400")


@check
def scans_see_everything(r):
    r.mset({f"key:{number}": number for number in range(1000)})
    r.set("other", 1)
    equal(sorted(r.scan_iter("key:*", count=100)), sorted(b"key:%d" % n for n in range(1000)))
    r.hset("h", mapping={f"f{n}": n for n in range(600)})
    equal(dict(r.hscan_iter("h")), {b"f%d" % n: b"%d" % n for n in range(600)})
    r.sadd("s", *range(600))
    equal(sorted(r.sscan_iter("s", count=50), key=int), [b"%d" % n for n in range(600)])
    r.zadd("z", {f"m{n}": n for n in range(300)})
    equal(sorted(r.zscan_iter("z")), sorted((b"m%d" % n, float(n)) for n in range(300)))
    equal(list(r.scan_iter("key:*", _type="hash")), [])


@check
def types_come_back_as_python_values(r):
    equal(r.set("k", "v", ex=100, nx=True), True)
    equal(r.set("k", "v", nx=True), None)
    equal(r.ttl("k"), 100)
    equal(r.incrbyfloat("f", 0.5), 0.5)
    equal(r.zadd("z", {"a": 1.5, "b": 2}), 2)
    equal([list(pair) for pair in r.zrange("z", 0, -1, withscores=True)], [[b"a", 1.5], [b"b", 2.0]])
    equal(r.zscore("z", "a"), 1.5)
    equal(r.sadd("s", "x"), 1)
    equal(r.smembers("s"), {b"x"})
    equal(r.hset("h", "f", "v"), 1)
    equal(r.hgetall("h"), {b"f": b"v"})
    equal(r.blpop(["nosuch"], timeout=0.01), None)
    r.rpush("l", 1)
    equal(list(r.blpop(["l"], timeout=1)), [b"l", b"1"])
    equal(r.type("h"), b"hash")
    equal(r.ping(), True)
    equal(r.exists("k", "nosuch"), 1)
    equal(r.expire("k", 10), True)
    equal(r.persist("k"), True)
    equal(r.dbsize(), 5)


@check
def both_protocols_agree(r):
    for protocol in (2, 3):
        try:
            client = connect(protocol=protocol, decode_responses=True)
        except TypeError as error:
            raise Skip("this redis-py speaks RESP2 only") from error
        client.delete("h", "z")
        client.hset("h", mapping={"a": 1})
        equal(client.hgetall("h"), {"a": "1"})
        client.zadd("z", {"m": 1.5})
        equal(client.zscore("z", "m"), 1.5)
        equal(client.eval("return {1, 'a'}", 0), [1, "a"])
        equal(client.config_get("maxmemory"), {"maxmemory": "0"})
        client.close()


@check
def names_of_connections(r):
    client = connect(client_name="worker")
    equal(client.execute_command("CLIENT", "GETNAME"), b"worker")
    assert client.client_id() > 0
    client.close()


@check
def databases_are_apart(r):
    other = connect(db=5)
    other.set("k", "five")
    equal(r.get("k"), None)
    equal(other.get("k"), b"five")
    other.flushdb()
    equal(other.get("k"), None)


@check
def published_messages_arrive(r):
    listener = connect().pubsub(ignore_subscribe_messages=True)
    try:
        listener.subscribe("news")
        listener.get_message(timeout=1)
    except ResponseError as error:
        raise Skip(f"no pubsub ({error})") from error
    deadline = time.monotonic() + 15
    while r.publish("news", "hello") != 1:
        assert time.monotonic() < deadline, "nobody is subscribed"
        time.sleep(0.01)
    message = None
    while message is None and time.monotonic() < deadline:
        message = listener.get_message(timeout=1)
    equal(message, {"type": "message", "pattern": None, "channel": b"news", "data": b"hello"})
    equal(r.eval("return redis.call('publish', 'news', 'from a script')", 0), 1)
    message = None
    while message is None and time.monotonic() < deadline:
        message = listener.get_message(timeout=1)
    equal(message["data"], b"from a script")
    listener.close()


def main():
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        try:
            client = connect()
            client.flushall()
            client.script_flush()
            function(client)
            client.close()
            print(f"ok {name}")
        except Skip as why:
            print(f"skip {name}: {why}")
        except Exception as error:  # whatever it is, the next check runs
            place = traceback.extract_tb(error.__traceback__)[-1]
            mine = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == __file__]
            line = mine[-1].lineno if mine else place.lineno
            text = " ".join(str(error).split())
            print(f"not ok {name}: line {line}: {type(error).__name__} {text}")
        sys.stdout.flush()


main()
