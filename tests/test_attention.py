"Properties of attention that a page is too short for: random shapes, masks of every kind, gradients, pruning."
from dataclasses import replace

import pytest, torch
from hypothesis import given, settings, strategies as st
from torch import nn

from transformers_lite import attention
from transformers_lite.attention import (Context, DynamicCache, attend, attend_eager, attend_packed, attend_padded, head_rows, merge_heads, multi_head, pack, places,
                                         prune_linear, split_heads, unpack, visible)

def keeps(draw):
    "A mask with holes anywhere, and at least one token somewhere."
    b, n = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    keep = torch.tensor(draw(st.lists(st.booleans(), min_size=b * n, max_size=b * n))).view(b, n)
    keep[draw(st.integers(0, b - 1)), draw(st.integers(0, n - 1))] = True
    return keep
masks = st.composite(keeps)()
few = settings(max_examples=60, deadline=None)

@few
@given(st.lists(st.integers(1, 4), min_size=0, max_size=2), st.integers(1, 6), st.sampled_from([1, 2, 4]))
def test_heads_round_trip(batch, n, h):
    x = torch.randn(*batch, n, 8)
    heads = split_heads(x, h)
    assert heads.shape == (*batch, h, n, 8 // h)
    assert torch.equal(merge_heads(heads), x)
    assert torch.equal(heads[..., 0, :, :], x[..., :8 // h])  # head 0 is the first part of each vector

@few
@given(masks)
def test_pack_round_trip(keep):
    x = torch.randn(*keep.shape, 3)
    assert torch.equal(pack(x, keep), x[keep])
    assert torch.equal(unpack(pack(x, keep), keep), x * keep[..., None])

def ways(keep, **kind):
    "The contexts of one batch in every way of computing: {name: context}."
    padded = Context(keep, places(keep.shape[1], keep), **kind)
    return dict(fused=padded, eager=replace(padded, eager=True, once={}), packed=padded.packed())

def attended(context, q, k, v, keep, h, window=None):
    "What a batch gathers, padded again if the context is packed."
    if context.lengths is None: return multi_head(q, k, v, h, context, window=window)
    return unpack(multi_head(*(pack(x, keep) for x in (q, k, v)), h, context, window=window), keep)

kinds = st.fixed_dictionaries(dict(causal=st.booleans(), window=st.sampled_from([None, 0, 1, 3])))

@few
@given(masks, st.sampled_from([1, 2, 4]), kinds)
def test_packed_padded_and_eager_agree(keep, h, kind):
    keep = keep[keep.any(1)]
    q, k, v = torch.randn(3, *keep.shape, 8, dtype=torch.double)
    outs = {name: attended(c, q, k, v, keep, h, kind['window']) for name, c in ways(keep, causal=kind['causal']).items()}
    torch.testing.assert_close(outs['fused'][keep], outs['eager'][keep])
    torch.testing.assert_close(outs['packed'][keep], outs['eager'][keep])

@few
@given(masks, kinds)
def test_masks_are_brute_force(keep, kind):
    "What may be seen, by the definition, one pair at a time; without padding, the kernel's own way says the same."
    place = places(keep.shape[1], keep)
    table = visible(place, keep, **kind)
    for b, i, j in torch.cartesian_prod(*map(torch.arange, (keep.shape[0], keep.shape[1], keep.shape[1]))).tolist():
        near = kind['window'] is None or abs(place[b, i] - place[b, j]) <= kind['window']
        want = bool(keep[b, j]) and (j <= i or not kind['causal']) and bool(near)
        got = bool(table.expand(keep.shape[0], 1, keep.shape[1], keep.shape[1])[b, 0, i, j])
        if keep[b, i]: assert got == want or (i == j and keep[b, j]), (b, i, j)
        if i == j and (kind['causal'] or kind['window'] is not None): assert got  # a row that sees nothing is 0/0

@few
@given(masks, st.data(), st.booleans())
def test_no_future_leaks_into_the_past(keep, data, window):
    "Whatever the mask, the way and the window: change what comes after a token, and it doesn't notice."
    keep = keep[keep.any(1)]
    b, n = keep.shape
    cut = data.draw(st.integers(0, n - 1))
    x = torch.randn(b, n, 8, dtype=torch.double)
    later = torch.cat([x[:, :cut + 1], torch.randn(b, n - cut - 1, 8, dtype=torch.double)], 1)
    for name, c in ways(keep, causal=True).items():
        before, after = (attended(c, t, t, t, keep, 2, 2 if window else None) for t in (x, later))
        early = keep & (torch.arange(n) <= cut)
        torch.testing.assert_close(before[early], after[early], msg=name)

def test_without_causal_the_future_leaks(): # the negative control
    keep = torch.ones(1, 4, dtype=torch.bool)
    x, later = torch.randn(1, 4, 8), None
    later = x.clone(); later[:, 3] += 5
    for name, c in ways(keep).items():
        before, after = (attended(c, t, t, t, keep, 2) for t in (x, later))
        assert (before[:, :3] - after[:, :3]).abs().max() > .1, name

@pytest.mark.parametrize('side', ['left', 'right'])
def test_places_count_from_the_first_token(side):
    keep = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]).bool()
    if side == 'left': keep = keep.flip(1)
    assert places(4, keep)[keep].tolist() == [0, 1, 2, 0, 1, 2, 3]
    assert torch.equal(places(4), torch.arange(4)[None])

def test_gradients_agree():
    keep = torch.tensor([[True, True, False], [True, False, False]])
    def grads(context):
        torch.manual_seed(0)
        q, k, v = (torch.randn(2, 3, 8, dtype=torch.double, requires_grad=True) for _ in range(3))
        attended(context, q, k, v, keep, 2)[keep].pow(2).sum().backward()
        return q.grad, k.grad, v.grad
    for causal in (False, True):
        padded, eager, packed = (grads(c) for c in ways(keep, causal=causal).values())
        torch.testing.assert_close(packed, padded)
        torch.testing.assert_close(eager, padded)
        assert packed[0][0, 1].abs().sum() > 0 and packed[2][1, 1].abs().sum() == 0

def test_packed_texts_cannot_see_each_other():
    x = torch.randn(7, 8)
    other = x.clone()
    other[3:] += 1
    before, after = (merge_heads(attend_packed(*[split_heads(t, 2)] * 3, [3, 4])) for t in (x, other))
    assert torch.equal(before[:3], after[:3]) and not torch.equal(before[3:], after[3:])

def test_swapped_q_and_k_show():
    "The negative control: a mistake in the order of arguments is far above the tolerance."
    q, k, v = torch.randn(3, 2, 5, 8)
    assert (multi_head(q, k, v, 2) - multi_head(k, q, v, 2)).abs().max() > .1

def test_dropout_drops_that_share():
    torch.manual_seed(0)
    q = k = torch.zeros(1, 64, 64)
    weights = attend_eager(q, k, torch.ones(1, 64, 64), dropout=.25)[1]
    assert abs((weights == 0).float().mean() - .25) < .03
    assert not torch.equal(attend(q, k, torch.randn(1, 64, 64), dropout=.5), attend(q, k, torch.randn(1, 64, 64)))

@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize('dim', [0, 1])
def test_prune_linear(bias, dim):
    layer = nn.Linear(8, 8, bias=bias).eval().requires_grad_(False)
    rows = head_rows([1, 3], 2)
    new, x = prune_linear(layer, rows, dim), torch.randn(3, 8)
    if dim == 0: want = layer(x)[:, rows]
    else: want = layer(torch.zeros(3, 8).index_copy(1, rows, x[:, rows]))
    torch.testing.assert_close(new(x if dim == 0 else x[:, rows]), want)
    assert not new.training and not any(p.requires_grad for p in new.parameters())
    assert (new.out_features, new.in_features) == tuple(new.weight.shape)

@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_masks(dtype):
    q = k = v = torch.randn(1, 2, 4, 8).to(dtype)
    weights = attend_eager(q, k, v, torch.tensor([True, True, False, False]))[1]
    assert weights.dtype == dtype and weights.isfinite().all() and (weights[..., 2:] == 0).all()

# --- what is kept

def in_pieces(x, keep, cuts, heads, kv_heads, window, eager, cache):
    "A causal batch that comes in pieces; keys and values have fewer heads than queries."
    out, n = [], x.shape[1]
    for a, b in zip([0, *cuts], [*cuts, n]):
        if a == b: continue
        seen = None if keep is None else keep[:, :b]
        context = Context(seen, places(b, seen)[:, a:], None, True, eager, cache=cache)
        k = x[:, a:b, :kv_heads * 4]
        out.append(multi_head(x[:, a:b], k, k, heads, context, window=window, kv_heads=kv_heads))
    return torch.cat(out, 1)

@few
@given(masks, st.data(), st.sampled_from([(2, 2), (2, 1), (4, 2)]), st.sampled_from([None, 0, 1, 3]), st.booleans(), st.booleans())
def test_cached_is_whole(keep, data, heads, window, eager, learn):
    "A text that comes in pieces, however it is cut, gathers what it gathers at once: padded anywhere, with a window, step by step or not, with a gradient or not."
    keep = keep[keep.any(1)]
    n = keep.shape[1]
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=3)))
    if keep.all(): keep = None
    h, kv = heads
    x = torch.randn(1 if keep is None else len(keep), n, h * 4, dtype=torch.double, requires_grad=learn)
    with torch.set_grad_enabled(learn):
        whole = in_pieces(x, keep, [], h, kv, window, True, None)
        cache = DynamicCache()
        got = in_pieces(x, keep, cuts, h, kv, window, eager, cache)
    at = slice(None) if keep is None else keep
    torch.testing.assert_close(got[at], whole[at])
    assert cache.get_seq_length() == n
    if learn:
        a, b = (torch.autograd.grad(o[at].square().sum(), x, retain_graph=True)[0] for o in (got, whole))
        torch.testing.assert_close(a, b)

