// What Bull, the queue before BullMQ, does with scripts of its own and ioredis 5.
"use strict";

const Queue = require("bull");
const { PORT, HOST, check, show, equal, holds, raises, until, showKeys, main } = require("./lib/checks");

let opened = [];

function open(more = {}) {
  const queue = new Queue("jobs", { redis: { host: HOST, port: PORT }, ...more });
  queue.on("error", () => {});
  opened.push(queue);
  return queue;
}

const over = (queue, n) => until(async () => {
  const { completed, failed } = await queue.getJobCounts();
  return completed + failed === n;
}, `${n} jobs`);

check("jobs are carried out in order", async () => {
  const queue = open();
  for (let i = 1; i <= 10; i++) await queue.add({ i, text: "ü\0\xff" });
  show(await queue.getJobCounts());
  const order = [];
  queue.process(async (job) => {
    order.push(job.id);
    await job.progress(job.data.i * 10);
    await job.log(`line ${job.data.i}`);
    return job.data.i ** 2;
  });
  await over(queue, 10);
  show(order);
  const jobs = (await queue.getCompleted()).sort((a, b) => a.id - b.id);
  show(await Promise.all(jobs.map(async (job) => [job.id, job.returnvalue, job.progress(), await job.getState()])));
  show(await queue.getJobLogs("3"));
  await showKeys();
});

check("events of other queues arrive", async () => {
  const queue = open();
  const listener = open();
  const seen = [];
  for (const name of ["waiting", "active", "progress", "completed", "failed"]) {
    listener.on(`global:${name}`, (id, value) => seen.push(`${name} ${id} ${value}`));
  }
  await listener.isReady();
  await until(() => queue.client.call("PUBSUB", "NUMPAT"), "a subscriber");
  queue.process(async (job) => {
    await job.progress(42);
    if (job.data.fails) throw new Error("boom");
    return { ok: true };
  });
  await queue.add({});
  await queue.add({ fails: true });
  await over(queue, 2);
  await until(() => seen.some((line) => line.startsWith("failed")), "events");
  show(seen.filter((line) => !line.startsWith("waiting")).sort());
});

check("priorities, delays and tries", async () => {
  const queue = open();
  await queue.pause();
  for (let i = 0; i < 20; i++) await queue.add({ i }, { priority: (i * 7) % 5 + 1 });
  await queue.add({ i: "first" }, { lifo: true });
  await queue.add({ i: "late" }, { delay: 60 });
  await queue.add({ i: "flaky" }, { attempts: 3, backoff: 10 });
  show(await queue.getJobCounts());
  const order = [];
  queue.process(async (job) => {
    if (job.data.i === "flaky" && job.attemptsMade < 2) throw new Error(`attempt ${job.attemptsMade}`);
    order.push(job.data.i);
  });
  await queue.resume();
  await over(queue, 23);
  show(order.filter((i) => typeof i === "number" || i === "first").join(" "));
  show(order.filter((i) => typeof i === "string" && i !== "first").sort());
  await showKeys();
});

check("jobs are kept once, removed, promoted, retried", async () => {
  const queue = open();
  const job = await queue.add({ v: 1 }, { jobId: "custom" });
  await queue.add({ v: 2 }, { jobId: "custom" });
  show((await queue.getJob("custom")).data);
  await job.remove();
  equal(await queue.getJob("custom"), null);
  const later = await queue.add({ v: 3 }, { delay: 3_600_000 });
  equal(await later.isDelayed(), true);
  await later.promote();
  equal(await later.getState(), "waiting");
  await raises(later.promote());
  let fails = true;
  queue.process(async () => { if (fails) throw new Error("boom"); });
  await over(queue, 1);
  const failed = await queue.getJob(later.id);
  show([failed.failedReason, failed.attemptsMade]);
  fails = false;
  await failed.retry();
  await until(() => failed.isCompleted(), "the second try");
  await raises(failed.retry());
  show((await queue.clean(0, "completed")).length);
  await queue.empty();
  show(await queue.getJobCounts());
  await queue.obliterate({ force: true });
  await showKeys();
});

check("jobs that repeat, and a limited rate", async () => {
  const queue = open({ limiter: { max: 3, duration: 150 } });
  const started = Date.now();
  let ticks = 0;
  queue.process("tick", async () => { ticks += 1; });
  let others = 0;
  queue.process("other", async () => { others += 1; });
  await queue.add("tick", {}, { repeat: { every: 40, limit: 3 } });
  for (let i = 0; i < 6; i++) await queue.add("other", { i });
  await until(() => ticks === 3 && others === 6, "all");
  holds(Date.now() - started >= 300, "nine jobs take two pauses");
  show((await queue.getRepeatableJobs()).length);
});

check("five hundred jobs, by two workers", async () => {
  const queue = open();
  const other = open();
  let sum = 0;
  const add = async (job) => { sum += job.data.i; };
  queue.process(5, add);
  other.process(5, add);
  await queue.addBulk([...Array(500).keys()].map((i) => ({ data: { i } })));
  await over(queue, 500);
  equal(sum, 124750);
  show(await queue.getJobCounts());
});

main([
  {
    close: async () => {
      const closing = opened.map((queue) => queue.close(true));
      opened = [];
      await Promise.allSettled(closing);
    },
  },
]);
