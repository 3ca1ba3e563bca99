"""A host whose sockets live in continuous time, and the dumps that its kernel would print.

Nothing here knows tcpsnap. A script of events makes sockets; a Socket is a list of phases, each
with the time it begins and ends (milliseconds since 1970), its state and what the kernel would
print of it. Host.at(t) is the truth of a moment, Host.closings that of all time. Addresses are
text, ports numbers.
"""

import ipaddress
from collections import defaultdict
from dataclasses import dataclass, field, replace

FOREVER = 1 << 60
TIME_WAIT_MS = 60_000
NUMBERS = {
    "ESTABLISHED": 1, "SYN_SENT": 2, "SYN_RECV": 3, "FIN_WAIT1": 4, "FIN_WAIT2": 5, "TIME_WAIT": 6,
    "CLOSE": 7, "CLOSE_WAIT": 8, "LAST_ACK": 9, "LISTEN": 10, "CLOSING": 11,
}
TIMERS = {"off": 0, "on": 1, "keepalive": 2, "timewait": 3, "persist": 4}
HEADERS = {
    4: "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
       " inode",
    6: "  sl  local_address                         remote_address                        st"
       " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
}


@dataclass(frozen=True)
class Phase:
    since: int
    until: int
    state: str
    owner: str = "owned"       # or timewait, synrecv, unaccepted, orphan
    tx: int = 0
    rx: int = 0
    timer: str = "off"
    deadline: int = 0          # when the timer fires
    retransmits: int = 0
    probes: int = 0


@dataclass
class Socket:
    family: int                # of the file that it stands in
    local: tuple               # (address, port)
    remote: tuple
    accepted: bool             # the peer connected; False: this host did
    uid: int
    inode: int
    phases: list = field(default_factory=list)
    other_end: object = None   # of a connection within the host

    def at(self, t):
        return next((p for p in self.phases if p.since <= t < p.until), None)

    def end(self):
        return self.phases[-1].until


@dataclass(frozen=True)
class Row:
    """A socket at a moment, with what is true of it beyond what a dump shows."""
    socket: Socket = field(compare=False, repr=False)
    phase: Phase
    ticks: int                 # that its timer has left
    direction: str
    is_local: bool
    service_port: int

    @property
    def state(self):
        return self.phase.state


