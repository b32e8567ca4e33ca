"""One way to time everything: theirs, ours and the floor in turn, again and again, so that a busy
moment of the machine hits all of them."""
import gc, statistics, time
from dataclasses import dataclass

@dataclass
class Race:
    """What is compared: functions without arguments, which do the same work. A function may return
    its own time (s), or its cost in MB."""
    theirs: object
    ours: object
    floor: object = None
    before: object = lambda: None  # called before each, outside the clock

@dataclass
class Case:
    "A line of the table."
    name: str
    start: object  # a function that makes the `Race`, and checks that both give the same
    target: float = None  # theirs / ours, at least
    floor: str = ''  # what the floor is: work that nobody can do without, the quickest way we know
    most: float = None  # ours / floor, at most
    over: float = None  # ours - floor, at most (s)
    runs: int = 15
    seconds: float = 10.  # no turn begins later than that, once there were two
    unit: str = 's'
    group: str = ''

CASES = []

def case(name, **kwargs):
    "Put a function that makes a `Race` into the table."
    def add(start):
        CASES.append(Case(name, start, **kwargs))
        return start
    return add

def once(f):
    "Run `f`, and give what it cost: the number it returns if that is a float, and else the time."
    start = time.perf_counter()
    cost = f()
    took = time.perf_counter() - start
    return cost if isinstance(cost, float) else took

def alternate(race, runs, warm=1, seconds=10.):
    """{'theirs': costs, 'ours': costs, 'floor': costs}, each of `runs` turns; fewer, but at least
    two, where these take longer than so many seconds."""
    names = [n for n in ('theirs', 'ours', 'floor') if getattr(race, n)]
    costs = {n: [] for n in names}
    gc.collect()
    start = time.perf_counter()
    for i in range(warm + runs):
        if i >= warm + 2 and time.perf_counter() - start > seconds: break
        for n in names[i % len(names):] + names[:i % len(names)]:  # nobody is always the first
            race.before()
            cost = once(getattr(race, n))
            if i >= warm: costs[n].append(cost)
    return costs

def summary(c, passes):
    """The line of the table as a dict; `passes` are what `alternate` gave, each time it was run. A
    text in place of the first says why there are no numbers."""
    if isinstance(passes[0], str): return dict(group=c.group, name=c.name, left_out=passes[0])
    mids = [{n: statistics.median(v) for n, v in costs.items()} for costs in passes]
    ratios = [m['theirs'] / m['ours'] for m in mids]
    mid = {n: statistics.median(m[n] for m in mids) for n in mids[0]}
    ratio, floor = statistics.median(ratios), mid.get('floor')
    met = [c.target is None or ratio >= c.target, c.most is None or mid['ours'] <= c.most * floor,
           c.over is None or mid['ours'] - floor <= c.over]
    return dict(group=c.group, name=c.name, unit=c.unit, theirs=mid['theirs'], ours=mid['ours'],
                ratio=ratio, ratios=ratios, target=c.target, floor=floor, floor_name=c.floor,
                over_floor=None if floor is None else mid['ours'] / floor, most=c.most,
                over=c.over, runs=len(passes[0]['ours']), met=all(met))
