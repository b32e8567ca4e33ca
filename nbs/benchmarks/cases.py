"What is timed. Each function makes both sides, checks that they agree, and returns a `Race`."
import gzip, os, subprocess, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np, torch, transformers as T
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer

import transformers_lite as L
from .timing import Race, case

ROOT = Path(__file__).parents[2]
CHECKPOINTS = ROOT/'transformers_lite/checkpoints'
SENTIMENT = CHECKPOINTS/'distilbert-sentiment'
T.logging.set_verbosity_error()
T.logging.disable_progress_bar()

def nothing(): pass

def same(a, b, atol=1e-4):
    "Refuse to time two things that differ."
    a, b = (x.detach().numpy() if isinstance(x, torch.Tensor) else np.asarray(x) for x in (a, b))
    assert a.shape == b.shape and np.abs(a - b).max() <= atol * max(1, np.abs(a).max()), (
        f'theirs and ours differ: {a.shape}, {b.shape}')

def inner(code, path=(), **env):
    "Run code in a new interpreter, and give the number that it prints last."
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(
        [*map(str, path), str(ROOT), os.environ.get('PYTHONPATH', '')]), **env}
    out = subprocess.run([sys.executable, '-c', code], env=env, capture_output=True, text=True,
                         cwd=ROOT)
    assert out.returncode == 0, out.stderr[-2000:]
    return float(out.stdout.split()[-1])

def import_time(statement):
    "Seconds that one import takes in a new interpreter."
    return inner(f'import time; start = time.perf_counter()\n{statement}\n'
                 'print(time.perf_counter() - start)')

@cache
def folder():
    "A folder that lives as long as the benchmarks run."
    return tempfile.TemporaryDirectory(prefix='bench')

def model_pair(name, config):
    "(theirs, ours) with the same weights, in eval mode."
    path = Path(folder().name)/name
    if not path.exists():
        torch.manual_seed(0)
        getattr(L, name)(config).save_pretrained(path)
    return getattr(T, name).from_pretrained(path).eval(), getattr(L, name).from_pretrained(path)

@cache
def lines():
    "4,000 lines of text."
    with gzip.open(ROOT/'nbs/data/sentiment/snippets.tsv.gz', 'rt', encoding='utf-8') as f:
        return [line.split('\t')[-1].strip() for line in f][:4000]

def padded_batch(b=16, longest=128, padding=.58, vocab=30522):
    "Ids and a mask: `b` texts of 8 to `longest` tokens, with that share of padding."
    power = (longest - 8) / (longest * (1 - padding) - 8) - 1
    lengths = torch.from_numpy(8 + (longest - 8) * np.linspace(0, 1, b)**power).round().long()
    mask = (torch.arange(longest) < lengths[:, None]).long()
    return (torch.randint(1000, vocab, (b, longest), generator=torch.Generator().manual_seed(1))
            * mask, mask)

def products(config_rows):
    "A function that computes matrix products: (rows, in, out, times) each."
    jobs = [(torch.randn(n, i), torch.nn.Linear(i, o, bias=False).requires_grad_(False), k)
            for n, i, o, k in config_rows]
    def run():
        for x, layer, k in jobs:
            for _ in range(k): layer(x)
    return run

def block_products(tokens, d=768, wide=3072, layers=6):
    "The matrix products of the linear layers of a stack of blocks."
    return products([(tokens, d, d, 4 * layers), (tokens, d, wide, layers),
                     (tokens, wide, d, layers)])

# imports: each in a new interpreter

@case('import a configuration', group='import', target=15, runs=7)
def _():
    return Race(lambda: import_time('from transformers import DistilBertConfig'),
                lambda: import_time('from transformers_lite import DistilBertConfig'))

@case('import a tokenizer', group='import', target=10, runs=7, floor='import tokenizers')
def _():
    return Race(lambda: import_time('from transformers import DistilBertTokenizerFast'),
                lambda: import_time('from transformers_lite import DistilBertTokenizerFast'),
                lambda: import_time('import tokenizers'))

