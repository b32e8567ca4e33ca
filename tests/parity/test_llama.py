"Llama and its heads against transformers: 5.x in this process, 4.57.6 in one other."
import copy
import pytest, torch, transformers
from torch import tensor
from transformers.models.llama import modeling_llama

from parity import util
import transformers_lite

def norm_in_double(self, x):
    "Their norm, without rounding float64 to float32."
    return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))
their_norm = modeling_llama.LlamaRMSNorm.forward
modeling_llama.LlamaRMSNorm.forward = lambda self, x: (norm_in_double if x.dtype == torch.float64 else their_norm)(self, x)

B, N, V = 4, 11, 61
SMALL = dict(vocab_size=V, max_position_embeddings=32, hidden_size=32, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=3, intermediate_size=48,
             initializer_range=.6)
MODEL, CAUSAL, SEQUENCE = 'LlamaModel', 'LlamaForCausalLM', 'LlamaForSequenceClassification'
SHARP = dict(initializer_range=1.)
LLAMA3 = dict(rope_type='llama3', factor=8., low_freq_factor=1., high_freq_factor=4., original_max_position_embeddings=8)
PADDING = 'none', 'right', 'left', 'holes'

_rand = torch.Generator().manual_seed(11)
def ids(high, *shape): return torch.randint(high, shape, generator=_rand)
def numbers(*shape): return torch.randn(shape, generator=_rand, dtype=torch.float64)
IDS, HOLES, SOME, EMBEDS = 1 + ids(V - 1, B, N), ids(3, B, N) > 0, ids(3, B, N) == 0, numbers(B, N, 32)

CASES = { # name: (model, configuration, what goes in beside or instead of the ids)
    'model': (MODEL, SHARP, {}),
    'model, a key for each query': (MODEL, dict(num_key_value_heads=4), {}),
    'model, one key for all': (MODEL, dict(num_key_value_heads=1, num_hidden_layers=1), {}),
    'model, wide heads, biases': (MODEL, dict(head_dim=10, attention_bias=True, mlp_bias=True), {}),
    'model, linear': (MODEL, dict(rope_scaling=dict(rope_type='linear', factor=2.)), {}),
    'model, llama3': (MODEL, dict(rope_scaling=LLAMA3, rope_theta=500.), {}),
    'model, vectors for words': (MODEL, dict(hidden_act='gelu_new'), dict(inputs_embeds=EMBEDS)),
    'model, places': (MODEL, {}, dict(position_ids=torch.arange(5, 5 + N)[None].repeat(B, 1))),
    'words': (CAUSAL, SHARP, dict(labels=IDS.masked_fill(SOME, -100))),
    'words, tied, padding has an id': (CAUSAL, dict(tie_word_embeddings=True, pad_token_id=3), dict(labels=IDS.masked_fill(SOME, -100))),
    'words, counted elsewhere': (CAUSAL, {}, dict(labels=IDS.masked_fill(SOME, -100), num_items_in_batch=tensor(50))),
    'words, the last two': (CAUSAL, {}, dict(logits_to_keep=2)),
    'words, the second': (CAUSAL, {}, dict(logits_to_keep=tensor([1]))),
    'classes': (SEQUENCE, dict(num_labels=3, pad_token_id=0, **SHARP), dict(labels=tensor([0, 2, 1, 2]))),
    'regression': (SEQUENCE, dict(num_labels=1, pad_token_id=0), dict(labels=numbers(B))),
}

def mask(padding):
    "1 for a token: rows of mixed length, one of them whole."
    right = torch.arange(N) < tensor([[7], [N], [3], [10]])
    return None if padding == 'none' else dict(right=right, left=right.flip(1), holes=HOLES | (tensor([0, 1, 0, 0]) > 0)[:, None])[padding].long()

def batch(extra, padding, places=True):
    """The arguments of a call; what padding foretells has no label, since it isn't the same in both libraries. `places`: say where each token stands.
    Ours counts from the first token, theirs from the left edge; only distances matter, but float32 angles round differently."""
    res = {**extra} if 'inputs_embeds' in extra else {'input_ids': IDS, **extra}
    if (m := mask(padding)) is not None and 'logits_to_keep' not in extra: # a row of padding may be among those kept
        res['attention_mask'] = m
        if places and 'position_ids' not in res: res['position_ids'] = (torch.arange(N) - m.argmax(1, keepdim=True)).clamp(min=0)
        if 'labels' in res and res['labels'].shape == m.shape:
            after = torch.cat([m[:, :1], m[:, :-1]], 1)
            res['labels'] = res['labels'].masked_fill((m == 0) | (after == 0), -100)
        elif 'labels' in res: res['input_ids'] = IDS.masked_fill(m == 0, 0)
    return {'use_cache': False, **res}

