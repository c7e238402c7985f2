// What node-redis does, in both protocols. `lib/checks.js` says how it reports.
"use strict";

const { createClient, createClientPool, defineScript, RESP_TYPES } = require("redis");
const { PORT, HOST, check, show, equal, holds, raises, until, events, blocked, main } = require("./lib/checks");

const LIBRARY = `#!lua name=shelf
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function{function_name = 'get', callback = function(keys) return redis.call('GET', keys[1]) end,
  description = 'reads', flags = {'no-writes'}}
`;

// What node-redis asks for scripts and functions that are to be methods of the client.
const scripts = {
  addBy: defineScript({
    SCRIPT: "return redis.call('incrby', KEYS[1], ARGV[1])",
    NUMBER_OF_KEYS: 1,
    parseCommand(parser, key, amount) {
      parser.pushKey(key);
      parser.push(String(amount));
    },
    transformReply: (reply) => reply * 10,
  }),
  boom: defineScript({ SCRIPT: "error('boom')", NUMBER_OF_KEYS: 0, parseCommand() {}, transformReply: undefined }),
};
const functions = {
  shelf: {
    put: {
      NUMBER_OF_KEYS: 1,
      parseCommand(parser, key, value) {
        parser.pushKey(key);
        parser.push(value);
      },
      transformReply: undefined,
    },
    get: {
      NUMBER_OF_KEYS: 1,
      IS_READ_ONLY: true,
      parseCommand(parser, key) {
        parser.pushKey(key);
      },
      transformReply: undefined,
    },
  },
};

let protocol = 3;
let connections = [];

/** One more connection, like that of the check but for `more`, and closed with it. */
async function connect(more = {}) {
  const client = createClient({ socket: { port: PORT, host: HOST, reconnectStrategy: 10 }, RESP: protocol, scripts, functions, ...more });
  client.on("error", () => {}); // Commands are rejected too.
  connections.push(client);
  return client.connect();
}

check("eval converts replies", async (r) => {
  const evaluate = (script, keys = [], args = []) => r.eval(script, { keys, arguments: args });
  equal(await evaluate("return 42"), 42);
  equal(await evaluate("return 'text'"), "text");
  equal(await evaluate("return {1, 'two', {3, {}}}"), [1, "two", [3, []]]);
  equal(await evaluate("return nil"), null);
  equal(await evaluate("return true"), 1);
  equal(await evaluate("return false"), null);
  equal(await evaluate("return redis.status_reply('FINE')"), "FINE");
  equal(await evaluate("return {KEYS[1], ARGV[1], ARGV[2]}", ["k"], ["a", "2"]), ["k", "a", "2"]);
  equal(await r.evalRo("return redis.call('get', KEYS[1])", { keys: ["nosuch"] }), null);
  await raises(r.evalRo("return redis.call('set', KEYS[1], 1)", { keys: ["k"] }));
});

check("evalsha and script commands", async (r) => {
  await raises(r.evalSha("0".repeat(40)));
  const sha = show(await r.scriptLoad("return ARGV[1] * 2"));
  equal(await r.evalSha(sha, { arguments: ["21"] }), 42);
  equal(await r.evalShaRo(sha, { arguments: ["21"] }), 42);
  show(await r.scriptExists([sha, "0".repeat(40)]));
  equal(await r.scriptFlush("SYNC"), "OK");
  show(await r.scriptExists(sha));
  await raises(r.evalSha(sha, { arguments: ["21"] }));
});

check("defined scripts load themselves", async (r) => {
  equal(await r.addBy("n", 2), 20);
  equal(await r.addBy("n", 3), 50);
  await r.scriptFlush();
  equal(await r.addBy("n", 1), 60);
  await raises(r.boom());
  equal(await r.multi().addBy("n", 1).get("n").exec(), [70, "7"]);
  await r.scriptFlush();
  const error = await r.multi().addBy("n", 1).get("n").exec().catch((e) => e);
  show(error.message ?? error);
});

