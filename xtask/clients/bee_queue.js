// What Bee-Queue does with scripts of its own and node_redis 3, a client with callbacks.
"use strict";

const Queue = require("bee-queue");
const { PORT, HOST, check, show, equal, sleep, until, events, showKeys, main } = require("./lib/checks");

let opened = [];

function open(more = {}) {
  const queue = new Queue("jobs", { redis: { host: HOST, port: PORT }, activateDelayedJobs: true, ...more });
  queue.on("error", () => {});
  opened.push(queue);
  return queue;
}

const over = (queue, n) => until(async () => {
  const { succeeded, failed } = await queue.checkHealth();
  return succeeded + failed === n;
}, `${n} jobs`);

check("jobs are carried out in order", async () => {
  const queue = open();
  await queue.ready();
  for (let i = 1; i <= 10; i++) await queue.createJob({ i }).save();
  show(await queue.checkHealth());
  const order = [];
  queue.process(async (job) => {
    order.push(job.data.i);
    return job.data.i * 2;
  });
  await over(queue, 10);
  show(order);
  show(await queue.checkHealth());
  show((await queue.getJob("3")).status);
  await showKeys();
});

check("whoever made a job hears of it", async () => {
  const producer = open({ isWorker: false });
  const worker = open();
  await producer.ready();
  worker.process(async (job) => {
    job.reportProgress({ page: 3 });
    if (job.data.fails && job.options.retries > 0) throw new Error("not yet");
    return job.data.fails ? "at last" : "done";
  });
  const job = producer.createJob({});
  const succeeded = events(job, "succeeded", 1);
  const progress = events(job, "progress", 1);
  await job.save();
  show([await succeeded, await progress]);
  const flaky = producer.createJob({ fails: true }).retries(2).backoff("fixed", 20);
  const retrying = events(flaky, "retrying", 2);
  const end = events(flaky, "succeeded", 1);
  await flaky.save();
  show([(await retrying).map(([error]) => error.message), await end]);
});

check("jobs in bulk, with their own numbers, removed", async () => {
  const queue = open({ removeOnSuccess: true });
  const errors = await queue.saveAll([...Array(20).keys()].map((i) => queue.createJob({ i }).setId(`job-${i}`)));
  show(errors.size);
  const twice = await queue.createJob({ i: "again" }).setId("job-3").save();
  show(twice.id);
  await queue.removeJob("job-7");
  show((await queue.getJobs("waiting", { start: 0, end: 100 })).map(({ id }) => id).sort());
  const done = [];
  queue.process(4, async (job) => { done.push(job.data.i); });
  await until(() => done.length === 19, "19 jobs");
  await until(async () => (await queue.checkHealth()).active === 0, "rest");
  show(done.sort((a, b) => a - b));
  await showKeys();
});

check("delayed jobs wait for their time", async () => {
  const queue = open();
  const order = [];
  queue.process(async (job) => { order.push(job.data.name); });
  await queue.createJob({ name: "late" }).delayUntil(Date.now() + 200).save();
  await queue.createJob({ name: "soon" }).delayUntil(Date.now() + 50).save();
  await queue.createJob({ name: "now" }).save();
  await over(queue, 3);
  show(order);
});

check("a stalled job is found", async () => {
  const stuck = open({ stallInterval: 100 });
  await stuck.ready();
  let started = false;
  stuck.process(async () => {
    started = true;
    await sleep(30_000);
  });
  await stuck.createJob({}).save();
  await until(() => started, "a start");
  await stuck.close(1).catch(() => {});
  const other = open({ stallInterval: 100 });
  await other.ready();
  await sleep(150);
  await other.checkStalledJobs();
  await sleep(150);
  await other.checkStalledJobs();
  other.process(async () => "saved");
  await over(other, 1);
  show(await other.checkHealth());
});

check("jobs of a queue that is destroyed", async () => {
  const queue = open();
  await queue.createJob({}).save();
  await queue.destroy();
  await showKeys();
  equal((await queue.checkHealth()).waiting, 0);
});

main([
  {
    close: async () => {
      const closing = opened.map((queue) => queue.close(10));
      opened = [];
      await Promise.allSettled(closing);
    },
  },
]);
