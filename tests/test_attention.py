"Properties of attention that a page is too short for: random shapes, masks of every kind, gradients, pruning."
import pytest, torch
from hypothesis import given, settings, strategies as st
from torch import nn

from transformers_lite.attention import attend, attend_eager, attend_packed, head_rows, merge_heads, multi_head, pack, prune_linear, split_heads, unpack

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

@few
@given(masks, st.sampled_from([1, 2, 4]))
def test_packed_padded_and_eager_agree(keep, h):
    keep = keep[keep.any(1)]
    q, k, v = torch.randn(3, *keep.shape, 8, dtype=torch.double)
    mask = keep[:, None, None]
    fused, eager = multi_head(q, k, v, h, mask)[0], multi_head(q, k, v, h, mask, eager=True)[0]
    packed = attend_packed(*(pack(x, keep) for x in (q, k, v)), h, keep.sum(1).tolist())
    torch.testing.assert_close(fused[keep], eager[keep])
    torch.testing.assert_close(packed, eager[keep])

def test_gradients_agree():
    keep = torch.tensor([[True, True, False], [True, False, False]])
    def grads(route):
        torch.manual_seed(0)
        q, k, v = (torch.randn(2, 3, 8, dtype=torch.double, requires_grad=True) for _ in range(3))
        route(q, k, v)[keep].pow(2).sum().backward()
        return q.grad, k.grad, v.grad
    padded = grads(lambda q, k, v: multi_head(q, k, v, 2, keep[:, None, None])[0])
    packed = grads(lambda q, k, v: unpack(multi_head(*(pack(x, keep) for x in (q, k, v)), 2, [2, 1])[0], keep))
    torch.testing.assert_close(packed, padded)
    assert packed[0][0, 0].abs().sum() > 0 and packed[2][1, 1].abs().sum() == 0

def test_packed_texts_cannot_see_each_other():
    x = torch.randn(7, 8)
    other = x.clone()
    other[3:] += 1
    before, after = (attend_packed(t, t, t, 2, [3, 4]) for t in (x, other))
    assert torch.equal(before[:3], after[:3]) and not torch.equal(before[3:], after[3:])

def test_swapped_q_and_k_show():
    "The negative control: a mistake in the order of arguments is far above the tolerance."
    q, k, v = torch.randn(3, 2, 5, 8)
    assert (multi_head(q, k, v, 2)[0] - multi_head(k, q, v, 2)[0]).abs().max() > .1

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
