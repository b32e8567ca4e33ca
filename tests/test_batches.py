"Batches of like length: every text once, no batch too large, and the results where they belong."
import numpy as np, pytest, torch
from hypothesis import given, settings, strategies as st

from transformers_lite import AutoModelForSequenceClassification, AutoTokenizer
from transformers_lite.tokenizer import length_bucketed, plan_batches

NAME = 'transformers-lite/distilbert-sentiment'

@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 200))
def test_plan(lengths, size):
    plan = plan_batches(lengths, size)
    assert sorted(i for b in plan for i in b) == list(range(len(lengths)))
    for b in plan: assert len(b) == 1 or len(b) * max(max(lengths[i] for i in b), 1) <= size
    flat = [lengths[i] for b in plan for i in b]
    assert flat == sorted(flat, reverse=True)
    for a, b in zip(plan, plan[1:]): assert (len(a) + 1) * max(lengths[a[0]], 1) > size  # full before the next begins

@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=40), st.integers(1, 100))
def test_order_comes_back(texts, size):
    b = length_bucketed(texts, size)
    assert b.map(lambda batch: [t.upper() for t in batch]) == [t.upper() for t in texts]
    assert len(b) == len(list(b)) and b.restore(list(b)) == texts

@torch.no_grad()
def test_with_a_model():
    model, tok = AutoModelForSequenceClassification.from_pretrained(NAME), AutoTokenizer.from_pretrained(NAME)
    texts = ['good', 'a film that I would not see again ' * 5, '', 'fine .', 'so so'] * 7
    for extra in ({}, dict(truncation=True, max_length=12)):
        got = length_bucketed(texts, 64, tok, **extra).map(lambda b: model(**b).logits)
        want = [model(**tok(t, return_tensors='pt', **extra)).logits[0] for t in texts]
        torch.testing.assert_close(torch.stack(got), torch.stack(want), rtol=1e-4, atol=1e-5)
    arrays = length_bucketed(texts, 64, tok, return_tensors='np')
    assert isinstance(arrays[0]['input_ids'], np.ndarray) and all(b['input_ids'].size <= 64 or len(b['input_ids']) == 1 for b in arrays)

def test_progress(capsys):
    list(length_bucketed(['a', 'bb'], 2, progress=True))
    assert '2/2' in capsys.readouterr().err

@pytest.mark.parametrize('size', [0, -1, 1.5, True, None])
def test_bad_size(size):
    with pytest.raises(ValueError, match='max_tokens'): length_bucketed(['a'], size)

@pytest.mark.parametrize('texts', ['a text', {'a': 1}, 3, iter('ab')])
def test_no_list(texts):
    with pytest.raises(ValueError, match='list of texts'): length_bucketed(texts, 5)
