"llama-reviews: as good and as small as its card says, and the same in transformers; and the measures of the chapter."
import csv, gzip, json, math, random, re
from collections import Counter

import numpy as np, pytest, torch
import transformers

from helpers import ROOT, cells_of, run457
from transformers_lite import AutoModelForCausalLM, AutoTokenizer

NAME, FOLDER, DATA = 'transformers-lite/llama-reviews', ROOT/'transformers_lite/checkpoints/llama-reviews', ROOT/'nbs/data/sentiment'

def documents(held_out=True):
    "The texts of the documents that were held out, or of those to train on: one sentence a line."
    with gzip.open(DATA/'snippets.tsv.gz', 'rt', encoding='utf-8', newline='') as f:
        rows = list(csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE))
    def ids(name): return {tuple(line.split()) for line in (DATA/name).read_text().splitlines()}
    test, valid, found = ids('held_out.txt'), ids('validation.txt'), {}
    for r in rows:
        k = r['domain'], r['id']
        if k in test if held_out else k not in test | valid: found.setdefault((k[0], k[1].split('_')[0]), []).append(r['text'])
    return {k: '\n'.join(texts) for k, texts in found.items()}

@pytest.fixture(scope='module')
def ours(): return AutoModelForCausalLM.from_pretrained(NAME).eval(), AutoTokenizer.from_pretrained(NAME)

@pytest.fixture(scope='module')
def held_out(): return documents()

@pytest.fixture(scope='module')
def card(): return (FOLDER/'README.md').read_text(encoding='utf-8')

def said(card, name): return float(re.search(rf'^\| {re.escape(name)} \| ([\d.]+) \|$', card, re.M)[1])

# -- the split

def test_nothing_stands_on_both_sides(held_out):
    train = documents(held_out=False)
    assert not held_out.keys() & train.keys() and len(held_out) == 1680
    def lines(texts): return {' '.join(line.lower().split()) for t in texts for line in t.splitlines()}
    assert not lines(held_out.values()) & lines(train.values())
    def runs(texts, n=50):
        for t in texts:
            t = re.sub('[^a-z]+', ' ', t.replace('@anonymous', '').lower())
            yield from (t[i:i+n] for i in range(len(t) - n + 1))
    assert not {*runs(held_out.values())} & {*runs(train.values())}
    one = next(t for t in held_out.values() if len(t) > 200) # the measure can fail
    assert {*runs([one])} & {*runs(['And then: ' + one.upper()])}

# -- the checkpoint

def bits(model, tokenizer, text, seen=64, length=128):
    "The bits of a stream's tokens, one window after the other; the first `seen` of a window have been counted before."
    ids = [tokenizer.eos_token_id] * seen + [i for t in text for i in tokenizer(t).input_ids]
    res = []
    for s in range(0, len(ids) - seen, length - seen):
        row = torch.tensor([ids[s:s+length]])
        with torch.inference_mode(): logp = model(row).logits[0, seen-1:-1].log_softmax(-1)
        res += (-logp[torch.arange(row.shape[1] - seen), row[0, seen:]] / math.log(2)).tolist()
    return res

def test_bits_per_byte_are_what_the_card_says(ours, held_out, card):
    texts = [*held_out.values()]
    per_byte = sum(bits(*ours, texts)) / sum(len(t.encode()) + 1 for t in texts)
    assert abs(per_byte - said(card, NAME)) < .001
    # whatever the others reach, they are in the table
    assert {'xz, after the training text', '5-gram over bytes', '5-gram over our tokens'} <= {*re.findall(r'^\| (.+?) \| [\d.]+ \|$', card, re.M)}

def test_the_order_of_words_matters(ours, held_out): # a control: what was shuffled costs more
    texts = [t for t in held_out.values() if len(t) > 60][:60]
    shuffled = [' '.join(random.Random(0).sample(t.split(), len(t.split()))) for t in texts]
    assert sum(bits(*ours, shuffled)) > 1.15 * sum(bits(*ours, texts))

def test_size(): assert sum(f.stat().st_size for f in FOLDER.iterdir()) <= 2_500_000

def test_held_in_half_precision_and_computed_in_single(ours):
    from safetensors import safe_open
    with safe_open(FOLDER/'model.safetensors', 'pt') as f:
        assert {f.get_tensor(k).dtype for k in f.keys()} == {torch.float16} and f.metadata() == {'format': 'pt'}
        assert 'lm_head.weight' not in f.keys() # tied
    assert {p.dtype for p in ours[0].parameters()} == {torch.float32}
    assert ours[0].lm_head.weight is ours[0].model.embed_tokens.weight

