"""How time and memory grow with the batch, with the length, and with the share of padding:
DistilBERT of base size, theirs and ours in turn."""
import statistics
from itertools import accumulate

import torch
import transformers_lite as L
from .cases import model_pair, padded_batch
from .timing import once

SERIES = {
    'texts in a batch (64 tokens each)': [(n, (n, 64, 0)) for n in (1, 2, 4, 8, 16, 32)],
    'tokens in a text (4 texts)': [(n, (4, n, 0)) for n in (16, 32, 64, 128, 256, 512)],
    'share of padding (16 texts, the longest has 128 tokens)':
        [(p, (16, 128, p)) for p in (0, .1, .2, .3, .4, .5, .58)],
}

def peak(f):
    """How much memory torch has at most for tensors that `f` makes, in MB: each time it takes some
    or gives some back is an event of its profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU],
                                profile_memory=True) as p: f()
    events = sorted((e.start_ns(), e.nbytes()) for e in p.profiler.kineto_results.events()
                    if e.name() == '[memory]')
    return max(accumulate((n for _, n in events), initial=0)) / 2**20

def measure(runs=5):
    "{series: [{x, theirs: (s, MB), ours: (s, MB)}, …]}"
    models = dict(zip(('theirs', 'ours'), model_pair('DistilBertModel', L.DistilBertConfig())))
    res = {}
    for name, points in SERIES.items():
        res[name] = []
        for x, (b, n, padding) in points:
            ids, mask = padded_batch(b, n, padding) if padding else (
                torch.randint(1000, 30000, (b, n)), torch.ones(b, n, dtype=torch.long))
            def run(m):
                with torch.inference_mode(): m(input_ids=ids, attention_mask=mask)
            times = {k: [] for k in models}
            for _ in range(runs):
                for k, m in models.items(): times[k].append(once(lambda: run(m)))
            res[name].append({'x': x, **{k: (statistics.median(times[k]), peak(lambda: run(m)))
                                         for k, m in models.items()}})
    return res
