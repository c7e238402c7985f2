// What the locks of Redlock and redis-semaphore promise.
"use strict";

const { Redis } = require("ioredis");
const Redlock = require("redlock");
const { Mutex, MultiSemaphore, Semaphore, RedlockMutex, RedlockSemaphore } = require("redis-semaphore");
const { PORT, HOST, check, show, equal, holds, raises, sleep, showKeys, main } = require("./lib/checks");

/** As many "servers" as a majority needs: databases of one. */
function databases(n) {
  return [...Array(n).keys()].map((db) => {
    const client = new Redis({ host: HOST, port: PORT, db });
    opened.push(client);
    return client;
  });
}
let opened = [];

// Else whoever tries, tries for ten seconds.
const AT_ONCE = { acquireAttemptsLimit: 1 };

check("Redlock: one at a time, on most of five servers", async () => {
  const clients = databases(5);
  const locks = new Redlock(clients, { retryCount: 3, retryDelay: 10 });
  const lock = await locks.lock("lock", 10_000);
  equal(lock.attempts, 1);
  await raises(locks.lock("lock", 10_000));
  const longer = await lock.extend(20_000);
  holds((await clients[0].pttl("lock")) > 15_000, "20 s");
  await longer.unlock();
  await raises(longer.unlock());
  equal(await clients[0].exists("lock"), 0);
  // Two of five are taken by others: a majority is free.
  await Promise.all(clients.slice(0, 2).map((client) => client.set("lock", "other")));
  const majority = await locks.lock("lock", 10_000);
  await majority.unlock();
  equal(await clients[0].get("lock"), "other");
  await clients[2].set("lock", "other");
  await raises(locks.lock("lock", 10_000));
});

check("Redlock: several resources, and scripts that are lost", async () => {
  const [client] = databases(1);
  const locks = new Redlock([client], { retryCount: 0 });
  const lock = await locks.lock(["a", "b"], 10_000);
  await raises(locks.lock(["b", "c"], 10_000));
  equal(await client.exists("a", "b", "c"), 2);
  await client.script("FLUSH");
  await lock.unlock();
  equal(await client.exists("a", "b", "c"), 0);
});

check("Redlock: a counter without a race", async () => {
  const [client] = databases(1);
  const locks = new Redlock([client], { retryCount: 1000, retryDelay: 2, retryJitter: 5 });
  await Promise.all([...Array(20)].map(async () => {
    const lock = await locks.lock("lock", 10_000);
    const n = Number(await client.get("n"));
    await client.set("n", n + 1);
    await lock.unlock();
  }));
  equal(await client.get("n"), "20");
});

check("Mutex: taken, waited for, lost", async () => {
  const [client] = databases(1);
  const held = new Mutex(client, "m", { lockTimeout: 5000 });
  await held.acquire();
  equal(await new Mutex(client, "m", AT_ONCE).tryAcquire(), false);
  await raises(new Mutex(client, "m", { acquireTimeout: 50 }).acquire());
  const waiter = new Mutex(client, "m", { acquireTimeout: 5000, retryInterval: 5 });
  const waiting = waiter.acquire();
  await held.release();
  await waiting;
  equal(waiter.isAcquired, true);
  await showKeys();
  const lost = await new Promise((resolve) => {
    const losing = new Mutex(client, "l", { lockTimeout: 300, refreshInterval: 50, onLockLost: resolve });
    losing.acquire().then(() => client.set("mutex:l", "another"));
  });
  show(`${lost.name}: ${lost.message}`);
  await waiter.release();
});

check("Mutex: kept for longer than its time", async () => {
  const [client] = databases(1);
  const held = new Mutex(client, "m", { lockTimeout: 200, refreshInterval: 50 });
  await held.acquire();
  await sleep(500);
  equal(await new Mutex(client, "m", AT_ONCE).tryAcquire(), false);
  await held.release();
  const next = new Mutex(client, "m");
  equal(await next.tryAcquire(), true);
  await next.release();
});

check("Semaphore: so many at a time", async () => {
  const [client] = databases(1);
  let running = 0;
  let most = 0;
  await Promise.all([...Array(15)].map(async () => {
    const semaphore = new Semaphore(client, "s", 3, { retryInterval: 3, acquireTimeout: 20_000 });
    await semaphore.acquire();
    running += 1;
    most = Math.max(most, running);
    await sleep(5);
    running -= 1;
    await semaphore.release();
  }));
  holds(most <= 3, "at most three");
  const all = new MultiSemaphore(client, "multi", 5, 4);
  await all.acquire();
  equal(await new MultiSemaphore(client, "multi", 5, 2, AT_ONCE).tryAcquire(), false);
  equal(await new MultiSemaphore(client, "multi", 5, 1, { lockTimeout: 100, refreshInterval: 0 }).tryAcquire(), true);
  await showKeys();
  await all.release();
});

check("RedlockMutex and RedlockSemaphore, on three servers", async () => {
  const clients = databases(3);
  const mutex = new RedlockMutex(clients, "rm");
  await mutex.acquire();
  equal(await new RedlockMutex(clients, "rm", AT_ONCE).tryAcquire(), false);
  await mutex.release();
  const two = [1, 2].map(() => new RedlockSemaphore(clients, "rs", 2));
  await Promise.all(two.map((semaphore) => semaphore.acquire()));
  equal(await new RedlockSemaphore(clients, "rs", 2, AT_ONCE).tryAcquire(), false);
  await two[0].release();
  const third = new RedlockSemaphore(clients, "rs", 2);
  equal(await third.tryAcquire(), true);
  await Promise.all([two[1], third].map((semaphore) => semaphore.release()));
});

main([
  {
    close: async () => {
      for (const client of opened) client.disconnect();
      opened = [];
    },
  },
]);
