"Properties of attention that a page is too short for: random shapes, masks of every kind, gradients, pruning."
from dataclasses import replace

import pytest, torch
from hypothesis import given, settings, strategies as st
from torch import nn

from transformers_lite.attention import (Context, attend, attend_eager, attend_packed, head_rows, merge_heads, multi_head, pack, places,
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
    return dict(fused=padded, eager=replace(padded, eager=True, masks={}), packed=padded.packed())

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
    before, after = (attend_packed(t, t, t, 2, [3, 4]) for t in (x, other))
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
