"The shipped checkpoint: as good and as small as its model card says, and the same in transformers."
import csv, gzip, json

import pytest, torch

from helpers import ROOT
from transformers_lite import AutoModelForSequenceClassification, AutoTokenizer

NAME, FOLDER, DATA = 'transformers-lite/distilbert-sentiment', ROOT/'transformers_lite/checkpoints/distilbert-sentiment', ROOT/'nbs/data/sentiment'

@pytest.fixture(scope='module')
def held_out():
    "Texts and ratings of the clear sentences that were held out, and the documents on both sides."
    with gzip.open(DATA/'snippets.tsv.gz', 'rt', encoding='utf-8', newline='') as f:
        rows = list(csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE))
    ids = {tuple(line.split()) for line in (DATA/'held_out.txt').read_text().splitlines()}
    return [r for r in rows if (r['domain'], r['id']) in ids], [r for r in rows if (r['domain'], r['id']) not in ids]

def clear(rows): return [r for r in rows if abs(float(r['rating'])) > 0.5]

def predict(model, tokenizer, texts, length=64): # the length that the card's numbers were measured with
    "Logits of the texts, in batches of like length."
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    res = [None]*len(texts)
    for s in range(0, len(order), 64):
        some = order[s:s+64]
        with torch.inference_mode(): logits = model(**tokenizer([texts[i] for i in some], padding=True, truncation=True, max_length=length, return_tensors='pt')).logits
        for i, row in zip(some, logits): res[i] = row
    return torch.stack(res)

@pytest.fixture(scope='module')
def ours(): return AutoModelForSequenceClassification.from_pretrained(NAME).eval(), AutoTokenizer.from_pretrained(NAME)

def test_documents_are_on_one_side(held_out):
    def documents(rows): return {(r['domain'], r['id'].split('_')[0]) for r in rows}
    test, rest = held_out
    assert len(clear(test)) == 2000 and not documents(test) & documents(rest)
    def folded(rows): return {' '.join(r['text'].lower().split()) for r in rows}
    assert not folded(test) & folded(rest)

def test_accuracy_is_what_the_card_says(ours, held_out):
    test = clear(held_out[0])
    logits = predict(*ours, [r['text'] for r in test])
    right = sum((l[1] > l[0]) == (float(r['rating']) > 0) for l, r in zip(logits, test)).item()
    card = (FOLDER/'README.md').read_text(encoding='utf-8')
    assert right/2000 >= 0.79
    assert f'value: {right/2000:.4f}' in card

def test_card_tells_what_was_trained():
    "What the last full run noted: its curves, and the same training with parts left out."
    card, saved = (FOLDER/'README.md').read_text(encoding='utf-8'), json.loads((FOLDER/'training.json').read_text(encoding='utf-8'))
    ideas = saved['ideas']
    assert len(ideas) == 5 and f"| DistilBERT from random weights | {ideas['from random weights']:.4f} |" in card
    assert [f'{v:.4f}' in card for k, v in ideas.items() if 'teacher' in k or 'hidden' in k] == [True] * 3
    assert saved['cpu_minutes'] <= 40 and saved['guessing'][-1][0] > 1500 and saved['distilling'][-1][0] > 5000

def test_size(): assert sum(f.stat().st_size for f in FOLDER.iterdir()) <= 2_500_000

def test_labels(ours): assert ours[0].config.id2label == {0: 'negative', 1: 'positive'} and ours[0].config.label2id == {'negative': 0, 'positive': 1}

def test_held_in_half_precision_and_computed_in_single(ours):
    from safetensors import safe_open
    with safe_open(FOLDER/'model.safetensors', 'pt') as f:
        assert {f.get_tensor(k).dtype for k in f.keys()} == {torch.float16} and f.metadata() == {'format': 'pt'}
    assert {p.dtype for p in ours[0].parameters()} == {torch.float32}

def test_same_in_transformers(ours, held_out):
    transformers = pytest.importorskip('transformers') # of the dev extra
    texts = [r['text'] for r in held_out[0][:200]]
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(FOLDER, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(FOLDER)
    assert [tokenizer(t)['input_ids'] for t in texts] == [ours[1](t)['input_ids'] for t in texts]
    torch.testing.assert_close(predict(*ours, texts), predict(theirs, tokenizer, texts), rtol=1e-5, atol=1e-5)
