"The fine-tuning chapter's own functions: labels follow spans, a resumed run is the run, an adapter changes nothing else."
import json

import pytest, torch
from hypothesis import assume, example, given, settings, strategies as st

from helpers import cells_of, run_python

book = cells_of('15_finetuning', 'NAME', 'PATTERNS', 'KINDS', 'LABELS', 'invent', 'make_note', 'first_pieces', 'align', 'read_spans', 'label_notes', 'plan', 'train', 'labels', 'with_head', 'save_run', 'load_run', 'tokenizer')
align, read_spans, tokenizer = book['align'], book['read_spans'], book['tokenizer']

# Labels

words = st.lists(st.text(st.sampled_from('abcdefgxyzABCéüñß東京0123456789.,;-\'!😀'), min_size=1, max_size=9), min_size=1, max_size=12)

@st.composite
def spanned(draw): # a text, and spans that begin and end with words of the tokenizer, in order, some of which touch
    text = draw(st.sampled_from([' ', '  '])).join(draw(words))
    e = tokenizer(text)[0]
    whole, spans = [w for _, w in book['first_pieces'](e)], []
    while whole:
        n, kind = draw(st.integers(1, 3)), draw(st.sampled_from([None, *book['KINDS']]))
        some, whole = whole[:n], whole[n:]
        if kind: spans.append((e.word_to_chars(some[0])[0], e.word_to_chars(some[-1])[1], kind))
    return text, spans

@settings(deadline=None, max_examples=300)
@given(spanned())
@example(('Ana Ana', [(0, 3, 'PERSON'), (4, 7, 'PERSON')])) # two that touch
@example(('', []))
def test_aligned_labels_reproduce_the_spans(given):
    text, spans = given
    e = tokenizer(text)[0]
    labels = align(e, spans)
    assert read_spans(e, labels) == spans and len(labels) == len(e.ids)
    assert [l != -100 for l in labels] == [w is not None and w != b for w, b in zip(e.word_ids, [None, *e.word_ids])]
    long = tokenizer([text, 'a much longer text ' * 12], padding=True)[0] # padding changes nothing
    assert align(long, spans) == labels + [-100] * (len(long.ids) - len(e.ids)) and read_spans(long, align(long, spans)) == spans

@settings(deadline=None, max_examples=100)
@given(spanned(), st.data())
def test_the_property_can_fail(given, data): # a label that is moved gives other spans
    text, spans = given
    assume(spans)
    e = tokenizer(text)[0]
    labels = align(e, spans)
    at = data.draw(st.sampled_from([i for i, l in enumerate(labels) if l > 0]))
    labels[at] = 0
    assert read_spans(e, labels) != spans

@pytest.mark.parametrize('span', [(1, 3, 'PERSON'), (0, 2, 'PERSON'), (3, 4, 'PLACE'), (0, 4, 'TIME'), (0, 99, 'TIME')])
def test_a_span_that_cuts_a_word(span):
    with pytest.raises(ValueError, match=f'span {span[0]} to {span[1]}.*words.*Move its ends'): align(tokenizer('Ana met Ravi.')[0], [span])

def test_notes_are_exact():
    import random
    rng = random.Random(5)
    for n in (book['make_note'](rng, book['PATTERNS']) for _ in range(200)):
        assert n['answer'] in [s[:2] for s in n['spans']] and all(n['text'][a:b].strip() == n['text'][a:b] != '' for a, b, _ in n['spans']) and not set('{}') & {*n['text'], *n['question']}

# Runs

START = '''import json, random, sys, torch
from pathlib import Path
sys.path.insert(0, 'tests')
from helpers import cells_of
book = cells_of('15_finetuning', 'NAME', 'PATTERNS', 'HELD_OUT', 'KINDS', 'LABELS', 'invent', 'make_note', 'first_pieces', 'align', 'label_notes', 'plan', 'train', 'labels', 'with_head', 'save_run', 'load_run', 'tokenizer')
rng = random.Random(1)
data = book['label_notes']([book['make_note'](rng, book['PATTERNS']) for _ in range(160)])
def run(seed, **kwargs): return book['train'](book['with_head'](book['AutoModelForTokenClassification'], seed=seed, **book['labels']), book['plan'](data, epochs=2), **kwargs)
'''

here = {}
exec(START, here)

def losses(call): return json.loads(run_python(START + f'print(json.dumps({call}))', IN_TEST='1').splitlines()[-1])

@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('runs')
    cut = losses(f"run(0, file=Path({str(folder/'run.pt')!r}), stop=15)")
    return folder, here['run'](0), cut, torch.load(folder/'run.pt', weights_only=True)

def test_a_fresh_process_goes_on_bit_for_bit(runs):
    folder, whole, cut, kept = runs
    assert len(whole) == 20 and len(kept['losses']) == 10 and cut == whole[:15]
    assert losses(f"run(99, file=Path({str(folder/'run.pt')!r}))") == whole

@pytest.mark.parametrize('name', ['random', 'opt', 'model', 'schedule', 'losses'])
def test_each_part_is_needed(runs, name):
    folder, whole, _, kept = runs
    forgot = dict(random=torch.Generator().manual_seed(1).get_state(), opt=kept['opt'] | {'state': {}}, model={k: torch.zeros_like(v) for k, v in kept['model'].items()},
        schedule=kept['schedule'] | {'last_epoch': 0, '_step_count': 1}, losses=kept['losses'][:9])
    torch.save(kept | {name: forgot[name]}, folder/f'{name}.pt')
    assert here['run'](99, file=folder/f'{name}.pt')[10:] != whole[10:]

def test_only_the_adapter_changes():
    peft = pytest.importorskip('peft')
    import random
    rng = random.Random(2)
    data = book['label_notes']([book['make_note'](rng, book['PATTERNS']) for _ in range(96)])
    base = book['with_head'](book['AutoModelForTokenClassification'], **book['labels'])
    before = {k: v.clone() for k, v in base.named_parameters()}
    model = peft.get_peft_model(base, peft.LoraConfig(r=4, target_modules=['q_lin', 'v_lin', 'lin1'], modules_to_save=['classifier']))
    at_first = {k: v.clone() for k, v in model.named_parameters()}
    book['train'](model, book['plan'](data, epochs=2), lr=1e-2)
    changed = {k for k, v in model.named_parameters() if not torch.equal(v, at_first[k])}
    learning = {k for k, v in model.named_parameters() if v.requires_grad}
    assert changed == learning and all('lora_' in k or 'modules_to_save' in k for k in changed) and len(changed) == 3 * 3 * 2 + 2
    model.eval()
    with torch.inference_mode():
        wanted = model(**data).logits
        merged = model.merge_and_unload().eval()
        assert (merged(**data).logits - wanted).abs().max() < 1e-3
        moved = {k for k, v in merged.named_parameters() if not torch.equal(v, before[k])}
    assert moved == {k for k in before if k.endswith('.weight') and any(n in k for n in ('q_lin', 'v_lin', 'lin1'))} | {'classifier.weight', 'classifier.bias'}