def test_forgetting_shows():
    x = torch.randn(1, 6, 8, dtype=torch.double)
    whole = in_pieces(x, None, [], 2, 2, None, False, None)
    halves = [in_pieces(x[:, a:b], None, [], 2, 2, None, False, None) for a, b in ((0, 3), (3, 6))]
    assert (torch.cat(halves, 1) - whole)[:, 3:].abs().max() > .01 # without a cache, the second half has never seen the first

def filled(n=3, b=2, layers=2):
    cache = DynamicCache()
    for i in range(layers): cache.update(torch.randn(b, 2, n, 4), torch.randn(b, 2, n, 4), i)
    return cache

def add(cache, n=1):
    for i in range(len(cache)): cache.update(torch.randn(len(cache[i][0]), 2, n, 4), torch.randn(len(cache[i][0]), 2, n, 4), i)

@torch.no_grad()
def test_a_cache_grows_in_place():
    cache, rooms = filled(), set()
    for _ in range(500):
        add(cache)
        rooms.add(cache.layers[0].room[0].data_ptr())
    assert cache.get_seq_length() == 503 and len(rooms) <= 9 # it moves when its room has doubled

@torch.no_grad()
def test_what_was_given_out_stays():
    cache = filled()
    add(cache)
    before = [(k.clone(), v.clone()) for k, v in cache.to_legacy_cache()]
    given = cache.to_legacy_cache()
    cache.crop(-2)
    assert cache.get_seq_length() == 2
    add(cache, 5) # must not write where the cropped tokens were
    assert all(torch.equal(a, b) for old, new in zip(before, given) for a, b in zip(old, new))
    cache.crop(100)
    assert cache.get_seq_length() == 7
    cache.crop(1)
    assert cache.get_seq_length() == 1 and len(cache) == 2
    cache.reset()
    assert cache.get_seq_length() == 0 and cache[0] == (None, None)

