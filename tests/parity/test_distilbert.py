"DistilBERT and its five heads against transformers: 5.x in this process, 4.57.6 in one other."
import pytest, torch
from torch import tensor

from parity import util

B, N, V = 4, 11, 61
SMALL = dict(vocab_size=V, max_position_embeddings=16, dim=32, n_heads=4, n_layers=3, hidden_dim=48, initializer_range=.6,
             dropout=0., attention_dropout=0., seq_classif_dropout=0., qa_dropout=0.)
MODEL, SEQUENCE, TOKEN, QUESTION, MASKED, CHOICE = NAMES = 'DistilBertModel', *(f'DistilBertFor{o}' for o in (
    'SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MaskedLM', 'MultipleChoice'))
SHARP = dict(initializer_range=1.)
PADDING = 'none', 'right', 'left', 'holes'
ACTIVATIONS = [o for o in util.our('ACTIVATIONS') if o != 'gelu']

_rand = torch.Generator().manual_seed(42)
def ids(high, *shape): return torch.randint(high, shape, generator=_rand)
def numbers(*shape): return torch.randn(shape, generator=_rand, dtype=torch.float64)
IDS, HOLES, SOME = 1 + ids(V - 1, B, N), ids(3, B, N) > 0, ids(2, B, N) > 0
TAGS, EMBEDS = ids(5, B, N).masked_fill(SOME, -100), numbers(B, N, SMALL['dim'])

CASES = { # name: (model, configuration, what goes in beside or instead of the ids)
    'model': (MODEL, SHARP, {}),
    'model, sinusoidal': (MODEL, dict(sinusoidal_pos_embds=True), {}),
    'model, one head': (MODEL, dict(n_heads=1, n_layers=1), {}),
    'model, vectors for words': (MODEL, {}, dict(inputs_embeds=EMBEDS)),
    'model, longest': (MODEL, dict(max_position_embeddings=N, pad_token_id=3), {}),
    'classes': (SEQUENCE, dict(num_labels=3, **SHARP), dict(labels=tensor([0, 2, 1, 2]))),
    'classes, some left out': (SEQUENCE, {}, dict(labels=tensor([1, -100, 0, -100]))),
    'regression': (SEQUENCE, dict(num_labels=1), dict(labels=numbers(B))),
    'regression, several': (SEQUENCE, dict(num_labels=3, problem_type='regression'), dict(labels=numbers(B, 3))),
    'several classes at once': (SEQUENCE, dict(num_labels=3), dict(labels=numbers(B, 3).gt(0).double())),
    'classes, sinusoidal, vectors': (SEQUENCE, dict(sinusoidal_pos_embds=True), dict(labels=tensor([0, 1, 1, 1]), inputs_embeds=EMBEDS)),
    'tags': (TOKEN, dict(num_labels=5, **SHARP), dict(labels=TAGS)),
    'tags, on padding too': (TOKEN, dict(num_labels=5), dict(labels=ids(5, B, N))),
    'answers': (QUESTION, SHARP, dict(start_positions=tensor([0, 2, 1, 1]), end_positions=tensor([1, 2, 2, 1]))),
    'answers out of the text': (QUESTION, {}, dict(start_positions=tensor([0, N, 1, N + 5]), end_positions=tensor([1, 2, N + 1, N]))),
    'words': (MASKED, {}, dict(labels=IDS.masked_fill(SOME, -100))),
    'words, not tied': (MASKED, dict(tie_word_embeddings=False, activation='relu'), dict(labels=IDS.masked_fill(SOME, -100))),
    'words, on padding too, sinusoidal': (MASKED, dict(sinusoidal_pos_embds=True), dict(labels=IDS)),
    'words, without loss': (MASKED, SHARP, {}),
    'choices': (CHOICE, SHARP, dict(labels=tensor([1, 0]))),
    'choices, vectors': (CHOICE, {}, dict(labels=tensor([1, 0]), inputs_embeds=EMBEDS)),
}

def mask(padding):
    "1 for a token: rows of mixed length, one of them whole."
    right = torch.arange(N) < tensor([[7], [N], [3], [10]])
    return None if padding == 'none' else dict(right=right, left=right.flip(1), holes=HOLES | (tensor([0, 1, 0, 0]) > 0)[:, None])[padding].long()

def batch(name, extra, padding):
    "The arguments of a call; labels of tokens are -100 on padding, unless they are on all tokens."
    res = {**extra} if 'inputs_embeds' in extra else {'input_ids': IDS, **extra}
    if (m := mask(padding)) is not None:
        res['attention_mask'] = m
        if 'labels' in res and res['labels'].shape == m.shape and (res['labels'] < 0).any(): res['labels'] = res['labels'].masked_fill(m == 0, -100)
    return {k: v if name != CHOICE or k == 'labels' else v.unflatten(0, (2, 2)) for k, v in res.items()}

def pair(case, folder, **kwargs):
    name, config, _ = CASES[case]
    return util.pair(name, folder, {**SMALL, **config}, **kwargs)

def check(case, folder):
    "All that is compared for one case; gives the largest difference."
    theirs, ours = pair(case, folder)
    util.check_way_back(theirs, ours, folder, f'{folder}/back')
    name, _, extra = CASES[case]
    return max(util.check_numbers(theirs, ours, batch(name, extra, padding)) for padding in PADDING)

case, test_files = util.each_case(CASES, pair), util.test_files

@pytest.mark.parametrize('padding', PADDING)
def test_numbers(case, padding):
    theirs, ours, which, _ = case
    name, _, extra = CASES[which]
    util.check_numbers(theirs, ours, batch(name, extra, padding))

