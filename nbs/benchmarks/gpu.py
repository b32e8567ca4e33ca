"""The same on a GPU: `python -m benchmarks --device cuda`. Theirs is transformers' sdpa; each row
checks that both sides agree before it times them."""
import gc, json, platform, statistics, tempfile, time, traceback, warnings
from pathlib import Path

import torch, transformers as T
import transformers_lite as L
from .cases import padded_batch

HERE = Path(__file__).parent
ROWS, MEMORY, WAITS, KERNELS = [], [], {}, []

def busy(f):
    "How long the GPU itself works for a call (s): the sum of its kernels, no wait for the host."
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as p:
        f()
        torch.cuda.synchronize()
    return sum(e.self_device_time_total for e in p.key_averages()) / 1e6

def race(name, theirs, ours, floor=None, floor_name='', tokens=None, target=None, runs=11,
         look=False):
    "Time the sides in turn; a row of the table. `look`: how long is the GPU itself at work?"
    sides = {k: f for k, f in dict(theirs=theirs, ours=ours, floor=floor).items() if f}
    costs = {k: [] for k in sides}
    warm = 3 if runs > 3 else 1
    for i in range(runs + warm):
        for k, f in sides.items():
            torch.cuda.synchronize()
            start = time.perf_counter()
            f()
            torch.cuda.synchronize()
            if i >= warm: costs[k].append(time.perf_counter() - start)
    mid = {k: statistics.median(v) for k, v in costs.items()}
    row = dict(name=name, theirs=mid.get('theirs'), ours=mid['ours'], floor=mid.get('floor'),
               floor_name=floor_name, target=target,
               ratio=mid['theirs'] / mid['ours'] if theirs else None,
               tokens=tokens and tokens / mid['ours'],
               busy={k: busy(f) for k, f in sides.items()} if look else None)
    ROWS.append(row)
    print(show(row), flush=True)

def show(r):
    "A row as text."
    parts = f"{r['name']:58}"
    parts += f"{1e3 * r['theirs']:9.2f}" if r['theirs'] else ' ' * 9
    parts += f"{1e3 * r['ours']:9.2f} ms"
    if r['ratio']: parts += f"{r['ratio']:7.2f}x"
    if r['target']: parts += f" (at least {r['target']:.2f})"
    if r['floor']:
        parts += (f"  {1e3 * r['floor']:.2f} ms {r['floor_name']}: "
                  f"{r['ours'] / r['floor']:.2f} of it")
    if r['tokens']: parts += f"  {r['tokens']:,.0f} tokens/s"
    if r['busy']:
        parts += f"  GPU busy: {', '.join(f'{k} {1e3 * t:.2f}' for k, t in r['busy'].items())}"
    return parts

def pair(name, config, kind):
    "(theirs, ours) on the GPU, with the same weights."
    with tempfile.TemporaryDirectory() as path:
        torch.manual_seed(0)
        getattr(L, name)(config).save_pretrained(path)
        return [getattr(package, name).from_pretrained(path).to('cuda', kind).eval()
                for package in (T, L)]

def lines_of_lengths(b, longest, padding):
    "Ids and a mask: padded to the longest, or all of one length."
    if padding: return padded_batch(b, longest, padding)
    return torch.randint(1000, 30522, (b, longest)), torch.ones(b, longest, dtype=torch.long)

def waits(f):
    "How often `f` waits for the GPU."
    f()
    torch.cuda.set_sync_debug_mode('warn')
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter('always')
            f()
    finally: torch.cuda.set_sync_debug_mode('default')
    return sum('synchronizing' in str(w.message) for w in found)

def close(a, b, most, what):
    "Refuse to time two things that differ."
    gap = ((a.double() - b.double()).norm() / b.double().norm()).item()
    assert gap < most, f'{what}: theirs and ours differ by {gap:.1e}'

def products(model, tokens, kind):
    "The matrix products of a model's linear layers on so many tokens."
    from torch import nn
    jobs = [m for m in model.modules() if isinstance(m, nn.Linear)]
    widths = {m.in_features for m in jobs}
    xs = {w: torch.randn(tokens, w, device='cuda', dtype=kind) for w in widths}
    def run():
        for m in jobs: torch.nn.functional.linear(xs[m.in_features], m.weight, m.bias)
    return run

