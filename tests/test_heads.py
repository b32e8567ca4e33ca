"The five heads: losses by hand, labels that don't fit, padding that is read, and what is left of a head when another is loaded."
import inspect, math, warnings

import pytest, torch
from torch import nn, tensor
from torch.nn import functional as F

from helpers import run457
from transformers_lite import heads
from transformers_lite.configuration import DistilBertConfig
from transformers_lite.messages import warn_once
from transformers_lite.heads import *
from transformers_lite.distilbert import DistilBertModel

TINY = dict(vocab_size=13, max_position_embeddings=12, dim=8, n_heads=2, n_layers=2, hidden_dim=16, initializer_range=1.)
IDS = tensor([[1, 3, 5, 7, 9, 3, 10, 2], [1, 4, 6, 8, 2, 0, 0, 0]])
MASK = (IDS != 0).long()
SEQUENCE, TOKEN, QUESTION, MASKED, CHOICE = HEADS = [getattr(heads, f'DistilBertFor{o}') for o in (
    'SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MaskedLM', 'MultipleChoice')]
each_head = pytest.mark.parametrize('cls', HEADS, ids=lambda c: c.__name__)

def make(cls, **settings):
    torch.manual_seed(3)
    return cls(DistilBertConfig(**{**TINY, **settings})).eval()

def heard(f, *args, **kwargs):
    "The result, and the warnings."
    warn_once.cache_clear()
    with warnings.catch_warnings(record=True) as ws:
        warnings.simplefilter('always')
        return f(*args, **kwargs), [str(w.message) for w in ws]

def near(a, b): torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)

def batch(cls): return dict(input_ids=IDS[None], attention_mask=MASK[None]) if cls is CHOICE else dict(input_ids=IDS, attention_mask=MASK)

def labels(cls):
    if cls is QUESTION: return dict(start_positions=tensor([1, 2]), end_positions=tensor([3, 2]))
    return dict(labels={SEQUENCE: tensor([0, 1]), TOKEN: (IDS % 2).masked_fill(MASK == 0, -100), MASKED: IDS.masked_fill(MASK == 0, -100), CHOICE: tensor([1])}[cls])

# --- signatures

def test_signatures_are_those_of_457():
    theirs = run457('''import inspect
result = {o: list(inspect.signature(getattr(transformers, o).forward).parameters) for o in args}''', *(c.__name__ for c in HEADS))
    assert theirs == {c.__name__: list(inspect.signature(c.forward).parameters) for c in HEADS}

@each_head
def test_forms_of_the_output(cls):
    model = make(cls)
    out = model(**batch(cls), **labels(cls), output_hidden_states=True, output_attentions=True)
    first = ['loss', 'start_logits', 'end_logits'] if cls is QUESTION else ['loss', 'logits']
    assert list(out) == [*first, 'hidden_states', 'attentions'] and len(out.hidden_states) == 3 and len(out.attentions) == 2
    assert list(model(**batch(cls))) == first[1:]
    as_tuple = model(**batch(cls), **labels(cls), return_dict=False)
    assert type(as_tuple) is tuple and len(as_tuple) == len(first)
    near(as_tuple[0], out.loss)
    model.config.return_dict = False
    assert type(model(**batch(cls))) is tuple
    assert type(model(**batch(cls), return_dict=True)) is type(out)

@each_head
def test_words_or_their_vectors(cls):
    model = make(cls)
    given = batch(cls)
    vectors = model.get_input_embeddings()(given['input_ids'])
    near(model(**given)[0], model(inputs_embeds=vectors, attention_mask=given['attention_mask'])[0])

@each_head
def test_compiled(cls): # the same numbers from one graph, with labels and padding
    model = make(cls)
    torch._dynamo.reset()
    compiled = torch.compile(make(cls), backend='eager', fullgraph=True)
    a, b = model(**batch(cls), **labels(cls)), compiled(**batch(cls), **labels(cls))
    near(a.loss, b.loss)

@each_head
def test_the_loss_trains(cls):
    model = make(cls, initializer_range=.1).train()
    optimizer = torch.optim.Adam(model.parameters(), .01)
    losses = []
    for _ in range(30):
        losses.append(model(**batch(cls), **labels(cls)).loss)
        losses[-1].backward()
        assert all(p.grad is not None for n, p in model.named_parameters() if 'position' not in n), 'a weight without a gradient'
        optimizer.step()
        optimizer.zero_grad()
    assert losses[-1] < losses[0] / 2

# --- cross entropy

