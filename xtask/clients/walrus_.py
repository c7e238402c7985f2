"""What Walrus does: containers, and helpers that are scripts: arrays, limits, locks, compare and set."""

from walrus import Database, IntegerField, Model, SetField, TextField
from walrus.rate_limit import RateLimitException

from lib.checks import PORT, check, equal, main, raises, show, show_keys


def database():
    return Database(host="127.0.0.1", port=PORT)


@check
def arrays(r):
    array = database().Array("array")
    for number in range(5):
        array.append(f"item-{number}")
    array.extend(["a", "b", "c"])
    equal(len(array), 8)
    show([array[0], array[-1], array[3]])
    array[2] = "changed"
    show(list(array))
    show(array.pop())
    show(array.pop(0))
    del array[1]
    show(list(array))
    show([item in array for item in ("changed", "none")])


@check
def containers(r):
    db = database()
    numbers = db.List("list")
    numbers.extend(range(10))
    show(numbers[2:5])
    numbers.insert_before("5", "x")
    show(list(numbers))
    table = db.Hash("hash")
    table.update(a=1, b=2)
    table["c"] = "3"
    del table["a"]
    show(sorted(table.as_dict().items()))
    show(table.incr("b", 5))
    one, two = db.Set("one"), db.Set("two")
    one.add(*"abcd")
    two.add(*"cdef")
    show([sorted(one & two), sorted(one | two), sorted(one - two)])
    scores = db.ZSet("scores")
    scores.add({"ann": 10, "bob": 20, "carl": 30})
    show(scores.score("bob"))
    show(scores.range_by_score(15, 40, with_scores=True))
    show(scores.incr("ann", 25))
    show(scores.rank("ann"))
    stream = db.Stream("stream")
    stream.add({"n": 1}, id="1-1")
    stream.add({"n": 2}, id="1-2")
    show(stream["1-1":])
    bits = db.bit_field("bits")
    bits[8:16] = 200
    show(bits[8:16])


@check
def compare_and_set(r):
    db = database()
    db["k"] = "v1"
    equal(db.cas("k", "v1", "v2"), True)
    equal(db.cas("k", "v1", "v3"), False)
    show(db["k"])


@check
def limits(r):
    for limit in (database().rate_limit("plain", limit=3, per=60), database().rate_limit_lua("lua", limit=3, per=60)):
        show([limit.limit("ann") for _ in range(5)])
        equal(limit.limit("bob"), False)

        @limit.rate_limited(lambda who: who)
        def greet(who):
            return f"hello {who}"

        show([greet("carl") for _ in range(3)])
        raises(RateLimitException, greet, "carl")
        show_keys()


@check
def locks(r):
    db = database()
    lock = db.lock("lock", ttl=10_000, lock_id="mine")
    equal(lock.acquire(block=False), True)
    equal(db.lock("lock", ttl=10_000, lock_id="other").acquire(block=False), False)
    equal(db.lock("lock", lock_id="other").release(), False)
    equal(lock.release(), True)
    show_keys()


@check
def caches_and_counters(r):
    db = database()
    cache = db.cache("cache")
    calls = []

    @cache.cached(timeout=60)
    def double(number):
        calls.append(number)
        return number * 2

    show([double(1), double(1), double(2), double(1)])
    show(calls)
    cache.set("k", {"a": (1, "ü")}, 60)
    show(cache.get("k"))
    counter = db.counter("counter")
    counter.incr()
    counter += 5
    show(counter.value())


@check
def completion(r):
    words = database().autocomplete()
    for number, title in enumerate(["testing python", "testing redis", "python and redis", "tested in python"]):
        words.store(f"id-{number}", title=title, data={"title": title}, obj_type="t")
    show([item["title"] for item in words.search("test")])
    show([item["title"] for item in words.search("test py")])
    words.boost_object("id-3", multiplier=5.0)
    show([item["title"] for item in words.search("te py", boosts={"id-0": 9.0})])
    words.remove("id-0", "t")
    show([item["title"] for item in words.search("testing")])
    words.flush()


@check
def models(r):
    db = database()

    class Person(Model):
        __database__ = db
        name = TextField(primary_key=True)
        age = IntegerField(index=True)
        tags = SetField()
        about = TextField(fts=True)

    for name, age, about in [("ann", 30, "likes redis a lot"), ("bob", 40, "likes lua"), ("carl", 50, "writes scripts in lua")]:
        Person.create(name=name, age=age, about=about).tags.add("x", name)
    show([person.name for person in Person.query((Person.age > 30) & (Person.age < 60), order_by=Person.age)])
    show(sorted(person.name for person in Person.query(Person.about.search("lua"))))
    show(Person.load("ann").age)
    show(sorted(Person.load("ann").tags))
    Person.load("bob").delete()
    show(sorted(person.name for person in Person.all()))
    show_keys()


@check
def groups_of_consumers(r):
    db = database()
    group = db.consumer_group("group", ["a", "b"], consumer="alice")
    group.create()
    group.set_id("0")
    group.a.add({"n": 1}, id="1-0")
    group.b.add({"n": 2}, id="1-0")
    show(group.read())
    show(group.a.pending()[0]["message_id"])
    show(group.a.ack("1-0"))
    show(group.a.pending())


main()