@case('import a model', group='import', target=2, runs=7, floor='import torch', over=.3)
def _():
    return Race(lambda: import_time('from transformers import DistilBertModel'),
                lambda: import_time('from transformers_lite import DistilBertModel'),
                lambda: import_time('import torch'))

# loading and building

@case('from_pretrained, 66 M weights', group='load and build', target=3, runs=31,
      floor='safetensors.load_file')
def _():
    theirs, ours = model_pair('DistilBertModel', L.DistilBertConfig())
    path = Path(folder().name)/'DistilBertModel'
    for (n, a), (m, b) in zip(sorted(theirs.state_dict().items()),
                              sorted(ours.state_dict().items())): same(a, b, 0)
    return Race(lambda: T.DistilBertModel.from_pretrained(path),
                lambda: L.DistilBertModel.from_pretrained(path),
                lambda: load_file(path/'model.safetensors'))

@case('a fresh model, 66 M weights', group='load and build', target=1.8, runs=9,
      floor='drawing 66 M normal numbers')
def _():
    def floor(): torch.empty(66_362_880).normal_(0, .02)
    t, c = T.DistilBertConfig(), L.DistilBertConfig()
    assert (sum(p.numel() for p in T.DistilBertModel(t).parameters())
            == L.DistilBertModel(c).num_parameters())
    return Race(lambda: T.DistilBertModel(t), lambda: L.DistilBertModel(c), floor)

PEAK = '''
import sys, psutil
from {package} import DistilBertModel
def hwm():
    lines = open('/proc/self/status')
    return next(int(l.split()[1]) for l in lines if l.startswith('VmHWM')) / 1024
DistilBertModel.from_pretrained(sys.argv[1] if len(sys.argv) > 1 else {small!r})
before = psutil.Process().memory_info().rss / 2**20
model = DistilBertModel.from_pretrained({path!r})
for p in model.parameters(): p.sum()  # a mapped file is in memory only once it has been read
print(hwm() - before)
'''

@case('peak memory of from_pretrained, every weight read once', group='load and build', runs=3,
      unit='MB', floor="the file's size", most=1.15)
def _():
    model_pair('DistilBertModel', L.DistilBertConfig())
    path, small = Path(folder().name)/'DistilBertModel', Path(folder().name)/'small'
    L.DistilBertModel(L.DistilBertConfig(dim=24, n_layers=1, n_heads=2, hidden_dim=24,
                                         vocab_size=99)).save_pretrained(small)
    peak = lambda package: inner(PEAK.format(package=package, path=str(path), small=str(small)))
    return Race(lambda: peak('transformers'), lambda: peak('transformers_lite'),
                lambda: (path/'model.safetensors').stat().st_size / 2**20)

# DistilBERT

def bert(ids, mask=None):
    theirs, ours = model_pair('DistilBertModel', L.DistilBertConfig())
    real = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
    def run(model):
        with torch.inference_mode():
            return model(input_ids=ids, attention_mask=mask).last_hidden_state
    same(run(theirs)[real], run(ours)[real])
    tokens = int(real.sum())
    with torch.inference_mode(): floor = block_products(tokens)
    def floored():
        with torch.inference_mode(): floor()
    return Race(lambda: run(theirs), lambda: run(ours), floored)

PRODUCTS = 'its matrix products, without padding'

@case('forward of 16 texts of 8 to 128 tokens, 58 % padding', group='forward', target=2.3, runs=11,
      floor=PRODUCTS)
def _(): return bert(*padded_batch())

@case('forward of 16 full texts of 128 tokens', group='forward', target=1.0, runs=11,
      floor=PRODUCTS)
def _(): return bert(torch.randint(1000, 30522, (16, 128)), torch.ones(16, 128, dtype=torch.long))

