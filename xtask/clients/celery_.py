"""What Celery does: tasks through the lists and sets of Kombu, results and chords on the server."""

import logging

from celery import Celery, chain, chord, group
from celery.contrib.testing.worker import start_worker

from lib.checks import LIMIT, URL, check, equal, main, raises, show, show_keys

logging.disable(logging.CRITICAL)
app = Celery("tasks", broker=f"{URL}/0", backend=f"{URL}/1")
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True, result_expires=600)


@app.task(name="add")
def add(a, b):
    return a + b


@app.task(name="total")
def total(numbers):
    return sum(numbers)


@app.task(name="flaky", bind=True, max_retries=3)
def flaky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return self.request.retries


@app.task(name="boom")
def boom():
    raise ValueError("boom")


def working():
    """A worker of four threads, while the `with` lasts."""
    return start_worker(app, pool="threads", concurrency=4, perform_ping_check=False)


@check
def tasks_wait_in_a_queue(r):
    for number in range(3):
        add.delay(number, 1)
    add.apply_async((9, 9), priority=3)
    show_keys()
    equal(app.control.purge(), 4)
    show_keys()


@check
def tasks_are_carried_out(r):
    with working():
        equal([add.delay(number, number).get(timeout=LIMIT) for number in range(20)], list(range(0, 40, 2)))
        equal(flaky.delay().get(timeout=LIMIT), 2)
        raises(ValueError, boom.delay().get, timeout=LIMIT)
        equal(add.apply_async((1, 1), countdown=0.2, priority=3).get(timeout=LIMIT), 2)
        result = add.delay(2, 3)
        equal(result.get(timeout=LIMIT), 5)
        show(result.state)
        result.forget()
        show(result.state)


@check
def chains_groups_and_chords(r):
    with working():
        equal(chain(add.s(1, 2), add.s(10), add.s(100))().get(timeout=LIMIT), 113)
        equal(group(add.s(n, n) for n in range(10))().get(timeout=LIMIT), list(range(0, 20, 2)))
        equal(chord([add.s(n, n) for n in range(10)], total.s())().get(timeout=LIMIT), 90)
        raises(Exception, chord([add.s(1, 1), boom.s()], total.s())().get, timeout=LIMIT)


main()