KINDS = {'bf16': torch.bfloat16, 'float32': torch.float32}

def bert():
    "DistilBERT of base size, padded and full."
    for kind_name, kind in KINDS.items():
        theirs, ours = pair('DistilBertModel', L.DistilBertConfig(), kind)
        for b, padding in ((64, .45), (64, .58), (64, 0), (256, .58), (1024, .58)):
            ids, mask = lines_of_lengths(b, 128, padding)
            ids, mask = ids.cuda(), mask.cuda()
            def run(m):
                with torch.inference_mode():
                    return m(input_ids=ids, attention_mask=mask).last_hidden_state
            real, n = mask.bool(), int(mask.sum())
            most = 2e-2 if kind_name == 'bf16' else 1e-5
            close(run(ours)[real], run(theirs)[real], most, 'DistilBERT')
            with torch.inference_mode(): floor = products(ours, n, kind)
            def floored():
                with torch.inference_mode(): floor()
            name = f'DistilBERT, {b} texts to 128 tokens, {padding:.0%} padding, {kind_name}'
            race(name, lambda: run(theirs), lambda: run(ours), floored, 'products', n,
                 .95 * mask.numel() / n if padding else 1., look=True)
        if kind_name == 'bf16':
            ids, mask = (x.cuda() for x in lines_of_lengths(64, 128, .58))
            WAITS['a padded batch'] = [waits(lambda: run(m)) for m in (theirs, ours)]

def bert_base():
    "BERT-base's size: tokens a second."
    theirs, ours = pair('DistilBertModel', L.DistilBertConfig(n_layers=12), torch.bfloat16)
    for b, n, padding in ((256, 128, .58), (64, 512, 0), (128, 512, .45)):
        ids, mask = (x.cuda() for x in lines_of_lengths(b, n, padding))
        def run(m):
            with torch.inference_mode(): m(input_ids=ids, attention_mask=mask)
        t = int(mask.sum())
        with torch.inference_mode(): floor = products(ours, t, torch.bfloat16)
        def floored():
            with torch.inference_mode(): floor()
        race(f'twelve layers, {b} texts to {n} tokens, {padding:.0%} padding, bf16',
             lambda: run(theirs), lambda: run(ours), floored, 'products', t,
             .95 * mask.numel() / t if padding else 1., look=True)

