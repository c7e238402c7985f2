"""What RQ does: jobs in queues, workers, schedules, dependencies, registries of what became of them."""

import logging
from datetime import datetime, timedelta, timezone

from rq import Callback, Queue, Repeat, Retry, SimpleWorker, Worker
from rq.command import send_shutdown_command
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from rq.scheduler import RQScheduler
from rq.timeouts import TimerDeathPenalty

from lib.checks import check, equal, main, raises, show, show_keys
from lib.rq_jobs import add, done, fail, tell

logging.disable(logging.CRITICAL)


class HereWorker(SimpleWorker):
    """Runs jobs in this process, and stops them by a timer, as threads have no signals."""

    death_penalty_class = TimerDeathPenalty


def work(r, *queues, **options):
    """Does all that waits, and gives back what was done."""
    done.clear()
    HereWorker([*queues], connection=r).work(burst=True, logging_level="ERROR", **options)
    return list(done)


@check
def jobs_are_carried_out_in_order(r):
    queue = Queue(connection=r)
    jobs = [queue.enqueue(add, number, b=1, job_id=f"job-{number}") for number in range(10)]
    equal(len(queue), 10)
    show(queue.job_ids)
    show_keys()
    show(work(r, queue))
    show([job.return_value(refresh=True) for job in jobs])
    show([job.get_status() == JobStatus.FINISHED for job in jobs])
    equal(len(FinishedJobRegistry(queue=queue)), 10)
    show_keys()


@check
def queues_have_an_order(r):
    high, low = Queue("high", connection=r), Queue("low", connection=r)
    low.enqueue(add, 1)
    high.enqueue(add, 2)
    low.enqueue(add, 3, at_front=True)
    high.enqueue_many([Queue.prepare_data(add, (number,)) for number in (4, 5)])
    show(work(r, high, low))


@check
def failed_jobs_are_kept_and_tried_again(r):
    queue = Queue(connection=r)
    job = queue.enqueue(fail, "once", job_id="a")
    retried = queue.enqueue(fail, "thrice", job_id="b", retry=Retry(max=2), on_failure=Callback(tell))
    show(work(r, queue))
    registry = FailedJobRegistry(queue=queue)
    show(sorted(registry.get_job_ids()))
    equal(job.get_status() == JobStatus.FAILED, True)
    equal(job.latest_result().exc_string.strip().splitlines()[-1], "ValueError: once")
    equal(retried.latest_result().type.name, "FAILED")
    registry.requeue("a")
    show(queue.job_ids)
    show(work(r, queue))
    registry.remove("a", delete_job=True)
    equal(Job.exists("a", connection=r), False)
    show(sorted(registry.get_job_ids()))


@check
def jobs_wait_for_others(r):
    queue = Queue(connection=r)
    first = queue.enqueue(add, 1, job_id="first")
    second = queue.enqueue(add, 2, job_id="second")
    queue.enqueue(add, 3, depends_on=[first, second], job_id="third")
    queue.enqueue(add, 4, depends_on="third", job_id="fourth")
    show(queue.job_ids)
    show_keys()
    show(work(r, queue))
    bad = queue.enqueue(fail, job_id="bad")
    queue.enqueue(add, 5, depends_on=bad, job_id="never")
    show(work(r, queue))
    equal(Job.fetch("never", connection=r).get_status() == JobStatus.DEFERRED, True)


@check
def equal_jobs_are_added_once(r):
    queue = Queue(connection=r)
    queue.enqueue(add, 1, job_id="one", unique=True)
    raises(DuplicateJobError, queue.enqueue, add, 2, job_id="one", unique=True)
    raises(DuplicateJobError, queue.enqueue_at, datetime(2100, 1, 1, tzinfo=timezone.utc), add, 2, job_id="one", unique=True)
    show(work(r, queue))


@check
def jobs_on_a_schedule(r):
    queue = Queue(connection=r)
    queue.enqueue_at(datetime(2001, 1, 1, tzinfo=timezone.utc), add, 1, job_id="past")
    queue.enqueue_in(timedelta(days=365), add, 2, job_id="future")
    queue.enqueue(add, 3, job_id="again", repeat=Repeat(times=2))
    registry = ScheduledJobRegistry(queue=queue)
    show(sorted(registry.get_job_ids()))
    scheduler = RQScheduler([queue], connection=r)
    show(scheduler.acquire_locks())
    scheduler.enqueue_scheduled_jobs()
    scheduler.release_locks()
    show(queue.job_ids)
    show(work(r, queue))
    show(sorted(registry.get_job_ids()))


@check
def jobs_are_cancelled_moved_and_emptied(r):
    queue = Queue(connection=r)
    jobs = [queue.enqueue(add, number, job_id=f"job-{number}") for number in range(6)]
    jobs[0].cancel()
    jobs[1].delete()
    queue.remove(jobs[2])
    jobs[3].meta["note"] = "ü"
    jobs[3].save_meta()
    equal(Job.fetch("job-3", connection=r).get_meta(), {"note": "ü"})
    show(queue.job_ids)
    show([job.id if job else None for job in Job.fetch_many(["job-4", "job-1", "job-5"], connection=r)])
    equal(queue.empty(), 3)
    show_keys()
    show(queue.delete(delete_jobs=True))
    show_keys()


@check
def workers_are_known(r):
    queue = Queue(connection=r)
    worker = HereWorker([queue], connection=r, name="alice")
    worker.register_birth()
    show([w.name for w in Worker.all(connection=r)])
    equal(Worker.count(connection=r), 1)
    worker.set_state("busy")
    show(Worker.find_by_key("rq:worker:alice", connection=r).get_state())
    worker.register_death()
    equal(Worker.count(connection=r), 0)
    send_shutdown_command(r, "alice")  # Nobody hears it.


@check
def results_and_callbacks(r):
    queue = Queue(connection=r)
    job = queue.enqueue(add, 1, b=2, job_id="a", on_success=Callback(tell), result_ttl=500)
    show(work(r, queue))
    equal([result.return_value for result in job.results()], [3])
    short = queue.enqueue(add, 1, job_id="b", result_ttl=0)
    work(r, queue)
    equal(Job.exists(short.id, connection=r), False)


main()