check("functions as methods", async (r) => {
  equal(await r.functionLoad(LIBRARY), "shelf");
  await raises(r.functionLoad(LIBRARY));
  equal(await r.functionLoad(LIBRARY, { REPLACE: true }), "shelf");
  equal(await r.shelf.put("k", "v"), "OK");
  equal(await r.shelf.get("k"), "v");
  equal(await r.fCall("put", { keys: ["k"], arguments: ["w"] }), "OK");
  equal(await r.fCallRo("get", { keys: ["k"] }), "w");
  await raises(r.fCallRo("put", { keys: ["k"], arguments: ["x"] }));
  await raises(r.fCall("nosuch"));
  equal(await r.multi().shelf.put("k", "m").shelf.get("k").exec(), ["OK", "m"]);
});

check("functions listed, dumped, restored", async (r) => {
  await r.functionLoad(LIBRARY);
  const [library] = await r.functionList();
  equal([library.library_name, library.engine, library.functions.length], ["shelf", "LUA", 2]);
  const [withCode] = await r.functionListWithCode({ LIBRARYNAME: "sh*" });
  equal(withCode.library_code, LIBRARY);
  equal(await r.functionList({ LIBRARYNAME: "none" }), []);
  show(await r.functionStats());
  const binary = r.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const dump = await binary.functionDump();
  equal(await r.functionDelete("shelf"), "OK");
  await raises(r.functionDelete("shelf"));
  equal(await r.functionRestore(dump), "OK");
  await raises(r.functionRestore(dump));
  await raises(r.functionRestore(dump, { mode: "APPEND" }));
  equal(await r.functionRestore(dump, { mode: "REPLACE" }), "OK");
  equal(await r.functionRestore(dump, { mode: "FLUSH" }), "OK");
  await raises(r.functionRestore("garbage"));
  equal(await r.shelf.get("k"), null);
  equal(await r.functionFlush(), "OK");
  equal(await r.functionList(), []);
});

check("commands are pipelined by themselves", async (r) => {
  const numbers = [...Array(2000).keys()];
  equal(await Promise.all(numbers.map((i) => r.rPush("l", `${i}`))), numbers.map((i) => i + 1));
  const results = await Promise.allSettled([r.set("s", "v"), r.incr("s"), r.get("s")]);
  show(results.map(({ value, reason }) => value ?? `${reason.constructor.name}: ${reason.message}`));
  const replies = await r.multi().set("a", "1").incr("a").execAsPipeline();
  equal(replies, ["OK", 2]);
});

check("transactions", async (r) => {
  show(await r.multi().set("a", "1").incr("a").hSet("h", { x: 1, y: 2 }).hGetAll("h").exec());
  const error = await raises(r.multi().set("s", "v").lPush("s", "1").get("s").exec());
  show(error.replies.map((reply) => reply?.message ?? reply));
  show(error.errorIndexes);
  await raises(r.multi().set("a", "2").addCommand(["NOSUCH"]).exec());
  equal(await r.get("a"), "2");
});

check("watched keys stop a transaction, which is tried again", async (r) => {
  await r.set("n", "1");
  const other = await connect();
  let tries = 0;
  let replies = null;
  while (replies === null) {
    tries += 1;
    await r.watch("n");
    const value = Number(await r.get("n"));
    if (tries === 1) await other.set("n", "10");
    const transaction = r.multi().set("n", String(value + 1));
    replies = tries === 1 ? (await raises(transaction.exec()), null) : await transaction.exec();
  }
  equal([tries, replies, await r.get("n")], [2, ["OK"], "11"]);
  await r.watch(["n", "m"]);
  await other.addBy("m", 1);
  await raises(r.multi().get("n").exec());
  await r.watch("n");
  await other.set("n", "30");
  await r.unwatch();
  equal(await r.multi().get("n").exec(), ["30"]);
});

