"""How cost grows: with the texts, the length, the padding, the batch, and with what a decoder has
read, theirs and ours in turn.

The models have the width of the real ones and two blocks in place of 6 and 30: each block costs as
much as the others, and the whole stays within a few minutes."""
import statistics
from itertools import accumulate

import torch
import transformers_lite as L
from .cases import full_texts, lines, llama, model_pair, padded_batch, tokenizers
from .timing import once

def peak(f):
    """How much memory torch has at most for tensors that `f` makes, in MB: each time it takes some
    or gives some back is an event of its profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU],
                                profile_memory=True) as p: f()
    events = sorted((e.start_ns(), e.nbytes()) for e in p.profiler.kineto_results.events()
                    if e.name() == '[memory]')
    return max(accumulate((n for _, n in events), initial=0)) / 2**20

# each makes the functions of one point: {'theirs': f, 'ours': f}

def sides(models, run): return {k: lambda m=m: run(m) for k, m in zip(('theirs', 'ours'), models)}

def tokenizing(n):
    theirs, ours = tokenizers()
    def run(tok):
        if tok is ours: ours._forget()
        tok(lines()[:n])
    return sides((theirs, ours), run)

def encoding(ids, mask):
    def run(m):
        with torch.inference_mode(): m(input_ids=ids, attention_mask=mask)
    return sides(model_pair('DistilBertModel', L.DistilBertConfig(n_layers=2)), run)

def going_on(b, kept, new):
    "A decoder that has read `kept` tokens of each text reads some more, one after the other."
    models = model_pair('LlamaModel', llama(num_hidden_layers=2))
    ids = torch.randint(1000, 49152, (b, kept + new))
    with torch.inference_mode(): past = {m: m(ids[:, :kept]).past_key_values for m in models}
    def run(m):
        with torch.inference_mode():
            for k in range(kept, kept + new): m(ids[:, k:k+1], past_key_values=past[m])
        past[m].crop(-new)
    return sides(models, run)

def prompt(n):
    ids = torch.randint(1000, 49152, (1, n))
    def run(m):
        with torch.inference_mode(): m(ids, use_cache=True)
    return sides(model_pair('LlamaModel', llama(num_hidden_layers=2)), run)

SERIES = {  # what grows: (points, function that makes one)
    'texts for the fast tokenizer': ((10, 100, 1000, 2000, 4000), tokenizing),
    'texts in a batch (64 tokens each)':
        ((1, 2, 4, 8, 16, 32), lambda b: encoding(*full_texts(b, 64))),
    'tokens in a text (4 texts)':
        ((16, 32, 64, 128, 256, 512), lambda n: encoding(*full_texts(4, n))),
    'share of padding (16 texts, the longest has 128 tokens)':
        ((0, .1, .2, .3, .4, .5, .58),
         lambda p: encoding(*(padded_batch(padding=p) if p else full_texts(16, 128)))),
    'tokens of a prompt': ((16, 64, 256, 512, 1024), prompt),
    'tokens read before 8 others': ((16, 256, 512, 1024, 2048), lambda n: going_on(1, n, 8)),
    'texts that go on at once (8 tokens)': ((1, 2, 4, 8, 16, 32), lambda b: going_on(b, 64, 8)),
}

def measure(runs=3):
    "{what grows: [{x, theirs: (s, MB), ours: (s, MB)}, …]}"
    res = {}
    for name, (points, make) in SERIES.items():
        res[name] = []
        for x in points:
            race, times = make(x), {'theirs': [], 'ours': []}
            memory = {k: peak(f) for k, f in race.items()}  # this turn warms up, too
            for _ in range(runs):
                for k, f in race.items(): times[k].append(once(f))
            res[name].append({'x': x, **{k: (statistics.median(times[k]), memory[k])
                                         for k in race}})
        first, last = (res[name][i] for i in (0, -1))
        print(f"{name}: {first['x']} to {last['x']}, times as fast", *(
            f"{p['theirs'][0] / p['ours'][0]:.2f}" for p in (first, last)), flush=True)
    return res
