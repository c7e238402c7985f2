// What BullMQ does: queues whose every step is a large script, with jobs packed by cmsgpack.
"use strict";

const { Queue, Worker, QueueEvents, FlowProducer, UnrecoverableError, WaitingChildrenError } = require("bullmq");
const { PORT, HOST, check, show, equal, holds, raises, sleep, until, blocked, showKeys, main } = require("./lib/checks");

const connection = { host: HOST, port: PORT };
let opened = [];

/** Keeps what is opened by a check, to close it behind that. */
function open(Kind, ...args) {
  const it = new Kind(...args);
  it.on?.("error", () => {}); // Closing in mid-work shows in what is awaited.
  opened.push(it);
  return it;
}
const queue = (name = "jobs", more = {}) => open(Queue, name, { connection, ...more });
const worker = (body, more = {}, name = "jobs") => open(Worker, name, body, { connection, drainDelay: 1, ...more });

/** Waits until so many jobs are over. */
const over = (q, n, ...types) => until(async () => (await q.getJobCountByTypes(...(types.length ? types : ["completed"]))) === n, `${n} jobs`);

check("jobs are added and carried out in order", async () => {
  const q = queue();
  for (let i = 1; i <= 10; i++) await q.add("double", { i, text: "ü\0\xff" }, { removeOnComplete: false });
  show(await q.getJobCounts());
  show((await q.getWaiting()).map(({ id, name, data }) => [id, name, data]));
  const order = [];
  worker(async (job) => {
    order.push(job.id);
    await job.log(`working on ${job.data.i}`);
    await job.updateProgress(50);
    return { result: job.data.i * 2 };
  });
  await over(q, 10);
  show(order);
  const jobs = (await q.getCompleted()).sort((a, b) => a.id - b.id);
  show(jobs.map(({ id, returnvalue, progress, attemptsMade }) => [id, returnvalue, progress, attemptsMade]));
  show(await q.getJobLogs("3"));
  show(await jobs[0].getState());
  await showKeys();
});

check("jobs in bulk, by priority, first and last", async () => {
  const q = queue();
  await q.addBulk([...Array(50).keys()].map((i) => ({ name: "n", data: { i }, opts: { priority: (i * 7) % 10 } })));
  await q.add("urgent", {}, { lifo: true });
  show(await q.getJobCounts());
  show(await q.getCountsPerPriority([0, 1, 5, 9]));
  const order = [];
  worker(async (job) => order.push(`${job.name}${job.data.i ?? ""}`));
  await over(q, 51);
  show(order.join(" "));
});

check("failed jobs are tried again, with a pause", async () => {
  const q = queue();
  const events = open(QueueEvents, "jobs", { connection });
  await events.waitUntilReady();
  await until(async () => (await blocked()) === 1, "a reader of events");
  const seen = [];
  for (const name of ["added", "waiting", "active", "delayed", "failed", "retries-exhausted", "completed"]) {
    events.on(name, (args) => seen.push(`${name} ${args.jobId}${args.failedReason ? ` ${args.failedReason}` : ""}`));
  }
  worker(async (job) => {
    if (job.name === "fatal") throw new UnrecoverableError("never again");
    if (job.attemptsMade < 2) throw new Error(`attempt ${job.attemptsMade}`);
    return "at last";
  });
  const job = await q.add("flaky", {}, { attempts: 3, backoff: { type: "fixed", delay: 20 } });
  equal(await job.waitUntilFinished(events), "at last");
  const hopeless = await q.add("flaky", {}, { attempts: 2, backoff: { type: "exponential", delay: 5 } });
  await raises(hopeless.waitUntilFinished(events));
  const fatal = await q.add("fatal", {}, { attempts: 5 });
  await raises(fatal.waitUntilFinished(events));
  await until(() => seen.includes("retries-exhausted 2"), "events");
  show(seen.sort());
  const failed = await q.getJob("2");
  show([failed.attemptsMade, failed.failedReason, await failed.getState(), failed.stacktrace.length]);
  await failed.retry();
  await over(q, 2);
  show(await q.getJobCounts());
  await showKeys();
});

