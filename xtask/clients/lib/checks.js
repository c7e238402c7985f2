// What the JavaScript programs share: checks and what they print.
//
// A check starts from an empty server. What it looks at is printed, two blanks before it, and
// compared with what the same program prints on the real server; then comes `ok NAME` or
// `not ok NAME: why`.
"use strict";

const crypto = require("node:crypto");
const net = require("node:net");
const util = require("node:util");

const PORT = Number(process.argv[2]);
const HOST = "127.0.0.1";
// Milliseconds. Far above what anything takes: only a hang gets here.
const LIMIT = 30_000;
// Longer values are cut; their digest is printed too.
const SHOWN = 400;

const checks = [];

/** Adds a check: an async function, which gets what `run` was given for it. */
function check(name, body) {
  checks.push({ name, body });
}

function inspect(value) {
  const options = { depth: null, breakLength: Infinity, compact: true, maxArrayLength: null, maxStringLength: null };
  const text = util.inspect(value, options);
  if (text.length <= SHOWN) return text;
  const digest = crypto.createHash("sha1").update(text).digest("hex");
  return `${text.slice(0, SHOWN)}... ${text.length} bytes, ${digest}`;
}

/** Prints a value that the real server decides, and gives it back. */
function show(value) {
  console.log(`  ${inspect(value)}`);
  return value;
}

function equal(got, expected) {
  show(got);
  if (!util.isDeepStrictEqual(got, expected)) {
    throw new Error(`expected ${inspect(expected)}, got ${inspect(got)}`);
  }
}

/** For what depends on time or chance: `what` is printed, the values are not. */
function holds(truth, what) {
  if (!truth) throw new Error(what);
  console.log(`  ${what}`);
}

/** Prints the error that a promise must be rejected with, and gives it back. */
async function raises(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    console.log(`  ${error.name} (${error.constructor.name}): ${error.message}`);
    return error;
  }
  throw new Error(`expected an error, got ${inspect(value)}`);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a condition, and gives back its first true value. */
async function until(condition, what) {
  const deadline = Date.now() + LIMIT;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited for ${what}`);
    await sleep(5);
  }
}

/** The next `n` events, each as the list of its arguments. */
function events(emitter, name, n) {
  const got = [];
  return new Promise((resolve) => {
    const listener = (...args) => {
      got.push(args);
      if (got.length === n) {
        emitter.off(name, listener);
        resolve(got);
      }
    };
    emitter.on(name, listener);
  });
}

/** Sends commands in the inline form by a connection of its own, apart from any client, and reads a line for each. */
function raw(...commands) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(PORT, HOST, () => socket.write(commands.map((c) => `${c}\r\n`).join("")));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (data) => {
      text += data;
      const lines = text.split("\r\n");
      if (lines.length > commands.length) {
        socket.destroy();
        resolve(lines.slice(0, -1));
      }
    });
  });
}

/** Asks the server by a connection apart from those of the check. */
async function apart(ask) {
  const { Redis } = require("ioredis");
  const redis = new Redis({ port: PORT, host: HOST });
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

/** How many clients wait in a blocking command. */
async function blocked() {
  const info = await apart((redis) => redis.info("clients"));
  return Number(/blocked_clients:(\d+)/.exec(info)[1]);
}

/** Prints what a library has left on the server: keys, their types and sizes, but for what is random in their names. */
async function showKeys() {
  const script = `
    local sizes = {string = 'strlen', list = 'llen', set = 'scard', zset = 'zcard', hash = 'hlen', stream = 'xlen'}
    local type = redis.call('type', KEYS[1]).ok
    return {type, redis.call(sizes[type] or 'exists', KEYS[1]), redis.call('pttl', KEYS[1]) > 0 and 'expires' or 'stays'}`;
  const lines = await apart(async (redis) => {
    const keys = await redis.keys("*");
    return Promise.all(keys.map(async (key) => {
      const name = key.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UUID").replace(/\b\d{13}\b/g, "TIME");
      return [name, ...(await redis.eval(script, 1, key))].join(" ");
    }));
  });
  for (const line of lines.sort()) console.log(`  ${line}`);
}

function limited(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${LIMIT} ms`)), LIMIT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function runAll(variants) {
  for (const { suffix = "", open = async () => null, close = async () => {} } of variants) {
    for (const { name, body } of checks) {
      let given;
      try {
        const replies = await raw("FLUSHALL", "SCRIPT FLUSH", "FUNCTION FLUSH");
        if (replies.some((reply) => reply !== "+OK")) throw new Error(`cannot empty the server: ${replies}`);
        await limited((async () => {
          given = await open();
          await body(given);
        })());
        console.log(`ok ${name}${suffix}`);
      } catch (error) {
        const place = /(?<=\/clients\/)[\w./]+:\d+/.exec((error.stack ?? "").replace(/.*\/lib\/checks.*/g, ""));
        const text = String(error.message).replace(/\s+/g, " ").slice(0, 600);
        console.log(`not ok ${name}${suffix}: ${place ?? "?"}: ${error.name} ${text}`);
      } finally {
        await limited(close(given)).catch(() => {});
      }
    }
  }
}

/** Runs every check once per variant: what follows its name, how what it is given is opened and closed. */
function main(variants = [{}]) {
  runAll(variants).then(
    () => process.exit(0), // Whatever a check left open does not keep the process.
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

module.exports = { PORT, HOST, LIMIT, check, show, equal, holds, raises, sleep, until, events, raw, blocked, showKeys, main };