def pair(case, folder, **kwargs):
    name, config, _ = CASES[case]
    return util.pair(name, folder, copy.deepcopy({**SMALL, **config}), **kwargs) # transformers writes into the dict of rotary settings

def check(theirs, ours, name, padding):
    return util.check_numbers(theirs, ours, batch(CASES[name][2], padding), tolerance=1e-6 if 'labels' in CASES[name][2] else None) # both round logits to float32

case, test_files = util.each_case(CASES, pair), util.test_files

@pytest.mark.parametrize('padding', PADDING)
def test_numbers(case, padding):
    theirs, ours, name, _ = case
    check(theirs, ours, name, padding)

@pytest.mark.parametrize('padding', PADDING)
@pytest.mark.parametrize('which', ['model', 'words', 'classes'])
def test_single_precision(which, padding, tmp_path): # as a user has it
    name, config, extra = CASES[which]
    theirs, ours = util.pair(name, tmp_path, {**SMALL, **config, 'initializer_range': .6}, dtype=torch.float32, attn='sdpa')
    numbers = {k: v.float() if torch.is_tensor(v) and v.is_floating_point() else v for k, v in batch(extra, padding, places=False).items()}
    util.assert_same(theirs, ours, numbers, 3e-5) # gradients: 1.6e-5 by AVX2, which adds up in another order

@pytest.mark.parametrize('which', ['model', 'words', 'classes'])
def test_negative_controls(which, tmp_path):
    name, config, _ = CASES[which]
    theirs, ours = util.pair(name, tmp_path, {**SMALL, **config, 'num_key_value_heads': 4}) # queries and keys of one shape, to be swapped
    util.assert_controls(theirs, ours, batch({k: v for k, v in CASES[which][2].items() if k != 'labels'}, 'none'))

@pytest.mark.parametrize('mode', ['packed', 'sdpa', 'eager'])
@pytest.mark.parametrize('padding', PADDING)
def test_every_attention(mode, padding, tmp_path):
    theirs, ours = pair('model', tmp_path)
    ours.config._attn_implementation = mode
    ours.train().gradient_checkpointing_enable()
    util.assert_same(theirs, ours, batch({}, padding))

def cached(model, args, cuts, cache=None):
    "Outputs of a batch that comes in pieces, with a cache."
    out, start = [], 0
    for end in (*cuts, N):
        piece = {k: v[:, start:end] for k, v in args.items() if k in ('input_ids', 'inputs_embeds', 'position_ids')}
        if 'attention_mask' in args: piece['attention_mask'] = args['attention_mask'][:, :end]
        res = model(**piece, past_key_values=cache, use_cache=True)
        out.append(res.last_hidden_state); cache, start = res.past_key_values, end
    return torch.cat(out, 1), cache

@pytest.mark.parametrize('mode', ['packed', 'sdpa', 'eager'])
@pytest.mark.parametrize('cuts', [(), (4,), (1, 2, 3), (*range(1, N),), (5, 6, 9)])
@pytest.mark.parametrize('padding', ['none', 'right', 'left', 'holes'])
def test_cached_is_whole(mode, cuts, padding, tmp_path):
    theirs, ours = pair('model', tmp_path)
    ours.config._attn_implementation, args = mode, batch({}, padding) | {'use_cache': True}
    keep = slice(None) if padding == 'none' else args['attention_mask'].bool()
    with torch.no_grad():
        whole = theirs(**args).last_hidden_state
        got, cache = cached(ours, args, cuts)
        assert util.gap(whole[keep], got[keep]) < 1e-10 and cache.get_seq_length() == N
        by_theirs, _ = cached(ours, args, cuts, transformers.DynamicCache()) # transformers' own cache
        assert util.gap(whole[keep], by_theirs[keep]) < 1e-10
        if cuts: # the control: another cache
            cache.layers[1].room = tuple(x.flip(1) for x in cache.layers[1].room)
            cache.crop(cuts[-1])
            last = {k: v[:, cuts[-1]:] for k, v in args.items() if k == 'input_ids'} | {k: v for k, v in args.items() if k == 'attention_mask'}
            wrong = ours(**last, past_key_values=cache).last_hidden_state
            kept = slice(None) if padding == 'none' else args['attention_mask'].bool()[:, cuts[-1]:]
            assert util.gap(whole[:, cuts[-1]:][kept], wrong[kept]) > 1e-3

