"""The one parity check: transformers' numbers and files, in both directions through a folder. A model's test is a few calls of it.

Whatever `transformers` is imported is the oracle: 5.x in the tests' own process, 4.57.6 in `run457`.

A difference is given as a share of the largest value of transformers' tensor (for a gradient: of the largest in its module, since that of
a key's bias is 0 but for rounding). Weights have std 0.6 to 1, biases and norms are random too, so that every slip shows. Such weights make
softmax sharp, and each layer multiplies the rounding of the one before: in float32 two right ways to compute a gradient differ by up to
1e-3. So code is compared in float64, where right ones differ by 1e-11 at most, and the tolerance of 1e-10 leaves no room for a slip.
In float32, at std 0.6, all outputs are held to 1e-5, and with the same kernel on both sides the gradients too.
"""
import json, re
from contextlib import contextmanager
from pathlib import Path

import numpy as np, pytest, torch, transformers
from safetensors import safe_open

import transformers_lite
from helpers import ROOT, run457

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}
PER_TOKEN = 'last_hidden_state', 'hidden_states', 'start_logits', 'end_logits', 'projected_states' # `logits` too, where they have the mask's shape
ON_DISK = { # 5.x's names of ViT's weights in memory, and those of its files
    r'\bvit\.layers\.|^layers\.': lambda m: m[0].replace('layers', 'encoder.layer'), r'attention\.([qkv])_proj': lambda m: f"attention.attention.{dict(q='query', k='key', v='value')[m[1]]}",
    r'attention\.o_proj': 'attention.output.dense', r'mlp\.fc1': 'intermediate.dense', r'mlp\.fc2': 'output.dense'}
QUERY_KEY_VALUE = ('q_lin', 'k_lin', 'v_lin'), ('query', 'key', 'value'), ('q_proj', 'k_proj', 'v_proj')

def their(name): return getattr(transformers, name)
def our(name): return getattr(transformers_lite, name)

def in_457(module, folder):
    "What `older` of a module of this folder finds beside transformers 4.57.6."
    return run457('''import importlib, pathlib, sys, warnings
warnings.simplefilter('ignore')
transformers.logging.set_verbosity_error()
sys.path.insert(0, args[0])
result = importlib.import_module(f'parity.{args[1]}').older(pathlib.Path(args[2]))''', str(ROOT/'tests'), module, str(folder))

def keep_double(f):
    "The function, without rounding to float32 what is float64: transformers does so in some softmaxes, and that is not what we compare."
    return lambda x, *args, dtype=None, **kwargs: f(x, *args, dtype=None if x.dtype == torch.float64 else dtype, **kwargs)
for name in 'softmax', 'log_softmax': setattr(torch.nn.functional, name, keep_double(getattr(torch.nn.functional, name)))

# --- models and files

@torch.no_grad()
def randomize(model, std, seed=0):
    "Random numbers in every parameter, also where a fresh model has 0 and 1."
    g = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        p.copy_(torch.randn(p.shape, generator=g) * std + (1. if 'norm' in name.lower() and name.endswith('weight') else 0.))
    return model

def pair(name, folder, config, dtype=torch.float64, attn='eager'):
    "(transformers' model, ours), with equal weights: ours is loaded from what theirs saved; nothing is missing or left over."
    theirs = their(name)._from_config(their(our(name).config_class.__name__)(**config), attn_implementation=attn).to(dtype)
    randomize(theirs, theirs.config.initializer_range).eval().save_pretrained(folder)
    ours, info = our(name).from_pretrained(folder, dtype='auto', output_loading_info=True)
    assert not any(info.values()), info
    assert ours.dtype == dtype
    return theirs, ours

def contents(folder):
    "({name: (dtype, shape)}, metadata, {name: tensor}) of a folder's safetensors files."
    kinds, weights, metadata = {}, {}, set()
    for path in sorted(Path(folder).glob('*.safetensors')):
        with safe_open(path, 'pt') as f:
            metadata.add(json.dumps(f.metadata()))
            for k in f.keys(): weights[k] = t = f.get_tensor(k); kinds[k] = t.dtype, tuple(t.shape)
    return kinds, metadata, weights

