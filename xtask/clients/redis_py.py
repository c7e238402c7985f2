"""What redis-py does, in both protocols. `lib/checks.py` says how it reports."""

import hashlib
import threading
import time

from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    ExecAbortError,
    LockError,
    LockNotOwnedError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    WatchError,
)
from redis.retry import Retry

from lib.checks import check, connect, equal, holds, main, raises, show, until

# By default a client that is not let in tries again, with ever longer pauses.
ONCE = Retry(NoBackoff(), 0)


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
    equal(sorted(r.hscan_iter("h")), sorted((b"f%d" % n, b"%d" % n) for n in range(600)))
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


LIBRARY = """#!lua name=shelf
local function put(keys, args) return redis.call('SET', keys[1], args[1]) end
local function get(keys) return redis.call('GET', keys[1]) end
redis.register_function('put', put)
redis.register_function{function_name = 'get', callback = get, description = 'reads', flags = {'no-writes'}}
"""


def plain(value):
    """Maps come as dictionaries or as flat lists, by protocol: one form, in order."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in sorted(value.items())}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


@check
def functions(r):
    equal(r.function_load(LIBRARY), b"shelf")
    raises(ResponseError, r.function_load, LIBRARY)
    equal(r.function_load(LIBRARY, replace=True), b"shelf")
    equal(r.fcall("put", 1, "k", "v"), b"OK")
    equal(r.fcall("get", 1, "k"), b"v")
    equal(r.fcall_ro("get", 1, "k"), b"v")
    raises(ResponseError, r.fcall_ro, "put", 1, "k", "w")
    raises(ResponseError, r.fcall, "nosuch", 0)
    raises(ResponseError, r.function_load, "return 1")
    raises(ResponseError, r.function_load, "#!lua name=bad\nerror('boom')")
    raises(ResponseError, r.function_load, "#!js name=bad\n")


@check
def functions_listed_dumped_restored(r):
    r.function_load(LIBRARY)
    equal(len(r.function_list()), 1)
    equal(len(r.function_list(library="none*")), 0)
    [library] = r.function_list(library="she*", withcode=True)
    if isinstance(library, (list, tuple)):
        library = dict(zip(library[::2], library[1::2]))
    show(sorted(library))
    equal(library.get(b"library_code", library.get("library_code")), LIBRARY.encode())
    show(plain(r.function_stats()))
    dump = r.function_dump()
    equal(r.function_delete("shelf"), True)
    raises(ResponseError, r.function_delete, "shelf")
    raises(ResponseError, r.fcall, "get", 1, "k")
    equal(r.function_restore(dump), True)
    raises(ResponseError, r.function_restore, dump)
    raises(ResponseError, r.function_restore, dump, policy="APPEND")
    equal(r.function_restore(dump, policy="REPLACE"), True)
    equal(r.function_restore(dump, policy="FLUSH"), True)
    raises(ResponseError, r.function_restore, b"garbage")
    equal(r.fcall("get", 1, "k"), None)
    equal(r.function_flush(), True)
    equal(r.function_list(), [])


@check
def dumped_values_restored(r):
    r.rpush("l", 1, "two", "x" * 1000)
    dump = r.dump("l")
    show(dump)
    raises(ResponseError, r.restore, "l", 0, dump)
    equal(r.restore("copy", 10_000, dump), b"OK")
    equal(r.lrange("copy", 0, 1), [b"1", b"two"])
    equal(r.restore("l", 0, dump, replace=True), b"OK")


@check
def errors_by_class(r):
    r.set("s", "v")
    raises(ResponseError, r.lpush, "s", 1)
    raises(NoScriptError, r.evalsha, "f" * 40, 0)
    raises(ResponseError, r.execute_command, "NOSUCH", "argument")
    raises(ResponseError, r.execute_command, "GET")
    raises(ResponseError, r.execute_command, "SET", "k", "v", "EX", "0")
    raises(ResponseError, r.eval, "return redis.call('nosuch')", 0)
    raises(ResponseError, r.eval, "return redis.call('get')", 0)
    raises(ResponseError, r.eval, "return {err = 'MY own'}", 0)
    raises(ResponseError, r.eval, "return 1", 2, "only one")
    raises(ResponseError, r.eval, "#!lua flags=no-writes\nreturn redis.call('set', 'k', 'v')", 0)
    raises(ResponseError, r.eval, "#!lua flags=bad\nreturn 1", 0)
    # One of these is an error that a library raises by class, from inside a script.
    r.config_set("maxmemory", 1)
    try:
        raises(OutOfMemoryError, r.set, "k", "v")
        raises(OutOfMemoryError, r.eval, "return redis.call('set', KEYS[1], 'v')", 1, "k")
    finally:
        r.config_set("maxmemory", 0)
    raises(ReadOnlyError, r.eval, "return redis.error_reply('READONLY no')", 0)


@check
def errors_in_transactions(r):
    pipe = r.pipeline()
    pipe.set("k", "v")
    pipe.execute_command("NOSUCH")  # The error is that of the command, not of EXEC.
    raises(ResponseError, pipe.execute)
    equal(r.get("k"), None)
    alone = connect(single_connection_client=True)
    equal(alone.execute_command("MULTI"), b"OK")
    raises(ResponseError, alone.execute_command, "NOSUCH")
    raises(ExecAbortError, alone.execute_command, "EXEC")
    pipe = r.pipeline()
    pipe.set("k", "v").lpush("k", 1).get("k")
    raises(ResponseError, pipe.execute)
    equal(r.get("k"), b"v")
    pipe.set("k", "v").eval("return redis.call('incr', KEYS[1])", 1, "k").get("k")
    replies = pipe.execute(raise_on_error=False)
    equal([replies[0], replies[2]], [True, b"v"])
    show(f"{type(replies[1]).__name__}: {replies[1]}")


@check
def a_busy_script_is_killed(r):
    r.config_set("busy-reply-threshold", 20)
    ended = []

    def spin():
        try:
            connect().eval("while true do end", 0)
        except ResponseError as error:
            ended.append(str(error))

    spinner = threading.Thread(target=spin)
    spinner.start()
    other = connect()

    def busy():
        try:
            other.ping()
        except ResponseError as error:
            return str(error)
        return None

    show(until(busy, "BUSY"))
    raises(ResponseError, other.set, "k", "v")
    raises(ResponseError, other.fcall, "f", 0)
    equal(other.script_kill(), True)
    spinner.join(20)
    show(ended)
    raises(ResponseError, other.script_kill)
    equal(other.ping(), True)
    r.config_set("busy-reply-threshold", 5000)


@check
def published_messages_arrive(r):
    listener = connect().pubsub()
    listener.subscribe("news", "other")
    listener.psubscribe("n*s")
    for _ in range(3):
        show(listener.get_message(timeout=20))
    equal(r.publish("news", "hello"), 2)
    for _ in range(2):
        show(listener.get_message(timeout=20))
    equal(r.eval("return redis.call('publish', 'news', 'from a script')", 0), 2)
    for _ in range(2):
        show(listener.get_message(timeout=20))
    equal(sorted(r.pubsub_channels()), [b"news", b"other"])
    equal([list(pair) for pair in r.pubsub_numsub("news", "none")], [[b"news", 1], [b"none", 0]])
    equal(r.pubsub_numpat(), 1)
    equal(listener.ping("still here"), None)
    show(listener.get_message(timeout=20))
    listener.unsubscribe("other")
    show(listener.get_message(timeout=20))
    listener.unsubscribe()
    listener.punsubscribe()
    for _ in range(2):
        show(listener.get_message(timeout=20))
    equal(r.publish("news", "nobody"), 0)
    listener.close()


@check
def sharded_messages_arrive(r):
    listener = connect().pubsub()
    listener.ssubscribe("shard")
    show(listener.get_message(timeout=20))
    equal(r.execute_command("SPUBLISH", "shard", "hello"), 1)
    equal(r.publish("shard", "not this"), 0)
    show(listener.get_message(timeout=20))
    listener.sunsubscribe("shard")
    show(listener.get_message(timeout=20))
    listener.close()


@check
def keyspace_events_arrive(r):
    r.config_set("notify-keyspace-events", "KEA")
    listener = connect().pubsub()
    listener.psubscribe("__key*__:*")
    show(listener.get_message(timeout=20))
    r.eval("redis.call('set', KEYS[1], 1) redis.call('incr', KEYS[1]) redis.call('del', KEYS[1])", 1, "k")
    for _ in range(6):
        show(listener.get_message(timeout=20))
    r.config_set("notify-keyspace-events", "")
    listener.close()


def blocked(r):
    return r.info("clients")["blocked_clients"]


def meanwhile(r, call, act):
    """What `call` gives on a connection of its own, when `act` happens while it waits."""
    got = []
    waiter = threading.Thread(target=lambda: got.append(call(connect())))
    waiter.start()
    until(lambda: blocked(r) == 1, "a client that waits")
    act()
    waiter.join(20)
    return plain(got)


@check
def blocking_commands(r):
    equal(meanwhile(r, lambda c: c.blpop(["a", "b"], 20), lambda: r.rpush("b", "x")), [[b"b", b"x"]])
    equal(meanwhile(r, lambda c: c.brpop("a", 20), lambda: r.eval("redis.call('rpush', KEYS[1], 1, 2)", 1, "a")), [[b"a", b"2"]])
    r.delete("a")
    equal(meanwhile(r, lambda c: c.blmove("a", "d", 20, "LEFT", "RIGHT"), lambda: r.rpush("a", "y")), [b"y"])
    equal(r.lrange("d", 0, -1), [b"y"])
    equal(meanwhile(r, lambda c: c.brpoplpush("a", "d", 20), lambda: r.rpush("a", "z")), [b"z"])
    equal(meanwhile(r, lambda c: c.bzpopmin("z", 20), lambda: r.zadd("z", {"m": 1.5, "n": 2})), [[b"z", b"m", 1.5]])
    equal(meanwhile(r, lambda c: c.bzpopmax(["y", "q"], 20), lambda: r.zadd("y", {"o": 3})), [[b"y", b"o", 3.0]])
    equal(meanwhile(r, lambda c: c.blmpop(20, 1, "a", direction="LEFT", count=2), lambda: r.rpush("a", 1, 2, 3)), [[b"a", [b"1", b"2"]]])
    show(meanwhile(r, lambda c: c.bzmpop(20, 1, ["w"], min=True, count=2), lambda: r.zadd("w", {"a": 1, "b": 2})))
    equal(r.blpop("nosuch", 0.01), None)
    equal(r.bzpopmin("nosuch", 0.01), None)
    # In a script nobody waits; until Redis 7.2 the command was refused.
    show(r.eval("return redis.pcall('blpop', 'nosuch', 0) == false or 'refused'", 0))


@check
def a_blocked_client_is_unblocked(r):
    def call(client):
        try:
            return client.blpop("nosuch", 20)
        except ResponseError as error:
            return f"{type(error).__name__}: {error}"

    def act(error):
        [waiting] = [c for c in r.client_list() if c["cmd"] == "blpop"]
        equal(r.client_unblock(waiting["id"], error=error), True)

    equal(meanwhile(r, call, lambda: act(False)), [None])
    show(meanwhile(r, call, lambda: act(True)))


@check
def streams(r):
    equal(r.xadd("s", {"a": 1}, id="1-1"), b"1-1")
    equal(r.xadd("s", {"b": 2, "c": 3}, id="2-*"), b"2-0")
    raises(ResponseError, r.xadd, "s", {"d": 4}, id="1-1")
    equal(r.xlen("s"), 2)
    show(plain(r.xrange("s")))
    show(plain(r.xrevrange("s", count=1)))
    show(plain(r.xread({"s": "0"}, count=1)))
    equal(plain(r.xread({"s": "9"})), plain(r.xread({"nosuch": "0"})))
    show(meanwhile(r, lambda c: c.xread({"s": "$"}, block=20_000), lambda: r.xadd("s", {"e": 5}, id="3-0")))
    equal(r.xread({"s": "$"}, block=10), r.xread({"nosuch": "$"}, block=10))
    equal(r.xtrim("s", maxlen=2, approximate=False), 1)
    equal(r.xdel("s", "2-0"), 1)
    info = r.xinfo_stream("s")
    show(plain({key: info[key] for key in ("length", "last-generated-id", "first-entry", "last-entry", "groups")}))


@check
def groups_of_consumers(r):
    equal(r.xgroup_create("s", "g", id="0", mkstream=True), True)
    raises(ResponseError, r.xgroup_create, "s", "g")
    for number in range(1, 6):
        r.xadd("s", {"n": number}, id=f"{number}-0")
    show(plain(r.xreadgroup("g", "alice", {"s": ">"}, count=2)))
    show(plain(r.xreadgroup("g", "bob", {"s": ">"})))
    show(plain(r.xreadgroup("g", "alice", {"s": "0"})))
    equal(r.xack("s", "g", "1-0", "9-9"), 1)
    show(plain(r.xpending("s", "g")))
    pending = r.xpending_range("s", "g", "-", "+", 10)
    show([(p["message_id"], p["consumer"], p["times_delivered"]) for p in pending])
    show(plain(r.xclaim("s", "g", "carol", 0, ["2-0"])))
    show(plain(r.xclaim("s", "g", "carol", 0, ["3-0"], justid=True)))
    r.xdel("s", "4-0")
    show(plain(r.xautoclaim("s", "g", "dave", 0, count=10)))
    show(plain(r.xautoclaim("s", "g", "dave", 0, justid=True)))
    show(sorted((c["name"], c["pending"]) for c in r.xinfo_consumers("s", "g")))
    [group] = r.xinfo_groups("s")
    show(plain({key: group[key] for key in ("name", "consumers", "pending", "last-delivered-id", "entries-read", "lag")}))
    show(meanwhile(r, lambda c: c.xreadgroup("g", "alice", {"s": ">"}, block=20_000), lambda: r.xadd("s", {"n": 6}, id="6-0")))
    raises(ResponseError, r.xreadgroup, "none", "alice", {"s": ">"})
    equal(r.xgroup_delconsumer("s", "g", "dave"), 3)
    equal(r.xgroup_setid("s", "g", "0"), True)
    equal(r.xgroup_destroy("s", "g"), True)


def denials(r):
    """Who was denied what; only servers that know CLIENT SETINFO can deny that."""
    log = [(e["reason"], e["object"], e["username"], e["context"]) for e in r.acl_log()]
    return [entry for entry in log if entry[1] != "client|setinfo"]


@check
def users_and_their_rights(r):
    r.acl_setuser(
        "worker", enabled=True, reset=True, passwords=["+secret"], keys=["job:*"], channels=["news"],
        categories=["+@scripting"], commands=["+getrange", "+set"],
    )
    try:
        r.acl_log_reset()
        user = connect(username="worker", password="secret")
        equal(user.getrange("job:1", 0, -1), b"")
        equal(user.set("job:1", "v"), True)
        raises(NoPermissionError, user.set, "other", "v")
        raises(NoPermissionError, user.get, "job:1")
        raises(NoPermissionError, user.config_get, "*")
        raises(NoPermissionError, user.publish, "other", "v")
        equal(user.eval("return redis.call('set', KEYS[1], 'w')", 1, "job:1"), b"OK")
        raises(ResponseError, user.eval, "return redis.call('get', KEYS[1])", 1, "job:1")
        raises(ResponseError, user.eval, "return redis.call('set', 'other', 1)", 0)
        raises(NoPermissionError, user.eval, "return 1", 1, "other")
        raises(AuthenticationError, connect(username="worker", password="wrong", retry=ONCE).ping)
        raises(AuthenticationError, connect(username="nosuch", password="secret", retry=ONCE).ping)
        show(denials(r))
        rights = r.acl_getuser("worker")
        show(plain({**rights, "commands": sorted(rights["commands"])}))  # The order varies.
    finally:
        r.acl_log_reset()
        equal(r.acl_deluser("worker"), 1)
    raises(ConnectionError, user.ping)
    show(denials(r))


@check
def a_password_for_all(r):
    r.config_set("requirepass", "secret")
    try:
        raises(AuthenticationError, connect(retry=ONCE).ping)
        raises(AuthenticationError, connect(password="wrong", retry=ONCE).ping)
        equal(connect(password="secret").ping(), True)
    finally:
        r.config_set("requirepass", "")
    equal(connect().ping(), True)


@check
def a_lost_connection_is_made_again(r):
    r.set("k", "v")
    other = connect(client_name="other")
    equal(other.get("k"), b"v")
    before = other.client_id()
    equal(r.client_kill_filter(_id=before), 1)
    equal(other.get("k"), b"v")
    holds(other.client_id() > before, "a new id")
    show(other.client_getname())
    listener = connect().pubsub()
    listener.subscribe("news")
    show(listener.get_message(timeout=20))
    equal(r.client_kill_filter(_type="pubsub"), 1)
    show(listener.get_message(timeout=20))
    until(lambda: r.publish("news", "again") == 1, "a subscriber")
    show(listener.get_message(timeout=20))
    listener.close()


@check
def values_of_the_third_protocol(r):
    """Scripts say what protocol their replies have; clients see what theirs has."""
    show(r.eval("redis.setresp(3) return redis.call('hgetall', 'nosuch')", 0))
    show(r.eval("return {double = 3.25}", 0))
    show(r.eval("return {map = {}}", 0))
    r.hset("h", mapping={"a": 1, "b": 2})
    r.sadd("s", "x")
    show(plain(r.eval("redis.setresp(3) return redis.call('hgetall', 'h')", 0)))
    show(plain(r.eval("redis.setresp(3) return redis.call('smembers', 's')", 0)))
    show(r.eval("return {big_number = '12345678901234567890'}", 0))
    show(r.eval("return {verbatim_string = {format = 'txt', string = 'words'}}", 0))
    show(r.eval("return true", 0))
    show(r.eval("redis.setresp(3) return true", 0))
    show(r.eval("redis.setresp(3) return {false, true, nil}", 0))
    show(r.execute_command("DEBUG", "PROTOCOL", "double"))
    show(r.execute_command("DEBUG", "PROTOCOL", "null"))
    show(r.execute_command("DEBUG", "PROTOCOL", "bignum"))
    show(r.execute_command("DEBUG", "PROTOCOL", "true"))
    show(plain(r.execute_command("DEBUG", "PROTOCOL", "map")))
    show(plain(r.execute_command("DEBUG", "PROTOCOL", "set")))
    show(r.execute_command("DEBUG", "PROTOCOL", "verbatim"))


@check
def introspection(r):
    show(r.command_count() > 150)
    show(plain(r.command_getkeys("EVAL", "return 1", 2, "a", "b", "c")))
    show(plain(r.config_get("maxmemory-[ps]*")))
    equal(r.config_set("maxmemory-policy", "allkeys-lru"), True)
    equal(plain(r.config_get("maxmemory-policy")), {"maxmemory-policy": "allkeys-lru"})
    r.config_set("maxmemory-policy", "noeviction")
    equal(r.object("encoding", "nosuch"), None)
    r.set("k", 1)
    show(r.object("encoding", "k"))
    show(r.memory_usage("k") > 10)
    show(sorted(r.info("keyspace")["db0"]))
    show(r.info("server")["process_id"] > 0)
    show(r.role()[0])
    equal(r.lastsave().year > 2000, True)
    equal(r.slowlog_reset(), True)
    equal(len(r.time()), 2)
    equal(r.echo("x"), b"x")
    equal(r.wait(0, 10), 0)
    r.swapdb(0, 1)
    equal(r.get("k"), None)
    r.swapdb(0, 1)


main([(" [RESP2]", {"protocol": 2}), (" [RESP3]", {"protocol": 3})])