@torch.no_grad()
def test_texts_are_chosen_and_repeated():
    cache = filled()
    add(cache)
    k, v = (x.clone() for x in cache[1])
    cache.reorder_cache(torch.tensor([1, 1, 0]))
    assert torch.equal(cache[1][0], k[[1, 1, 0]]) and torch.equal(cache[1][1], v[[1, 1, 0]])
    cache.batch_repeat_interleave(2)
    assert torch.equal(cache[1][0], k[[1, 1, 1, 1, 0, 0]])
    cache.batch_select_indices(torch.tensor([4]))
    add(cache)
    assert torch.equal(cache[1][0][:, :, :4], k[[0]])
    again = DynamicCache.from_legacy_cache(cache.to_legacy_cache())
    assert all(torch.equal(a, b) for one, other in zip(cache, again) for a, b in zip(one, other))

def test_inference_mode_and_others_mix():
    with torch.inference_mode():
        cache = filled()
        add(cache)
    with torch.no_grad(): add(cache)
    with torch.inference_mode(): add(cache)
    add(cache)
    assert cache.get_seq_length() == 7

# --- several texts in one call, and in one row

def texts(draw):
    "(lengths, positions): texts end to end, each with places of its own."
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    return lengths, torch.cat([torch.arange(n) for n in lengths])
some_texts = st.composite(texts)()

