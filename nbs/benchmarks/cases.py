"What is timed. Each function makes both sides, checks that they agree, and returns a `Race`."
import copy, gzip, json, os, subprocess, sys, tempfile, time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np, torch, transformers as T
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer

import transformers_lite as L
from transformers_lite.image_processor import in_threads, to_array
from transformers_lite.tokenizer_fast import fold_plain
from .machine import cpuinfo
from .timing import Race, case, once

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
    """Run code in a new interpreter, and give the number that it prints last. Python may keep what
    it compiles, as an installed package has it: else an import would be mostly that."""
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(
        [*map(str, path), str(ROOT), os.environ.get('PYTHONPATH', '')]), **env}
    env.pop('PYTHONDONTWRITEBYTECODE', None)
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
    path = Path(folder().name)/f'{name}{config.num_hidden_layers}'
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

def linear_ways(n, outputs, dtype=torch.float32):
    "Ways of torch to multiply (n, inputs) by a weight: {name: x, weight → function}."
    ops, room = torch.ops, torch.empty(n, outputs, dtype=dtype)
    def into(x, w): return lambda: torch.mm(x, w.t(), out=room)
    def onednn(x, w): return lambda: ops.mkldnn._linear_pointwise(x, w, None, 'none', [], '')
    def packed(x, w): return onednn(x, ops.mkldnn._reorder_linear_weight(w, n))
    def mkl_packed(x, w):
        tiles = ops.mkl._mkl_reorder_linear_weight(w, n)
        return lambda: ops.mkl._mkl_linear(x, tiles, w, None, n)
    ways = dict(torch=into)
    if torch.backends.mkldnn.is_available(): ways |= dict(onednn=onednn, onednn_packed=packed)
    if torch.backends.mkl.is_available() and dtype == torch.float32: ways |= dict(mkl=mkl_packed)
    return ways

def products(shapes, dtype=torch.float32, back=False):
    """A function that computes matrix products: (rows, inputs, outputs, times) each, every time
    with a weight of its own, and in that way of torch which is the quickest for its shape here.
    `back`: those of the gradients as well, of what went in and of the weight."""
    jobs = []
    def add(n, o, pairs):
        found = {}
        for name, way in linear_ways(n, o, dtype).items():
            try: fs = [way(x, w) for x, w in pairs[:4]]
            except RuntimeError: continue  # not for this type, or not on this processor
            found[name] = min(sum(map(once, fs)) for _ in range(4))
        jobs.extend(linear_ways(n, o, dtype)[min(found, key=found.get)](x, w) for x, w in pairs)
    for n, i, o, times in shapes:
        x, weights = torch.randn(n, i).to(dtype), torch.randn(times, o, i).to(dtype)
        add(n, o, [(x, w) for w in weights])
        if not back: continue
        grads = torch.randn(n, o).to(dtype)
        add(n, i, [(grads, w.t()) for w in weights])
        add(o, i, [(grads.t(), x.t())] * times)
    def run():
        with torch.inference_mode():
            for f in jobs: f()
    with torch.inference_mode(): run()
    return run

def block_products(tokens, d=768, wide=3072, layers=6):
    "The matrix products of the linear layers of a stack of blocks: their shapes."
    return [(tokens, d, d, 4 * layers), (tokens, d, wide, layers), (tokens, wide, d, layers)]

def on_two(f, parts):
    "As `[*map(f, parts)]`, on two threads."
    with ThreadPoolExecutor(2) as pool: return [*pool.map(f, parts)]

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

ANSWER = '''
from {package} import AutoModelForSequenceClassification, AutoTokenizer
model = AutoModelForSequenceClassification.from_pretrained({path!r})
model(**AutoTokenizer.from_pretrained({path!r})('A warm film.', return_tensors='pt')).logits
'''

@case('import, load the shipped classifier, and answer', group='import', target=2, runs=7,
      floor='import torch')
def _():
    theirs, ours = (ANSWER.format(package=p, path=str(SENTIMENT))
                    for p in ('transformers', 'transformers_lite'))
    return Race(lambda: import_time(theirs), lambda: import_time(ours),
                lambda: import_time('import torch'))

# loading and building