check("delayed jobs wait for their time", async () => {
  const q = queue();
  await q.add("late", {}, { delay: 200 });
  await q.add("soon", {}, { delay: 30 });
  await q.add("never", {}, { delay: 3_600_000 });
  const moved = await q.add("moved", {}, { delay: 3_600_000 });
  show(await q.getJobCounts());
  const order = [];
  worker(async (job) => {
    holds(Date.now() >= job.timestamp + job.opts.delay || job.name === "moved", "not before its time");
    order.push(job.name);
  });
  await over(q, 2);
  await moved.promote();
  await over(q, 3);
  show(order);
  show((await q.getDelayed()).map((job) => job.name));
});

check("parents wait for their children", async () => {
  const flow = open(FlowProducer, { connection });
  const q = queue("parents");
  const tree = await flow.add({
    name: "sum",
    queueName: "parents",
    data: {},
    children: [1, 2, 3].map((i) => ({ name: "square", queueName: "jobs", data: { i }, children: [{ name: "leaf", queueName: "jobs", data: { i } }] })),
  });
  equal(await tree.job.getState(), "waiting-children");
  worker(async (job) => (job.name === "leaf" ? job.data.i : Object.values(await job.getChildrenValues())[0] ** 2), { concurrency: 3 });
  worker(async (job) => Object.values(await job.getChildrenValues()).reduce((a, b) => a + b, 0), {}, "parents");
  await over(q, 1);
  const [parent] = await q.getCompleted();
  equal(parent.returnvalue, 14);
  show(await parent.getDependenciesCount());
  const failing = await flow.add({
    name: "sum",
    queueName: "parents",
    data: {},
    children: [{ name: "leaf", queueName: "broken", data: {}, opts: { failParentOnFailure: true } }],
  });
  worker(async () => { throw new Error("boom"); }, {}, "broken");
  await until(async () => (await failing.job.getState()) === "failed", "the parent's failure");
  show((await q.getJob(failing.job.id)).failedReason.replace(failing.children[0].job.id, "CHILD"));
});

check("a job makes children and waits for them", async () => {
  const q = queue();
  const parents = queue("parents");
  worker(async (job) => job.data.n + 1);
  worker(async (job, token) => {
    if (job.data.step === 1) return Object.values(await job.getChildrenValues())[0];
    await q.add("child", { n: 41 }, { parent: { id: job.id, queue: job.queueQualifiedName } });
    await job.updateData({ step: 1 });
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
    return Object.values(await job.getChildrenValues())[0]; // The child was faster.
  }, {}, "parents");
  await parents.add("parent", {});
  await over(parents, 1);
  equal((await parents.getCompleted())[0].returnvalue, 42);
});

check("jobs on a schedule", async () => {
  const q = queue();
  await q.upsertJobScheduler("every", { every: 50, limit: 4 }, { name: "tick", data: { x: 1 } });
  await q.upsertJobScheduler("nightly", { pattern: "0 0 3 * * *", tz: "UTC" }, { name: "night", data: {} });
  let ticks = 0;
  worker(async (job) => { if (job.name === "tick") ticks += 1; });
  await until(() => ticks === 4, "ticks");
  show((await q.getJobSchedulers()).map(({ key, name, pattern, every }) => [key, name, pattern, every]).sort());
  equal(await q.removeJobScheduler("nightly"), true);
  equal(await q.removeJobScheduler("nightly"), false);
});

check("a limited rate, and a limited concurrency", async () => {
  const q = queue();
  let running = 0;
  let most = 0;
  const started = Date.now();
  worker(async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(20);
    running -= 1;
  }, { concurrency: 3, limiter: { max: 4, duration: 200 } });
  await q.addBulk([...Array(12).keys()].map((i) => ({ name: "n", data: { i } })));
  await over(q, 12);
  holds(Date.now() - started >= 400, "12 jobs take two pauses");
  holds(most <= 3, "at most 3 at a time");
});

