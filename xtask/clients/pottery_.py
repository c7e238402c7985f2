"""What Pottery does: Python's containers on the server, locks and numbers by majority, filters of bits."""

import time

from pottery import (
    BloomFilter,
    CachedOrderedDict,
    NextID,
    RedisCounter,
    RedisDeque,
    RedisDict,
    RedisList,
    RedisSet,
    RedisSimpleQueue,
    Redlock,
    redis_cache,
    synchronize,
)
from pottery.exceptions import ExtendUnlockedLock, QueueEmptyError, ReleaseUnlockedLock

from lib.checks import check, connect, equal, holds, main, raises, show, show_keys


def refused(kind, call):
    """As `raises`, for errors whose texts name connections."""
    try:
        call()
    except kind as error:
        show(type(error).__name__)
    else:
        raise AssertionError(f"expected {kind.__name__}")


def databases(n):
    return {connect(db=number) for number in range(n)}


@check
def dictionaries(r):
    tel = RedisDict({"jack": 4098, "sape": 4139}, redis=r, key="tel")
    tel["guido"] = {"home": [1, None, "ü"]}
    del tel["sape"]
    show(sorted(tel))
    show(tel["guido"])
    equal(tel == {"jack": 4098, "guido": {"home": [1, None, "ü"]}}, True)
    raises(KeyError, tel.__getitem__, "none")
    tel.update({"a": 1}, b=2)
    show(tel.pop("a"))
    equal(len(tel), 3)
    show_keys()


@check
def sets(r):
    basket = RedisSet({"apple", "orange", "pear"}, redis=r, key="basket")
    basket.add("banana")
    equal("apple" in basket, True)
    show(basket.issuperset({"apple", "pear"}))
    basket.difference_update({"apple"})
    show(sorted(basket))
    show(list(basket.contains_many("pear", "fig")))


@check
def lists(r):
    squares = RedisList([1, 4, 9, 16, 25], redis=r, key="squares")
    show(squares[1:4])
    show(squares[::-1])
    squares.append(36)
    squares.insert(0, 0)
    squares[3] = "nine"
    del squares[1]
    squares.extend([49, None])
    show(list(squares))
    show(squares.index("nine"))
    squares.remove(49)
    show(squares.pop())
    squares.reverse()
    show(squares.to_list())
    show([squares.count(25), len(squares)])


@check
def counters(r):
    counts = RedisCounter("abracadabra", redis=r, key="counts")
    show(counts.most_common(2))
    counts.update("aaa")
    counts.subtract("b")
    show(sorted(counts.items()))
    show(sorted((counts + RedisCounter("abc", redis=r, key="more")).items()))


@check
def deques_and_queues(r):
    d = RedisDeque("ghi", redis=r, key="deque", maxlen=5)
    d.append("j")
    d.appendleft("f")
    d.append("k")
    show(list(d))
    d.rotate(2)
    show(list(d))
    show([d.pop(), d.popleft()])
    queue = RedisSimpleQueue(redis=r, key="queue")
    for number in range(3):
        queue.put({"n": number})
    show([queue.get() for _ in range(3)])
    raises(QueueEmptyError, queue.get, timeout=1)
    equal(queue.qsize(), 0)


@check
def locks_by_majority(r):
    masters = databases(5)
    lock = Redlock(key="printer", masters=masters, auto_release_time=10)
    equal(lock.acquire(), True)
    holds(8 < lock.locked() <= 10, "for ten seconds")
    equal(Redlock(key="printer", masters=masters).acquire(blocking=False), False)
    lock.extend()
    lock.release()
    equal(lock.locked(), 0)
    refused(ReleaseUnlockedLock, lock.release)
    refused(ExtendUnlockedLock, lock.extend)
    with Redlock(key="printer", masters=masters, auto_release_time=0.1) as short:
        time.sleep(0.15)
        equal(short.locked(), 0)
        again = Redlock(key="printer", masters=masters)
        equal(again.acquire(blocking=False), True)
        again.release()
        short.acquire()

    @synchronize(key="function", masters=masters, auto_release_time=5)
    def once():
        return "alone"

    show(once())


@check
def numbers_by_majority(r):
    masters = databases(5)
    ids = NextID(key="ids", masters=masters)
    show([next(ids) for _ in range(5)])
    for number in range(3):
        connect(db=number).set("nextid:ids", 100)
    show(next(ids) in (6, 101))  # It asks those that answer first, but never gives a number twice.
    holds(next(NextID(key="ids", masters=masters)) > 6, "a higher one")
    ids.reset()
    show(next(ids))


@check
def filters_of_bits(r):
    found = BloomFilter(num_elements=100, false_positives=0.01, redis=r, key="dilberts")
    found.add("rajiv")
    found.update({f"name-{number}" for number in range(50)})
    equal("rajiv" in found, True)
    show(["raj" in found, "dan" in found])
    show(list(found.contains_many("rajiv", "nobody", "name-3")))
    show([found.size(), found.num_hashes()])
    show(len(found))
    show_keys()


@check
def caches(r):
    calls = []

    @redis_cache(redis=r, key="cache", timeout=60)
    def slow(number):
        calls.append(number)
        return number * 2

    show([slow(1), slow(1), slow(2)])
    show(calls)
    show(slow.cache_info())
    slow.cache_clear()
    show(slow(1))
    ordered = CachedOrderedDict(redis_client=r, redis_key="ordered", dict_keys=("a", "b", "c"))
    show(sorted(ordered.misses()))
    ordered["b"] = "two"
    again = CachedOrderedDict(redis_client=r, redis_key="ordered", dict_keys=("a", "b", "c"))
    show(sorted(again.misses()))
    show(again["b"])


main()
