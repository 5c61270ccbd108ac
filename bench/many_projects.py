"""Thousands of projects and deployments, put into the database of a Berth that is stopped: copies of one
real project and one real deployment under other names, as a team has them after years."""

import random
import sqlite3
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
HOUR_MS = 3_600_000


def _row(sql, table, column, value):
    cursor = sql.execute(f"select * from {table} where {column} = ?", (value,))
    names = [field[0] for field in cursor.description]
    return dict(zip(names, cursor.fetchone()))


def _insert(sql, table, rows):
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    sql.executemany(f"insert into {table} ({columns}) values ({marks})",
                    [[row[name] for name in names] for row in rows])


def _id(like, number):
    """Of the same form and time, in the order of the numbers, after `like`."""
    tail = ""
    for _ in range(6):
        number, digit = divmod(number, 32)
        tail = ALPHABET[digit] + tail
    return like[:-7] + "z" + tail


def fill(berth, project, projects, deployments):
    """`berth` is stopped and has `project` with a deployment that is ready. Half of the deployments are that
    project's, the others are dealt out."""
    chance = random.Random(1)
    sql = sqlite3.connect(next((berth.data / "api").glob("*.sqlite")), isolation_level=None)
    sql.execute("pragma foreign_keys = on")
    first = _row(sql, "projects", "name", project)
    ready = _row(sql, "deployments", "project", first["id"])
    now = int(time.time() * 1000)
    sql.execute("begin immediate")
    copies = [{**first, "id": _id(first["id"], n), "name": f"{project}-{n:04}",
               "created_at_ms": now - (projects - n) * HOUR_MS} for n in range(1, projects)]
    _insert(sql, "projects", copies)
    owners = [first["id"]] * (deployments // 2)
    owners += [copies[n % len(copies)]["id"] for n in range(deployments - len(owners))]
    rows = [{**ready, "id": _id(ready["id"], n), "project": owner, "intent": ready["intent"] + n,
             "message": f"Change {n} of the tide tables", "commit": f"{chance.getrandbits(160):040x}",
             "ref": chance.choice(["main", "next", "fix/tides"]),
             "created_at_ms": now - (deployments - n) * HOUR_MS // 8,
             "finished_at_ms": now - (deployments - n) * HOUR_MS // 8 + 9000}
            for n, owner in enumerate(owners, 1)]
    _insert(sql, "deployments", rows)
    steps = [row for row in sql.execute(
        "select name, state, begin_ms, end_ms, exit_code from deployment_steps where deployment = ?",
        (ready["id"],))]
    _insert(sql, "deployment_steps",
            [{"deployment": row["id"], "name": name, "state": state, "begin_ms": begin, "end_ms": end,
              "exit_code": code} for row in rows for name, state, begin, end, code in steps])
    _insert(sql, "routes", [
        {"host": f"{row['name']}.localhost", "project": row["id"], "deployment": ready["id"],
         "generation": n, "previous": "[]"} for n, row in enumerate(copies, 1_000_000)])
    _insert(sql, "productions", [
        {"project": row["id"], "deployment": ready["id"], "intent": ready["intent"],
         "generation": n, "rolled_back": 0} for n, row in enumerate(copies, 1_000_000)])
    sql.execute("commit")
    sql.close()