check("equal jobs are added once", async () => {
  const q = queue();
  const first = await q.add("n", { v: 1 }, { jobId: "custom" });
  const again = await q.add("n", { v: 2 }, { jobId: "custom" });
  show([first.id, again.id, (await q.getJob("custom")).data]);
  await q.add("d", { v: 1 }, { deduplication: { id: "once", ttl: 60_000 } });
  await q.add("d", { v: 2 }, { deduplication: { id: "once", ttl: 60_000 } });
  show(await q.getJobCounts());
  show(await q.getDeduplicationJobId("once"));
  equal(await q.removeDeduplicationKey("once"), 1);
  await q.add("d", { v: 3 }, { deduplication: { id: "once" } });
  show(await q.getJobCounts());
  await raises(q.add("n", {}, { jobId: "12" }));
});

check("queues pause, drain, clean, and go", async () => {
  const q = queue();
  await q.pause();
  await q.addBulk([...Array(20).keys()].map((i) => ({ name: "n", data: { i } })));
  equal(await q.isPaused(), true);
  const done = [];
  const w = worker(async (job) => {
    done.push(job.data.i);
    if (job.data.i % 5 === 0) throw new Error("a fifth");
  });
  await w.waitUntilReady();
  show(await q.getJobCounts());
  await q.resume();
  await over(q, 20, "completed", "failed");
  show(await q.getJobCounts());
  show((await q.clean(0, 3, "completed")).length);
  show((await q.clean(0, 100, "failed")).sort());
  await q.retryJobs({ state: "failed" });
  show(await q.getJobCounts());
  await w.close();
  await q.addBulk([...Array(5).keys()].map((i) => ({ name: "n", data: { i } })));
  await q.add("later", {}, { delay: 1_000_000 });
  await q.drain(true);
  show(await q.getJobCounts());
  const job = await q.add("gone", {});
  equal(await job.remove(), undefined);
  equal(await q.remove("999"), show(await q.remove("998")));
  await showKeys();
  await q.obliterate({ force: true });
  await showKeys();
});

check("a stalled job is taken by another worker", async () => {
  const q = queue();
  let starts = 0;
  const stuck = worker(async () => {
    starts += 1;
    await sleep(60_000);
  }, { lockDuration: 100, skipLockRenewal: true, skipStalledCheck: true });
  await q.add("n", {});
  await until(() => starts === 1, "the first start");
  const next = worker(async (job) => `done by another, ${job.stalledCounter} stalled`, { stalledInterval: 100, lockDuration: 1000, maxStalledCount: 1 });
  await over(q, 1);
  show((await q.getCompleted())[0].returnvalue);
  await stuck.close(true);
  await next.close();
});

check("finished jobs are kept as long as asked", async () => {
  const q = queue("jobs", { defaultJobOptions: { removeOnComplete: { count: 3 }, removeOnFail: true } });
  worker(async (job) => { if (job.data.i === 4) throw new Error("no"); });
  await q.addBulk([...Array(10).keys()].map((i) => ({ name: "n", data: { i } })));
  await until(async () => (await q.getJobCountByTypes("wait", "active", "completed", "failed")) === 3, "three jobs");
  equal((await q.getCompleted()).length, 3); // Which, is chance: some end in the same millisecond.
  await showKeys();
});

check("a thousand jobs, ten at a time", async () => {
  const q = queue();
  let sum = 0;
  const w = worker(async (job) => { sum += job.data.i; }, { concurrency: 10 });
  const other = worker(async (job) => { sum += job.data.i; }, { concurrency: 10 });
  for (let i = 0; i < 1000; i += 100) await q.addBulk([...Array(100).keys()].map((j) => ({ name: "n", data: { i: i + j, text: "x".repeat(j * 10) } })));
  await over(q, 1000);
  equal(sum, 499500);
  await Promise.all([w.close(), other.close()]);
  show(await q.getJobCounts());
});

main([
  {
    close: async () => {
      const closing = opened.reverse().map((it) => (it instanceof Worker ? it.close(true) : it.close()));
      opened = [];
      await Promise.allSettled(closing);
    },
  },
]);
