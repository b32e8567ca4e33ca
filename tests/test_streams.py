"Batches from a stream: every text once, whoever reads it, and stopped anywhere it goes on with the same."
import json

import pytest, torch
from hypothesis import given, settings, strategies as st
from torch.utils.data import DataLoader

from transformers_lite import DistilBertTokenizerFast
from transformers_lite.tokenizer import own_share, stream_bucketed

class Numbered:
    "A stream that keeps its place, as `datasets.IterableDataset` does; it counts how many rows it had to make."
    def __init__(self, texts): self.texts, self.at, self.made = texts, 0, 0
    def state_dict(self): return dict(at=self.at)
    def load_state_dict(self, state): self.at = state['at']
    def __iter__(self):
        while self.at < len(self.texts):
            self.at, self.made = self.at + 1, self.made + 1
            yield dict(text=self.texts[self.at - 1])
        self.at = 0

def make(source, texts, **more):
    if source == 'state': return stream_bucketed(Numbered(texts), column='text', **more)
    return stream_bucketed(iter(texts) if source == 'generator' else texts, **more)

def saved(s): return json.loads(json.dumps(s.state_dict()))

texts = st.lists(st.text(max_size=9), max_size=40)
numbers = st.fixed_dictionaries(dict(max_tokens=st.integers(1, 30), window=st.integers(1, 12)))
sources = st.sampled_from(['list', 'generator', 'state'])

@settings(max_examples=150, deadline=None)
@given(texts, numbers, sources, st.integers(1, 3))
def test_every_text_once(texts, more, source, n):
    parts = [list(make(source, texts, share=(k, n), **more)) for k in range(n)]
    assert sorted(t for p in parts for b in p for t in b) == sorted(texts)
    rows = [list(make(source, texts, share=(k, n), **more).map(lambda b: [t.upper() for t in b])) for k in range(n)]
    assert rows == [[t.upper() for t in texts[k::n]] for k in range(n)] # in the order of the texts

@settings(max_examples=200, deadline=None)
@given(texts, numbers, sources, st.integers(0, 40), st.booleans(), st.integers(0, 1))
def test_stopped_anywhere(texts, more, source, stop, rows, k):
    def go(s): return s.map(lambda b: b) if rows else iter(s)
    first = make(source, texts, share=(k, 2), **more)
    whole = list(go(make(source, texts, share=(k, 2), **more)))
    begin = [x for _, x in zip(range(stop), go(first))] if stop < len(whole) else list(go(first))
    later = make(source, texts, share=(k, 2), **more)
    later.load_state_dict(saved(first))
    assert later.state_dict() == first.state_dict() and begin + list(go(later)) == whole
    if source != 'generator': assert list(go(later)) == list(go(first)) == whole # and then from the beginning

def test_a_state_that_says_nothing_repeats_the_beginning(): # negative control
    texts = [str(i) * (i % 7) for i in range(40)]
    first = stream_bucketed(texts, 20, window=10)
    begin = [b for _, b in zip(range(5), first)]
    assert begin + list(stream_bucketed(texts, 20, window=10)) != list(stream_bucketed(texts, 20, window=10))

def test_a_stream_with_a_state_is_not_read_again():
    texts = ['ab'] * 100
    first = make('state', texts, max_tokens=4, window=10)
    for _, b in zip(range(23), first): pass
    later = make('state', texts, max_tokens=4, window=10)
    later.load_state_dict(saved(first))
    assert len(list(later)) == 50 - 23 and later.texts.made == 60 # from its window on

@pytest.mark.parametrize('other', [dict(window=9), dict(max_tokens=5), dict(share=(1, 2))])
def test_another_plan_is_refused(other):
    plan = dict(max_tokens=4, window=10)
    state = stream_bucketed(['a'] * 30, **plan).state_dict()
    with pytest.raises(ValueError, match='texts would be lost'): stream_bucketed(['a'] * 30, **{**plan, **other}).load_state_dict(state)
    stream_bucketed(['a'] * 30, **plan).load_state_dict(state)

@pytest.mark.parametrize('workers', [0, 2, 3])
def test_workers_of_a_loader(workers):
    texts = [str(i) for i in range(101)]
    loader = DataLoader(stream_bucketed(texts, 8, window=7), batch_size=None, num_workers=workers)
    for _ in range(2): assert sorted(t for b in loader for t in b) == sorted(texts)

def test_ranks(monkeypatch):
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: True)
    monkeypatch.setattr(torch.distributed, 'get_world_size', lambda: 3)
    monkeypatch.setattr(torch.distributed, 'get_rank', lambda: 2)
    assert own_share() == (2, 3) and [t for b in stream_bucketed('a b c d e f g'.split(), 1) for t in b] == ['c', 'f']
    loader = DataLoader(stream_bucketed([str(i) for i in range(12)], 1), batch_size=None, num_workers=2)
    assert sorted(t for b in loader for t in b) == ['10', '11', '4', '5'] # the fifth and sixth of six

def test_a_million_do_not_fit(): # at any time a window is held, not the stream
    made = 0
    def numbers():
        nonlocal made
        for made in range(10**9): yield str(made)
    batches = iter(stream_bucketed(numbers(), 50, window=1000))
    for _ in range(3): next(batches)
    assert made < 1001

def test_a_tokenizer_and_a_bar(capsys):
    tok = DistilBertTokenizerFast.from_pretrained('transformers-lite/distilbert-sentiment')
    texts = ['good', 'a film that I would see again', '', 'fine .'] * 5
    got = [b['input_ids'] for b in stream_bucketed(texts, 40, tok, window=8, progress=True)]
    assert all(b.numel() <= 40 or len(b) == 1 for b in got)
    assert sorted(tok.decode(r, skip_special_tokens=True) for b in got for r in b) == sorted(tok.decode(tok(t).input_ids, skip_special_tokens=True) for t in texts)
    assert '20text' in capsys.readouterr().err

def test_a_bad_size_is_refused_at_once():
    with pytest.raises(ValueError, match='max_tokens'): stream_bucketed(iter('a'), 0)

def test_datasets(tmp_path): # of the dev extra
    datasets = pytest.importorskip('datasets')
    rows = [dict(text=str(i) * (i % 9)) for i in range(60)]
    table = datasets.Dataset.from_list(rows, split='train')
    wanted = sorted(r['text'] for r in rows)
    def flat(bs): return sorted(t for b in bs for t in b)
    assert flat(stream_bucketed(table, 20, window=10, column='text')) == wanted
    def open_stream(): return stream_bucketed(table.to_iterable_dataset(num_shards=4), 20, window=10, column='text')
    assert flat(open_stream()) == wanted
    whole = list(open_stream())
    for stop in range(1, len(whole)):
        first, later = open_stream(), open_stream()
        begin = [b for _, b in zip(range(stop), first)]
        later.load_state_dict(first.state_dict())
        assert begin + list(later) == whole
        assert list(later) == list(first) == whole # and then from the beginning
    for workers in 2, 3: assert flat(DataLoader(open_stream(), batch_size=None, num_workers=workers)) == wanted