check("published messages arrive", async (r) => {
  const listener = await connect();
  const got = [];
  await listener.subscribe(["news", "other"], (message, channel) => got.push(["channel", channel, message]));
  await listener.pSubscribe("n*s", (message, channel) => got.push(["pattern", channel, message]));
  equal(await r.publish("news", "hello"), 2);
  equal(await r.eval("return redis.call('publish', 'news', 'from a script')"), 2);
  await until(() => got.length === 4, "messages");
  show(got);
  await listener.subscribe("bytes", (message) => got.push(message), true);
  await r.publish("bytes", "x");
  await until(() => got.length === 5, "bytes");
  show(got[4]);
  equal((await r.pubSubChannels()).sort(), ["bytes", "news", "other"]);
  show(await r.pubSubNumSub(["news", "none"]));
  equal(await r.pubSubNumPat(), 1);
  show(await listener.ping());
  show(await listener.ping("still here"));
  if (protocol === 3) equal(await listener.get("nosuch"), null);
  await listener.unsubscribe("other");
  await listener.unsubscribe();
  await listener.pUnsubscribe();
  equal(await r.publish("news", "nobody"), 0);
  equal(await listener.get("nosuch"), null);
});

check("sharded messages arrive", async (r) => {
  const listener = await connect();
  const got = [];
  await listener.sSubscribe("shard", (message, channel) => got.push([channel, message]));
  equal(await r.sPublish("shard", "hello"), 1);
  await until(() => got.length === 1, "a message");
  show(got);
  show(await r.pubSubShardChannels());
  show(await r.pubSubShardNumSub(["shard", "none"]));
  await listener.sUnsubscribe("shard");
  equal(await r.sPublish("shard", "nobody"), 0);
});

check("a client sees what others change in its cache", async (r) => {
  if (protocol === 2) return;
  const cached = await connect({ clientSideCache: { ttl: 0, maxEntries: 0, evictPolicy: "LRU" } });
  await r.set("k", "1");
  equal(await cached.get("k"), "1");
  equal(await cached.get("k"), "1");
  const stats = cached.clientSideCache.stats();
  show([stats.hitCount, stats.missCount]);
  await r.eval("redis.call('set', KEYS[1], '2')", { keys: ["k"] });
  await until(async () => (await cached.get("k")) === "2", "the new value");
  await r.flushAll();
  await until(async () => (await cached.get("k")) === null, "that all is gone");
  const invalidated = await connect({ emitInvalidate: true });
  const told = events(invalidated, "invalidate", 2);
  await invalidated.get("a");
  await r.set("a", "1");
  await invalidated.get("b");
  await r.set("b", "1");
  show((await told).flat().map(String));
});

check("a monitor sees scripts", async (r) => {
  const monitor = await connect();
  const lines = [];
  await monitor.monitor((line) => lines.push(line.replace(/^[\d.]+ \[(\d+) [^\]]*(lua)?\]/, "[$1 $2]")));
  await r.set("k", "v");
  await r.addBy("n", 1);
  await until(() => lines.length >= 4, "lines");
  show(lines);
});

/** What `call` gives on a connection of its own, when `act` happens while it waits. */
async function meanwhile(r, call, act) {
  const client = await connect();
  const promise = call(client).catch((error) => `${error.constructor.name}: ${error.message}`);
  await until(async () => (await blocked()) === 1, "a client that waits");
  await act();
  const value = await promise;
  client.destroy();
  return value;
}