def test_cross_entropy_is_torchs():
    logits, classes = torch.randn(3, 4, 5), torch.randint(5, (3, 4))
    classes[0, 1:] = -100
    expected = F.cross_entropy(logits.view(-1, 5), classes.view(-1))
    for form in classes, classes.flatten(), classes.int(), classes[..., None]: near(cross_entropy(logits, form), expected)

@pytest.mark.parametrize('bad', [5, -1, -99, 100])
def test_a_class_that_is_not_there(bad):
    with pytest.raises(IndexError, match=f'label {bad} is out of range.*0 to 4'): cross_entropy(torch.zeros(3, 5), tensor([0, -100, bad]))

def test_labels_that_would_be_read_wrongly():
    logits = torch.zeros(2, 3, 4)
    with pytest.raises(ValueError, match=r'shape \(3, 2\), but \(2, 3\)'): cross_entropy(logits, torch.zeros(3, 2).long())
    with pytest.raises(RuntimeError, match='whole numbers'): cross_entropy(logits, torch.zeros(2, 3))
    with pytest.raises(ValueError, match='every label is -100'): cross_entropy(logits, torch.full((2, 3), -100))

# --- kinds of problem

@pytest.mark.parametrize('num_labels,target,kind', [
    (1, tensor([.5, 2.]), 'regression'), (1, tensor([[.5], [2.]]), 'regression'), (1, tensor([1, 2]), 'regression'),
    (3, tensor([0, 2]), 'single_label_classification'), (3, tensor([[0], [2]]), 'single_label_classification'),
    (3, tensor([[0., 1., 1.], [0., 0., 1.]]), 'multi_label_classification'), (2, tensor([[True, False], [True, True]]), 'multi_label_classification')])
def test_the_kind_of_problem(num_labels, target, kind, tmp_path):
    model = make(SEQUENCE, num_labels=num_labels)
    out = model(IDS, MASK, labels=target)
    expected = dict(regression=lambda: F.mse_loss(out.logits.squeeze(), target.squeeze().float()), single_label_classification=lambda: F.cross_entropy(out.logits, target.flatten()),
                    multi_label_classification=lambda: F.binary_cross_entropy_with_logits(out.logits, target.float()))[kind]()
    near(out.loss, expected)
    out.loss.backward()
    model.save_pretrained(tmp_path)
    assert model.config.problem_type == kind == DistilBertConfig.from_pretrained(tmp_path).problem_type

def test_the_configuration_decides():
    whole = tensor([[0, 1], [1, 1]])
    near(make(SEQUENCE, problem_type='regression')(IDS, labels=whole).loss, F.mse_loss(make(SEQUENCE)(IDS).logits, whole.float()))
    near(make(SEQUENCE, problem_type='multi_label_classification')(IDS, labels=whole).loss, F.binary_cross_entropy_with_logits(make(SEQUENCE)(IDS).logits, whole.float()))

@pytest.mark.parametrize('num_labels,target,match', [
    (3, tensor([0., 2.]), r'shape \(2,\), but \(2, 3\).*floats a yes or no'), (3, tensor([[0, 1, 1], [0, 0, 1]]), r'but \(2,\) is wanted.*whole numbers are classes'),
    (3, torch.zeros(3, 2), r'shape \(3, 2\)'), (1, torch.zeros(3), r'shape \(3,\)'), (2, tensor([[0., 3.], [0., 1.]]), 'hold 0 to 3'), (2, tensor([[0., math.nan], [0., 1.]]), 'nan')])
def test_labels_of_another_kind(num_labels, target, match):
    with pytest.raises(ValueError, match=match): make(SEQUENCE, num_labels=num_labels)(IDS, labels=target)

def test_a_mistake_is_not_kept(): # the first labels were wrong, the second are right
    model = make(SEQUENCE, num_labels=3)
    with pytest.raises(ValueError): model(IDS, labels=tensor([0., 2.]))
    assert model.config.problem_type is None
    near(model(IDS, labels=tensor([0, 2])).loss, F.cross_entropy(model(IDS).logits, tensor([0, 2])))

# --- spans

def test_span_loss_by_hand():
    start, end = torch.randn(2, 5), torch.randn(2, 5)
    a, b = start.log_softmax(-1), end.log_softmax(-1)
    near(span_loss(start, end, tensor([1, 4]), tensor([2, 4])), -(a[0, 1] + a[1, 4] + b[0, 2] + b[1, 4]) / 4)
    near(span_loss(start, end, tensor([[1], [4]]), tensor([[2], [4]])), -(a[0, 1] + a[1, 4] + b[0, 2] + b[1, 4]) / 4)
    near(span_loss(start, end, tensor([1, 5]), tensor([2, 77])), -(a[0, 1] + b[0, 2]) / 2)