def test_what_is_kept_is_theirs(tmp_path):
    theirs, ours = pair('model', tmp_path)
    with torch.no_grad(): a, b = (m(IDS).past_key_values for m in (theirs, ours))
    for x, y in zip(a.layers, b.layers):
        assert util.gap(x.keys, y.keys) < 1e-10 and util.gap(x.values, y.values) < 1e-10
    with torch.no_grad(): # our cache in their model
        whole, cache = theirs(IDS).last_hidden_state, transformers_lite.DynamicCache()
        parts = [theirs(IDS[:, :6], past_key_values=cache), theirs(IDS[:, 6:], past_key_values=cache)]
    assert util.gap(whole, torch.cat([p.last_hidden_state for p in parts], 1)) < 1e-10 and cache.get_seq_length() == N
    legacy = b.to_legacy_cache() # pairs of tensors, as before 4.36
    with torch.no_grad(): again = ours(IDS[:, :1], past_key_values=legacy)
    assert again.past_key_values.get_seq_length() == N + 1 and b.get_seq_length() == N

@pytest.mark.parametrize('tied', [False, True])
def test_shards(tied, tmp_path): # both ways, in half precision
    theirs = util.randomize(transformers.LlamaForCausalLM(transformers.LlamaConfig(**SMALL, tie_word_embeddings=tied)), .5).to(torch.bfloat16)
    theirs.save_pretrained(tmp_path/'theirs', max_shard_size='15KB')
    ours, info = util.our(CAUSAL).from_pretrained(tmp_path/'theirs', dtype='auto', output_loading_info=True)
    ours.save_pretrained(tmp_path/'ours', max_shard_size='15KB')
    assert all(len([*(tmp_path/f).glob('*.safetensors')]) > 2 for f in ('theirs', 'ours')) and not any(info.values())
    again = transformers.LlamaForCausalLM.from_pretrained(tmp_path/'ours')
    a, b, c = (m.state_dict() for m in (theirs, ours, again))
    assert a.keys() == b.keys() == c.keys() and ours.dtype == again.dtype == torch.bfloat16
    assert all(torch.equal(a[k], b[k]) and torch.equal(a[k], c[k]) for k in a)

@pytest.mark.parametrize('spelling', ['rope_scaling', 'type', 'rope_parameters'])
def test_spellings_of_rotary_settings(spelling):
    config = transformers_lite.LlamaConfig(**dict(rope_scaling=dict(rope_theta=500., rope_scaling=LLAMA3),
        type=dict(rope_theta=500., rope_scaling={'type': 'llama3', **{k: v for k, v in LLAMA3.items() if k != 'rope_type'}}),
        rope_parameters=dict(rope_parameters={**LLAMA3, 'rope_theta': 500.}))[spelling])
    assert (config.rope_theta, config.rope_scaling) == (500., LLAMA3) and config.rope_parameters == {**LLAMA3, 'rope_theta': 500.}
    assert transformers.LlamaConfig(**config.to_dict()).rope_parameters == config.rope_parameters

def test_half_precision_has_exact_angles(tmp_path): # bfloat16 keeps whole numbers up to 256 only
    theirs, ours = util.pair(MODEL, tmp_path, {**SMALL, 'initializer_range': .1, 'max_position_embeddings': 1024}, dtype=torch.float32)
    long = 1 + ids(V - 1, 1, 900)
    with torch.no_grad():
        exact = ours(long).last_hidden_state
        for half in (ours.to(torch.bfloat16), util.our(MODEL).from_pretrained(tmp_path, dtype='bfloat16')):
            assert half.dtype == torch.bfloat16
            assert util.gap(exact, half(long).last_hidden_state.float()) < .03

@pytest.mark.parametrize('name', [MODEL, CAUSAL, SEQUENCE])
def test_fresh_weights(name): # drawn from the same distribution
    torch.manual_seed(0)
    config = {**SMALL, 'initializer_range': .02}
    a = util.their(name)(transformers.LlamaConfig(**config)).state_dict()
    b = util.our(name)(util.our('LlamaConfig')(**config)).state_dict()
    util.check_fresh(a, b)

