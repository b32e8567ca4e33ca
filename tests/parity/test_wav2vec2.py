"wav2vec 2.0 and its heads against transformers: 5.x in this process, 4.57.6 in one other."
import pytest, torch
from safetensors.torch import load_file, save_file
from torch import tensor

import transformers_lite
from parity import util

B, N = 4, 300
SMALL = dict(vocab_size=12, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48, conv_dim=[16, 24, 24], conv_kernel=[10, 3, 2],
             conv_stride=[5, 2, 2], num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=4, initializer_range=.6, classifier_proj_size=20,
             hidden_dropout=0., attention_dropout=0., activation_dropout=0., feat_proj_dropout=0., final_dropout=0., layerdrop=0., mask_time_prob=0.)
MODEL, CTC, SEQUENCE = 'Wav2Vec2Model', 'Wav2Vec2ForCTC', 'Wav2Vec2ForSequenceClassification'
STABLE = dict(feat_extract_norm='layer', do_stable_layer_norm=True, conv_bias=True)
PADDING = 'none', 'right'
_rand = torch.Generator().manual_seed(3)
SOUND = torch.randn(B, N, generator=_rand, dtype=torch.float64)
TEXTS = torch.randint(1, 12, (B, 5), generator=_rand).masked_fill(torch.arange(5) >= tensor([[3], [5], [1], [2]]), -100)
CLASSES = tensor([0, 2, 1, 2])

CASES = { # name: (model, configuration, what goes in beside the sound)
    'model': (MODEL, {}, {}),
    'model, stable': (MODEL, STABLE, {}),
    'model, layer norms, after': (MODEL, dict(feat_extract_norm='layer', num_conv_pos_embeddings=7), {}),
    'model, group norm, before': (MODEL, dict(do_stable_layer_norm=True, conv_bias=True, hidden_act='relu'), {}),
    'model, one head, sharp': (MODEL, {**STABLE, 'num_attention_heads': 1, 'num_hidden_layers': 1, 'initializer_range': 1.}, {}),
    'text': (CTC, {}, dict(labels=TEXTS)),
    'text, stable': (CTC, STABLE, dict(labels=TEXTS)),
    'text, mean': (CTC, {**STABLE, 'ctc_loss_reduction': 'mean', 'pad_token_id': 0}, dict(labels=TEXTS)),
    'text, too long, left out': (CTC, {**STABLE, 'ctc_zero_infinity': True}, dict(labels=TEXTS.repeat(1, 5).abs().clamp(max=11))),
    'text, without loss': (CTC, STABLE, {}),
    'classes': (SEQUENCE, dict(num_labels=3), dict(labels=CLASSES)),
    'classes, stable, mixed': (SEQUENCE, {**STABLE, 'num_labels': 3, 'use_weighted_layer_sum': True, 'output_hidden_states': True}, dict(labels=CLASSES)),
    'classes, mixed': (SEQUENCE, dict(num_labels=3, use_weighted_layer_sum=True, output_hidden_states=True), dict(labels=CLASSES)),
}

# 5.x leaves the last norm out of the last hidden state of a stable model, and so mixes another one in; 4.57 and we don't. `test_457` compares these.
def as_in_5(case): return not CASES[case][1].get('do_stable_layer_norm')
IN_BOTH = [case for case in CASES if case != 'classes, stable, mixed']

def batch(extra, padding):
    if padding == 'none': return {'input_values': SOUND, **extra}
    mask = (torch.arange(N) < tensor([[210], [N], [60], [251]])).long()
    return {'input_values': SOUND * mask, 'attention_mask': mask, **extra}

def pair(case, folder, **kwargs):
    name, config, _ = CASES[case]
    return util.pair(name, folder, {**SMALL, **config}, **kwargs)

case, test_files = util.each_case(IN_BOTH, pair), util.test_files

@pytest.mark.parametrize('padding', PADDING)
def test_numbers(case, padding):
    theirs, ours, name, _ = case
    util.check_numbers(theirs, ours, batch(CASES[name][2], padding), states=as_in_5(name))