@pytest.mark.parametrize('padding', PADDING)
@pytest.mark.parametrize('which', ['model', 'classes', 'tags', 'answers', 'words', 'choices'])
def test_single_precision(which, padding, tmp_path): # as a user has it: each library with the attention that it takes by default
    name, config, extra = CASES[which]
    theirs, ours = util.pair(name, tmp_path, {**SMALL, **config, 'initializer_range': .6}, dtype=torch.float32, attn='sdpa')
    args = batch(name, extra, padding)
    with torch.no_grad(): util.assert_same(theirs, ours, args, output_hidden_states=True)
    ours.config._attn_implementation = 'sdpa'
    util.assert_same(theirs, ours, args, output_hidden_states=True)

@pytest.mark.parametrize('which', ['model', 'classes', 'tags', 'answers', 'words', 'choices'])
@pytest.mark.parametrize('padding', ['none', 'right'])
def test_negative_controls(which, padding, tmp_path):
    name, _, extra = CASES[which]
    util.assert_controls(*pair(which, tmp_path), batch(name, extra, padding))

@pytest.mark.parametrize('padding', PADDING)
@pytest.mark.parametrize('which', ['model', 'words'])
def test_every_attention_and_mask(which, padding, tmp_path): # each of ours; recomputing for the backward pass; masks of other kinds
    theirs, ours = pair(which, tmp_path)
    args = batch(*CASES[which][::2], padding)
    for mode in 'packed', 'sdpa', 'eager':
        ours.config._attn_implementation = mode
        util.assert_same(theirs, ours, args, output_hidden_states=True)
        ours.train().gradient_checkpointing_enable()
        util.assert_same(theirs, ours, args)
        ours.eval().gradient_checkpointing_disable()
    for kind in (torch.bool, torch.int32, torch.float64) if padding != 'none' else ():
        expected, got = util.run(theirs, args)[0], util.run(ours, args | {'attention_mask': args['attention_mask'].to(kind)})[0]
        assert all(util.gap(util.kept(k, expected[k], args['attention_mask']), util.kept(k, got[k], args['attention_mask'])) < 1e-10 for k in expected)

@pytest.mark.parametrize('activation', ACTIVATIONS)
def test_activations(activation, tmp_path):
    theirs, ours = util.pair(MASKED, tmp_path, {**SMALL, 'activation': activation})
    util.assert_same(theirs, ours, batch(*CASES['words'][::2], 'right'))

@pytest.mark.parametrize('which', ['classes', 'tags', 'answers', 'words', 'choices'])
@pytest.mark.parametrize('setting', ['dropout', 'attention_dropout', 'seq_classif_dropout', 'qa_dropout'])
def test_dropout_stands_where_it_should(which, setting, tmp_path): # dropping everything leaves nothing to chance
    name, config, extra = CASES[which]
    theirs, ours = util.pair(name, tmp_path, {**SMALL, **config, setting: 1.})
    with torch.no_grad(): util.assert_same(theirs.train(), ours.train(), batch(name, extra, 'none'), output_hidden_states=True)

@pytest.mark.parametrize('sinusoidal', [False, True])
@pytest.mark.parametrize('name', NAMES)
def test_fresh_weights(name, sinusoidal): # the same shapes and spread; the same sines
    torch.manual_seed(0) # a deviation of 1,024 numbers is off by a tenth once in some thousand draws
    config = {**SMALL, 'dim': 64, 'initializer_range': .02, 'sinusoidal_pos_embds': sinusoidal}
    a, b = (module(**config) for module in (util.their('DistilBertConfig'), util.our('DistilBertConfig')))
    a, b = util.their(name)(a).state_dict(), util.our(name)(b).state_dict()
    assert {k: v.shape for k, v in a.items()} == {k: v.shape for k, v in b.items()}
    for k in a:
        if 'position_embeddings' in k and sinusoidal: torch.testing.assert_close(a[k], b[k], rtol=0, atol=1e-6)
        elif a[k].ndim == 1: assert torch.equal(a[k], b[k]), k # zeros and ones
        elif a[k].numel() > 500: assert .9 < a[k].std() / b[k].std() < 1.1, k

def older(folder):
    "All cases against the transformers that is imported, and what 5.x no longer has: masks for heads, and pruning. Runs in `run457`."
    torch.set_default_dtype(torch.float64) # 4.57 makes a pruned layer in the default kind of number
    worst = {case: check(case, folder/str(i)) for i, case in enumerate(CASES)}
    for which in 'model', 'classes', 'tags', 'answers', 'words', 'choices':
        name, config, extra = CASES[which]
        theirs, ours = pair(which, folder/which)
        for padding in PADDING:
            for head_mask in tensor([1., 0, 1, .5], dtype=torch.float64), numbers(3, 4):
                worst[f'{which}, head mask, {padding}'] = util.assert_same(theirs, ours, batch(name, extra, padding) | {'head_mask': head_mask})
        for model in theirs, ours:
            model.prune_heads({0: [1], 2: [0, 3]})
            model.prune_heads({2: [1]})
        theirs.save_pretrained(folder/which/'pruned')
        loaded = util.our(name).from_pretrained(folder/which/'pruned', dtype='auto')
        ours.save_pretrained(folder/which/'ours')
        again = util.their(name).from_pretrained(folder/which/'ours', dtype=theirs.dtype, attn_implementation='eager')
        assert loaded.config.pruned_heads == again.config.pruned_heads == {0: [1], 2: [0, 1, 3]}
        worst[f'{which}, pruned'] = max(util.assert_same(a, b, batch(name, extra, padding)) for padding in PADDING
                                        for a, b in [(theirs, ours), (theirs, loaded), (again, ours)])
    return worst

def test_457(tmp_path):
    worst = util.in_457('test_distilbert', tmp_path)
    assert len(worst) == len(CASES) + 6 * 5 and max(worst.values()) < util.TOLERANCE[torch.float64]
