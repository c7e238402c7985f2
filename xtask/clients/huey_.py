"""What Huey does: tasks in queues of three kinds, schedules, results, locks, pipelines."""

import datetime
import logging

from huey import PriorityRedisExpireHuey, PriorityRedisHuey, RedisExpireHuey, RedisHuey, crontab
from huey.api import chord, group
from huey.exceptions import TaskLockedException

from lib.checks import PORT, check, equal, main, raises, show, show_keys

logging.disable(logging.CRITICAL)


def make(kind):
    return kind("tasks", host="127.0.0.1", port=PORT, blocking=True, read_timeout=0.01)


def work(huey, at=None):
    """Does all that is due at a time, and gives back the results."""
    results = []
    for task in huey.read_schedule(at or datetime.datetime.now()):
        huey.enqueue(task)
    while True:
        task = huey.dequeue()
        if task is None:
            return results
        results.append(huey.execute(task))


@check
def tasks_are_carried_out(r):
    for kind in (RedisHuey, PriorityRedisHuey, RedisExpireHuey, PriorityRedisExpireHuey):
        r.flushall()
        huey = make(kind)

        @huey.task()
        def add(a, b):
            return a + b

        results = [add(number, 10) for number in range(5)]
        equal(huey.pending_count(), 5)
        print(f"  {kind.__name__}")
        show_keys()
        show(work(huey))
        show([result.get() for result in results])
        huey.put("key", {"a": [1, "ü"]})
        show([huey.get("key", peek=True), huey.get("key"), huey.get("key")])
        equal(huey.put_if_empty("once", 1), True)
        equal(huey.put_if_empty("once", 2), False)
        huey.flush()
        show_keys()


@check
def priorities(r):
    huey = make(PriorityRedisHuey)

    @huey.task()
    def name(text):
        return text

    for text, priority in [("low", 1), ("none", None), ("high", 9), ("middle", 5), ("high too", 9)]:
        name(text, priority=priority)
    show(sorted(work(huey)[:2]))


@check
def schedules(r):
    huey = make(RedisHuey)

    @huey.task(retries=2, retry_delay=60)
    def flaky(text):
        raise ValueError(text)

    @huey.periodic_task(crontab(minute="*/15"))
    def often():
        return "often"

    start = datetime.datetime.now()
    later = flaky.schedule(("late",), delay=3600)
    flaky("now")
    equal(huey.scheduled_count(), 0)
    show(work(huey))
    equal(huey.scheduled_count(), 2)
    show(work(huey, start + datetime.timedelta(seconds=90)))
    show_keys()
    show(work(huey, start + datetime.timedelta(hours=3)))
    show(later.is_revoked())
    show([task.name for task in huey.read_periodic(datetime.datetime(2030, 1, 1, 12, 30))])
    show([task.name for task in huey.read_periodic(datetime.datetime(2030, 1, 1, 12, 31))])


@check
def tasks_are_revoked(r):
    huey = make(RedisHuey)

    @huey.task()
    def add(a, b):
        return a + b

    result = add(1, 2)
    result.revoke()
    show(result.is_revoked())
    show(work(huey))
    add.revoke()
    add(3, 4)
    show(work(huey))
    add.restore()
    add(5, 6)
    show(work(huey))


@check
def pipelines_groups_and_chords(r):
    huey = make(RedisHuey)

    @huey.task()
    def add(a, b):
        return a + b

    @huey.task()
    def total(numbers):
        return sum(numbers)

    results = huey.enqueue(add.s(1, 2).then(add, 10).then(add, 100))
    show(work(huey))
    show(results.get())
    grouped = huey.enqueue(group([add.s(1, 1), add.s(2, 2)]))
    work(huey)
    show(grouped.get())
    show(huey.enqueue(chord([add.s(n, n) for n in range(4)], total.s())) is not None)
    show(work(huey))


@check
def locks(r):
    huey = make(RedisHuey)
    with huey.lock_task("lock"):
        raises(TaskLockedException, huey.lock_task("lock").__enter__)
        equal(huey.is_locked("lock"), True)
    equal(huey.is_locked("lock"), False)
    with huey.lock_task("other"):
        show(huey.flush_locks("other"))


main()