@pytest.mark.parametrize('padding', PADDING)
@pytest.mark.parametrize('which', ['model', 'model, stable', 'text, stable', 'classes'])
def test_single_precision(which, padding, tmp_path):
    name, config, extra = CASES[which]
    theirs, ours = util.pair(name, tmp_path, {**SMALL, **config}, dtype=torch.float32, attn='sdpa')
    args = {k: v.float() if v.is_floating_point() else v for k, v in batch(extra, padding).items()}
    with torch.no_grad(): util.assert_same(theirs, ours, args, output_hidden_states=as_in_5(which))

@pytest.mark.parametrize('which', ['model, stable', 'text, stable', 'classes'])
@pytest.mark.parametrize('padding', PADDING)
def test_negative_controls(which, padding, tmp_path):
    util.assert_controls(*pair(which, tmp_path), batch(CASES[which][2], padding))

@pytest.mark.parametrize('mode', ['packed', 'sdpa', 'eager'])
def test_every_attention(mode, tmp_path):
    theirs, ours = pair('text, stable', tmp_path)
    ours.config._attn_implementation = mode
    util.assert_same(theirs, ours, batch(CASES['text, stable'][2], 'right'))
    ours.train().gradient_checkpointing_enable()
    util.assert_same(theirs.train(), ours, batch(CASES['text, stable'][2], 'right'))

@pytest.mark.parametrize('setting', ['hidden_dropout', 'activation_dropout', 'attention_dropout', 'feat_proj_dropout', 'final_dropout', 'layerdrop'])
@pytest.mark.parametrize('stable', [False, True])
def test_dropout_stands_where_it_should(setting, stable, tmp_path): # dropping everything leaves nothing to chance
    theirs, ours = util.pair(CTC, tmp_path, {**SMALL, **(STABLE if stable else {}), setting: 1.})
    with torch.no_grad(): util.assert_same(theirs.train(), ours.train(), batch({}, 'none'))

@pytest.mark.parametrize('padding', PADDING)
def test_hidden_frames(padding, tmp_path):
    theirs, ours = util.pair(MODEL, tmp_path, {**SMALL, **STABLE, 'mask_time_prob': .1})
    frames = ours._get_feat_extract_output_lengths(N)
    where = torch.rand(B, frames, generator=_rand) < .3
    util.assert_same(theirs, ours, batch({}, padding) | {'mask_time_indices': where})
    with torch.no_grad(): assert util.gap(ours(SOUND)[0], ours(SOUND, mask_time_indices=where)[0]) > .01

def test_old_names_of_the_weight_norm(tmp_path):
    theirs, ours = pair('model', tmp_path)
    weights = load_file(tmp_path/'model.safetensors')
    old = {k.replace('parametrizations.weight.original0', 'weight_g').replace('parametrizations.weight.original1', 'weight_v'): v for k, v in weights.items()}
    assert len(old.keys() - weights.keys()) == 2
    save_file(old, tmp_path/'model.safetensors', metadata={'format': 'pt'})
    again = transformers_lite.Wav2Vec2Model.from_pretrained(tmp_path, dtype='auto')
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in ours.state_dict().items())

@pytest.mark.parametrize('stable', [False, True])
@pytest.mark.parametrize('name', [MODEL, CTC, SEQUENCE])
def test_fresh_weights(name, stable):
    torch.manual_seed(0) # a deviation of 1,024 numbers is off by a tenth once in some thousand draws
    config = {**SMALL, **(STABLE if stable else {}), 'initializer_range': .02, 'mask_time_prob': .1, 'hidden_size': 64, 'conv_dim': [64, 64, 64]}
    a, b = util.their('Wav2Vec2Config')(**config), util.our('Wav2Vec2Config')(**config)
    a, b = util.their(name)(a).state_dict(), util.our(name)(b).state_dict()
    assert {k: v.shape for k, v in a.items()} == {k: v.shape for k, v in b.items()}
    for k in a:
        if 'norm' in k.lower() or a[k].ndim == 1 and a[k].std() == 0: assert torch.equal(a[k], b[k]), k
        elif a[k].numel() > 500: assert .85 < a[k].std() / b[k].std() < 1.15, k

def test_padding_is_blank_and_changes_no_text(tmp_path): # field notes: a clip alone says what it says in a batch
    _, ours = pair('text, stable', tmp_path)
    args = batch({}, 'right')
    lengths = ours._get_feat_extract_output_lengths(args['attention_mask'].sum(-1))
    with torch.no_grad(): logits = ours(**args).logits
    for i, n in enumerate(lengths):
        assert (logits[i, n:].argmax(-1) == ours.config.pad_token_id).all() and logits.isfinite().all()
        with torch.no_grad(): alone = ours(SOUND[i:i+1, :args['attention_mask'][i].sum()]).logits[0]
        assert util.gap(alone, logits[i, :n]) < 1e-10

