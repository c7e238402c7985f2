// What ioredis does, in both protocols. `lib/checks.js` says how it reports.
"use strict";

const crypto = require("node:crypto");

const { Redis } = require("ioredis");
const { PORT, HOST, check, show, equal, holds, raises, until, events, blocked, main } = require("./lib/checks");

let options = {};
let connections = [];

/** One more connection, like that of the check but for `more`, and closed with it. */
function connect(more = {}) {
  const client = new Redis({ port: PORT, host: HOST, ...options, ...more });
  client.on("error", () => {}); // Commands are rejected too.
  connections.push(client);
  return client;
}

/** Runs `use` with one more connection, and closes that at once. */
async function using(more, use) {
  const client = connect(more);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

check("eval converts replies", async (r) => {
  equal(await r.eval("return 42", 0), 42);
  equal(await r.eval("return 'text'", 0), "text");
  equal(await r.eval("return {1, 'two', {3, {}}}", 0), [1, "two", [3, []]]);
  equal(await r.eval("return nil", 0), null);
  equal(await r.eval("return true", 0), 1);
  equal(await r.eval("return false", 0), null);
  equal(await r.eval("return redis.status_reply('FINE')", 0), "FINE");
  equal(await r.eval("return {KEYS[1], ARGV[1], ARGV[2]}", 1, "k", "a", 2), ["k", "a", "2"]);
  equal(await r.eval_ro("return redis.call('get', KEYS[1])", 1, "nosuch"), null);
  await raises(r.eval_ro("return redis.call('set', KEYS[1], 1)", 1, "k"));
});

check("eval of bytes", async (r) => {
  const every = Buffer.from([...Array(256).keys()]);
  equal(await r.evalBuffer("return ARGV[1]", 0, every), every);
  await r.set("k", every);
  equal(await r.eval("return #redis.call('get', KEYS[1])", 1, "k"), 256);
  equal(await r.evalBuffer("return string.reverse(redis.call('get', KEYS[1]))", 1, "k"), Buffer.from(every).reverse());
});

check("evalsha and script commands", async (r) => {
  await raises(r.evalsha("0".repeat(40), 0));
  const sha = await r.script("LOAD", "return ARGV[1] * 2");
  equal(sha, crypto.createHash("sha1").update("return ARGV[1] * 2").digest("hex"));
  equal(await r.evalsha(sha, 0, 21), 42);
  equal(await r.script("EXISTS", sha, "0".repeat(40)), [1, 0]);
  equal(await r.script("FLUSH", "SYNC"), "OK");
  equal(await r.script("EXISTS", sha), [0]);
  await raises(r.evalsha(sha, 0, 21));
  await raises(r.script("FLUSH", "LATER"));
});

check("defined commands load themselves", async (r) => {
  r.defineCommand("myecho", { numberOfKeys: 2, lua: "return {KEYS[1], KEYS[2], ARGV[1], ARGV[2]}" });
  equal(await r.myecho("k1", "k2", "a1", "a2"), ["k1", "k2", "a1", "a2"]);
  await r.script("FLUSH");
  equal(await r.myecho("k1", "k2", "a1", "a2"), ["k1", "k2", "a1", "a2"]);
  equal(await r.myechoBuffer("k1", "k2", "a1", "a2"), ["k1", "k2", "a1", "a2"].map((s) => Buffer.from(s)));
  r.defineCommand("anyecho", { lua: "return {#KEYS, #ARGV}" });
  equal(await r.anyecho(1, "a", "b", "c"), [1, 2]);
  r.defineCommand("boom", { numberOfKeys: 0, lua: "error('boom')" });
  await raises(r.boom());
  r.defineCommand("broken", { numberOfKeys: 0, lua: "return +" });
  await raises(r.broken());
});

check("defined commands in pipelines and transactions", async (r) => {
  r.defineCommand("addby", { numberOfKeys: 1, lua: "return redis.call('incrby', KEYS[1], ARGV[1])" });
  equal(await r.pipeline().set("n", 1).addby("n", 2).addby("n", 3).get("n").exec(), [[null, "OK"], [null, 3], [null, 6], [null, "6"]]);
  await r.script("FLUSH");
  // The client believes that the server still has the script.
  const [[error], get] = await r.multi().addby("n", 4).get("n").exec();
  show([error.message, get]);
});

check("commands with a key prefix", async () => {
  const scripts = { put: { numberOfKeys: 1, lua: "redis.call('set', KEYS[1], ARGV[1]) return KEYS[1]" } };
  await using({ keyPrefix: "app:", scripts }, async (c) => {
    equal(await c.put("k", "v"), "app:k");
    equal(await c.get("k"), "v");
    equal(await c.keys("*"), ["app:k"]);
  });
});

const LIBRARY = `#!lua name=shelf
redis.register_function('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function{function_name = 'get', callback = function(keys) return redis.call('GET', keys[1]) end,
  description = 'reads', flags = {'no-writes'}}
`;

check("functions", async (r) => {
  equal(await r.function("LOAD", LIBRARY), "shelf");
  await raises(r.function("LOAD", LIBRARY));
  equal(await r.function("LOAD", "REPLACE", LIBRARY), "shelf");
  equal(await r.fcall("put", 1, "k", "v"), "OK");
  equal(await r.fcall("get", 1, "k"), "v");
  equal(await r.fcall_ro("get", 1, "k"), "v");
  await raises(r.fcall_ro("put", 1, "k", "w"));
  await raises(r.fcall("nosuch", 0));
  const [library] = await r.function("LIST", "WITHCODE");
  const fields = Array.isArray(library) ? library : Object.entries(library).flat();
  equal(fields[0], "library_name");
  equal(fields[fields.indexOf("library_code") + 1], LIBRARY);
  show(await r.function("STATS"));
  const dump = await r.callBuffer("FUNCTION", "DUMP");
  equal(await r.function("DELETE", "shelf"), "OK");
  await raises(r.function("DELETE", "shelf"));
  equal(await r.function("RESTORE", dump), "OK");
  await raises(r.function("RESTORE", dump));
  await raises(r.function("RESTORE", "garbage"));
  equal(await r.function("RESTORE", dump, "REPLACE"), "OK");
  equal(await r.fcall("get", 1, "k"), "v");
  equal(await r.function("FLUSH"), "OK");
  equal(await r.function("LIST"), []);
});

check("pipelines answer in order", async (r) => {
  const pipeline = r.pipeline();
  for (let i = 0; i < 1000; i++) pipeline.rpush("l", i);
  const replies = await pipeline.exec();
  equal(replies.map(([error, value]) => error ?? value), [...Array(1000).keys()].map((i) => i + 1));
  const [set, incr, get] = await r.pipeline().set("s", "v").incr("s").get("s").exec();
  equal([set, get], [[null, "OK"], [null, "v"]]);
  show(`${incr[0].name}: ${incr[0].message}`);
  const texts = await Promise.all([...Array(50).keys()].map((i) => r.echo(`${i}`)));
  equal(texts, [...Array(50).keys()].map(String));
});

check("commands pipelined by themselves", () =>
  using({ enableAutoPipelining: true }, async (c) => {
    equal(await Promise.all([c.set("a", 1), c.incr("a"), c.eval("return redis.call('incr', KEYS[1])", 1, "a")]), ["OK", 2, 3]);
  }));

check("transactions", async (r) => {
  equal(await r.multi().set("a", 1).incr("a").hset("h", { x: 1, y: 2 }).hgetall("h").exec(), [
    [null, "OK"],
    [null, 2],
    [null, 2],
    [null, { x: "1", y: "2" }],
  ]);
  const failed = await r.multi().set("s", "v").lpush("s", 1).get("s").exec();
  equal([failed[0], failed[2]], [[null, "OK"], [null, "v"]]);
  show(`${failed[1][0].name}: ${failed[1][0].message}`);
  const error = await raises(r.multi().set("a", 2).call("nosuch").exec());
  show(error.previousErrors.map((previous) => previous.message));
  equal(await r.get("a"), "2");
});

check("watched keys stop a transaction, which is tried again", async (r) => {
  await r.set("n", 1);
  const other = connect();
  let tries = 0;
  for (;;) {
    tries += 1;
    await r.watch("n");
    const value = Number(await r.get("n"));
    if (tries === 1) await other.set("n", 10);
    const replies = await r.multi().set("n", value + 1).exec();
    if (show(replies) !== null) break;
  }
  equal([tries, await r.get("n")], [2, "11"]);
  await r.watch("n");
  await other.eval("redis.call('set', KEYS[1], 20)", 1, "n");
  equal(await r.multi().get("n").exec(), null);
  await r.watch("n");
  await other.set("n", 30);
  await r.unwatch();
  equal(await r.multi().get("n").exec(), [[null, "30"]]);
});

check("published messages arrive", async (r) => {
  const listener = connect();
  equal(await listener.subscribe("news", "other"), 2);
  equal(await listener.psubscribe("n*s"), 3);
  const messages = events(listener, "message", 2);
  const matched = events(listener, "pmessage", 2);
  equal(await r.publish("news", "hello"), 2);
  equal(await r.eval("return redis.call('publish', 'news', 'from a script')", 0), 2);
  show(await messages);
  show(await matched);
  const bytes = events(listener, "messageBuffer", 1);
  await r.publish("other", Buffer.from([0, 255, 13, 10]));
  show(await bytes);
  equal((await r.pubsub("CHANNELS")).sort(), ["news", "other"]);
  equal(await r.pubsub("NUMSUB", "news", "none"), ["news", 1, "none", 0]);
  equal(await r.pubsub("NUMPAT"), 1);
  show(await listener.ping());
  equal(await listener.unsubscribe("other"), 2);
  equal(await listener.unsubscribe("news"), 1);
  equal(await listener.punsubscribe(), 0);
  equal(await r.publish("news", "nobody"), 0);
  equal(await listener.get("k"), null);
});

check("sharded messages arrive", async (r) => {
  const listener = connect();
  equal(await listener.ssubscribe("shard"), 1);
  const messages = events(listener, "smessage", 1);
  equal(await r.spublish("shard", "hello"), 1);
  show(await messages);
  equal(await listener.sunsubscribe("shard"), 0);
});

check("what a subscriber may not do", async () => {
  const listener = connect();
  await listener.subscribe("news");
  show(await listener.get("k").catch((error) => error.message));
});

check("a monitor sees scripts", async (r) => {
  const monitor = await connect().monitor();
  const lines = [];
  monitor.on("monitor", (_time, args, _source, database) => lines.push([database, ...args]));
  await r.set("k", "v");
  await r.eval("return redis.call('get', KEYS[1])", 1, "k");
  await until(() => lines.length >= 3, "lines");
  show(lines.filter(([, name]) => !/^(client|info)$/i.test(name)));
});

/** What `call` gives on a connection of its own, when `act` happens while it waits. */
const meanwhile = (r, call, act) =>
  using({}, async (c) => {
    await c.ping();
    const promise = call(c).catch((error) => `${error.name}: ${error.message}`);
    await until(async () => (await blocked()) === 1, "a client that waits");
    await act();
    return promise;
  });

/** The number of a client that waits. */
const waiting = async (r) => /id=(\d+) [^\n]*flags=b /.exec(await r.client("LIST"))[1];

check("blocking commands", async (r) => {
  equal(await meanwhile(r, (c) => c.blpop("a", "b", 20), () => r.rpush("b", "x")), ["b", "x"]);
  equal(await meanwhile(r, (c) => c.brpop("a", 20), () => r.eval("redis.call('rpush', KEYS[1], 1, 2)", 1, "a")), ["a", "2"]);
  await r.del("a");
  equal(await meanwhile(r, (c) => c.blmove("a", "d", "LEFT", "RIGHT", 20), () => r.rpush("a", "y")), "y");
  equal(await meanwhile(r, (c) => c.brpoplpush("a", "d", 20), () => r.rpush("a", "z")), "z");
  show(await meanwhile(r, (c) => c.bzpopmin("z", 20), () => r.zadd("z", 1.5, "m", 2, "n")));
  show(await meanwhile(r, (c) => c.bzpopmax("y", "q", 20), () => r.zadd("y", 3, "o")));
  show(await meanwhile(r, (c) => c.blmpop(20, 1, "a", "LEFT", "COUNT", 2), () => r.rpush("a", 1, 2, 3)));
  show(await meanwhile(r, (c) => c.bzmpop(20, 1, "w", "MIN", "COUNT", 2), () => r.zadd("w", 1, "a", 2, "b")));
  show(await meanwhile(r, (c) => c.blpop("e", 20), async () => equal(await r.client("UNBLOCK", await waiting(r), "ERROR"), 1)));
  equal(await r.blpop("nosuch", 0.01), null);
  equal(await r.bzpopmin("nosuch", 0.01), null);
  // They wait in the order they came, and a transaction wakes them at its end.
  const first = connect();
  const second = connect();
  const one = first.blpop("q", 20);
  await until(async () => (await blocked()) === 1, "the first");
  const two = second.blpop("q", 20);
  await until(async () => (await blocked()) === 2, "the second");
  await r.multi().rpush("q", "a").rpush("q", "b").exec();
  equal(await Promise.all([one, two]), [["q", "a"], ["q", "b"]]);
});

check("streams", async (r) => {
  equal(await r.xadd("s", "1-1", "a", 1), "1-1");
  equal(await r.xadd("s", "2-*", "b", 2, "c", 3), "2-0");
  await raises(r.xadd("s", "1-1", "d", 4));
  show(await r.xrange("s", "-", "+"));
  show(await r.xrevrange("s", "+", "-", "COUNT", 1));
  show(await r.xread("COUNT", 1, "STREAMS", "s", "0"));
  equal(await r.xread("STREAMS", "s", "9"), null);
  show(await meanwhile(r, (c) => c.xread("BLOCK", 20000, "STREAMS", "s", "$"), () => r.xadd("s", "3-0", "e", 5)));
  equal(await r.xread("BLOCK", 10, "STREAMS", "s", "$"), null);
  equal(await r.xtrim("s", "MAXLEN", 2), 1);
  equal(await r.xdel("s", "2-0"), 1);
  equal(await r.xlen("s"), 1);
});

check("groups of consumers", async (r) => {
  equal(await r.xgroup("CREATE", "s", "g", "0", "MKSTREAM"), "OK");
  await raises(r.xgroup("CREATE", "s", "g", "0"));
  for (let i = 1; i <= 5; i++) await r.xadd("s", `${i}-0`, "n", i);
  show(await r.xreadgroup("GROUP", "g", "alice", "COUNT", 2, "STREAMS", "s", ">"));
  show(await r.xreadgroup("GROUP", "g", "bob", "STREAMS", "s", ">"));
  show(await r.xreadgroup("GROUP", "g", "alice", "STREAMS", "s", "0"));
  equal(await r.xack("s", "g", "1-0", "9-9"), 1);
  show(await r.xpending("s", "g"));
  show((await r.xpending("s", "g", "-", "+", 10)).map(([id, who, , times]) => [id, who, times]));
  show(await r.xclaim("s", "g", "carol", 0, "2-0"));
  await r.xdel("s", "4-0");
  show(await r.xautoclaim("s", "g", "dave", 0, "0", "COUNT", 10));
  show(await r.xautoclaim("s", "g", "dave", 0, "0", "JUSTID"));
  show(await r.xinfo("GROUPS", "s"));
  show(await meanwhile(r, (c) => c.xreadgroup("GROUP", "g", "alice", "BLOCK", 20000, "STREAMS", "s", ">"), () => r.xadd("s", "6-0", "n", 6)));
  await raises(r.xreadgroup("GROUP", "none", "alice", "STREAMS", "s", ">"));
});

check("scans by stream", async (r) => {
  await r.mset(Object.fromEntries([...Array(1000).keys()].map((i) => [`key:${i}`, i])));
  await r.hset("h", Object.fromEntries([...Array(600).keys()].map((i) => [`f${i}`, i])));
  await r.sadd("set", [...Array(600).keys()]);
  await r.zadd("z", ...[...Array(300).keys()].flatMap((i) => [i, `m${i}`]));
  const collect = async (stream) => {
    const all = [];
    for await (const page of stream) all.push(...page);
    return all;
  };
  const keys = new Set(await collect(r.scanStream({ match: "key:*", count: 100 })));
  equal([keys.size, keys.has("key:999"), keys.has("h")], [1000, true, false]);
  equal(await collect(r.scanStream({ type: "zset" })), ["z"]);
  equal((await collect(r.hscanStream("h"))).length, 1200);
  equal(new Set(await collect(r.sscanStream("set", { count: 50 }))).size, 600);
  equal((await collect(r.zscanStream("z"))).length, 600);
});

check("types by protocol", async (r) => {
  await r.hset("h", { a: 1, b: 2 });
  await r.zadd("z", 1.5, "a", 2, "b", "inf", "c");
  await r.sadd("s", "x");
  show(await r.hgetall("h"));
  show(await r.zscore("z", "a"));
  show(await r.zmscore("z", "a", "none"));
  show(await r.zrange("z", 0, -1, "WITHSCORES"));
  show(await r.zpopmin("z"));
  show(await r.zrandmember("z", 1, "WITHSCORES").then((reply) => reply.length));
  show(await r.smembers("s"));
  show(await r.config("GET", "maxmemory"));
  show(await r.hrandfield("h", 2, "WITHVALUES").then((reply) => reply.length));
  show(await r.incrbyfloat("f", 0.1));
  show(await r.set("k", "v", "EX", 100, "NX"));
  show(await r.set("k", "v", "NX"));
  show(await r.eval("redis.setresp(3) return redis.call('hgetall', KEYS[1])", 1, "h").then((reply) => JSON.stringify(reply).length));
  show(await r.eval("return {double = 3.25}", 0));
  show(await r.eval("redis.setresp(3) return redis.call('smembers', KEYS[1])", 1, "s"));
  show(await r.call("DEBUG", "PROTOCOL", "map"));
  show(await r.call("DEBUG", "PROTOCOL", "verbatim"));
  show(await r.call("DEBUG", "PROTOCOL", "null"));
});

check("errors keep their code and command", async (r) => {
  await r.set("s", "v");
  for (const call of [
    () => r.lpush("s", 1),
    () => r.call("NOSUCH", "argument"),
    () => r.call("GET"),
    () => r.incr("s"),
    () => r.set("k", "v", "EX", 0),
    () => r.eval("return redis.call('lpush', 's', 1)", 0),
    () => r.eval("return redis.call('nosuch')", 0),
    () => r.eval("return {err = 'MY own'}", 0),
    () => r.eval("return redis.error_reply('-MINE too')", 0),
    () => r.eval("return 1", 3, "k"),
    () => r.eval("return nosuch", 0),
    () => r.eval("local t = nil; t.x = 1", 0),
    () => r.eval("return {1, {err = 'INNER one'}, 2}", 0).then((reply) => Promise.reject(show(reply)[1])),
    () => r.hset("h", "f"),
    () => r.select(99),
  ]) {
    const error = await raises(call());
    show([error.command?.name, error.command?.args.length]);
  }
});

check("a busy script is killed", async (r) => {
  await r.config("SET", "busy-reply-threshold", 20);
  const spinner = connect();
  const ended = spinner.eval("while true do end", 0).catch((error) => `${error.name}: ${error.message}`);
  const busy = await until(() => r.get("k").then(() => null, (error) => error), "BUSY");
  show(busy.message);
  await raises(r.multi().set("k", 1).exec());
  equal(await r.script("KILL"), "OK");
  show(await ended);
  await raises(r.script("KILL"));
  equal(await r.ping(), "PONG");
  await r.config("SET", "busy-reply-threshold", 5000);
});

check("users and their rights", async (r) => {
  await r.acl("SETUSER", "worker", "reset", "on", ">secret", "~job:*", "&news", "+@scripting", "+set", "+info", "+ping");
  await using({ username: "worker", password: "secret" }, async (c) => {
    equal(await c.set("job:1", "v"), "OK");
    await raises(c.set("other", "v"));
    await raises(c.get("job:1"));
    await raises(c.acl("WHOAMI"));
    equal(await c.eval("return redis.call('set', KEYS[1], 'w')", 1, "job:1"), "OK");
    await raises(c.eval("return redis.call('get', KEYS[1])", 1, "job:1"));
    await raises(c.eval("return 1", 1, "other"));
    await raises(c.subscribe("other"));
  });
  await using({ username: "worker", password: "wrong", retryStrategy: null }, async (c) => {
    const [[error]] = await events(c, "error", 1);
    show(`${error.name}: ${error.message}`);
  });
  equal(await r.acl("DELUSER", "worker"), 1);
});

check("a password for all", async (r) => {
  await r.config("SET", "requirepass", "secret");
  try {
    await using({ retryStrategy: null }, (c) => raises(c.get("k")));
    await using({ password: "secret" }, async (c) => equal(await c.get("k"), null));
  } finally {
    await r.config("SET", "requirepass", "");
  }
});

check("databases and names of connections", async (r) => {
  await using({ db: 5, connectionName: "worker" }, async (c) => {
    await c.set("k", "five");
    equal(await r.get("k"), null);
    equal(await c.client("GETNAME"), "worker");
    show(/ name=worker [^\n]* db=5 /.test(await r.client("LIST")));
    equal(await c.eval("redis.call('select', 6) redis.call('set', 'k', 'six') return 1", 0), 1);
    equal(await c.get("k"), "five");
    await c.flushdb();
  });
});

check("a lost connection is made again", async (r) => {
  const other = connect({ retryStrategy: () => 10, db: 3, connectionName: "other" });
  other.defineCommand("bump", { numberOfKeys: 1, lua: "return redis.call('incr', KEYS[1])" });
  equal(await other.bump("n"), 1);
  const id = await other.client("ID");
  await other.subscribe("news");
  const again = events(other, "ready", 1);
  equal(await r.client("KILL", "ID", id), 1);
  await again;
  await until(() => r.publish("none", "x").then(() => r.pubsub("NUMSUB", "news")).then(([, n]) => n === 1), "a subscriber");
  const messages = events(other, "message", 1);
  equal(await r.publish("news", "again"), 1);
  show(await messages);
  await other.unsubscribe();
  equal(await other.bump("n"), 2);
  equal(await other.client("GETNAME"), "other");
  holds((await other.client("ID")) > id, "a new id");
  // A command that waits is sent again.
  const waits = other.blpop("q", 20);
  await until(async () => (await blocked()) === 1, "a client that waits");
  equal(await r.client("KILL", "ID", await waiting(r)), 1);
  await until(async () => (await blocked()) === 1, "a client that waits again");
  await r.select(3);
  await r.rpush("q", "x");
  equal(await waits, ["q", "x"]);
});

check("large values and many keys", async (r) => {
  const large = "x".repeat(3 << 20);
  equal(await r.set("large", large), "OK");
  equal((await r.get("large")).length, large.length);
  equal(await r.eval("return #ARGV[1]", 0, large), large.length);
  equal((await r.eval("return ARGV[1] .. ARGV[1]", 0, large)).length, 2 * large.length);
  const many = [...Array(20000).keys()].map(String);
  equal(await r.rpush("l", ...many), 20000);
  equal((await r.lrange("l", 0, -1)).length, 20000);
  equal(await r.eval("return #ARGV", 0, ...many.slice(0, 7000)), 7000);
  show((await r.eval("return redis.call('lrange', KEYS[1], 0, -1)", 1, "l")).length);
});

main(
  [
    ["RESP2", { protocol: 2 }],
    ["RESP3", { protocol: 3 }],
    ["RESP3 types", { protocol: 3, replyMapping: "resp3" }],
  ].map(([name, variant]) => ({
    suffix: ` [${name}]`,
    open: async () => {
      options = variant;
      return connect();
    },
    close: async () => {
      for (const client of connections) client.disconnect();
      connections = [];
    },
  })),
);
