#!/usr/bin/env python3
"""Follows the sockets of a database from dump to dump, in the simplest way that is right.

derive_reference.py DB    derives connection, transition and turnover anew from the samples of a
                          database and prints where its tables differ; fails if they do

The rules are the same as those of lib/store, written down a second time: this is what the fast
code is tested against. For each host and family, dumps in order of time, a socket of a dump goes on
with one that has the same addresses and ports and was last seen in the dump before it or in the one
before that (the kernel hides a row at times). See continues() for the rest.
"""

import collections
import sqlite3
import sys

(ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK,
 LISTEN, CLOSING) = range(1, 12)
OWNED, TIMEWAIT, SYNRECV, UNACCEPTED, ORPHAN = range(5)

# How far a state is on the way to the end.
RANK = {SYN_SENT: 0, SYN_RECV: 0, LISTEN: 0, ESTABLISHED: 1, FIN_WAIT1: 2, CLOSE_WAIT: 2,
        FIN_WAIT2: 3, CLOSING: 3, LAST_ACK: 3, TIME_WAIT: 4, CLOSE: 4}
SAME_EXPIRY_MS = 2000  # two readings of one TIME_WAIT timer are no further apart
STATE_AND_CLASS = 0b1110001111


class Sighting:
    """One row of one dump."""
    __slots__ = ("row", "kind", "state", "owner", "inode", "uid", "expires_ms")

    def __init__(self, row, kind, inode, uid, timer, taken_ms, ticks_per_second):
        self.row = row
        self.kind = kind
        self.state = kind & 15
        self.owner = TIMEWAIT if self.state == TIME_WAIT else kind >> 7
        # The kernel prints 0 for a minisocket; whatever else stands there is no inode.
        self.inode = 0 if self.owner == TIMEWAIT else inode
        self.uid = uid
        # An overflow (timer < 0) is what old kernels print when a timer has just passed.
        ticks = timer // 5 if timer >= 0 else 0
        self.expires_ms = taken_ms + ticks * 1000 // ticks_per_second


class Connection:
    """What has been seen of one socket so far."""
    __slots__ = ("address", "first_dump", "last_dump", "samples", "first_kind", "last", "uid",
                 "inode", "changes")

    def __init__(self, address, dump, sighting):
        self.address = address
        self.first_dump = dump
        self.first_kind = sighting.kind
        self.samples = 0
        self.inode = 0
        self.changes = ()
        self.see(dump, sighting)

    def see(self, dump, sighting):
        self.last_dump = dump
        self.last = sighting
        self.samples += 1
        if sighting.inode:
            self.inode = sighting.inode
        if sighting.inode or not self.inode:
            self.uid = sighting.uid

    def stored(self):
        return (self.first_dump, self.last_dump, self.samples, *self.address, self.first_kind,
                self.last.kind, self.uid, self.inode)


def continues(old, new, missed):
    """Whether two sightings of one 4-tuple are of one connection. missed: a dump lies between."""
    if (old.state == LISTEN) != (new.state == LISTEN):
        return False
    if old.inode and new.inode:
        return old.inode == new.inode
    if old.owner == TIMEWAIT and new.owner != TIMEWAIT:
        return False  # the port was used again
    if old.state == TIME_WAIT and new.state != TIME_WAIT:
        return False
    if old.owner == TIMEWAIT and new.owner == TIMEWAIT and old.state == new.state:
        return abs(old.expires_ms - new.expires_ms) <= SAME_EXPIRY_MS
    # Without an inode on both sides a socket is followed to the next dump only, and forward only.
    if missed or RANK[new.state] < RANK[old.state]:
        return False
    if new.inode:
        return old.owner in (UNACCEPTED, SYNRECV)  # it was accepted
    if old.inode:
        return new.owner in (ORPHAN, TIMEWAIT)  # it was closed by its process
    return True


def match(rows, one_back, two_back):
    """For each of the rows of one 4-tuple in a dump: (connection it goes on with, missed) or None.

    one_back and two_back: the connections last seen in the dump before and in the one before that,
    in the order in which they stood there. Each goes on in one row at most.
    """
    earlier = [(one, 0) for one in one_back] + [(one, 1) for one in two_back]
    found = [None] * len(rows)
    free = [True] * len(earlier)

    def take(at, allowed):
        for place, (one, missed) in enumerate(earlier):
            if free[place] and allowed(one.last, rows[at], missed):
                free[place] = False
                found[at] = (one, missed)
                return

    with_inode = [at for at, row in enumerate(rows) if row.inode]
    without = [at for at, row in enumerate(rows) if not row.inode]
    for at in with_inode:
        take(at, lambda old, new, missed: old.inode == new.inode and continues(old, new, missed))
    for at in with_inode + without:
        if found[at] is None:
            take(at, continues)
    return found