check("blocking commands", async (r) => {
  show(await meanwhile(r, (c) => c.blPop(["a", "b"], 20), () => r.rPush("b", "x")));
  show(await meanwhile(r, (c) => c.brPop("a", 20), () => r.eval("redis.call('rpush', KEYS[1], 1, 2)", { keys: ["a"] })));
  await r.del("a");
  show(await meanwhile(r, (c) => c.blMove("a", "d", "LEFT", "RIGHT", 20), () => r.rPush("a", "y")));
  show(await meanwhile(r, (c) => c.brPopLPush("a", "d", 20), () => r.rPush("a", "z")));
  show(await meanwhile(r, (c) => c.bzPopMin("z", 20), () => r.zAdd("z", [{ score: 1.5, value: "m" }, { score: 2, value: "n" }])));
  show(await meanwhile(r, (c) => c.bzPopMax(["y", "q"], 20), () => r.zAdd("y", { score: 3, value: "o" })));
  show(await meanwhile(r, (c) => c.blmPop(20, "a", "LEFT", { COUNT: 2 }), () => r.rPush("a", ["1", "2", "3"])));
  show(await meanwhile(r, (c) => c.bzmPop(20, "w", "MIN", { COUNT: 2 }), () => r.zAdd("w", [{ score: 1, value: "a" }, { score: 2, value: "b" }])));
  show(await meanwhile(r, (c) => c.blPop("e", 20), async () => {
    const { id } = (await r.clientList()).find((client) => client.flags === "b");
    await r.clientUnblock(id, "ERROR");
  }));
  equal(await r.blPop("nosuch", 0.01), null);
  equal(await r.bzPopMin("nosuch", 0.01), null);
});

check("streams", async (r) => {
  equal(await r.xAdd("s", "1-1", { a: "1" }), "1-1");
  equal(await r.xAdd("s", "2-*", { b: "2", c: "3" }), "2-0");
  await raises(r.xAdd("s", "1-1", { d: "4" }));
  show(await r.xRange("s", "-", "+"));
  show(await r.xRevRange("s", "+", "-", { COUNT: 1 }));
  show(await r.xRead({ key: "s", id: "0" }, { COUNT: 1 }));
  equal(await r.xRead({ key: "s", id: "9" }), null);
  show(await meanwhile(r, (c) => c.xRead({ key: "s", id: "$" }, { BLOCK: 20000 }), () => r.xAdd("s", "3-0", { e: "5" })));
  equal(await r.xRead({ key: "s", id: "$" }, { BLOCK: 10 }), null);
  equal(await r.xTrim("s", "MAXLEN", 2), 1);
  equal(await r.xDel("s", "2-0"), 1);
  const info = await r.xInfoStream("s");
  show([info.length, info["last-generated-id"], info["first-entry"], info.groups]);
});

check("groups of consumers", async (r) => {
  equal(await r.xGroupCreate("s", "g", "0", { MKSTREAM: true }), "OK");
  await raises(r.xGroupCreate("s", "g", "0"));
  for (let i = 1; i <= 5; i++) await r.xAdd("s", `${i}-0`, { n: `${i}` });
  show(await r.xReadGroup("g", "alice", { key: "s", id: ">" }, { COUNT: 2 }));
  show(await r.xReadGroup("g", "bob", { key: "s", id: ">" }));
  show(await r.xReadGroup("g", "alice", { key: "s", id: "0" }));
  equal(await r.xAck("s", "g", ["1-0", "9-9"]), 1);
  show(await r.xPending("s", "g"));
  show((await r.xPendingRange("s", "g", "-", "+", 10)).map(({ id, consumer, deliveriesCounter }) => [id, consumer, deliveriesCounter]));
  show(await r.xClaim("s", "g", "carol", 0, "2-0"));
  show(await r.xClaimJustId("s", "g", "carol", 0, "3-0"));
  await r.xDel("s", "4-0");
  show(await r.xAutoClaim("s", "g", "dave", 0, "0", { COUNT: 10 }));
  show(await r.xAutoClaimJustId("s", "g", "dave", 0, "0"));
  show(await r.xInfoGroups("s"));
  show((await r.xInfoConsumers("s", "g")).map(({ name, pending }) => [name, pending]));
  show(await meanwhile(r, (c) => c.xReadGroup("g", "alice", { key: "s", id: ">" }, { BLOCK: 20000 }), () => r.xAdd("s", "6-0", { n: "6" })));
  await raises(r.xReadGroup("none", "alice", { key: "s", id: ">" }));
  equal(await r.xGroupDelConsumer("s", "g", "dave"), 3);
  equal(await r.xGroupDestroy("s", "g"), 1);
});