@case('from_pretrained, 66 M weights', group='load and build', target=3, runs=31,
      floor='safetensors.load_file')
def _():
    theirs, ours = model_pair('DistilBertModel', L.DistilBertConfig())
    path = Path(folder().name)/'DistilBertModel6'
    for (n, a), (m, b) in zip(sorted(theirs.state_dict().items()),
                              sorted(ours.state_dict().items())): same(a, b, 0)
    return Race(lambda: T.DistilBertModel.from_pretrained(path),
                lambda: L.DistilBertModel.from_pretrained(path),
                lambda: load_file(path/'model.safetensors'))

@case('a fresh model, 66 M weights', group='load and build', target=1.8, runs=9,
      floor='drawing 66 M normal numbers on two threads')
def _():
    halves = torch.empty(66_362_880).chunk(2)
    def floor(): on_two(lambda x: x.normal_(0, .02, generator=torch.Generator()), halves)
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
    path, small = Path(folder().name)/'DistilBertModel6', Path(folder().name)/'small'
    L.DistilBertModel(L.DistilBertConfig(dim=24, n_layers=1, n_heads=2, hidden_dim=24,
                                         vocab_size=99)).save_pretrained(small)
    peak = lambda package: inner(PEAK.format(package=package, path=str(path), small=str(small)))
    return Race(lambda: peak('transformers'), lambda: peak('transformers_lite'),
                lambda: (path/'model.safetensors').stat().st_size / 2**20)

# DistilBERT

def bert(ids, mask, dtype=torch.float32, atol=1e-4):
    theirs, ours = (m.to(dtype) for m in model_pair('DistilBertModel', L.DistilBertConfig()))
    real = mask.bool()
    def run(model):
        with torch.inference_mode():
            return model(input_ids=ids, attention_mask=mask).last_hidden_state
    same(run(theirs)[real].float(), run(ours)[real].float(), atol)
    return Race(lambda: run(theirs), lambda: run(ours),
                products(block_products(int(real.sum())), dtype))

def full_texts(b, n): return torch.randint(1000, 30522, (b, n)), torch.ones(b, n, dtype=torch.long)

PRODUCTS = 'its matrix products, without padding, the quickest way'

@case('forward of 16 texts of 8 to 128 tokens, 58 % padding', group='forward', target=2.3, runs=11,
      floor=PRODUCTS)
def _(): return bert(*padded_batch())

@case('forward of 16 full texts of 128 tokens', group='forward', target=1.0, runs=11,
      floor=PRODUCTS)
def _(): return bert(*full_texts(16, 128))

@case('forward of one short text (8 tokens)', group='forward', target=1.1, runs=101, floor=PRODUCTS)
def _(): return bert(*full_texts(1, 8))

@case('forward of 16 full texts of 128 tokens, bf16', group='forward', target=1.0, runs=11,
      floor='its matrix products in bf16, the quickest way')
def _():
    flags = {*cpuinfo('flags').split(), *cpuinfo('Features').split()}
    if not flags & {'avx512_bf16', 'amx_bf16', 'bf16'}:
        return 'this processor has no instructions for bf16'
    return bert(*full_texts(16, 128), torch.bfloat16, .1)

# training

def training(name, config, inputs, shapes, **ours_too):
    "Both sides make a step with AdamW; `ours_too` are settings that only ours has."
    theirs, ours = model_pair(name, config)
    for k, v in ours_too.items(): setattr(ours.config, k, v)
    same(*(m(**inputs).loss for m in (theirs, ours)))
    opts = {m: torch.optim.AdamW(m.parameters(), lr=1e-6) for m in (theirs, ours)}
    def step(m):
        m.train()
        m(**inputs).loss.backward()
        opts[m].step()
        opts[m].zero_grad()
    multiply, move = products(shapes, back=True), fused_step(ours)
    def floor(): multiply(), move()
    return Race(lambda: step(theirs), lambda: step(ours), floor)

def fused_step(model):
    "A function that moves so many weights by AdamW, in one pass."
    weights = [torch.randn_like(p).requires_grad_() for p in model.parameters()]
    for w in weights: w.grad = torch.randn_like(w)
    return torch.optim.AdamW(weights, lr=1e-6, fused=True).step