def test_card_tells_what_was_done(ours, card):
    saved = json.loads((FOLDER/'training.json').read_text(encoding='utf-8'))
    assert f'{ours[0].num_parameters():,} parameters' in card and f'{len(ours[1]):,} pieces' in card
    assert f"{saved['curve'][-1][0]:,} steps" in card and saved['cpu_minutes'] <= 40 # 20 on two cores
    assert {'0', '100', '1000'} <= saved['samples'].keys()

@pytest.mark.parametrize('text', ['', ' ', 'A film.', '  two  spaces\n\n', 'naïve, «cliché»', '素晴らしい映画', '👍🏽', '\x00\t', "don't it's"])
def test_every_text_comes_back(ours, text):
    ids = ours[1](text).input_ids
    assert ids[0] == ours[1].bos_token_id and ours[1].decode(ids, skip_special_tokens=True) == text

def test_it_writes_words(ours, held_out):
    "Nine in ten words that it writes are words of the training text; of a model without training, fewer."
    known = {w for t in documents(held_out=False).values() for w in re.findall(r"[a-z']+", t.lower())}
    blind = AutoModelForCausalLM.from_config(ours[0].config).eval()
    def share(model):
        torch.manual_seed(0)
        text = torch.full((8, 1), ours[1].bos_token_id)
        with torch.inference_mode():
            for _ in range(40): text = torch.cat([text, (model(text).logits[:, -1] / .7).softmax(-1).multinomial(1)], 1)
        words = [w for t in text for w in re.findall(r"[a-z']+", ours[1].decode(t, skip_special_tokens=True).lower())]
        return sum(w in known for w in words) / len(words)
    assert share(ours[0]) > .9 > share(blind)

def test_the_same_in_transformers(ours, held_out):
    texts = [t for t in held_out.values() if len(t) < 300][:40]
    theirs = transformers.AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(FOLDER)
    assert type(theirs).__name__ == 'LlamaForCausalLM'
    rows = [tokenizer(t).input_ids for t in texts]
    assert rows == [ours[1](t).input_ids for t in texts]
    assert [tokenizer.decode(r, skip_special_tokens=True) for r in rows] == texts
    for row in rows:
        row = torch.tensor([row])
        with torch.inference_mode(): torch.testing.assert_close(ours[0](row).logits, theirs(row).logits, rtol=1e-4, atol=1e-4)
    start, how = torch.tensor(rows[:1])[:, :5], dict(do_sample=False, max_new_tokens=20)
    assert ours[0].generate(start, **how).tolist() == theirs.generate(start, attention_mask=torch.ones_like(start), **how).tolist()
    assert theirs.generation_config.temperature == ours[0].generation_config.temperature == .7
    old = run457('''import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
model, tokenizer = AutoModelForCausalLM.from_pretrained(args[0], dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(args[0])
x = tokenizer(args[1], return_tensors='pt')
with torch.no_grad(): result = [x.input_ids.tolist(), model(input_ids=x.input_ids).logits[0, -1].tolist()]''', str(FOLDER), texts[0])
    assert old[0] == rows[:1]
    with torch.inference_mode(): torch.testing.assert_close(ours[0](torch.tensor(rows[:1])).logits[0, -1], torch.tensor(old[1]), rtol=1e-4, atol=1e-4)

# -- the 5-gram model of the chapter

def kneser_ney(train, test, words, n):
    "The same by dictionaries, word by word (Chen and Goodman, 1999, section 2.7)."
    orders, counts = [], Counter(zip(*(train[i:] for i in range(n))))
    for _ in range(n):
        orders.insert(0, counts)
        counts = Counter(gram[1:] for gram in counts)
    def p(gram):
        if not gram: return 1 / words
        counts = orders[len(gram) - 1]
        after = {g: c for g, c in counts.items() if g[:-1] == gram[:-1]}
        if not after: return p(gram[1:])
        ones, twos = (sum(c == k for c in counts.values()) for k in (1, 2))
        cut = (ones + 1) / (ones + 2 * twos + 2)
        return (max(after.get(gram, 0) - cut, 0) + cut * len(after) * p(gram[1:])) / sum(after.values())
    text = [*train[1-n:], *test]
    return [-math.log2(p(tuple(text[i:i+n]))) for i in range(len(test))]

@pytest.mark.parametrize('n', [2, 3, 5])
def test_the_5_gram_model(n):
    theirs = cells_of('14a_reviews', 'kneser_ney')['kneser_ney']
    rng = np.random.default_rng(n)
    train, test = (rng.geometric(.4, size).clip(max=6).tolist() for size in (300, 40))
    np.testing.assert_allclose(theirs(train, test, 7, n=n), kneser_ney(train, test, 7, n), rtol=1e-9)
    every = [theirs(train, [*test, w], 7, n=n)[-1] for w in range(7)] # one of which never came
    assert abs(sum(2**-b for b in every) - 1) < 1e-9
