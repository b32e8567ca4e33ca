"The two tokenizers against transformers: 4.57.6, slow and fast, in a second Python; 5.x in this one."
import json

import pytest, transformers
from hypothesis import given, settings
from helpers import bert_vocab, run457
from test_tokenizer import CLASSES, LONG, RECORD, SHORT, VOCAB, all_of, texts
from transformers_lite.tokenizer import *
from transformers_lite.tokenizer_fast import *

TEXTS = [r['text'] for r in RECORD['rows']] + ['The café’s unaffable owner, Zoë, paid 3,000€ for antidisestablishmentarianism.', 'a ZzQ b <x> c', 'hello<x>world']
WANTED = dict(return_offsets_mapping=True, return_special_tokens_mask=True, return_token_type_ids=True)
CALLS = [dict(text=t, text_pair=p, **k) for t, p, k in (
    (LONG, SHORT, {}), ([LONG, 'un'], None, dict(padding=True)), ([LONG, 'un'], [SHORT, 'hello , un'], dict(padding='max_length', max_length=24)), (['un', LONG], None, dict(padding=True, pad_to_multiple_of=8, padding_side='left')),
    (LONG, None, dict(truncation=True, max_length=6)), (LONG, SHORT, dict(truncation=True, max_length=9)), (LONG, SHORT, dict(truncation='only_first', max_length=12)), (LONG, SHORT, dict(truncation='only_second', max_length=14)),
    ([LONG, LONG + SHORT], None, dict(truncation=True, max_length=6, stride=2, return_overflowing_tokens=True, padding=True)), (LONG, SHORT, dict(truncation=True, max_length=9, stride=1, return_overflowing_tokens=True)),
    (SHORT, LONG, dict(truncation='only_second', max_length=11, stride=2, return_overflowing_tokens=True)), (LONG, None, dict(truncation=True, max_length=2)), (LONG, None, dict(add_special_tokens=False)),
    ([['hello', 'un,able'], ['x']], None, dict(is_split_into_words=True, padding=True)), ([['hello', 'un,able']], [['x', 'y,']], dict(is_split_into_words=True)), ([['a', 'b'], ['x', 'y']], None, {}), ('', None, {}))]

def as_json(x): return json.loads(json.dumps(x))

@pytest.fixture(scope='module')
def real457():
    return run457('''
out = {}
for name, kw in args[2].items():
    slow, fast = transformers.DistilBertTokenizer(args[0], **kw), transformers.DistilBertTokenizerFast(args[0], **kw)
    rows = [fast(t, return_offsets_mapping=True) for t in args[1]]
    ids = [slow(t)['input_ids'] for t in args[1]]
    out[name] = dict(slow=ids, fast=[r['input_ids'] for r in rows], offsets=[r['offset_mapping'] for r in rows], words=[r.word_ids() for r in rows],
                     decoded=[[t.decode(i), t.decode(i, skip_special_tokens=True), t.decode(i, clean_up_tokenization_spaces=False)] for i in ids for t in (slow,)])
result = out''', str(bert_vocab()), TEXTS, dict(lower={}, cased=dict(do_lower_case=False)))

@pytest.mark.parametrize('name, kwargs', [('lower', {}), ('cased', dict(do_lower_case=False))])
def test_real_vocabulary(real457, name, kwargs):
    want, (slow, fast) = real457[name], [c(bert_vocab(), **kwargs) for c in CLASSES]
    assert slow(TEXTS)['input_ids'] == want['slow'] and fast(TEXTS)['input_ids'] == want['fast']
    for t in (slow, fast):
        assert [t.decode(i) for i in want['slow']] == [d[0] for d in want['decoded']]
        assert t.batch_decode(want['slow'], skip_special_tokens=True) == [d[1] for d in want['decoded']]
        assert t.batch_decode(want['slow'], clean_up_tokenization_spaces=False) == [d[2] for d in want['decoded']]
        for i, text in enumerate(TEXTS):
            b = t(text, return_offsets_mapping=True)
            if t is fast or want['slow'][i] == want['fast'][i]: assert as_json(b['offset_mapping']) == want['offsets'][i] and b.word_ids() == want['words'][i], text
    assert len({i for r in want['slow'] for i in r}) > 150 or name == 'cased' # the texts use much of the vocabulary

def test_real_vocabulary_5():
    theirs = transformers.DistilBertTokenizer(vocab=str(bert_vocab()))
    for c in CLASSES:
        ours = c(bert_vocab())
        for text in TEXTS:
            if c is DistilBertTokenizer and text == 'a\ud7ffb': continue # no character yet has this number: Python drops it
            a, b = (t(text, return_offsets_mapping=True) for t in (ours, theirs))
            assert a.data == b.data and a.word_ids() == b.word_ids(), text

@pytest.fixture(scope='module')
def theirs_5(): return transformers.DistilBertTokenizer(vocab=str(bert_vocab())), [c(bert_vocab()) for c in CLASSES]

@settings(deadline=None, max_examples=200)
@given(text=texts)
def test_any_text_5(theirs_5, text):
    theirs, ours = theirs_5
    want = theirs(text, return_offsets_mapping=True)
    for t in ours:
        got = t(text, return_offsets_mapping=True)
        assert got['input_ids'] == want['input_ids'] and got['offset_mapping'] == want['offset_mapping'] and got.word_ids() == want.word_ids()