def check_way_back(theirs, ours, folder, back):
    "What we save has the same tensors as what transformers saved, and transformers loads it again, whole."
    ours.save_pretrained(back)
    (kinds, metadata, weights), (kinds2, metadata2, weights2) = contents(folder), contents(back)
    assert kinds == kinds2 and metadata == metadata2
    assert all(torch.equal(weights[k], weights2[k]) for k in weights)
    again, info = type(theirs).from_pretrained(back, dtype=theirs.dtype, attn_implementation='eager', output_loading_info=True)
    assert not any(info.values()), info
    a, b = theirs.state_dict(), again.state_dict()
    assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)
    settings = [{k: v for k, v in m.config.to_diff_dict().items() if k not in ('transformers_version', '_name_or_path')} for m in (theirs, again)]
    assert settings[0] == settings[1], settings

# --- numbers

def on_disk(name, config):
    "The name that a weight of transformers' model has in a file."
    for old, new in ON_DISK.items() if config.model_type == 'vit' else (): name = re.sub(old, new, name)
    return name

def mask_of(model, batch):
    "(b, n): 1 for the tokens or frames that count; None: all do."
    mask = batch.get('attention_mask')
    if mask is None or 'input_values' not in batch: return mask
    frames = model._get_feat_extract_output_lengths(torch.tensor([mask.shape[-1], *mask.sum(-1).tolist()]))
    return (torch.arange(frames[0]) < frames[1:, None]).long()

def run(model, batch, **options):
    "(outputs as {name: tensor}, gradients as {name: tensor}) of one call and its backward pass."
    model.zero_grad()
    torch.manual_seed(0), np.random.seed(0) # what is drawn is the same for both
    out = model(**batch, **options)
    flat = {}
    for k, v in out.items(): flat.update({k: v} if torch.is_tensor(v) else {f'{k}.{i}': t for i, t in enumerate(v)})
    loss = out.get('loss')
    if loss is None: # a model without a loss: some number that depends on every kept value
        mask = mask_of(model, batch)
        x = out[0] if mask is None else out[0][mask.bool()]
        loss = (x * torch.linspace(-1, 1, x.numel(), dtype=x.dtype).view(x.shape).sin()).sum()
    if loss.requires_grad: loss.backward()
    return {k: v.detach() for k, v in flat.items()}, {on_disk(k, model.config): p.grad for k, p in model.named_parameters() if p.grad is not None}

def kept(name, tensor, mask):
    "The values that must agree: those of tokens, where a tensor has a row for each; else all."
    if mask is None: return tensor
    keep = mask.bool().view(-1, mask.shape[-1])
    field = name.split('.')[0]
    if field == 'attentions': return tensor.transpose(1, 2)[keep]
    return tensor[keep] if field in PER_TOKEN or field == 'logits' and tensor.shape[:2] == mask.shape else tensor

def gap(a, b, scale=None):
    "The largest difference, as a share of the largest value of `a`; infinite where the shapes differ or a number isn't finite."
    if a.shape != b.shape or not (a.isfinite().all() and b.isfinite().all()): return float('inf')
    worst, largest = (a - b).abs().max().item(), a.abs().max().item() if scale is None else scale
    return worst / largest if worst and largest else worst

def differences(theirs, ours, batch, **options):
    "{tensor: difference} of all outputs and gradients of both models; AssertionError if one has a tensor that the other lacks."
    mask = mask_of(ours, batch)
    (a, ga), (b, gb) = run(theirs, batch, **options), run(ours, batch, **options)
    assert a.keys() == b.keys(), a.keys() ^ b.keys()
    assert list(a) == list(b)
    frozen = {k for k, p in ours.named_parameters() if not p.requires_grad}
    assert ga.keys() - frozen == gb.keys(), ga.keys() ^ gb.keys()
    largest = {}
    for k, g in ga.items(): largest[m] = max(largest.get(m := k.rpartition('.')[0], 0.), g.abs().max().item())
    return {**{k: gap(kept(k, a[k], mask), kept(k, b[k], mask)) for k in a},
            **{f'gradient of {k}': gap(ga[k], gb[k], largest[k.rpartition('.')[0]]) for k in gb}}

def assert_same(theirs, ours, batch, tolerance=None, **options):
    "Every output and gradient agrees; gives the largest difference."
    found = differences(theirs, ours, batch, **options)
    bad = {k: v for k, v in found.items() if not v <= (tolerance or TOLERANCE[ours.dtype])}
    assert not bad, f'{type(ours).__name__} with {[*batch]} and {options}: {len(bad)} differ, the first are {dict([*bad.items()][:3])}'
    return max(found.values())

# --- negative controls

def modules(model, names):
    "The modules of the model whose last name is one of `names`, in the order of `names`, layer by layer."
    found = {}
    for path, m in model.named_modules():
        owner, _, leaf = path.rpartition('.')
        if leaf in names: found.setdefault(owner, {})[leaf] = m
    return [[layer[n] for n in names] for layer in found.values() if len(layer) == len(names)]

