// What Bottleneck does with its state on the server: a limiter that several processes share.
"use strict";

const Bottleneck = require("bottleneck");
const { Redis } = require("ioredis");
const { PORT, HOST, check, show, equal, holds, raises, sleep, until, showKeys, main } = require("./lib/checks");

let opened = [];

/** A limiter of its own connection; limiters of one name share their state. */
function limiter(id, more = {}) {
  const it = new Bottleneck({ id, datastore: "ioredis", Redis, clientOptions: { host: HOST, port: PORT }, timeout: 60_000, ...more });
  it.on("error", () => {});
  opened.push(it);
  return it;
}

check("at most so many at a time, over two limiters", async () => {
  const both = [limiter("shared", { maxConcurrent: 2 }), limiter("shared", { maxConcurrent: 2 })];
  await Promise.all(both.map((it) => it.ready()));
  let running = 0;
  let most = 0;
  const results = await Promise.all([...Array(20).keys()].map((i) => both[i % 2].schedule(async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(5);
    running -= 1;
    return i;
  })));
  equal(results, [...Array(20).keys()]);
  holds(most <= 2, "at most two");
  equal([await both[0].running(), await both[1].done()], [0, 20]);
  await showKeys();
});

check("pauses between jobs", async () => {
  const one = limiter("paced", { minTime: 30 });
  const starts = [];
  const asked = Date.now();
  await Promise.all([...Array(5).keys()].map((i) => one.schedule(async () => starts.push(i))));
  show(starts);
  holds(Date.now() - asked >= 4 * 30 - 5, "30 ms between each"); // Timers may be a bit early.
  equal(await one.check(), show(await one.check()));
});

check("a reservoir that fills again", async () => {
  const one = limiter("reservoir", { reservoir: 3, reservoirRefreshInterval: 250, reservoirRefreshAmount: 2, heartbeatInterval: 50 });
  await one.ready();
  const done = [];
  const jobs = [...Array(5).keys()].map((i) => one.schedule(async () => done.push(i)));
  await Promise.all(jobs.slice(0, 3));
  equal(await one.currentReservoir(), 0);
  await Promise.all(jobs);
  show(done);
  equal(await one.incrementReservoir(10), show(await one.currentReservoir()));
  await one.updateSettings({ reservoir: 1 });
  equal(await one.currentReservoir(), 1);
});

check("weights, priorities, and what is too much", async () => {
  const one = limiter("weights", { maxConcurrent: 3, highWater: 2, strategy: Bottleneck.strategy.OVERFLOW });
  await one.ready();
  const order = [];
  const job = (name, options) => one.schedule({ id: name, ...options }, async () => {
    order.push(name);
    await sleep(30);
    return name;
  }).catch((error) => `${error.constructor.name}: ${error.message}`);
  const all = [job("a", { weight: 3 })];
  await until(() => order.length === 1, "a start");
  all.push(job("low", { priority: 9 }), job("high", { priority: 1 }), job("over", { priority: 9 }));
  show(await Promise.all(all));
  show(order);
  await raises(one.schedule({ weight: 4 }, async () => {}));
  show(one.counts());
});

check("groups, and messages between limiters", async () => {
  const group = new Bottleneck.Group({ id: "group", maxConcurrent: 1, datastore: "ioredis", Redis, clientOptions: { host: HOST, port: PORT }, timeout: 5000 });
  opened.push(group);
  const results = await Promise.all(["a", "b", "a", "c"].map((key, i) => group.key(key).schedule(async () => `${key}${i}`)));
  show(results);
  show((await group.clusterKeys()).sort());
  equal(await group.deleteKey("a"), true);
  show((await group.clusterKeys()).sort());
  const [one, two] = [limiter("talk"), limiter("talk")];
  await Promise.all([one.ready(), two.ready()]);
  const heard = [];
  two.on("message", (message) => heard.push(message));
  await until(async () => { await one.publish("hello"); return heard.length > 0; }, "a message");
  show(heard[0]);
});

check("scripts that the server has lost", async () => {
  const one = limiter("lost", { maxConcurrent: 1 });
  await one.schedule(async () => {});
  const { client } = one.clients();
  await client.script("FLUSH");
  equal(await one.schedule(async () => "again"), "again");
  await client.del("b_lost_settings");
  show(await one.schedule(async () => "and again").catch((error) => error.message));
});

main([
  {
    close: async () => {
      const closing = opened.map((it) => it.disconnect(false));
      opened = [];
      await Promise.allSettled(closing);
    },
  },
]);