class Host:
    def __init__(self, name, addresses):
        self.name = name
        self.addresses = set(addresses)
        self.sockets = []
        self.listeners = []
        self.closings = []     # (time, socket): this host sent the first FIN
        self.next_inode = 1000

    def socket(self, family, local, remote, accepted, uid):
        self.next_inode += 1
        made = Socket(family, local, remote, accepted, uid, self.next_inode)
        self.sockets.append(made)
        return made

    def listen(self, family, address, port, uid, since, until=FOREVER, backlog=0):
        made = self.socket(family, (address, port), ("0.0.0.0" if family == 4 else "::", 0), True,
                           uid)
        self.sockets.remove(made)
        made.phases = [Phase(since, until, "LISTEN", rx=backlog)]
        self.listeners.append(made)
        return made

    # The ways in which a connection ends. Each takes the time of the event; `lag` is the time that
    # the peer takes to answer.
    def open(self, made, t):
        made.phases = [Phase(t, FOREVER, "ESTABLISHED")]
        return made

    def cut(self, made, t):
        """What was open-ended ends at t."""
        made.phases = [replace(p, until=min(p.until, t)) for p in made.phases if p.since < t]

    def opening(self, made, t, until, retransmits):
        made.phases = [Phase(t, until, "SYN_SENT", tx=1, timer="on", deadline=until,
                             retransmits=retransmits)]
        return made

    def asking(self, made, t, until):
        made.phases = [Phase(t, until, "SYN_RECV", owner="synrecv", timer="on", deadline=until)]
        return made

    def close_first(self, made, t, lag=0, hangs=0):
        """This host closes; the peer acknowledges after lag and closes `hangs` later."""
        self.cut(made, t)
        if lag:
            made.phases.append(Phase(t, t + lag, "FIN_WAIT1", owner="orphan", tx=1, timer="on",
                                     deadline=t + 200))
        if hangs:
            made.phases.append(Phase(t + lag, t + lag + hangs, "FIN_WAIT2", owner="timewait",
                                     timer="timewait", deadline=t + lag + TIME_WAIT_MS))
        self.time_wait(made, t + lag + hangs)

    def time_wait(self, made, t):
        # The timer counts ticks of 10 ms: in the middle of one, so that cutting off what is left of
        # it moves no closing over a border that is a multiple of 10 ms.
        t = t // 10 * 10 + 5
        self.cut(made, t)
        end = t + TIME_WAIT_MS
        made.phases.append(Phase(t, end, "TIME_WAIT", owner="timewait", timer="timewait",
                                 deadline=end))
        self.closings.append((t, made))

    def close_second(self, made, t, lag, ack=0):
        """The peer closes at t, the application here after lag; the last ACK comes after ack."""
        self.cut(made, t)
        made.phases.append(Phase(t, t + lag, "CLOSE_WAIT", rx=1))
        if ack:
            made.phases.append(Phase(t + lag, t + lag + ack, "LAST_ACK", owner="orphan", tx=1,
                                     timer="on", deadline=t + lag + 200))

    def hold(self, made, t, until, **what):
        """From t to until its open phase prints `what` (queues, timer, retransmits)."""
        last = made.phases[-1]
        self.cut(made, t)
        made.phases += [replace(last, since=t, until=until, **what), replace(last, since=until)]

    def pair(self, client, server):
        client.other_end, server.other_end = server, client

    def listening_at(self, t, family):
        return [l for l in self.listeners if l.family == family and l.at(t)]

    def at(self, t, families=(4, 6)):
        """The rows of a snapshot at t that has the tables of `families`."""
        rows = [Row(l, l.at(t), 0, "listen", False, l.local[1])
                for l in self.listeners if l.family in families and l.at(t)]
        # A table shows an address to be this host's where a socket in it is bound to it.
        shown = defaultdict(set)
        for made in self.sockets + self.listeners:
            if made.at(t):
                shown[made.family].add(made.local[0])
        open_ports = {(l.family, l.local[1], l.local[0]) for l in self.listeners if l.at(t)}
        for made in self.sockets:
            phase = made.at(t)
            if phase is None or made.family not in families:
                continue
            address, port = made.local
            wildcard = "0.0.0.0" if made.family == 4 else "::"
            is_in = made.accepted and any(
                (made.family, port, a) in open_ports for a in (address, wildcard))
            rows.append(Row(
                made, phase,
                0 if phase.timer == "off" else max(0, (phase.deadline - t) // 10),
                "in" if is_in else "out",
                made.remote[0] in self.addresses & shown[made.family],
                port if is_in else made.remote[1]))
        return rows

    def dump(self, rows, family):
        """The text of /proc/net/tcp or tcp6 on a little-endian machine."""
        lines = [HEADERS[family]]
        for number, row in enumerate(r for r in rows if r.socket.family == family):
            lines.append(format_row(number, row))
        return "".join(line.ljust(149) + "\n" for line in lines)


def hex_endpoint(family, endpoint):
    address, port = ipaddress.ip_address(endpoint[0]), endpoint[1]
    packed = address.packed
    if family == 6 and address.version == 4:
        packed = bytes(10) + b"\xff\xff" + packed
    words = [packed[i:i + 4][::-1].hex().upper() for i in range(0, len(packed), 4)]
    return f"{''.join(words)}:{port:04X}"


def format_row(number, row):
    made, phase = row.socket, row.phase
    is_owned = phase.owner == "owned"
    text = (f"{number:4}: {hex_endpoint(made.family, made.local)}"
            f" {hex_endpoint(made.family, made.remote)} {NUMBERS[phase.state]:02X}"
            f" {phase.tx:08X}:{phase.rx:08X} {TIMERS[phase.timer]:02X}:{row.ticks:08X}"
            f" {phase.retransmits:08X} {made.uid if is_owned else 0:5} {phase.probes:8}"
            f" {made.inode if is_owned else 0}")
    # The kernel prints fewer fields of a minisocket.
    if phase.owner in ("timewait", "synrecv"):
        return f"{text} {3 if phase.owner == 'timewait' else 1} {made.inode + (1 << 28):016x}"
    return f"{text} 1 {made.inode + (1 << 28):016x} 20 4 30 10 -1"