def test_weights_pickle_and_copy(tmp_path):
    import copy, pickle
    _, ours = pair('text', tmp_path)
    for other in copy.deepcopy(ours), pickle.loads(pickle.dumps(ours)):
        with torch.no_grad(): assert torch.equal(other(SOUND).logits, ours(SOUND).logits)

def check_left(folder):
    "Clips that are padded on the left give what they give when padded on the right; in transformers they don't."
    theirs, ours = pair('text, stable', folder)
    right = batch(CASES['text, stable'][2], 'right')
    empty = N - right['attention_mask'].sum(-1)
    left = {k: torch.stack([row.roll(n.item()) for row, n in zip(v, empty)]) if v.shape[-1] == N else v for k, v in right.items()}
    assert not torch.equal(left['input_values'], right['input_values'])
    with torch.no_grad():
        for name, a in ours(**right).items(): assert util.gap(a, ours(**left)[name]) < 1e-10, name
        for name, a in theirs(**right).items(): assert util.gap(a, theirs(**left)[name]) > .1, name

def test_padding_on_the_left(tmp_path): check_left(tmp_path)

def older(folder):
    "All cases against the transformers that is imported. Runs in `run457`."
    worst = {}
    for i, case in enumerate(CASES):
        theirs, ours = pair(case, folder/str(i))
        util.check_way_back(theirs, ours, folder/str(i), folder/f'{i}-back')
        worst[case] = max(util.check_numbers(theirs, ours, batch(CASES[case][2], padding)) for padding in PADDING)
    check_left(folder/'left')
    return worst

def test_457(tmp_path):
    worst = util.in_457('test_wav2vec2', tmp_path)
    assert len(worst) == len(CASES) and max(worst.values()) < util.TOLERANCE[torch.float64]

@pytest.mark.parametrize('sound', ['noise', 'a low note, far from zero'])
def test_the_first_norm_in_the_convolution(sound):
    "One product gives what convolution and norm give, with gradients; a hook on either, or a bias, makes them two steps."
    from transformers_lite import wav2vec2 as w
    torch.manual_seed(0)
    layer = w.Wav2Vec2ConvLayer(transformers_lite.Wav2Vec2Config(), 0)
    for p in layer.parameters(): torch.nn.init.normal_(p)
    x = torch.randn(2, 8000, 1)
    if sound != 'noise': x = 3 + torch.sin(torch.arange(8000) / 40)[None, :, None] + 1e-3 * x
    calls, plain = [], lambda: layer.activation(layer.layer_norm(layer.conv(x)))
    exact = [torch.nn.functional.conv1d(x.double().transpose(1, 2), layer.conv.weight.double(), stride=5)]
    exact.append(torch.nn.functional.gelu(torch.nn.functional.group_norm(exact[0], 512, layer.layer_norm.weight.double(), layer.layer_norm.bias.double())))
    assert layer.folds(x)
    near = dict(rtol=1e-4, atol=1e-4 if sound == 'noise' else 5e-4)  # what float32 can hold of a small wave on a large number
    with torch.no_grad(): torch.testing.assert_close(layer(x), exact[1].transpose(1, 2).float(), **near)
    g = torch.randn(2, 1599, 512)
    for a, b in zip(*(torch.autograd.grad((f() * g).sum(), [*layer.parameters()]) for f in (lambda: layer(x), plain))):
        assert (a - b).abs().max() < 1e-3 * b.abs().max()
    handle = layer.conv.register_forward_hook(lambda *args: calls.append(args[2]))
    assert not layer.folds(x)
    torch.testing.assert_close(layer(x), plain())
    assert len(calls) == 2 and calls[0].shape == (2, 1599, 512)
    handle.remove()
    assert layer.folds(x) and not w.Wav2Vec2ConvLayer(transformers_lite.Wav2Vec2Config(conv_bias=True), 0).folds(x)
    with torch.no_grad(): layer.conv.weight[0, 0, 0] += 1
    assert (layer(x) - exact[1].transpose(1, 2)).abs().max() > .01