check("scans by iterator", async (r) => {
  const numbers = [...Array(1000).keys()];
  await r.mSet(numbers.map((i) => [`key:${i}`, `${i}`]));
  await r.hSet("h", Object.fromEntries(numbers.map((i) => [`f${i}`, i])));
  await r.sAdd("set", numbers.map(String));
  await r.zAdd("z", numbers.map((i) => ({ score: i, value: `m${i}` })));
  const collect = async (pages) => {
    const all = [];
    for await (const page of pages) all.push(...page);
    return all;
  };
  const keys = new Set(await collect(r.scanIterator({ MATCH: "key:*", COUNT: 100 })));
  equal([keys.size, keys.has("key:999"), keys.has("h")], [1000, true, false]);
  equal(await collect(r.scanIterator({ TYPE: "zset" })), ["z"]);
  const fields = await collect(r.hScanIterator("h", { COUNT: 50 }));
  equal(new Map(fields.map(({ field, value }) => [field, value])).get("f999"), "999");
  equal(new Set(await collect(r.sScanIterator("set"))).size, 1000);
  const members = await collect(r.zScanIterator("z"));
  equal(new Map(members.map(({ value, score }) => [value, score])).get("m999"), 999);
});

check("types by protocol", async (r) => {
  await r.hSet("h", { a: 1, b: 2 });
  await r.zAdd("z", [{ score: 1.5, value: "a" }, { score: Infinity, value: "c" }]);
  await r.sAdd("s", "x");
  show(await r.hGetAll("h"));
  show(await r.zScore("z", "a"));
  show(await r.zmScore("z", ["a", "none"]));
  show(await r.zRangeWithScores("z", 0, -1));
  show(await r.zPopMin("z"));
  show(await r.sMembers("s"));
  show(await r.configGet("maxmemory"));
  show(await r.incrByFloat("f", 0.1));
  show(await r.set("k", "v", { EX: 100, NX: true }));
  show(await r.set("k", "v", { NX: true }));
  show(await r.sIsMember("s", "x"));
  show(await r.exists(["k", "none"]));
  show(await r.time().then((reply) => reply.length));
  show(await r.commandGetKeys(["EVAL", "return 1", "2", "a", "b", "c"]));
  show(await r.sendCommand(["DEBUG", "PROTOCOL", "map"]));
  show(await r.sendCommand(["DEBUG", "PROTOCOL", "set"]));
  show(await r.sendCommand(["DEBUG", "PROTOCOL", "verbatim"]));
  show(await r.sendCommand(["DEBUG", "PROTOCOL", "bignum"]));
  show(await r.sendCommand(["DEBUG", "PROTOCOL", "true"]));
  show(await r.sendCommand(["DEBUG", "PROTOCOL", "double"]));
  show(await r.eval("return {double = 3.25}"));
  show(await r.eval("return {map = {a = 1}}"));
  show(await r.eval("return {set = {a = true}}"));
  show(await r.eval("return {big_number = '12345678901234567890'}"));
  show(await r.eval("redis.setresp(3) return {true, false, nil}"));
  show(await r.eval("redis.setresp(3) return redis.call('zscore', KEYS[1], 'c')", { keys: ["z"] }));
  show(JSON.stringify(await r.eval("redis.setresp(3) return redis.call('smembers', KEYS[1])", { keys: ["s"] })));
});

check("errors by class", async (r) => {
  await r.set("s", "v");
  await raises(r.lPush("s", "1"));
  await raises(r.sendCommand(["NOSUCH", "argument"]));
  await raises(r.sendCommand(["GET"]));
  await raises(r.incr("s"));
  await raises(r.eval("return redis.call('lpush', 's', 1)"));
  await raises(r.eval("return redis.call('nosuch')"));
  await raises(r.eval("return {err = 'MY own'}"));
  await raises(r.eval("return 1", { keys: [], arguments: [] }).then(() => r.sendCommand(["EVAL", "return 1", "3", "k"])));
  await raises(r.eval("return nosuch"));
  show((await r.eval("return {1, {err = 'INNER one'}, 2}")).map((reply) => reply.message ?? reply));
});