def behind_padding(theirs, ours):
    "How far a text's loss moves if padding is put to its left: in both libraries."
    row, mask = IDS[:1, :5], tensor([[0, 0, 1, 1, 1, 1, 1]])
    padded, labels = torch.nn.functional.pad(row, (2, 0)), torch.nn.functional.pad(row, (2, 0), value=-100)
    with torch.no_grad(): return [abs(m(padded, attention_mask=mask, labels=labels).loss - m(row, labels=row).loss).item() for m in (theirs, ours)]

def check_behind_padding(theirs, ours):
    a, b = behind_padding(theirs, ours)
    assert a > 1e-2 and b < 1e-6

def test_what_padding_foretells(tmp_path):
    "The chapter says: transformers, 4.57.6 and 5.23, counts how well padding foretells the first word. (4.57.6: in `older`.)"
    check_behind_padding(*pair('words', tmp_path))

def older(folder):
    "All cases against the transformers that is imported. Runs in `run457`."
    torch.set_default_dtype(torch.float64)
    worst = {}
    for i, name in enumerate(CASES):
        theirs, ours = pair(name, folder/str(i))
        util.check_way_back(theirs, ours, folder/str(i), folder/f'{i}-back')
        worst[name] = max(check(theirs, ours, name, padding) for padding in PADDING)
        if name == 'words': check_behind_padding(theirs, ours)
    return worst

def test_457(tmp_path):
    worst = util.in_457('test_llama', tmp_path)
    assert len(worst) == len(CASES) and max(worst.values()) < 1e-6

# --- several texts in one row, without padding

def in_one_row(with_lengths=False):
    "What transformers' padding-free collator makes of four texts."
    rows = [dict(input_ids=row[:n].tolist()) for row, n in zip(IDS, (7, N, 1, 10))]
    batch = transformers.DataCollatorWithFlattening(return_flash_attn_kwargs=with_lengths)(rows)
    return {k: tensor([*v]) if not torch.is_tensor(v) and not isinstance(v, int) else v for k, v in batch.items()}

@pytest.mark.parametrize('mode', ['packed', 'sdpa', 'eager'])
@pytest.mark.parametrize('which', ['model', 'words'])
def test_texts_in_one_row(which, mode, tmp_path):
    theirs, ours = pair(which, tmp_path)
    ours.config._attn_implementation = mode
    row = in_one_row()
    if which == 'model': row.pop('labels')
    util.assert_same(theirs, ours, {**row, 'use_cache': False})
    as_one = {k: v for k, v in row.items() if k != 'position_ids'} # the control: read as one text
    assert util.gap(ours(**as_one, use_cache=False)[0], ours(**row, use_cache=False)[0]) > 1e-3

@pytest.mark.parametrize('mode', ['packed', 'sdpa', 'eager'])
def test_texts_by_their_lengths(mode, tmp_path): # theirs reads the lengths by flash attention alone, on a GPU
    _, ours = pair('words', tmp_path)
    ours.config._attn_implementation = mode
    row, told = in_one_row(), in_one_row(with_lengths=True)
    assert {'cu_seq_lens_q', 'cu_seq_lens_k', 'max_length_q', 'max_length_k'} <= told.keys()
    (a, ga), (b, gb) = util.run(ours, row), util.run(ours, {k: v for k, v in told.items() if k != 'position_ids'})
    assert all(util.gap(a[k], b[k]) < 1e-10 for k in a) and all(util.gap(ga[k], gb[k]) < 1e-10 for k in ga)

@pytest.mark.parametrize('offsets, rows, why', [([0, 3], 1, r'ends with 4, the tokens of the row'), ([1, 4], 1, 'begins with 0'), ([0, 3, 2, 4], 1, 'never falls'), ([0, 4], 2, 'the batch has 2 rows')])
def test_lengths_that_cant_be(offsets, rows, why, tmp_path):
    _, ours = pair('model', tmp_path)
    with pytest.raises(ValueError, match=why): ours(IDS[:rows, :4], cu_seq_lens_q=tensor(offsets), max_length_q=4)
    with pytest.raises(ValueError, match='an attention_mask'): ours(IDS[:1, :4], tensor([[1, 1, 1, 0]]), cu_seq_lens_q=tensor([0, 4]), max_length_q=4)
    ours(IDS[:1, :4], tensor([[1, 1, 1, 1]]), cu_seq_lens_q=tensor([0, 4]), max_length_q=4) # harmless