def test_calls(tmp_path):
    (tmp_path/'v.txt').write_text('\n'.join(VOCAB))
    want = run457('''
t, result = transformers.DistilBertTokenizerFast(args[0]), []
for side in ('right', 'left'):
    t.truncation_side = side
    for c in args[1]:
        b = t(**c, **args[2])
        result.append([dict(b), [[e.tokens, e.word_ids, e.sequence_ids] for e in b.encodings]])''', str(tmp_path/'v.txt'), CALLS, WANTED)
    for c in CLASSES:
        t, got = c(tmp_path/'v.txt'), []
        for side in ('right', 'left'):
            t.truncation_side = side
            got += [as_json(all_of(t, **call)) for call in CALLS]
        for call, g, w in zip(CALLS*2, got, want): assert g == w, call
    assert len(want) == 2*len(CALLS) > 30

def test_a_wrong_order_would_show(tmp_path, monkeypatch):
    monkeypatch.setattr('transformers_lite.tokenizer.fit_lengths', lambda n, m, room, strategy: (n, room-n) if m else (room, None))
    t, want = DistilBertTokenizer(vocab=VOCAB), DistilBertTokenizerFast(vocab=VOCAB)
    call = dict(text=SHORT, text_pair=LONG, truncation=True, max_length=9, return_offsets_mapping=True) # with places, it is Rust that cuts
    assert t(**call).data != want(**call).data

@pytest.fixture
def folders(tmp_path):
    "What each of our classes saves, with and without lower-casing, and what we say of it."
    made = {}
    for c in CLASSES:
        for kwargs in {}, dict(do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False):
            t = c(vocab=VOCAB, model_max_length=77, padding_side='left', **kwargs)
            t.add_special_tokens({'additional_special_tokens': ['<x>']})
            t.add_tokens('newtok2')
            name = f'{c.__name__}-{len(kwargs)}'
            t.save_pretrained(tmp_path/name)
            made[name] = [t(TEXTS + ['a newtok2 b'])['input_ids'], len(t), 77, 'left', t.additional_special_tokens]
    return tmp_path, made

def come_back(path, want):
    for c in CLASSES:
        t = c.from_pretrained(path)
        assert [t(TEXTS + ['a newtok2 b'])['input_ids'], len(t), t.model_max_length, t.padding_side, t.additional_special_tokens] == want, (path.name, c)

def test_folders_457(folders):
    path, made = folders
    got = run457('''
import os
result = {}
for name in args[1]:
    for cls in ('DistilBertTokenizer', 'DistilBertTokenizerFast', 'AutoTokenizer'):
        t = getattr(transformers, cls).from_pretrained(os.path.join(args[0], name))
        result[f'{name}-{cls}'] = [t(args[2])['input_ids'], len(t), t.model_max_length, t.padding_side, t.additional_special_tokens]
        t.save_pretrained(os.path.join(args[0], f'{name}-{cls}'))''', str(path), list(made), TEXTS + ['a newtok2 b'])
    for name, want in made.items():
        for cls in 'DistilBertTokenizer', 'DistilBertTokenizerFast', 'AutoTokenizer':
            assert got[f'{name}-{cls}'] == want, (name, cls)
            come_back(path/f'{name}-{cls}', want)

def test_folders_5(folders):
    path, made = folders
    for name, want in made.items():
        for cls in transformers.DistilBertTokenizer, transformers.AutoTokenizer:
            t = cls.from_pretrained(path/name)
            assert [t(TEXTS + ['a newtok2 b'])['input_ids'], len(t), t.model_max_length, t.padding_side, t.extra_special_tokens] == want, (name, cls)
            t.save_pretrained(path/f'{name}-{cls.__name__}')
            assert {f.name for f in (path/f'{name}-{cls.__name__}').iterdir()} == {'tokenizer.json', 'tokenizer_config.json'}
            come_back(path/f'{name}-{cls.__name__}', want)

def test_generic_fast(folders):
    path, made = folders
    for name, want in made.items():
        ours, theirs = PreTrainedTokenizerFast.from_pretrained(path/name), transformers.PreTrainedTokenizerFast.from_pretrained(path/name)
        assert ours(TEXTS)['input_ids'] == theirs(TEXTS)['input_ids'] == want[0][:-1] and ours.decode(want[0][0]) == theirs.decode(want[0][0])
    ours.save_pretrained(path/'generic')
    assert transformers.AutoTokenizer.from_pretrained(path/'generic')(TEXTS)['input_ids'] == want[0][:-1]

def test_tokens_to_text(tmp_path):
    "The fast tokenizer writes tokens as the Rust library does, without spaces before punctuation; the Python one leaves them."
    (tmp_path/'v.txt').write_text('\n'.join(VOCAB))
    rows = [['hello', 'world', '.'], ['un', '##able', ',', 'x', '!'], ['hello'], ['##able', '.'], []]
    want = run457('result = [[getattr(transformers, c)(args[0]).convert_tokens_to_string(row) for row in args[1]] for c in args[2]]',
                  str(tmp_path/'v.txt'), rows, [c.__name__ for c in CLASSES])
    assert [[c(tmp_path/'v.txt').convert_tokens_to_string(row) for row in rows] for c in CLASSES] == want
    assert want[0][0] == 'hello world .' and want[1][0] == 'hello world.'