@pytest.mark.parametrize('start,end,name', [([-1, 2], [1, 2], 'start_positions holds -1 to 2'), ([0, 1], [3, -100], 'end_positions holds -100'), ([5, 9], [0, 1], 'start_positions holds 5 to 9')])
def test_positions_that_are_nowhere(start, end, name):
    with pytest.raises(ValueError, match=f'{name}.*0 to 4'): span_loss(torch.zeros(2, 5), torch.zeros(2, 5), tensor(start), tensor(end))

def test_question_answering_has_two_scores():
    with pytest.raises(ValueError, match='num_labels=3.*needs 2'): make(QUESTION, num_labels=3)

def test_one_position_is_no_loss():
    assert make(QUESTION)(IDS, start_positions=tensor([1, 2])).loss is None

# --- padding

@pytest.mark.parametrize('mode', ['packed', 'sdpa', 'eager'])
@pytest.mark.parametrize('learning', [False, True])
def test_no_answer_in_the_padding(mode, learning):
    model = make(QUESTION)
    model.config._attn_implementation = mode
    out = model(IDS, MASK, **(labels(QUESTION) if learning else {}))
    for scores in out.start_logits, out.end_logits:
        assert scores.isfinite().all() and scores.is_contiguous()
        assert (scores[MASK == 0] == torch.finfo(torch.float32).min).all() and (scores[MASK == 1].abs() < 1e3).all()
    near(out.start_logits[1, :5], model(IDS[1:, :5]).start_logits[0])

@pytest.mark.parametrize('cls', [SEQUENCE, CHOICE], ids=lambda c: c.__name__)
def test_padding_at_the_first_place(cls):
    model, reference = make(cls), make(cls)
    reference.config._attn_implementation = 'sdpa' # computes all positions
    shape = (lambda x: x[None]) if cls is CHOICE else (lambda x: x)
    left = shape(IDS.flip(1)), shape(MASK.flip(1))
    out, said = heard(model, *left)
    assert len(said) == 1 and "padding_side = 'right'" in said[0]
    near(out.logits, reference(*left).logits)
    assert heard(model, **batch(cls))[1] == []
    packed = DistilBertModel.forward # negative control: the packed body would read zeros there
    model.distilbert.forward = lambda *args, drop_padding=True: packed(model.distilbert, *args)
    assert (model(*left).logits - out.logits).abs().max() > 1e-3

@pytest.mark.parametrize('cls', [TOKEN, MASKED], ids=lambda c: c.__name__)
def test_labels_on_padding(cls):
    model, reference = make(cls), make(cls)
    reference.config._attn_implementation = 'sdpa'
    everywhere = IDS % 2
    out, said = heard(model, IDS, MASK, labels=everywhere)
    assert len(said) == 1 and '-100' in said[0]
    near(out.loss, reference(IDS, MASK, labels=everywhere).loss)
    near(heard(model, IDS, MASK, labels=everywhere.flatten())[0].loss, out.loss)
    clean, said = heard(model, IDS, MASK, labels=everywhere.masked_fill(MASK == 0, -100))
    assert said == [] and abs(clean.loss - out.loss) > 1e-3

@each_head
@pytest.mark.parametrize('mask,error,match', [(MASK.tolist(), TypeError, 'torch.Tensor is wanted'), (MASK[:, :5], ValueError, r'\(2, 5\)'), (MASK.flatten(), ValueError, 'attention_mask has shape')])
def test_a_mask_that_does_not_fit(cls, mask, error, match):
    if cls is CHOICE: mask, error, match = MASK[:1], ValueError, 'attention_mask has shape'
    with pytest.raises(error, match=match): make(cls)(batch(cls)['input_ids'], mask, **labels(cls))

# --- one of several

def test_choices_are_rows_of_one_batch():
    model = make(CHOICE)
    ids, mask = torch.stack([IDS, IDS.flip(0), IDS]), torch.stack([MASK, MASK.flip(0), MASK])
    out = model(ids, mask, labels=tensor([0, 1, 0]))
    one_by_one = torch.stack([model(ids[i:i+1, j:j+1], mask[i:i+1, j:j+1]).logits[0, 0] for i in range(3) for j in range(2)]).view(3, 2)
    near(out.logits, one_by_one)
    near(out.loss, F.cross_entropy(one_by_one, tensor([0, 1, 0])))

@pytest.mark.parametrize('given', [dict(), dict(input_ids=IDS), dict(inputs_embeds=torch.zeros(2, 8, 8))])
def test_choices_need_three_dimensions(given):
    with pytest.raises(ValueError, match='wants .batch, choices, tokens.'): make(CHOICE)(**given)

# --- one body, other heads

