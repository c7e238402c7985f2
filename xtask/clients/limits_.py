"""What `limits` counts, by its scripts: three strategies, with plain and with asynchronous clients."""

import asyncio
import time

from limits import RateLimitItemPerMinute, RateLimitItemPerSecond, aio, parse, storage, strategies

from lib.checks import PORT, check, equal, holds, main, show, show_keys

STRATEGIES = [
    strategies.FixedWindowRateLimiter,
    strategies.MovingWindowRateLimiter,
    strategies.SlidingWindowCounterRateLimiter,
]
PARTS_OF_A_MINUTE = parse("3/minute; 20/hour")


def start_of(seconds):
    """Waits for the start of a window, which all windows of this length share, if too little of one is left."""
    left = seconds - time.time() % seconds
    if left < min(5, 0.7 * seconds):
        time.sleep(left)


def each(r):
    for strategy in STRATEGIES:
        r.flushall()
        yield strategy(storage.RedisStorage(f"redis://127.0.0.1:{PORT}"))


@check
def hits_are_allowed_and_refused(r):
    for limiter in each(r):
        start_of(60)
        print(f"  {type(limiter).__name__}")
        show([limiter.hit(PARTS_OF_A_MINUTE, "ann") for _ in range(5)])
        show([limiter.hit(PARTS_OF_A_MINUTE, "bob", cost=2) for _ in range(3)])
        show([limiter.test(PARTS_OF_A_MINUTE, who) for who in ("ann", "bob", "carl")])
        stats = limiter.get_window_stats(PARTS_OF_A_MINUTE, "ann")
        equal(stats.remaining, 0)
        holds(0 <= stats.reset_time - time.time() <= 121, "the window ends in time")
        limiter.clear(PARTS_OF_A_MINUTE, "ann")
        equal(limiter.hit(PARTS_OF_A_MINUTE, "ann"), True)
        show_keys()


@check
def windows_go_by(r):
    second = RateLimitItemPerSecond(2)
    for limiter in each(r):
        start_of(1)
        show([limiter.hit(second, "ann") for _ in range(3)])
        time.sleep(2.05)
        equal(limiter.hit(second, "ann"), True)


@check
def many_hits(r):
    limit = RateLimitItemPerMinute(100)
    for limiter in each(r):
        start_of(60)
        equal(sum(limiter.hit(limit, "all") for _ in range(250)), 100)


@check
def storage_is_reset(r):
    store = storage.RedisStorage(f"redis://127.0.0.1:{PORT}")
    limiter = strategies.MovingWindowRateLimiter(store)
    for who in range(50):
        limiter.hit(PARTS_OF_A_MINUTE, str(who))
    r.set("other", 1)
    equal(store.reset(), 50)
    equal(store.check(), True)
    show_keys()
    r.script_flush()  # The scripts load themselves again.
    equal(limiter.hit(PARTS_OF_A_MINUTE, "ann"), True)


@check
def asynchronous_clients(r):
    async def go():
        store = storage.storage_from_string(f"async+redis://127.0.0.1:{PORT}", implementation="redispy")
        for strategy in (
            aio.strategies.FixedWindowRateLimiter,
            aio.strategies.MovingWindowRateLimiter,
            aio.strategies.SlidingWindowCounterRateLimiter,
        ):
            limiter = strategy(store)
            start_of(60)
            hits = await asyncio.gather(*(limiter.hit(PARTS_OF_A_MINUTE, strategy.__name__) for _ in range(9)))
            equal(sum(hits), 3)

    asyncio.run(go())


main()