check("a busy script is killed", async (r) => {
  await r.configSet("busy-reply-threshold", "20");
  const spinner = await connect();
  const ended = spinner.eval("while true do end").catch((error) => `${error.constructor.name}: ${error.message}`);
  show(await until(() => r.get("k").then(() => null, (error) => error.message), "BUSY"));
  await raises(r.multi().set("k", "1").exec());
  equal(await r.scriptKill(), "OK");
  show(await ended);
  await raises(r.scriptKill());
  await r.functionLoad("#!lua name=spin\nredis.register_function('spin', function() while true do end end)");
  const called = spinner.fCall("spin").catch((error) => `${error.constructor.name}: ${error.message}`);
  show(await until(() => r.get("k").then(() => null, (error) => error.message), "BUSY"));
  const stats = await r.functionStats();
  show([stats.running_script.name, stats.running_script.command]);
  await raises(r.scriptKill());
  equal(await r.functionKill(), "OK");
  show(await called);
  await r.configSet("busy-reply-threshold", "5000");
});

check("users and their rights", async (r) => {
  await r.aclSetUser("worker", ["reset", "on", ">secret", "~job:*", "&news", "+@scripting", "+set"]);
  const user = await connect({ username: "worker", password: "secret" });
  equal(await user.set("job:1", "v"), "OK");
  await raises(user.set("other", "v"));
  await raises(user.get("job:1"));
  await raises(user.subscribe("other", () => {}));
  await raises(user.eval("return redis.call('get', KEYS[1])", { keys: ["job:1"] }));
  await raises(user.eval("return 1", { keys: ["other"] }));
  const wrong = createClient({ socket: { port: PORT, host: HOST, reconnectStrategy: false }, RESP: protocol, username: "worker", password: "wrong" });
  wrong.on("error", () => {});
  await raises(wrong.connect());
  show((await r.aclList()).filter((line) => line.startsWith("user worker ")));
  equal(await r.aclDelUser("worker"), 1);
});

check("a pool of connections", async (r) => {
  const pool = createClientPool({ socket: { port: PORT, host: HOST }, RESP: protocol, scripts }, { minimum: 2, maximum: 4 });
  pool.on("error", () => {});
  await pool.connect();
  const waiters = [1, 2, 3].map(() => pool.blPop("q", 20));
  await until(async () => (await blocked()) === 3, "three that wait");
  await r.rPush("q", ["a", "b", "c"]);
  equal((await Promise.all(waiters)).map(({ element }) => element).sort(), ["a", "b", "c"]);
  equal((await Promise.all([...Array(100)].map(() => pool.addBy("n", 1)))).length, 100);
  equal(await pool.get("n"), "100");
  await pool.close();
});

check("a lost connection is made again", async (r) => {
  const other = await connect({ database: 3, name: "other" });
  equal(await other.addBy("n", 1), 10);
  const id = await other.clientId();
  const again = events(other, "ready", 1);
  equal(await r.clientKill({ filter: "ID", id }), 1);
  await again;
  equal(await other.addBy("n", 1), 20);
  equal(await other.clientGetName(), "other");
  holds((await other.clientId()) > id, "a new id");
  const listener = await connect();
  const got = [];
  await listener.subscribe("news", (message) => got.push(message));
  const ready = events(listener, "ready", 1);
  equal(await r.clientKill({ filter: "TYPE", type: "pubsub" }), 1);
  await ready;
  await until(() => r.publish("news", "again").then((n) => n === 1), "a subscriber");
  await until(() => got.length === 1, "a message");
  show(got);
});

check("databases are apart", async (r) => {
  const other = await connect({ database: 5 });
  await other.set("k", "five");
  equal(await r.get("k"), null);
  await r.select(5);
  equal(await r.get("k"), "five");
  await other.flushDb();
  equal(await r.dbSize(), 0);
});

main(
  [2, 3].map((version) => ({
    suffix: ` [RESP${version}]`,
    open: () => {
      protocol = version;
      return connect();
    },
    close: async () => {
      for (const client of connections) if (client.isOpen) client.destroy();
      connections = [];
    },
  })),
);