def kernels():
    """Attention of texts end to end, by each way that there is, 12 heads of 64 in bf16 (ms). Flex
    attention is compiled, and its mask made, before the clock runs."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention
    from transformers_lite import attention as A
    flex, make_mask = torch.compile(flex_attention), torch.compile(create_block_mask)
    for b, longest in ((256, 128), (256, 256), (128, 512), (16, 2048)):
        _, mask = lines_of_lengths(b, longest, .45)
        lengths = mask.sum(1)
        n = int(lengths.sum())
        q, k, v = (torch.randn(12, n, 64, device='cuda', dtype=torch.bfloat16) for _ in range(3))
        offsets = torch.cat([torch.zeros(1), lengths.cumsum(0)]).int().cuda()
        places = torch.cat([torch.arange(x) for x in lengths.tolist()]).cuda()
        text = torch.repeat_interleave(torch.arange(b), lengths).cuda()
        def same(_, __, i, j): return text[i] == text[j]
        seen = make_mask(same, None, None, n, n, device='cuda')
        ways = {
            'flash': lambda: A.attend_flash(q, k, v, offsets, longest),
            'efficient': lambda: A.attend_efficient(q, k, v, offsets, longest),
            'padded': lambda: A.attend_padded(q, k, v, offsets, longest, places),
            'flex': lambda: flex(q[None], k[None], v[None], block_mask=seen)[0],
            'mask of flex': lambda: make_mask(same, None, None, n, n, device='cuda'),
        }
        want, found = ways['padded'](), {}
        with torch.inference_mode():
            for name, f in ways.items():
                if name in ('flash', 'efficient', 'flex'): close(f(), want, 2e-2, name)
                for _ in range(3): f()
                found[name] = 1e3 * statistics.median(events(f) for _ in range(15))
        KERNELS.append(dict(texts=b, longest=longest, tokens=n, ms=found))
        print(f'{b} texts to {longest}, {n} tokens, attention alone:',
              ', '.join(f'{k} {v:.3f} ms' for k, v in found.items()), flush=True)

def events(f):
    "The time of a call by the GPU's own clock (s)."
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    f()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / 1e3

def gradients():
    "Equal gradients, and a training step."
    still = L.DistilBertConfig(dropout=0., attention_dropout=0., seq_classif_dropout=0.)
    theirs, ours = pair('DistilBertForSequenceClassification', still, torch.float32)
    def batch(b):
        ids, mask = (x.cuda() for x in lines_of_lengths(b, 128, .58))
        return dict(input_ids=ids, attention_mask=mask, labels=torch.arange(b, device='cuda') % 2)
    x = batch(256)
    for m in (theirs, ours): m.train(); m(**x).loss.backward()
    p, q = dict(theirs.named_parameters()), dict(ours.named_parameters())
    assert p.keys() == q.keys()
    def gap(a, b): return ((a - b).norm() / a.norm()).item()
    worst = max(gap(p[k].grad, q[k].grad) for k in p
                if p[k].grad is not None and p[k].grad.norm() > 1e-6)
    print(f'gradients: the largest difference is {worst:.1e} of a weight\'s gradient')
    assert worst < 1e-3
    steps = {m: torch.optim.AdamW(m.parameters(), lr=1e-6, fused=True) for m in (theirs, ours)}
    def train(m, x):
        with torch.autocast('cuda', torch.bfloat16): loss = m(**x).loss
        loss.backward()
        steps[m].step()
        steps[m].zero_grad()
    def race_steps(name, x):
        n = int(x['attention_mask'].sum())
        race(name, lambda: train(theirs, x), lambda: train(ours, x), tokens=n,
             target=.95 * x['attention_mask'].numel() / n, look=True)
    race_steps('training step, 256 texts to 128 tokens, 58% padding, autocast', x)
    race_steps('training step, 1024 texts to 128 tokens, 58% padding, autocast', batch(1024))
    for m in (theirs, ours):
        m.config.dropout = m.config.attention_dropout = .1
        for part in m.modules():
            if isinstance(part, torch.nn.Dropout): part.p = .1
    race_steps('the same with dropout, 256 texts', x)

def vit():
    for kind_name, kind in KINDS.items():
        theirs, ours = pair('ViTModel', L.ViTConfig(), kind)
        x = torch.randn(64, 3, 224, 224, device='cuda', dtype=kind)
        def run(m):
            with torch.inference_mode(): return m(pixel_values=x).last_hidden_state
        close(run(ours), run(theirs), 2e-2 if kind_name == 'bf16' else 1e-4, 'ViT')
        with torch.inference_mode(): floor = products(ours, 64 * 197, kind)
        def floored():
            with torch.inference_mode(): floor()
        race(f'ViT-base, 64 pictures, {kind_name}', lambda: run(theirs), lambda: run(ours), floored,
             'products', target=1., look=True)

def wav2vec2():
    for kind_name, kind in KINDS.items():
        theirs, ours = pair('Wav2Vec2Model', L.Wav2Vec2Config(), kind)
        x = torch.randn(8, int(6.5 * 16000), device='cuda', dtype=kind)
        def run(m):
            with torch.inference_mode(): return m(input_values=x).last_hidden_state
        close(run(ours), run(theirs), 3e-2 if kind_name == 'bf16' else 1e-3, 'wav2vec2')
        race(f'wav2vec2-base, 8 clips of 6.5 s, {kind_name}', lambda: run(theirs),
             lambda: run(ours), target=1.)

SMOL = dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
            num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True,
            eos_token_id=None, max_position_embeddings=2048)

def llama(new=64):
    theirs, ours = pair('LlamaForCausalLM', L.LlamaConfig(**SMOL), torch.bfloat16)
    weights = [p.detach() for p in ours.parameters()]
    def floor():
        for _ in range(new): torch._foreach_norm(weights)
    for b in (1, 32):
        ids = torch.randint(1000, 49152, (b, 64), device='cuda')
        def write(m):
            return m.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=new,
                              do_sample=False, pad_token_id=0)
        race(f'Llama 135 M writes {new} tokens, {b} texts, bf16', lambda: write(theirs),
             lambda: write(ours), floor, 'reading the weights', b * new, 1., runs=3, look=True)
    for b, n in ((8, 1024), (32, 512)):
        ids = torch.randint(1000, 49152, (b, n), device='cuda')
        def run(m):
            with torch.inference_mode():
                return m(input_ids=ids, use_cache=False, logits_to_keep=1).logits
        close(run(ours), run(theirs), 3e-2, 'Llama')
        with torch.inference_mode(): floor = products(ours.model, b * n, torch.bfloat16)
        def floored():
            with torch.inference_mode(): floor()
        race(f'Llama 135 M reads {b} texts of {n}, bf16', lambda: run(theirs), lambda: run(ours),
             floored, 'products', b * n, 1., look=True)

def padding_free():
    "Llama learns from texts in one row: ours by cu_seq_lens, theirs by position_ids, or padded."
    config = L.LlamaConfig(**{**SMOL, 'num_hidden_layers': 12})
    theirs, ours = pair('LlamaForCausalLM', config, torch.bfloat16)
    _, mask = lines_of_lengths(64, 256, .58)
    lengths = mask.sum(1)
    ids = torch.randint(1000, 49152, mask.shape) * mask
    flat = ids[mask.bool()][None].cuda()
    cu = torch.cat([torch.zeros(1), lengths.cumsum(0)]).int().cuda()
    places = torch.cat([torch.arange(n) for n in lengths.tolist()])[None].cuda()
    labels = flat.masked_fill(places == 0, -100)
    padded = dict(input_ids=ids.cuda(), attention_mask=mask.cuda(),
                  labels=torch.where(mask.bool(), ids, -100).cuda())
    longest = int(lengths.max())
    free = dict(input_ids=flat, labels=labels, cu_seq_lens_q=cu, cu_seq_lens_k=cu,
                max_length_q=longest, max_length_k=longest)
    row = dict(input_ids=flat, labels=labels, position_ids=places)
    for m in (theirs, ours): m.train()
    def step(m, batch):
        loss = m(**batch, use_cache=False).loss
        loss.backward()
        m.zero_grad()
        return loss.detach()
    close(step(ours, free), step(ours, padded), 1e-2, 'padding-free')
    close(step(ours, row), step(theirs, row), 1e-2, 'position_ids')
    def forward(batch):
        inputs = {k: v for k, v in batch.items() if k != 'labels'}
        with torch.no_grad(): ours.model(**inputs, use_cache=False)
    for name, x in (('cu_seq_lens_q', free), ('position_ids', row), ('padded', padded)):
        WAITS[f'Llama, {name}'] = [None, waits(lambda: forward(x))]
    print('waits a batch (theirs, ours):', WAITS)
    n = int(lengths.sum())
    race('Llama (12 layers) learns, 64 texts to 256, padded, bf16', lambda: step(theirs, padded),
         lambda: step(ours, padded), tokens=n)
    race('the same in one row, by position_ids', lambda: step(theirs, row),
         lambda: step(ours, row), tokens=n)
    race('the same in one row, by cu_seq_lens (theirs: padded)', lambda: step(theirs, padded),
         lambda: step(ours, free), tokens=n)

def saved_bytes(model, batch):
    "Bytes that a forward pass keeps for the way back, without the weights."
    kept = {}
    def note(t):
        store = t.untyped_storage()
        kept[store.data_ptr()] = store.nbytes()
        return t
    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t): loss = model(**batch).loss
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    del loss
    return sum(n for where, n in kept.items() if where not in own)

def memory():
    "What a training step needs: predicted from two small batches, and measured on large ones."
    model = pair('DistilBertForSequenceClassification', L.DistilBertConfig(), torch.float32)[1]
    model.train()
    opt = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
    def batch(b):
        ids, mask = (x.cuda() for x in lines_of_lengths(b, 128, .58))
        return dict(input_ids=ids, attention_mask=mask, labels=torch.arange(b, device='cuda') % 2)
    def step(b):
        model(**b).loss.backward()
        opt.step()
        opt.zero_grad()
    step(batch(8))
    small, larger = batch(8), batch(16)
    sizes = [(saved_bytes(model, x), int(x['attention_mask'].sum())) for x in (small, larger)]
    (a, n), (b, m) = sizes
    each = (b - a) / (m - n)
    weights = sum(p.numel() for p in model.parameters())
    for rows in (32, 64, 128, 256, 512):
        x = batch(rows)
        tokens = int(x['attention_mask'].sum())
        predicted = max(12 * weights + a + each * (tokens - n), 16 * weights)
        torch.cuda.reset_peak_memory_stats()
        step(x)
        measured = torch.cuda.max_memory_allocated()
        MEMORY.append(dict(texts=rows, tokens=tokens, predicted=predicted, measured=measured))
        print(f'{rows} texts, {tokens} tokens: predicted {predicted / 2**20:,.0f} MB, measured '
              f'{measured / 2**20:,.0f} MB: {predicted / measured:.2f}')

def fresh_lengths():
    "Llama writes a text of a length that it never had before: cuDNN plans for each length."
    theirs, ours = pair('LlamaForCausalLM', L.LlamaConfig(**SMOL), torch.bfloat16)
    start = 301
    def write(m):
        nonlocal start
        start += 40
        ids = torch.randint(1000, 49152, (1, start), device='cuda')
        return m.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=32,
                          do_sample=False, pad_token_id=0)
    race('Llama 135 M writes 32 tokens at lengths that are new, bf16', lambda: write(theirs),
         lambda: write(ours), tokens=32, runs=2)
    ids, mask = lines_of_lengths(32, 64, .45)
    ids, mask = ids.flip(1).cuda(), mask.flip(1).cuda()
    def padded(m):
        return m.generate(ids, attention_mask=mask, max_new_tokens=32, do_sample=False,
                          pad_token_id=0)
    race('Llama 135 M writes 32 tokens, 32 texts of unlike lengths, bf16', lambda: padded(theirs),
         lambda: padded(ours), tokens=32 * 32, runs=3)

def pictures():
    "64 pictures of 640 x 480, on the GPU."
    import numpy as np
    if not hasattr(L, 'ViTImageProcessorFast'): return
    data = np.random.default_rng(0).integers(0, 256, (64, 480, 640, 3), dtype=np.uint8)
    x = torch.from_numpy(data).movedim(-1, 1).contiguous()
    theirs = getattr(T, 'ViTImageProcessorFast', T.ViTImageProcessor)()
    ours = L.ViTImageProcessorFast()
    def run(p): return p([*x], return_tensors='pt', device='cuda')['pixel_values']
    close(run(ours), run(theirs), 2e-2, 'pictures')
    race('64 pictures of 640x480 to pixels, on the GPU', lambda: run(theirs), lambda: run(ours))
    there = x.cuda()
    def on_it(p): return p([*there], return_tensors='pt')['pixel_values']
    race('the same, pictures that are on the GPU already', lambda: on_it(theirs),
         lambda: on_it(ours))

def machine():
    "What the numbers were measured on."
    return dict(device=torch.cuda.get_device_name(), torch=torch.__version__,
                transformers=T.__version__, python=platform.python_version(),
                cuda=torch.version.cuda)

def main():
    print(*machine().values())
    for f in (memory, pictures, bert, bert_base, gradients, vit, wav2vec2, padding_free,
              kernels, fresh_lengths, llama):
        gc.collect()
        torch.cuda.empty_cache()
        try: f()
        except Exception:
            traceback.print_exc(limit=-4)
            print(f.__name__, 'FAILED')
        found = dict(machine=machine(), rows=ROWS, memory=MEMORY, waits=WAITS, kernels=KERNELS)
        (HERE/'gpu.json').write_text(json.dumps(found, indent=1) + '\n')