@pytest.mark.parametrize('old', HEADS, ids=lambda c: c.__name__)
@each_head
def test_any_head_from_any_other(old, cls, tmp_path):
    make(old).save_pretrained(tmp_path)
    (new, info), _ = heard(cls.from_pretrained, tmp_path, output_loading_info=True, ignore_mismatched_sizes=True)
    saved = make(old).state_dict()
    assert all(torch.equal(t, saved[f'distilbert.{n}']) for n, t in new.distilbert.state_dict().items())
    assert not any(k.startswith('distilbert') for k in info['missing_keys'] | info['unexpected_keys'])
    assert new(**batch(cls))[0].isfinite().all()

def test_the_output_table_is_the_input_table(tmp_path):
    model = make(MASKED)
    assert model.vocab_projector.weight is model.get_input_embeddings().weight is model.get_output_embeddings().weight
    untied = make(MASKED, tie_word_embeddings=False)
    assert untied.num_parameters() == model.num_parameters() + 13 * 8
    model.set_output_embeddings(nn.Linear(8, 13))
    assert model.vocab_projector is model.get_output_embeddings()

# --- scores of labelled positions only

def learned(model, sparse, **kwargs):
    "Output, and the gradient of every weight."
    model.config.sparse_prediction = sparse
    model.zero_grad()
    out = model.train()(**kwargs)
    out.loss.backward()
    return out, {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}

def scores_words(name):
    torch.manual_seed(5)
    if name == 'masked': return DistilBertForMaskedLM(DistilBertConfig(**TINY, dropout=0., attention_dropout=0.))
    from transformers_lite import LlamaConfig, LlamaForCausalLM
    return LlamaForCausalLM(LlamaConfig(vocab_size=13, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, initializer_range=1.))

@pytest.mark.parametrize('items', [None, 7])
@pytest.mark.parametrize('masked', [True, False])
@pytest.mark.parametrize('name', ['masked', 'causal'])
def test_scores_of_labelled_positions(name, masked, items):
    "Equal loss and gradients, and a row of scores for each label; a label more is a row and another loss."
    if items and name == 'masked': pytest.skip('takes no num_items_in_batch')
    model, wanted = scores_words(name), IDS.masked_fill((MASK == 0) | (torch.arange(8) % 3 == 0), -100)
    given = dict(input_ids=IDS, labels=wanted, attention_mask=MASK if masked else None)
    if items: given['num_items_in_batch'] = items
    (all_of, a), (few, b) = learned(model, False, **given), learned(model, True, **given)
    counted = wanted if name == 'masked' else wanted[:, 1:]
    assert all_of.logits.shape == (2, 8, 13) and few.logits.shape == ((counted != -100).sum(), 13)
    near(all_of.loss, few.loss)
    assert a.keys() == b.keys()
    for n in a: torch.testing.assert_close(a[n], b[n], rtol=1e-4, atol=1e-5)
    rows = (all_of.logits if name == 'masked' else all_of.logits[:, :-1])[counted != -100]
    near(rows, few.logits)
    wanted[0, 3] = 1
    more, _ = learned(model, True, **given)
    assert len(more.logits) == len(few.logits) + 1 and abs(more.loss - few.loss) > 1e-4
    assert model.eval()(**given).logits.shape == (2, 8, 13)  # only in training
    with torch.no_grad(): assert model.train()(input_ids=IDS).logits.shape == (2, 8, 13)  # and only with labels

@pytest.mark.parametrize('name', ['masked', 'causal'])
def test_labels_of_labelled_positions_are_checked(name):
    model = scores_words(name).train()
    model.config.sparse_prediction = True
    with pytest.raises(ValueError, match='every label is -100'): model(input_ids=IDS, labels=torch.full_like(IDS, -100))
    with pytest.raises(ValueError, match='labels have shape'): model(input_ids=IDS, labels=IDS[:, :-1])
    with pytest.raises(IndexError, match='label 99 is out of range'): model(input_ids=IDS, labels=torch.full_like(IDS, 99))
    flat = IDS.flatten() if name == 'masked' else None
    if flat is not None: assert model(input_ids=IDS, labels=flat).logits.shape == (16, 13)

def test_sparse_prediction_is_a_setting_of_the_file(tmp_path):
    "Written only where it was asked for; transformers' ModernBERT has it under this name, off, too."
    assert 'sparse_prediction' not in DistilBertConfig(**TINY).to_diff_dict() and not DistilBertConfig(**TINY).sparse_prediction
    DistilBertConfig(**TINY, sparse_prediction=True).save_pretrained(tmp_path)
    assert DistilBertConfig.from_pretrained(tmp_path).sparse_prediction
    import transformers
    assert transformers.ModernBertConfig().sparse_prediction is False