TRAIN = dict(group='train', runs=5,
             floor='its matrix products and those of the gradients, without padding, and AdamW')

@case('training step on the padded batch', target=2.2, **TRAIN)
def _():
    ids, mask = padded_batch()
    return training('DistilBertForSequenceClassification', L.DistilBertConfig(),
                    dict(input_ids=ids, attention_mask=mask, labels=torch.arange(16) % 2),
                    block_products(int(mask.sum())))

def masked_lm(**ours_too):
    ids, mask = full_texts(8, 64)
    asked = torch.rand(ids.shape, generator=torch.Generator().manual_seed(1)) < .15
    scored = int(asked.sum()) if ours_too else ids.numel()
    return training('DistilBertForMaskedLM', L.DistilBertConfig(n_layers=2),
                    dict(input_ids=ids, attention_mask=mask, labels=ids.where(asked, -100)),
                    block_products(512, layers=2) + [(scored, 768, 30522, 1)], **ours_too)

def causal(**ours_too):
    ids, mask = full_texts(8, 64)
    labels = ids.clone()
    labels[:, :48] = -100
    scored = 8 * 16 if ours_too else ids.numel()
    return training('LlamaForCausalLM', llama(num_hidden_layers=2),
                    dict(input_ids=ids, attention_mask=mask, labels=labels),
                    [(512, 576, 576, 4), (512, 576, 192, 4), (512, 576, 1536, 4),
                     (512, 1536, 576, 2), (scored, 576, 49152, 1)], **ours_too)

MASKED = 'masked-LM step, 2 layers, 8 texts of 64 tokens, 15 % asked'
CAUSAL = 'causal step, 2 layers, 8 texts of 64 tokens, the last 16 asked'

@case(MASKED, **TRAIN)
def _(): return masked_lm()

@case(f'{MASKED}, sparse_prediction', target=1.2, **TRAIN)
def _(): return masked_lm(sparse_prediction=True)

@case(CAUSAL, **TRAIN)
def _(): return causal()

@case(f'{CAUSAL}, sparse_prediction', target=1.2, **TRAIN)
def _(): return causal(sparse_prediction=True)

# tokenizers

def tokenizers():
    path = Path(folder().name)/'tokenizer'
    if not path.exists(): L.DistilBertTokenizerFast.from_pretrained(SENTIMENT).save_pretrained(path)
    return (T.DistilBertTokenizerFast.from_pretrained(path),
            L.DistilBertTokenizerFast.from_pretrained(path))

def looked_up(texts):
    "A function that cuts at spaces and looks each word up in a dict: nobody does less."
    ids = {w: k for k, w in enumerate({w for t in texts for w in t.split()})}.get
    return lambda: [[*map(ids, t.split())] for t in texts] and None

def asked_once(batches):
    """A function that cuts texts into words, asks Rust's model for each word that is new, and puts
    the ids of a batch into an array: a tokenizer that has seen no word yet can't do less."""
    look = Tokenizer.from_file(str(Path(folder().name)/'tokenizer/tokenizer.json')).model.tokenize
    def run():
        known = {}
        for texts in batches:
            words = [w for t in texts for w in fold_plain(t, True).split()]
            for w in {*words} - known.keys(): known[w] = [piece.id for piece in look(w)]
            np.fromiter(chain.from_iterable(map(known.__getitem__, words)), np.int64)
    return run

def fast_batch(fresh):
    theirs, ours = tokenizers()
    run = lambda tok: tok(lines(), padding=True, return_tensors='np')
    for k, v in run(theirs).items(): same(v, run(ours)[k], 0)
    return Race(lambda: run(theirs), lambda: run(ours),
                asked_once([lines()]) if fresh else looked_up(lines()),
                ours._forget if fresh else nothing)

def fast_lines(fresh):
    theirs, ours = tokenizers()
    some = lines()[:500]
    assert [theirs(t).input_ids for t in some] == [ours(t).input_ids for t in some]
    def all_of(f): return lambda: [f(t) for t in some] and None
    return Race(all_of(theirs), all_of(ours),
                asked_once([[t] for t in some]) if fresh else looked_up(some),
                ours._forget if fresh else nothing)

