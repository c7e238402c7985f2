"""What Dramatiq does: messages that a worker of several threads gets by one large script."""

import logging
import threading

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.rate_limits import BucketRateLimiter, ConcurrentRateLimiter, WindowRateLimiter
from dramatiq.rate_limits.backends import RedisBackend as LimitBackend
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend as ResultBackend

from lib.checks import PORT, URL, check, equal, main, raises, show, show_keys, until

logging.disable(logging.CRITICAL)
lock = threading.Lock()


class Working:
    """A broker, and a worker while the `with` lasts."""

    def __init__(self, **options):
        self.results = ResultBackend(url=URL)
        self.broker = RedisBroker(url=URL, middleware=[*dramatiq.Middleware.__subclasses__()[:0], dramatiq.middleware.Retries(min_backoff=5, max_backoff=20), dramatiq.middleware.AgeLimit(), dramatiq.middleware.Callbacks(), dramatiq.middleware.Pipelines(), dramatiq.middleware.GroupCallbacks(LimitBackend(url=URL)), Results(backend=self.results)], **options)
        self.worker = dramatiq.Worker(self.broker, worker_threads=4, worker_timeout=50)

    def __enter__(self):
        self.worker.start()
        return self

    def __exit__(self, *error):
        self.worker.stop()
        self.broker.close()


def actor(broker, function, **options):
    return dramatiq.actor(function, broker=broker, **options)


@check
def messages_are_carried_out(r):
    seen = []
    broker = Working()
    note = actor(broker.broker, lambda number: seen.append(number), actor_name="note")
    for number in range(200):
        note.send(number)
    show_keys()
    with broker:
        broker.broker.join("default", timeout=20_000)
        broker.worker.join()
    equal(sorted(seen), list(range(200)))
    show([key for key in r.keys() if b"heartbeats" not in key])


@check
def failures_are_tried_again(r):
    tries = []
    broker = Working()

    def flaky(name, times):
        with lock:
            tries.append(name)
            if tries.count(name) <= times:
                raise ValueError(name)

    message = actor(broker.broker, flaky, max_retries=3)
    message.send("once", 1)
    message.send("always", 99)
    with broker:
        until(lambda: tries.count("always") == 4 and tries.count("once") == 2, "all tries")
        until(lambda: r.exists("dramatiq:default.XQ"), "a dead letter")
    show(sorted(tries))
    equal(r.zcard("dramatiq:default.XQ"), 1)
    equal(r.hlen("dramatiq:default.XQ.msgs"), 1)


@check
def results_pipelines_and_groups(r):
    broker = Working()
    add = actor(broker.broker, lambda a, b: a + b, actor_name="add", store_results=True)
    done = []
    finished = actor(broker.broker, lambda: done.append(True), actor_name="finished")
    with broker:
        equal(add.send(1, 2).get_result(backend=broker.results, block=True), 3)
        pipe = dramatiq.pipeline([add.message(1, 2), add.message(10), add.message(100)], broker=broker.broker).run()
        equal(pipe.get_result(block=True), 113)
        group = dramatiq.group([add.message(n, n) for n in range(10)], broker=broker.broker)
        group.add_completion_callback(finished.message())
        equal(list(group.run().get_results(block=True)), [2 * n for n in range(10)])
        until(lambda: done, "the callback")


@check
def delayed_messages_wait(r):
    order = []
    broker = Working()
    note = actor(broker.broker, lambda text: order.append(text), actor_name="note")
    note.send_with_options(args=("late",), delay=300)
    note.send_with_options(args=("soon",), delay=50)
    note.send("now")
    with broker:
        until(lambda: len(order) == 3, "three")
    show(order)


@check
def a_lost_worker_leaves_its_messages(r):
    broker = Working(dead_message_ttl=60_000, heartbeat_timeout=100, maintenance_chance=1_000_000)
    note = actor(broker.broker, lambda number: None, actor_name="note")
    for number in range(3):
        note.send(number)
    consumer = broker.broker.consume("default", prefetch=3, timeout=100)
    taken = [next(consumer) for _ in range(3)]
    equal(len(taken), 3)
    consumer.ack(taken[0])
    consumer.nack(taken[1])
    broker.broker.close()
    # Another finds the third message, once the first is silent for long enough.
    other = Working(heartbeat_timeout=100, maintenance_chance=1_000_000)
    other.broker.declare_queue("default")
    left = other.broker.consume("default", prefetch=3, timeout=100)
    message = until(lambda: next(left), "the message that was left")
    show(message.args)
    left.ack(message)
    other.broker.close()


@check
def limits_of_rate_and_number(r):
    backend = LimitBackend(url=URL)
    one = ConcurrentRateLimiter(backend, "one", limit=2)
    with one.acquire(), one.acquire():
        with one.acquire(raise_on_failure=False) as got:
            equal(got, False)
    with one.acquire(raise_on_failure=False) as got:
        equal(got, True)

    def taken(limiter, times):
        total = 0
        for _ in range(times):
            with limiter.acquire(raise_on_failure=False) as got:
                total += got
        return total

    equal(taken(BucketRateLimiter(backend, "bucket", limit=3, bucket=60_000), 5), 3)
    equal(taken(WindowRateLimiter(backend, "window", limit=4, window=60), 6), 4)


main()
