// What rate-limiter-flexible counts, by ioredis and by node-redis.
"use strict";

const { Redis } = require("ioredis");
const { createClient } = require("redis");
const { BurstyRateLimiter, RateLimiterMemory, RateLimiterQueue, RateLimiterRedis, RateLimiterUnion } = require("rate-limiter-flexible");
const { PORT, HOST, check, show, equal, holds, sleep, showKeys, main } = require("./lib/checks");

/** What a limiter says, but for the time that is left. */
async function outcome(promise) {
  const { result, value } = await promise.then((r) => ({ result: "allowed", value: r }), (r) => ({ result: "refused", value: r }));
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value === null) return null;
  holds(value.msBeforeNext === -1 || (value.msBeforeNext >= 0 && value.msBeforeNext <= 60_000), "within its time");
  return [result, value.consumedPoints, value.remainingPoints, value.isFirstInDuration];
}

check("points are counted, and run out", async ({ storeClient, ...how }) => {
  const limiter = new RateLimiterRedis({ storeClient, ...how, points: 5, duration: 60, keyPrefix: "points" });
  for (let i = 0; i < 7; i++) show(await outcome(limiter.consume("ann")));
  show(await outcome(limiter.consume("bob", 5)));
  show(await outcome(limiter.get("ann")));
  equal(await limiter.get("nobody"), null);
  show(await outcome(limiter.penalty("bob", 2)));
  show(await outcome(limiter.reward("bob", 4)));
  equal(await limiter.delete("bob"), true);
  equal(await limiter.delete("bob"), false);
  show(await outcome(limiter.set("carl", 4, 30)));
  show(await outcome(limiter.consume("carl", 1)));
  show(await outcome(limiter.consume("carl", 1)));
  await showKeys();
});

check("whoever asks too often is blocked", async ({ storeClient, ...how }) => {
  const limiter = new RateLimiterRedis({ storeClient, ...how, points: 1, duration: 1, blockDuration: 30, inMemoryBlockOnConsumed: 3, inMemoryBlockDuration: 30, keyPrefix: "blocked" });
  for (let i = 0; i < 4; i++) show(await outcome(limiter.consume("ann")));
  holds((await limiter.get("ann")).msBeforeNext > 25_000, "blocked for half a minute");
  await limiter.block("bob", 20);
  show(await outcome(limiter.consume("bob")));
});

check("points come back in time", async ({ storeClient, ...how }) => {
  const limiter = new RateLimiterRedis({ storeClient, ...how, points: 2, duration: 1, keyPrefix: "time" });
  show(await outcome(limiter.consume("ann", 2)));
  show(await outcome(limiter.consume("ann")));
  await sleep(1050);
  show(await outcome(limiter.consume("ann")));
});

check("many ask at once", async ({ storeClient, ...how }) => {
  const limiter = new RateLimiterRedis({ storeClient, ...how, points: 30, duration: 60, keyPrefix: "many" });
  const asked = await Promise.allSettled([...Array(100)].map(() => limiter.consume("all")));
  equal(asked.filter(({ status }) => status === "fulfilled").length, 30);
  equal((await limiter.get("all")).consumedPoints, 100);
});

check("limits together, bursts and queues", async ({ storeClient, ...how }) => {
  const narrow = new RateLimiterRedis({ storeClient, ...how, points: 1, duration: 60, keyPrefix: "narrow" });
  const wide = new RateLimiterRedis({ storeClient, ...how, points: 3, duration: 60, keyPrefix: "wide" });
  const union = new RateLimiterUnion(narrow, wide);
  show(Object.keys(await union.consume("ann")).sort());
  show(Object.keys(await union.consume("ann").catch((refused) => refused)).sort());
  const bursty = new BurstyRateLimiter(narrow, wide);
  const results = [];
  for (let i = 0; i < 5; i++) results.push(await bursty.consume("bob").then(() => true, () => false));
  show(results);
  const paced = new RateLimiterRedis({ storeClient, ...how, points: 2, duration: 1, keyPrefix: "queue" });
  const queue = new RateLimiterQueue(paced, { maxQueueSize: 3 });
  const taken = await Promise.allSettled([...Array(6)].map(() => queue.removeTokens(1, "ann")));
  show(taken.map(({ status, reason }) => reason?.message ?? status).sort());
});

check("another limiter steps in when the server fails", async ({ storeClient, ...how }) => {
  const insuranceLimiter = new RateLimiterMemory({ points: 1, duration: 60 });
  const limiter = new RateLimiterRedis({ storeClient, ...how, points: 5, duration: 60, keyPrefix: "insured", insuranceLimiter });
  await (storeClient.rPush ? storeClient.rPush("insured:ann", "x") : storeClient.rpush("insured:ann", "x"));
  show(await outcome(limiter.consume("ann")));
  show(await outcome(limiter.consume("ann")));
});

// What a limiter is given.
const libraries = {
  ioredis: () => ({ storeClient: new Redis({ host: HOST, port: PORT }) }),
  "node-redis": async () => {
    const client = createClient({ socket: { host: HOST, port: PORT } });
    client.on("error", () => {});
    return { storeClient: await client.connect(), useRedisPackage: true };
  },
};
main(Object.entries(libraries).map(([name, open]) => ({
  suffix: ` [${name}]`,
  open,
  close: async ({ storeClient }) => (storeClient.destroy ? storeClient.destroy() : storeClient.disconnect()),
})));