def raw_rust():
    "In the place of theirs, the Rust library alone, which both stand on."
    ours = tokenizers()[1]
    raw = Tokenizer.from_file(str(Path(folder().name)/'tokenizer/tokenizer.json'))
    return Race(lambda: [e.ids for e in raw.encode_batch_fast(lines())] and None,
                lambda: ours(lines()) and None, asked_once([lines()]), ours._forget)

WORDS = dict(group='text', runs=15, floor='words cut at spaces and looked up')
FRESH = WORDS | dict(floor='words cut, Rust asked once for each, ids in an array')

@case('fast tokenizer, 4,000 lines to padded arrays, memory empty', target=4, **FRESH)
def _(): return fast_batch(True)

@case('the same by the fast tokenizer, words seen before', target=2.5, **WORDS)
def _(): return fast_batch(False)

@case('4,000 lines to ids, memory empty, against raw Rust', target=1, **FRESH)
def _(): return raw_rust()

@case('fast tokenizer, one line at a time', target=2, **WORDS)
def _(): return fast_lines(False)

@case('the same line by line by the fast tokenizer, memory empty', target=1.2, **FRESH)
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

def pictures_race(ours, resize):
    "Their image processor, and one of ours, on the same pictures; and the resizing of one alone."
    pictures = [Image.fromarray(x) for x in np.random.default_rng(0).integers(
        0, 256, (16, 480, 640, 3), dtype=np.uint8)]
    path = Path(folder().name)/'pictures'
    L.ViTImageProcessor().save_pretrained(path)
    theirs, ours = T.ViTImageProcessor.from_pretrained(path), ours.from_pretrained(path)
    run = lambda p: p(pictures, return_tensors='pt')['pixel_values']
    same(run(theirs), run(ours), .02)  # theirs resizes tensors, which rounds otherwise
    def floor(): on_two(lambda part: [*map(resize, part)] and None, (pictures[:8], pictures[8:]))
    # torch's threads may still be waiting busily, on the core that ours need
    return Race(lambda: run(theirs), lambda: run(ours), floor, lambda: time.sleep(.02))

@case('ViT image processor, 16 pictures of 640x480', group='pictures', target=3.5, runs=31,
      floor="Pillow's resize alone, on two threads")
def _():
    return pictures_race(L.ViTImageProcessor,
                         lambda p: p.resize((224, 224), Image.Resampling.BILINEAR))

@case('the same by ViTImageProcessorFast', group='pictures', target=5, runs=31,
      floor="torch's resize of bytes alone, on two threads")
def _():
    def resize(p):
        bytes_ = torch.from_numpy(np.array(p)).permute(2, 0, 1)[None]
        torch.nn.functional.interpolate(bytes_, (224, 224), mode='bilinear', antialias=True)
    return pictures_race(L.ViTImageProcessorFast, resize)

@case('reading 16 JPEG files of 640x480', group='pictures', target=1.5, runs=15,
      floor='Pillow alone, on two threads')
def _():
    rng, paths = np.random.default_rng(0), [Path(folder().name)/f'{i}.jpg' for i in range(16)]
    for path in paths:  # smooth, as pictures are
        small = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        small.resize((640, 480), Image.Resampling.BICUBIC).save(path, quality=90)
    theirs = lambda: [np.asarray(T.image_utils.load_image(str(p))) for p in paths]
    ours = lambda: in_threads(to_array, [str(p) for p in paths])
    for a, b in zip(theirs(), ours()): same(a.astype(int), b.astype(int), 0)
    def decode(part): return [Image.open(p).load() for p in part] and None
    return Race(theirs, ours, lambda: on_two(decode, (paths[:8], paths[8:])))

@case('ViT-base forward, 4 pictures', group='pictures', target=1.05, runs=11,
      floor='its matrix products, the quickest way', seconds=40.)
def _():
    theirs, ours = model_pair('ViTModel', L.ViTConfig())
    x = torch.randn(4, 3, 224, 224)
    def run(m):
        with torch.inference_mode(): return m(pixel_values=x).last_hidden_state
    same(run(theirs), run(ours))
    patches = [(4 * 196, 3 * 16 * 16, 768, 1)]
    return Race(lambda: run(theirs), lambda: run(ours),
                products(patches + block_products(4 * 197, layers=12)))