@case('forward of one short text (8 tokens)', group='forward', target=1.1, runs=101, floor=PRODUCTS)
def _(): return bert(torch.randint(1000, 30522, (1, 8)), torch.ones(1, 8, dtype=torch.long))

@case('training step on the padded batch', group='train', target=2.2, runs=5)
def _():
    theirs, ours = model_pair('DistilBertForSequenceClassification', L.DistilBertConfig())
    (ids, mask), labels = padded_batch(), torch.arange(16) % 2
    same(*(m(input_ids=ids, attention_mask=mask, labels=labels).loss for m in (theirs, ours)))
    opts = {m: torch.optim.AdamW(m.parameters(), lr=1e-6) for m in (theirs, ours)}
    def step(m):
        m.train()
        m(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        opts[m].step()
        opts[m].zero_grad()
    return Race(lambda: step(theirs), lambda: step(ours))

# tokenizers

def tokenizers():
    path = Path(folder().name)/'tokenizer'
    if not path.exists(): L.DistilBertTokenizerFast.from_pretrained(SENTIMENT).save_pretrained(path)
    return (T.DistilBertTokenizerFast.from_pretrained(path),
            L.DistilBertTokenizerFast.from_pretrained(path),
            Tokenizer.from_file(str(path/'tokenizer.json')))

def fast_batch(fresh):
    theirs, ours, raw = tokenizers()
    run = lambda tok: tok(lines(), padding=True, return_tensors='np')
    for k, v in run(theirs).items(): same(v, run(ours)[k], 0)
    return Race(lambda: run(theirs), lambda: run(ours),
                lambda: [e.ids for e in raw.encode_batch_fast(lines())],
                ours._forget if fresh else nothing)

def fast_lines(fresh):
    theirs, ours, raw = tokenizers()
    some = lines()[:500]
    assert [theirs(t).input_ids for t in some] == [ours(t).input_ids for t in some]
    def all_of(f): return lambda: [f(t) for t in some] and None
    return Race(all_of(theirs), all_of(ours), all_of(lambda t: raw.encode(t).ids),
                ours._forget if fresh else nothing)

RUST = dict(group='text', runs=15, floor='raw Rust encode_batch_fast, with ids')

@case('fast tokenizer, 4,000 lines to padded arrays, memory empty', target=2.5, most=1.4, **RUST)
def _(): return fast_batch(True)

@case('the same by the fast tokenizer, words seen before', target=2.5, most=1.4, **RUST)
def _(): return fast_batch(False)

@case('fast tokenizer, one line at a time', target=2,
      **{**RUST, 'floor': 'raw Rust encode, with ids'})
def _(): return fast_lines(False)

@case('the same line by line by the fast tokenizer, memory empty',
      **{**RUST, 'floor': 'raw Rust encode, with ids'})
def _(): return fast_lines(True)

SLOW = '''
import gzip, json, sys, time
from {package} import DistilBertTokenizer
tok = DistilBertTokenizer.from_pretrained({path!r})
lines = [l.split('\\t')[-1].strip() for l in gzip.open({data!r}, 'rt', encoding='utf-8')][:4000]
start = time.perf_counter()
ids = tok(lines)['input_ids']
took = time.perf_counter() - start
print(sum(map(sum, ids)))
print(took)
'''

@case('Python tokenizer, 4,000 fresh lines, against 4.57.6', group='text', target=5, runs=7)
def _():
    path, data = Path(folder().name)/'slow', str(ROOT/'nbs/data/sentiment/snippets.tsv.gz')
    L.DistilBertTokenizer.from_pretrained(SENTIMENT).save_pretrained(path)
    run = lambda package, *where: lambda: inner(
        SLOW.format(package=package, path=str(path), data=data), where)
    return Race(run('transformers', ROOT/'.oracle/457'),
                run('transformers_lite', ROOT/'.oracle/457'))

# pictures

@case('ViT image processor, 16 pictures of 640x480', group='pictures', target=3.5, runs=31,
      floor="Pillow's resize alone, on two threads")
def _():
    pictures = [Image.fromarray(x) for x in np.random.default_rng(0).integers(
        0, 256, (16, 480, 640, 3), dtype=np.uint8)]
    path = Path(folder().name)/'pictures'
    L.ViTImageProcessor().save_pretrained(path)
    theirs, ours = (T.ViTImageProcessor.from_pretrained(path),
                    L.ViTImageProcessor.from_pretrained(path))
    run = lambda p: p(pictures, return_tensors='pt')['pixel_values']
    same(run(theirs), run(ours), .02)  # theirs resizes tensors, which rounds otherwise
    def floor():
        with ThreadPoolExecutor(2) as pool: list(pool.map(
            lambda part: [p.resize((224, 224), Image.Resampling.BILINEAR) for p in part],
            (pictures[:8], pictures[8:])))
    # torch's threads may still be waiting busily, on the core that ours need
    return Race(lambda: run(theirs), lambda: run(ours), floor, lambda: time.sleep(.02))

@case('ViT-base forward, 4 pictures', group='pictures', target=1.05, runs=11,
      floor='its matrix products')
def _():
    theirs, ours = model_pair('ViTModel', L.ViTConfig())
    x = torch.randn(4, 3, 224, 224)
    def run(m):
        with torch.inference_mode(): return m(pixel_values=x).last_hidden_state
    same(run(theirs), run(ours))
    floor = block_products(4 * 197, layers=12)
    return Race(lambda: run(theirs), lambda: run(ours), floor)

# sound

@case('wav2vec2 feature extractor, 16 clips of 1 to 10 s', group='sound', target=4, runs=31,
      floor='mean and variance of each clip')
def _():
    rng = np.random.default_rng(0)
    clips = [rng.standard_normal(int(16000 * s)).astype(np.float32) for s in np.linspace(1, 10, 16)]
    theirs, ours = (T.Wav2Vec2FeatureExtractor(return_attention_mask=True),
                    L.Wav2Vec2FeatureExtractor(return_attention_mask=True))
    run = lambda f: f(clips, sampling_rate=16000, padding=True, return_tensors='np')
    for k, v in run(theirs).items(): same(v, run(ours)[k], 1e-5)
    return Race(lambda: run(theirs), lambda: run(ours),
                lambda: [(c.mean(), c.var()) for c in clips] and None)

@case('wav2vec2-base forward, 5 s', group='sound', target=1.15, runs=9,
      floor='the matrix products of its blocks')
def _():
    theirs, ours = model_pair('Wav2Vec2Model', L.Wav2Vec2Config())
    x = torch.randn(1, 5 * 16000)
    def run(m):
        with torch.inference_mode(): return m(input_values=x).last_hidden_state
    same(run(theirs), run(ours), 1e-3)
    return Race(lambda: run(theirs), lambda: run(ours), block_products(249, layers=12))

# a decoder

def writing(rows, new=24):
    "Both sides write `new` tokens greedily; the floor reads every weight once a token."
    theirs, ours = model_pair('LlamaForCausalLM', L.LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True, eos_token_id=None))
    ids = torch.randint(1000, 49152, (rows, 16), generator=torch.Generator().manual_seed(1))
    def write(model):
        return model.generate(ids, max_new_tokens=new, do_sample=False, pad_token_id=0)
    same(write(theirs), write(ours), 0)
    weights = [p.detach() for p in ours.parameters()]
    def floor():
        for _ in range(new):
            for w in weights: w.sum()
    return Race(lambda: write(theirs), lambda: write(ours), floor)

WRITE = dict(group='write', target=1.3, runs=5, floor='reading the weights once a token')

@case('generate, one text, 135 M weights', **WRITE)
def _(): return writing(1)

@case('generate, eight texts at once, 135 M weights', **WRITE)
def _(): return writing(8)