@contextmanager
def changed(*tensors):
    "Puts the tensors back as they were."
    saved = [t.detach().clone() for t in tensors]
    with torch.no_grad():
        yield
        for t, s in zip(tensors, saved): t.copy_(s)

def damages(ours, batch):
    "{what was done to our model: the largest difference from what it gave before}."
    before, grads = run(ours, batch)
    mask, params, res = mask_of(ours, batch), dict(ours.named_parameters()), {}
    def measure(what):
        with torch.no_grad(): after = ours(**batch)
        res[what] = max(gap(kept(k, before[k], mask), kept(k, after[k], mask)) for k in after if torch.is_tensor(after[k]))
    names = next(n for n in QUERY_KEY_VALUE if modules(ours, n))
    for i, (q, k, v) in enumerate(modules(ours, names)):
        with changed(q.weight, k.weight):
            old = q.weight.clone()
            q.weight.copy_(k.weight); k.weight.copy_(old)
            measure(f'layer {i}: weights of queries and keys swapped')
        both = [t for t in (v.weight, v.bias) if t is not None]
        with changed(*both):
            d = len(v.weight) // getattr(ours.config, 'num_key_value_heads', ours.config.num_attention_heads)
            for t in both: t[:2*d] = t[:2*d].roll(d, 0)
            measure(f'layer {i}: values of two heads swapped')
    for name, g in grads.items():
        p, at = params[name], g.abs().argmax()
        if g.abs().max() < 1e-8: continue # a key's bias changes nothing
        with changed(p):
            p.view(-1)[at] += 1e-3
            measure(f'{name}: 1e-3 added to one number')
    return res

def assert_controls(theirs, ours, batch):
    "Each damage shows by a thousand times the tolerance at least, and a swap to the naked eye; gives the smallest difference."
    with torch.no_grad(): assert_same(theirs, ours, batch)
    found = damages(ours, batch)
    swaps = {k: v for k, v in found.items() if 'swapped' in k}
    assert len(swaps) >= 2 and len(found) > len(swaps) + 10
    unseen = {k: v for k, v in found.items() if not v > (1e-2 if k in swaps else 1000 * TOLERANCE[ours.dtype])}
    assert not unseen, unseen
    with torch.no_grad(): assert_same(theirs, ours, batch)
    return min(found.values())

# --- what a model's test calls

def check_numbers(theirs, ours, batch, states=True, tolerance=None):
    "One batch, with hidden states: by the way that is taken by default, by the one that returns attentions, in training mode, and as plain tuples."
    worst = [assert_same(theirs, ours, batch, tolerance, output_hidden_states=states),
             assert_same(theirs, ours, batch, tolerance, output_hidden_states=states, output_attentions=True)]
    assert_same(theirs.train(), ours.train(), batch, tolerance)
    mask = mask_of(ours, batch)
    with torch.no_grad(): a, b = (m.eval()(**batch, output_hidden_states=states, output_attentions=True, return_dict=False) for m in (theirs, ours))
    assert type(b) is tuple and [type(x) for x in a] == [type(x) for x in b] and [len(x) for x in a if type(x) is tuple] == [len(x) for x in b if type(x) is tuple]
    assert all(gap(x, y) <= (tolerance or TOLERANCE[ours.dtype]) for x, y in zip(a, b) if torch.is_tensor(x) and mask is None)
    return max(worst)

def check_fresh(a, b):
    "Fresh weights by name, theirs and ours: the same shapes, zeros and ones, and the same spread."
    assert {k: v.shape for k, v in a.items()} == {k: v.shape for k, v in b.items()}
    for k in a:
        if a[k].ndim == 1: assert torch.equal(a[k], b[k]), k
        elif a[k].numel() > 500: assert .9 < a[k].std() / b[k].std() < 1.1, k

def each_case(names, pair):
    "A module's fixture `case`: (transformers' model, ours, the case's name, the folder that ours was loaded from)."
    @pytest.fixture(scope='module', params=names)
    def case(request, tmp_path_factory):
        folder = tmp_path_factory.mktemp('theirs')
        return *pair(request.param, folder), request.param, folder
    return case

def test_files(case, tmp_path):
    "For a module with a fixture `case`: what ours saves is what it was loaded from."
    theirs, ours, _, folder = case
    check_way_back(theirs, ours, folder, tmp_path)