def follow(database, dumps, ticks_per_second, turnover):
    """The connections with at least two sightings in the dumps of one host and family.

    dumps: (id, taken_ms, first_row, last_row) in order. turnover[dump, missed, from, to] is counted
    up. The order is that of the last sightings.
    """
    done = []
    one_back, two_back = {}, {}
    for dump, taken_ms, first_row, last_row in dumps:
        rows = collections.defaultdict(list)
        for row, local, remote, kind, inode, uid, timer in database.execute(
                "SELECT id, local, remote, kind, inode, uid, timer FROM socket_row"
                " WHERE id BETWEEN ? AND ? ORDER BY id", (first_row, last_row)):
            rows[local, remote].append(
                Sighting(row, kind, inode, uid, timer, taken_ms, ticks_per_second))
        here = {}
        for address, sightings in rows.items():
            here[address] = []
            found = match(sightings, one_back.get(address, ()), two_back.get(address, ()))
            for sighting, earlier in zip(sightings, found):
                if earlier is None:
                    here[address].append(Connection(address, dump, sighting))
                    continue
                connection, missed = earlier
                old = connection.last
                turnover[dump, missed, old.state, sighting.state] += 1
                if (old.kind ^ sighting.kind) & STATE_AND_CLASS:
                    connection.changes += (
                        (dump, connection.last_dump, old.kind, sighting.kind),)
                connection.see(dump, sighting)
                here[address].append(connection)
        # What was last seen two dumps ago and isn't here can't come back.
        done += [one for ones in two_back.values() for one in ones
                 if one.last_dump != dump and one.samples > 1]
        two_back = {}
        for address, ones in one_back.items():
            gone = [one for one in ones if one.last_dump != dump]
            if gone:
                two_back[address] = gone
        one_back = here
    done += [one for ones in [*two_back.values(), *one_back.values()] for one in ones
             if one.samples > 1]
    order = {dump[0]: place for place, dump in enumerate(dumps)}
    done.sort(key=lambda one: (order[one.last_dump], one.last.row))
    return done


def derive(database):
    """The rows of the three tables: connections (without id), transitions, turnover."""
    connections, transitions = [], []
    turnover = collections.Counter()
    sequences = collections.defaultdict(list)
    for host, family, *dump in database.execute(
            "SELECT host_id, family, id, taken_ms, first_row, last_row FROM dump"
            " ORDER BY host_id, family, taken_ms, ordinal, content_hash"):
        sequences[host, family].append(dump)
    ticks = dict(database.execute("SELECT id, ticks_per_second FROM host"))
    for (host, _), dumps in sequences.items():
        for connection in follow(database, dumps, ticks[host], turnover):
            connections.append(connection.stored())
            transitions += [(change[0], len(connections), *change[1:])
                            for change in connection.changes]
    return connections, transitions, [(*key, count) for key, count in turnover.items()]


def compare(database):
    """Ids are no part of it: a transition is told by what it says of its connection."""
    connections, transitions, turnover = derive(database)
    columns = "first_dump, d.id, samples, local, remote, first_kind, last_kind, uid, inode"
    last_dump = "JOIN dump AS d ON c.id BETWEEN d.first_connection AND d.last_connection"
    there = {
        "connection": database.execute(f"SELECT {columns} FROM connection AS c {last_dump}"),
        "transition": database.execute(
            f"SELECT dump_id, from_dump, from_kind, to_kind, {columns} FROM transition"
            f" LEFT JOIN (connection AS c {last_dump}) ON c.id = connection_id"),
        "turnover": database.execute(
            "SELECT dump_id, missed, from_state, to_state, sockets FROM turnover"),
    }
    expected = {
        "connection": connections,
        "transition": [(dump, *rest, *connections[one - 1])
                       for dump, one, *rest in transitions],
        "turnover": turnover,
    }
    same = True
    for table, rows in expected.items():
        wanted, found = collections.Counter(rows), collections.Counter(map(tuple, there[table]))
        for word, rest in (("missing", wanted - found), ("too many", found - wanted)):
            same = same and not rest
            for row in sorted(rest, key=repr)[:10]:
                print(f"{table}: {word}: {row}")
            if len(rest) > 10:
                print(f"{table}: {word}: {len(rest)} rows in all")
        print(f"{table}: {len(rows)} rows expected")
    return same


def main():
    return 0 if compare(sqlite3.connect(sys.argv[1])) else 1


if __name__ == "__main__":
    sys.exit(main())