def heads_of(lengths, h, kv_heads, d=8):
    q = torch.randn(h, sum(lengths), d, dtype=torch.double)
    return q, *torch.randn(2, kv_heads, sum(lengths), d, dtype=torch.double)

@few
@given(some_texts, st.sampled_from([(2, 2), (4, 2)]), kinds)
def test_one_call_is_as_good_as_one_a_text(batch, heads, kind):
    (lengths, at), (h, kv) = batch, heads
    q, k, v = heads_of(lengths, h, kv)
    context = Context(positions=at, lengths=lengths, causal=kind['causal'])
    want = attend_packed(q, k, v, lengths, 0., kind['causal'], context.text_masks(q, kind['window']), h > kv)
    got = attend_padded(q, k, v, context.offsets(), max(lengths), at, 0., **kind, grouped=h > kv)
    torch.testing.assert_close(got, want)

@few
@given(some_texts, kinds)
def test_a_row_of_texts_in_every_way(batch, kind):
    "Packed, or masked in the fused kernel and step by step: a text in a row of several gathers what it gathers alone."
    lengths, at = batch
    x = torch.randn(1, sum(lengths), 8, dtype=torch.double)
    alone = torch.cat([multi_head(t, t, t, 2, Context(causal=kind['causal']), window=kind['window']) for t in x.split(lengths, 1)], 1)
    row = Context(positions=at[None], causal=kind['causal'])
    several = replace(row, apart=lengths, once={})
    told = replace(row, apart=torch.tensor(lengths), longest=max(lengths), once={})
    for context in (several, replace(several, eager=True, once={}), several.of_texts(), told.of_texts()):
        y = context.lay(x)
        torch.testing.assert_close(context.stand(multi_head(y, y, y, 2, context, window=kind['window']), x.shape[:2]), alone)
    if len(lengths) > 1 and not kind['causal'] and kind['window'] is None:
        assert (multi_head(x, x, x, 2, row) - alone).abs().max() > 1e-3 # the control: read as one text

def test_a_full_mask_drops_nothing():
    full = Context(torch.ones(2, 3, dtype=torch.bool), places(3)).packed()
    assert full.lengths is None and full.keep is None
    keep = torch.tensor([[True, True], [True, False]])
    padded = Context(keep, places(2, keep))
    assert padded.packed(torch.tensor(False)) is padded # what a GPU found out: some padding is read
    assert padded.packed(torch.tensor(True)).lengths == [2, 1]

def test_a_text_without_tokens(): # a row that is padding from end to end
    keep = torch.tensor([[True, True], [False, False], [True, False]])
    context = Context(keep, places(2, keep)).packed()
    assert context.lengths == [2, 1] and context.offsets().tolist() == [0, 2, 2, 3]
    q, k, v = heads_of([2, 1], 2, 2)
    torch.testing.assert_close(attend_padded(q, k, v, context.offsets(), 2, context.positions), attend_packed(q, k, v, [2, 1]))

def kernel_of(release, heard):
    "A stand-in for torch's `varlen_attn` of a release: computed text by text; it refuses what the real one does."
    def compute(q, k, v, a, b, n, m, causal):
        assert a is b and a.dtype == torch.int32 and type(n) is int and n == m == a.diff().max()
        assert q.shape[0] == a[-1] and q.stride(-1) == 1
        heard.append(release)
        return attend_packed(*(x.transpose(0, 1) for x in (q, k, v)), a.diff().tolist(), 0., causal, None, q.shape[1] != k.shape[1]).transpose(0, 1)
    def older(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, is_causal=False, return_aux=None):
        return compute(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, is_causal)
    def middle(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, return_aux=None, scale=None, window_size=(-1, -1)):
        return compute(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, window_size == (-1, 0))
    def newer(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, window_size=(-1, -1), enable_gqa=False):
        assert enable_gqa or query.shape[1] == key.shape[1]
        return compute(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, window_size == (-1, 0))
    return dict(older=older, middle=middle, newer=newer)[release]

@pytest.mark.parametrize('causal', [False, True])
@pytest.mark.parametrize('kv', [4, 2])
@pytest.mark.parametrize('release', ['older', 'middle', 'newer'])
def test_flash_of_every_release(release, kv, causal, monkeypatch):
    heard, lengths = [], [3, 1, 4]
    monkeypatch.setattr('torch.nn.attention.varlen.varlen_attn', kernel_of(release, heard))
    attention.varlen_names.cache_clear()
    q, k, v = heads_of(lengths, 4, kv)
    offsets = Context(lengths=lengths).offsets()
    torch.testing.assert_close(attention.attend_flash(q, k, v, offsets, 4, causal), attend_packed(q, k, v, lengths, 0., causal, None, kv < 4))
    assert heard == [release]
    attention.varlen_names.cache_clear()

