"Training like a practitioner: the loop is as short as its page says, and the switches that the page lists are there in both libraries."
import json, re
from dataclasses import fields

import pytest

from helpers import ROOT

CELLS = [''.join(c['source']) for c in json.loads((ROOT/'nbs'/'15a_practice.ipynb').read_text(encoding='utf-8'))['cells']]
ROWS = [line.strip('|').split('|') for line in next(c for c in CELLS if '| fastai' in c).splitlines() if line.startswith('|') and not line.startswith('|--')]

def names(column):
    "The names in a column of the table, without what they are set to."
    return {name for row in ROWS[1:] for name in re.findall(r'`(\w+)', row[column])}

def test_the_loop_has_forty_lines_at_most():
    loop, = (c for c in CELLS if c.startswith('def fit('))
    assert 30 < sum(bool(l.strip()) for l in loop.splitlines()) <= 40

def test_trainer_has_these_switches():
    import transformers
    settings = {f.name for f in fields(transformers.TrainingArguments)} | {'compute_metrics'}
    missing = {n for n in names(1) if n not in settings and not hasattr(transformers, n)}
    assert missing == set() and len(names(1)) >= 12

def test_fastai_has_these_switches():
    basics = pytest.importorskip('fastai.basics')
    from fastai import interpret
    from fastai.callback import all as callbacks
    places = basics, callbacks, interpret, basics.Learner
    missing = {n for n in names(2) if not any(hasattr(p, n) for p in places)} - {'metrics'} # an argument of Learner
    assert missing == set() and len(names(2)) >= 10