# sound

@case('wav2vec2 feature extractor, 16 clips of 1 to 10 s', group='sound', target=4, runs=31,
      floor="each clip's sum and sum of squares, and a copy of it")
def _():
    rng = np.random.default_rng(0)
    clips = [rng.standard_normal(int(16000 * s)).astype(np.float32) for s in np.linspace(1, 10, 16)]
    theirs, ours = (T.Wav2Vec2FeatureExtractor(return_attention_mask=True),
                    L.Wav2Vec2FeatureExtractor(return_attention_mask=True))
    run = lambda f: f(clips, sampling_rate=16000, padding=True, return_tensors='np')
    for k, v in run(theirs).items(): same(v, run(ours)[k], 1e-5)
    room = np.zeros((16, max(map(len, clips))), np.float32)
    def floor():
        for row, c in zip(room, clips):
            c.sum(), c.dot(c)
            row[:len(c)] = c
    return Race(lambda: run(theirs), lambda: run(ours), floor)

@case('wav2vec2-base forward, 5 s', group='sound', target=1.15, runs=9,
      floor='its layers and convolutions as matrix products, the quickest way', seconds=40.)
def _():
    theirs, ours = model_pair('Wav2Vec2Model', L.Wav2Vec2Config())
    x = torch.randn(1, 5 * 16000)
    def run(m):
        with torch.inference_mode(): return m(input_values=x).last_hidden_state
    same(run(theirs), run(ours), 1e-3)
    convs = [(n, k * c, 512, 1) for n, k, c in
             ((15999, 10, 1), (7999, 3, 512), (3999, 3, 512), (1999, 3, 512), (999, 3, 512),
              (499, 2, 512), (249, 2, 512))]
    after = [(249, 512, 768, 1), (249, 128 * 48, 48, 16)]  # and the positions, in 16 groups
    return Race(lambda: run(theirs), lambda: run(ours),
                products(convs + after + block_products(249, layers=12)))

# a decoder

def llama(**more):
    "A Llama of 135 M weights, those of SmolLM2."
    return L.LlamaConfig(**dict(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True,
        eos_token_id=None) | more)

def from_page(chapter, *names):
    "What a chapter defines by these names: functions and classes without a module of their own."
    with open(ROOT/f'nbs/{chapter}.ipynb', encoding='utf-8') as f: cells = json.load(f)['cells']
    space = dict(torch=torch, copy=copy, F=torch.nn.functional)
    for code in (''.join(c['source']) for c in cells if c['cell_type'] == 'code'):
        if any(f' {n}(' in code.split('\n')[0] for n in names): exec(code, space)
    return [space[n] for n in names]

def writing(rows, new=24, int8=False):
    """Both sides write `new` tokens greedily; the floor reads every weight once a token. With 8
    bits, both have the layers of the chapter on them, which knows nothing of either."""
    theirs, ours = model_pair('LlamaForCausalLM', llama())
    if int8:
        _, with_int8 = from_page('25_int8', 'Int8Linear', 'with_int8')
        theirs, ours = map(with_int8, (theirs, ours))
    ids = torch.randint(1000, 49152, (rows, 16), generator=torch.Generator().manual_seed(1))
    def write(model):
        return model.generate(ids, max_new_tokens=new, do_sample=False, pad_token_id=0)
    with torch.no_grad(): same(theirs(ids).logits, ours(ids).logits)
    if not int8: same(write(theirs), write(ours), 0)  # rounding makes other words of 8 bits
    weights = [p.detach() for p in ours.parameters()]
    if int8: weights = [m.whole.view(torch.int64) for m in ours.modules() if hasattr(m, 'whole')]
    def floor():
        for _ in range(new):
            for w in weights: w.sum()
    return Race(lambda: write(theirs), lambda: write(ours), floor)

WRITE = dict(group='write', target=1.3, runs=5, floor='reading the weights once a token')

@case('generate, one text, 135 M weights', **WRITE)
def _(): return writing(1)

@case('generate, eight texts at once, 135 M weights', **WRITE)
def _(): return writing(8)

@case('generate, one text, 135 M weights of 8 bits', **WRITE)
def _(): return writing(1, int8=True)