@pytest.mark.parametrize('causal', [False, True])
@pytest.mark.parametrize('kv', [4, 2])
def test_the_efficient_kernel_is_called_rightly(kv, causal, monkeypatch):
    lengths = [3, 1, 4]
    def kernel(q, k, v, bias, a, b, n, m, dropout, kind, lse): # a stand-in for aten's
        assert bias is None and a.dtype == torch.int32 and n == m == 4 and dropout == .5 and lse == torch.is_grad_enabled()
        heads = (x[0].transpose(0, 1) for x in (q, k, v))
        return attend_packed(*heads, a.diff().tolist(), 0., kind == 1).transpose(0, 1)[None], None
    monkeypatch.setattr(torch.ops.aten, '_efficient_attention_forward', kernel, raising=False)
    q, k, v = heads_of(lengths, 4, kv)
    got = attention.attend_efficient(q, k, v, Context(lengths=lengths).offsets(), 4, .5, causal)
    torch.testing.assert_close(got, attend_packed(q, k, v, lengths, 0., causal, None, kv < 4))

class OnGPU(torch.Tensor):
    "A tensor that says it is on a GPU."
    device = property(lambda self: torch.device('cuda', 0))

@pytest.mark.parametrize('kind, longest, dropout, window, d, capability, way', [
    (torch.bfloat16, 256, 0., None, 64, (9, 0), 'flash'), (torch.float16, 2048, 0., None, 256, (8, 0), 'flash'),
    (torch.bfloat16, 128, 0., None, 64, (9, 0), 'efficient'), # shorter texts
    (torch.bfloat16, 512, .1, None, 64, (9, 0), 'efficient'), # flash can't drop weights
    (torch.bfloat16, 512, 0., None, 264, (9, 0), 'efficient'), (torch.float32, 512, 0., None, 64, (9, 0), 'efficient'),
    (torch.float16, 512, 0., None, 64, (7, 5), 'efficient'), (torch.bfloat16, 512, 0., None, 64, (7, 5), None),
    (torch.bfloat16, 512, 0., 3, 64, (9, 0), None), (torch.bfloat16, 512, 0., None, 20, (9, 0), None), (torch.float64, 512, 0., None, 64, (9, 0), None)])
def test_the_kernel_that_is_chosen(kind, longest, dropout, window, d, capability, way, monkeypatch):
    monkeypatch.setattr(torch.version, 'cuda', '13.0')
    monkeypatch.setattr(torch.cuda, 'get_device_capability', lambda device: capability)
    q = torch.empty(2, 3, d, dtype=kind).as_subclass(OnGPU)
    assert attention.one_kernel(q, longest, dropout, window) == way
    monkeypatch.setattr(torch.version, 'cuda', None) # AMD's
    assert attention.one_kernel(q, longest, dropout, window) is None
    assert attention.one_kernel(torch.empty(2, 3, d, dtype=kind), longest) is None # a processor

@pytest.mark.parametrize('way', ['flash', 'efficient', None])
def test_the_way_that_is_taken(way, monkeypatch):
    "Beyond the processor there is one call a layer, told by numbers that are on the host and offsets that are where the batch is."
    calls = []
    monkeypatch.setattr(attention, 'one_kernel', lambda *args: way)
    for name in ('attend_flash', 'attend_efficient', 'attend_padded'):
        monkeypatch.setattr(attention, name, lambda q, k, v, offsets, longest, *rest, name=name: calls.append((name, offsets, longest)) or torch.empty_like(q))
    x = torch.empty(5, 8, device='meta')
    context = Context(positions=torch.empty(5, device='meta'), lengths=[2, 3], causal=True)
    for layer in range(2): assert multi_head(x, x, x, 2, context.at(layer)).shape == x.shape
    assert [c[0] for c in calls] == [f'attend_{way or "padded"}'] * 2
    assert calls[0][1] is calls[1][1] and calls[0][1].device.type == 'meta' and calls[0][2] == 3
    told = replace(context, apart=torch.empty(2, device='meta', dtype=torch.long), longest=3).of_texts() # lengths that only the GPU knows
    multi_head(x, x, x, 2, told)
    assert calls[-1][2] == 3 and 'counts' not in told.once
