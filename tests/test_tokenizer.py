"The two tokenizers: equal to what was recorded of transformers 4.57.6, equal to each other, and clear about bad input."
import copy, itertools, json, pickle, unicodedata, warnings
from unittest import mock

import numpy as np, pytest
from tokenizers import AddedToken, normalizers
from hypothesis import given, settings, strategies as st
from helpers import ROOT, bert_vocab, run457, run_python
from transformers_lite.messages import warn_once
from transformers_lite.tokenizer import *
from transformers_lite.tokenizer_fast import *
from transformers_lite.wordpiece import *

RECORD = json.loads((ROOT/'tests'/'data'/'tricky_strings.json').read_text())
VOCAB = {t: i for i, t in enumerate(RECORD['vocab'])}
SETTINGS = dict(lower={}, cased=dict(do_lower_case=False), cased_strip=dict(do_lower_case=False, strip_accents=True),
                lower_nostrip=dict(strip_accents=False), nochinese=dict(tokenize_chinese_chars=False))
DECOMPOSED = {'カ\u3099', 'cafe\u0301 nai\u0308ve', unicodedata.normalize('NFD', '한국'), 'u\u0308 ü'} # slow brings these into form C, fast doesn't
CLASSES = DistilBertTokenizer, DistilBertTokenizerFast
both = pytest.mark.parametrize('cls', CLASSES)

@pytest.fixture(autouse=True)
def fresh_warnings():
    warn_once.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield

@pytest.fixture(params=CLASSES)
def tok(request): return request.param(vocab=VOCAB)

def all_of(tokenizer, *args, **kwargs):
    "Everything that a call can return, of each row."
    b = tokenizer(*args, return_offsets_mapping=True, return_special_tokens_mask=True, return_token_type_ids=True, **kwargs)
    es = b.encodings
    return dict(b), [(e.tokens, e.word_ids, e.sequence_ids) for e in es]

# ── the record of 4.57.6 ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize('name', SETTINGS)
def test_tricky_ids(name):
    slow, fast = (c(vocab=VOCAB, **SETTINGS[name]) for c in CLASSES)
    differ = set()
    for r in RECORD['rows']:
        text, want = r['text'], r[name]
        assert slow(text)['input_ids'] == slow(text, return_offsets_mapping=True)['input_ids'] == want['slow_4.57.6'], text
        assert fast(text)['input_ids'] == fast(text, return_offsets_mapping=True)['input_ids'] == want['fast_4.57.6'], text
        if want['agree']: assert all_of(slow, text) == all_of(fast, text), text
        else: differ.add(text)
    assert len(differ) == (4 if name in ('cased', 'lower_nostrip') else 0)
    assert all(not unicodedata.is_normalized('NFC', t) for t in differ)

@both
def test_tricky_places_and_text(cls):
    tokenizer = cls(vocab=VOCAB)
    for r in RECORD['rows']:
        b, d = tokenizer(r['text'], return_offsets_mapping=True), r['decode']
        assert [list(o) for o in b['offset_mapping']] == r['fast_offsets_lower'], r['text']
        assert b.word_ids() == r['fast_word_ids_lower'], r['text']
        assert tokenizer.decode(b['input_ids']) == d['slow_4.57.6'] == d['fast_4.57.6']
        assert tokenizer.decode(b['input_ids'], skip_special_tokens=True) == d['skip_special']['slow_4.57.6']

def test_without_basic_tokenization():
    tokenizer = DistilBertTokenizer(vocab=VOCAB, do_basic_tokenize=False)
    for r in RECORD['rows']: assert tokenizer(r['text'])['input_ids'] == r['slow_do_basic_tokenize_False'], r['text']

def test_the_record_would_show_a_mistake(monkeypatch):
    monkeypatch.setattr('transformers_lite.tokenizer.fold', lambda chars, lower=True, strip=True: chars)
    tokenizer = DistilBertTokenizer(vocab=VOCAB)
    assert sum(tokenizer(r['text'])['input_ids'] != r['lower']['slow_4.57.6'] for r in RECORD['rows']) > 5

# ── both alike on any text ────────────────────────────────────────────────────────────────────────────────────────────
DIFFER = {c for a, b in json.loads((ROOT/'tests'/'data'/'unicode_differences.json').read_text())['ranges'] for c in range(a, b+1)}
same_tables = st.characters(exclude_categories=['Cs', 'Cn']).filter(lambda c: ord(c) not in DIFFER)
words = st.sampled_from([*'aéİßçñÅΣςカガパ日本한국ᄒ😀', 'e\u0301', 'カ\u3099', ' ', '\u3000', '\t', '\n', '\u200b', ',', '!?', "'", '[MASK]', '[SEP]', '[mask]', 'hello', 'Hello', 'unaffable', 'réunions', '東京', '≠', '=\u0338', '##able', 'x'*99, 'x'*101])
texts = st.lists(same_tables | words, max_size=20).map(''.join)

@pytest.fixture(scope='module')
def real(): return [c(bert_vocab()) for c in CLASSES]

@settings(deadline=None, max_examples=300)
@given(text=texts)
def test_slow_equals_fast(real, text):
    slow, fast = real
    assert all_of(slow, text) == all_of(fast, text)
    assert slow(text)['input_ids'] == fast(text)['input_ids']

@settings(deadline=None, max_examples=150)
@given(a=texts, b=st.none() | texts, n=st.integers(2, 24), stride=st.integers(0, 4), strategy=st.sampled_from(['longest_first', 'only_first', 'only_second']),
       side=st.sampled_from(['left', 'right']), special=st.booleans())
def test_slow_equals_fast_when_cut(real, a, b, n, stride, strategy, side, special):
    def go(t):
        t.truncation_side = side
        try: return all_of(t, a, b, truncation=strategy, max_length=n, stride=stride, return_overflowing_tokens=True, add_special_tokens=special)
        except ValueError: return 'ValueError'
    assert go(real[0]) == go(real[1])

def test_every_code_point():
    "The Python rules equal the Rust library's on each assigned character, but for those that came after its tables."
    backend = wordpiece_backend({'[UNK]': 0}, '[UNK]')
    rust = lambda t: [w for w, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(t))]
    ours = lambda t: [''.join(c for c, _, _ in w) for w in split_words(fold(clean(t)))]
    differ = {o for o in range(0x110000) if unicodedata.category(chr(o)) not in ('Cs', 'Cn') and ours(f'a{chr(o)}b') != rust(f'a{chr(o)}b')}
    assert differ <= DIFFER, sorted(map(hex, differ - DIFFER))[:20]
    assert 0x898 in differ and 0x2b820 in differ and len(differ) > 700

# ── the call ──────────────────────────────────────────────────────────────────────────────────────────────────────────
LONG, SHORT = 'hello world , . ! hello world ,', 'x y z 1'
@pytest.mark.parametrize('side', ['right', 'left'])
def test_truncation_and_overflow(side):
    slow, fast = (c(vocab=VOCAB, truncation_side=side) for c in CLASSES)
    seen = 0
    for a, b, n, stride, strategy, special in itertools.product((LONG, 'un', ''), (None, SHORT, 'hello caf , un able x'), range(0, 14), (0, 1, 2), ('longest_first', 'only_first', 'only_second'), (True, False)):
        def go(t):
            try: return all_of(t, a, b, truncation=strategy, max_length=n, stride=stride, return_overflowing_tokens=True, add_special_tokens=special)
            except ValueError: return None
        s, f = go(slow), go(fast)
        assert s == f, (a, b, n, stride, strategy, special)
        if s: seen += 1; assert all(len(r) <= n for r in s[0]['input_ids'])
    assert seen > 500

def test_overflow_covers_the_text(tok):
    b = tok(LONG, truncation=True, max_length=5, stride=1, return_overflowing_tokens=True)
    ids = tok(LONG, add_special_tokens=False)['input_ids']
    assert b['overflow_to_sample_mapping'] == [0]*len(b['input_ids'])
    rows = [r[1:-1] for r in b['input_ids']]
    assert rows[0] + [i for r in rows[1:] for i in r[1:]] == ids and all(x[-1] == y[0] for x, y in zip(rows, rows[1:]))

@pytest.mark.parametrize('side', ['right', 'left'])
def test_padding(tok, side):
    texts, n = ['hello world', 'un', 'hello , unable !'], [4, 3, 7]
    b = tok(texts, padding=True, padding_side=side, return_tensors='np', return_token_type_ids=True, return_special_tokens_mask=True, return_length=True)
    lists = tok(texts, padding=True, padding_side=side, return_token_type_ids=True, return_special_tokens_mask=True)
    assert b['input_ids'].shape == (3, 7) and b['input_ids'].dtype == np.int64 and b['attention_mask'].sum(1).tolist() == n and b['length'].tolist() == [7]*3
    for k in lists: assert b[k].tolist() == lists[k]
    for i in range(3):
        assert b['attention_mask'][i].tolist() == sorted([1]*n[i] + [0]*(7-n[i]), reverse=side == 'right') == b.encodings[i].attention_mask
        assert tok.convert_ids_to_tokens(b['input_ids'][i]) == b.tokens(i) and len(b.word_ids(i)) == 7
    assert len(tok(texts, padding='max_length', max_length=9)['input_ids'][0]) == 9
    assert len(tok(texts, padding=True, pad_to_multiple_of=8)['input_ids'][0]) == 8
    assert [len(r) for r in tok(texts, padding='max_length', max_length=5)['input_ids']] == [5, 5, 7]

def test_pad_later(tok):
    rows = [tok('hello world'), tok('un')]
    assert tok.pad(rows).data == tok(['hello world', 'un'], padding=True).data
    assert tok.pad({'input_ids': [[1, 2], [3]], 'attention_mask': [[1, 0], [1]]}, return_tensors='np')['attention_mask'].tolist() == [[1, 0], [1, 0]]
    assert tok.pad([{'input_ids': [1, 2], 'labels': 1}, {'input_ids': [3], 'labels': 0}], return_tensors='np', pad_to_multiple_of=4)['input_ids'].shape == (2, 4)

def test_tensors(tok):
    import torch
    b = tok('hello world', return_tensors='pt')
    assert b['input_ids'].tolist() == [[2, 8, 9, 3]] and b.input_ids.dtype == torch.int64
    assert b.to('meta')['input_ids'].device.type == 'meta'
    for kind in 'np', 'pt': assert tok([], return_tensors=kind)['input_ids'].shape[0] == 0

def test_pairs_words_and_targets(tok):
    b = tok([('hello', 'x'), ('un', 'y , z')], return_token_type_ids=True)
    assert b.data == tok(['hello', 'un'], ['x', 'y , z'], return_token_type_ids=True).data
    assert b['token_type_ids'] == [[0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1]] and b.sequence_ids(0) == [None, 0, None, 1, None]
    w = tok([['hello', 'un,able'], ['x']], is_split_into_words=True, return_offsets_mapping=True)
    assert w.word_ids(0) == [None, 0, 1, 1, 1, None] and w['offset_mapping'][0] == [(0, 0), (0, 5), (0, 2), (2, 3), (3, 7), (0, 0)]
    assert tok(['hello', 'un'], is_split_into_words=True)['input_ids'] == tok('hello un')['input_ids']
    assert tok('a', text_target='hello')['labels'] == tok('hello')['input_ids'] == tok(text_target='hello')['input_ids']

def test_names_of_before(tok):
    assert tok.encode('a', 'x') == tok.encode_plus('a', 'x')['input_ids'] == tok.batch_encode_plus([('a', 'x')])['input_ids'][0]
    assert tok.tokenize('hello unable') == ['hello', 'un', '##able'] and tok.tokenize('un', 'x', add_special_tokens=True) == ['[CLS]', 'un', '[SEP]', 'x', '[SEP]']

def test_places(tok):
    b = tok(['hello , unable', 'un'], ['hello caf', 'x'], padding=True)
    assert (b.token_to_word(0, 3), b.token_to_sequence(0, 7), b.token_to_chars(0, 4), b.token_to_chars(0, 0), b.token_to_chars(0, 99)) == (2, 1, (10, 14), None, None)
    assert (b.word_to_tokens(0, 2), b.word_to_tokens(0, 1, 1), b.word_to_chars(0, 2), b.word_to_chars(0, 9)) == ((3, 5), (7, 8), (8, 14), None)
    assert (b.char_to_token(0, 9), b.char_to_token(0, 5), b.char_to_token(0, 7, 1), b.char_to_word(0, 11), b.char_to_word(0, 5)) == (3, None, 7, 2, None)
    assert b.token_to_word(1) == 0 and b.token_to_chars(0, -2) == (6, 9) and b.word_to_chars(0, 2).end == 14 and b.n_sequences == 2
    assert b[1].tokens[:3] == ['[CLS]', 'un', '[SEP]'] and b[0:1]['input_ids'] == b['input_ids'][:1]
    for copied in pickle.loads(pickle.dumps(b)), copy.deepcopy(b): assert copied.word_ids(0) == b.word_ids(0) and copied.data == b.data

# ── special and added tokens ──────────────────────────────────────────────────────────────────────────────────────────
def test_special_tokens(tok):
    assert (tok.cls_token, tok.cls_token_id, tok.bos_token, tok.bos_token_id) == ('[CLS]', 2, None, None)
    assert tok.all_special_ids == [1, 3, 0, 2, 4] and list(tok.special_tokens_map) == ['unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token']
    assert tok.build_inputs_with_special_tokens([7], [8]) == [2, 7, 3, 8, 3] and tok.num_special_tokens_to_add(True) == 3
    assert tok.create_token_type_ids_from_sequences([7], [8]) == [0, 0, 0, 1, 1]
    assert tok.get_special_tokens_mask([7], [8]) == tok.get_special_tokens_mask([2, 7, 3, 8, 3], already_has_special_tokens=True) == [1, 0, 1, 0, 1]
    tok.cls_token = 'hello'
    assert tok('x')['input_ids'] == [8, 75, 3]
    with pytest.raises(ValueError, match="add_special_tokens"): tok.pad_token = '<pad>'
    tok.pad_token = None
    with pytest.raises(ValueError, match='add_special_tokens'): tok(['a'], padding=True)

def test_added_tokens():
    slow, fast = pair = [c(vocab=VOCAB) for c in CLASSES]
    for t in pair:
        assert t.add_tokens(['ZzQ', 'hello']) == 1 and t.add_tokens('ZzQ') == 0 and (len(t), t.vocab_size) == (121, 120)
        assert t.add_special_tokens({'additional_special_tokens': ['<x>'], 'bos_token': '<s>'}) == 2
        assert t.add_special_tokens({'additional_special_tokens': ['<y>']}, replace_additional_special_tokens=False) == 1 and t.additional_special_tokens == ['<x>', '<y>']
        t.add_tokens([AddedToken('日x', normalized=True), AddedToken('one', single_word=True), AddedToken('Le', lstrip=True, normalized=False), AddedToken('Ri', rstrip=True, normalized=False)])
        assert t.decode([8, 120]) == 'hello ZzQ' and t.convert_tokens_to_ids('ZzQ') == 120 and t.get_added_vocab()['<x>'] == 121
    for text in ('x ZzQ zzq', 'xzzqx ZÉzq', '<x>hello<s> <X>', 'unhello', '日x a日xb', 'one oneone a-one', 'hello  Le  x', 'x Ri  y', 'a\u200bzz\u200bq', '<y><y>'):
        s, f = slow(text, return_offsets_mapping=True), fast(text, return_offsets_mapping=True)
        assert s.data == f.data and s.word_ids() == f.word_ids(), text
    assert slow.decode(slow('a <x> b')['input_ids'], skip_special_tokens=True) == 'a [UNK]'.replace(' [UNK]', '')

def test_never_split():
    t = DistilBertTokenizer(vocab={**VOCAB, "don't": 120}, never_split=["don't"])
    assert t.tokenize("don't don'ts") == ["don't", 'don', "'", 't', '##s']

# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@both
def test_folder(cls, tmp_path):
    t = cls(vocab=VOCAB, do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False, model_max_length=77, padding_side='left', truncation_side='left')
    t.add_tokens('ZzQ')
    t.add_special_tokens({'additional_special_tokens': ['<x>']})
    assert {p.name for p in map(type(tmp_path), t.save_pretrained(tmp_path/'a'))} == {'vocab.txt', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'}
    texts = [r['text'] for r in RECORD['rows']] + ['a ZzQ b<x>']
    for other in CLASSES:
        for remove in ([], ['vocab.txt'], ['tokenizer.json'], ['special_tokens_map.json'], ['vocab.txt', 'tokenizer_config.json']):
            t.save_pretrained(tmp_path/'b')
            for f in remove: (tmp_path/'b'/f).unlink()
            again = other.from_pretrained(tmp_path/'b')
            settings = () if 'tokenizer_config.json' in remove else ('model_max_length', 'padding_side', 'truncation_side')
            assert again(texts)['input_ids'] == other(vocab=VOCAB, do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False,
                added_tokens_decoder=t.added_tokens_decoder)(texts)['input_ids'], remove
            for k in ('do_lower_case', 'strip_accents', 'tokenize_chinese_chars', 'additional_special_tokens', *settings):
                assert getattr(again, k) == getattr(t, k) or (k == 'additional_special_tokens' and not settings), (k, remove)
    assert cls.from_pretrained(tmp_path/'a', padding_side='right', do_lower_case=True).padding_side == 'right'
    assert cls.from_pretrained(tmp_path/'a'/'vocab.txt').vocab_size == 120 and cls.from_pretrained(tmp_path/'a'/'tokenizer.json').vocab_size == 120

@both
def test_foreign_settings_are_kept(cls, tmp_path):
    cls(vocab=VOCAB).save_pretrained(tmp_path)
    config = json.loads((tmp_path/'tokenizer_config.json').read_text())
    (tmp_path/'tokenizer_config.json').write_text(json.dumps({**config, 'chat_template': 'hi', 'backend': 'tokenizers'}))
    t = cls.from_pretrained(tmp_path)
    t.save_pretrained(tmp_path/'again')
    assert (tmp_path/'again'/'chat_template.jinja').read_text() == 'hi' and json.loads((tmp_path/'again'/'tokenizer_config.json').read_text())['backend'] == 'tokenizers'
    if cls is DistilBertTokenizerFast: assert t.chat_template == cls(vocab=VOCAB, chat_template='hi').chat_template == 'hi'
    with pytest.raises(ValueError, match='chat_templates'): cls(vocab=VOCAB, chat_templates='hi')

def test_copies(tok):
    tok.add_tokens('ZzQ')
    for t in pickle.loads(pickle.dumps(tok)), copy.deepcopy(tok): assert t('hello ZzQ, x').data == tok('hello ZzQ, x').data and repr(t) == repr(tok)

def test_train_new():
    fast = DistilBertTokenizerFast(vocab=VOCAB, model_max_length=9)
    fast.add_special_tokens({'additional_special_tokens': ['<x>']})
    new = fast.train_new_from_iterator([['the low lower lowest'], ['the new newer newest']]*20, vocab_size=60, new_special_tokens=['<y>'], special_tokens_map={'[MASK]': '<mask>'})
    assert type(new) is DistilBertTokenizerFast and new.model_max_length == 9 and new.mask_token == '<mask>' and new.additional_special_tokens == ['<x>', '<y>']
    assert new.all_special_ids == [1, 3, 0, 2, 4, 5, 6] and len(new) <= 60 and new.tokenize('the lowest') == ['the', 'lowest'] and new('x<y>')['input_ids'][-2:] == [6, 3]
    assert DistilBertTokenizer(vocab=new.get_vocab())('the newest low')['input_ids'] == new('the newest low')['input_ids']

# ── bad input ─────────────────────────────────────────────────────────────────────────────────────────────────────────
SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
@both
@pytest.mark.parametrize('lines, said', [(['[PAD]', '[CLS]', '[SEP]', 'hello'], r"no unknown token '\[UNK\]'"), ([*SPECIAL, 'hello', 'world', 'hello'], "line 8: 'hello' stands in line 6"),
                                         ([*SPECIAL, 'hello', '', 'world'], 'line 7 is blank'), ([*SPECIAL, '   ', 'world'], 'line 6 is blank')])
def test_bad_vocabulary(cls, tmp_path, lines, said):
    (tmp_path/'v.txt').write_text('\n'.join(lines))
    with pytest.raises(ValueError, match=said): cls(vocab_file=tmp_path/'v.txt')

@both
@pytest.mark.parametrize('content', ['\ufeff' + '\n'.join([*SPECIAL, 'hello']), '\n'.join(t + '  ' for t in [*SPECIAL, 'hello']) + '\n\n', '\r\n'.join([*SPECIAL, 'hello', ''])])
def test_forgiven_vocabulary(cls, tmp_path, content):
    (tmp_path/'v.txt').write_bytes(content.encode())
    t = cls(vocab_file=str(tmp_path/'v.txt'), do_lower_case=False, padding_side='left')
    assert t('hello')['input_ids'] == [2, 5, 3] and len(t) == 6 and t.pad_token_id == 0

@pytest.mark.parametrize('roles', [{}, *({k: None} for k in ('mask_token', 'pad_token', 'cls_token', 'sep_token')), dict(cls_token=None, sep_token=None), dict(cls_token='[SEP]')], ids=str)
def test_roles_that_nothing_has(roles, tmp_path):
    "Both tokenizers leave such a token out, of rows and of files, also after saving and loading in either."
    made = [cls(vocab={t: i for i, t in enumerate([*SPECIAL, 'hello'])}, **roles) for cls in (DistilBertTokenizer, DistilBertTokenizerFast)]
    for i, t in enumerate(made): t.save_pretrained(tmp_path/str(i))
    loaded = [cls.from_pretrained(tmp_path/str(i)) for i in (0, 1) for cls in (DistilBertTokenizer, DistilBertTokenizerFast)]
    said = [(dict(t('hello [MASK]', 'hello')), t.special_tokens_map) for t in made + loaded]
    assert all(s == said[0] for s in said)
    content = [{t['content'] for t in json.loads((tmp_path/str(i)/'tokenizer.json').read_text())['added_tokens']} for i in (0, 1)]
    assert content[0] == content[1] == {*made[0].special_tokens_map.values()}

@both
def test_bad_construction(cls, tmp_path):
    for kwargs, said in ((dict(vocab_file='nope.txt'), 'no vocabulary file'), (dict(vocab=VOCAB, do_lowercase=True), "did you mean 'do_lower_case'"), (dict(vocab=VOCAB, padding_side='up'), "'left' or 'right'"),
                         (dict(vocab={'[UNK]': 0, 'a': 5}), 'must be 0 to 1'), ({}, 'vocab_file='), (dict(vocab=VOCAB, vocab_file='x'), 'one of them')):
        with pytest.raises(ValueError, match=said): cls(**kwargs)
    with pytest.raises(OSError, match='has no vocabulary'): cls.from_pretrained(tmp_path)
    cls(vocab=VOCAB).save_pretrained(tmp_path)
    (tmp_path/'tokenizer.json').unlink()
    config = json.loads((tmp_path/'tokenizer_config.json').read_text())
    config['added_tokens_decoder']['500'] = dict(content='far', special=False)
    (tmp_path/'tokenizer_config.json').write_text(json.dumps(config))
    with pytest.raises(ValueError, match="'far' is to have the id 500"): cls.from_pretrained(tmp_path)

def test_bad_calls(tok):
    for args, kwargs, kind, said in (((None,), {}, ValueError, 'text'), ((3,), {}, ValueError, 'list of them'), (([None],), {}, ValueError, 'Text 0'), ((['a', None],), {}, ValueError, "Text 1"), ((['a', 3.5],), {}, ValueError, "Text 1"),
            ((['a', 'b'], ['c']), {}, ValueError, 'batch length'), ((['a', 'b'], 'c'), {}, TypeError, 'must be a list'), (('a',), dict(foo=1), TypeError, "no argument 'foo'"), (('a',), dict(return_offset_mapping=True), TypeError, "'return_offsets_mapping'"),
            (('a',), dict(padding='long'), ValueError, 'padding'), (('a',), dict(truncation='x'), ValueError, 'truncation'), ((['a', 'a b'],), dict(return_tensors='np'), ValueError, 'padding=True'), (('a',), dict(return_tensors='xx'), ValueError, 'np'),
            (('hello',), dict(truncation=True, max_length=1), ValueError, 'smaller than the 2 special'), (('hello', 'x'), dict(truncation=True, max_length=2), ValueError, 'smaller than the 3'), ((LONG, SHORT), dict(truncation='only_second', max_length=8), ValueError, 'longest_first'),
            (('a',), dict(truncation='only_second', max_length=5), ValueError, 'no second'), ((LONG,), dict(truncation=True, max_length=5, stride=3), ValueError, 'stride=3'), ((LONG, SHORT), dict(truncation=True, max_length=6, stride=2), ValueError, 'stride=2')):
        with pytest.raises(kind, match=said): tok(*args, **kwargs)
    for ids in ([8, 900], [-100, 8], 900):
        with pytest.raises(IndexError, match='the vocabulary has 120 tokens'): tok.decode(ids)

def test_lone_surrogates():
    with pytest.raises(ValueError, match='surrogate'): DistilBertTokenizerFast(vocab=VOCAB)('hello\ud800')
    assert DistilBertTokenizer(vocab=VOCAB)('hello\ud800')['input_ids'] == [2, 8, 3]

def test_warnings(tok):
    def said(text, **kwargs):
        warn_once.cache_clear()
        with warnings.catch_warnings(record=True) as ws:
            warnings.simplefilter('always')
            tok(text, **kwargs); tok(text, **kwargs)
        return [str(w.message) for w in ws]
    assert ['max_length=512' in m for m in said('a', truncation=True)] == [True]
    assert ['max_length=512' in m for m in said('a', padding='max_length')] == [True]
    assert ['truncation=True' in m for m in said('a', max_length=3)] == [True]
    assert ['strip_accents=False' in m for m in said('パン')] == [True] == ['strip_accents=False' in m for m in said('ハ\u309aン')]
    assert said('ハン résumé') == [] and said('a', truncation=True, max_length=5) == []
    tok.model_max_length = 4
    assert ['truncation=True' in m for m in said(LONG)] == [True] and said(LONG, truncation=True) == []

def test_import_is_light():
    assert run_python("import sys, transformers_lite.tokenizer; print([m for m in ('torch', 'PIL', 'soundfile', 'tensorflow') if m in sys.modules])") == '[]\n'

@both
@pytest.mark.parametrize('names', [['vocab.txt'], ['tokenizer.json'], ['vocab.txt', 'tokenizer_config.json'], ['vocab.txt', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json']])
def test_from_the_hubs_cache(cls, names, tmp_path, hub_cache):
    cls(vocab=VOCAB).save_pretrained(tmp_path/'all')
    (tmp_path/'some').mkdir()
    for n in names: (tmp_path/'some'/n).write_bytes((tmp_path/'all'/n).read_bytes())
    hub_cache('someone/tiny', tmp_path/'some')
    t = cls.from_pretrained('someone/tiny')
    assert t.name_or_path == 'someone/tiny' and t('Hello unaffable')['input_ids'] == cls(vocab=VOCAB)('Hello unaffable')['input_ids']

def without_memory(t):
    "The same tokenizer, which asks Rust for everything."
    t = copy.deepcopy(t)
    t.backend_tokenizer
    assert t._memory is None
    return t

bits = st.lists(st.sampled_from([*"the caféÉİßΣς日本パ\u0301\u0338\u200b\u3000\x1c\x85\t\n.,=<[]#😀 ", '  ', ' the', '[MASK]', '[SEP]', '<new>', ' <odd> ', 'unbelievable', 'x' * 99, 'x' * 101]), max_size=12).map(''.join)
keys = st.fixed_dictionaries(dict(add_special_tokens=st.booleans(), return_token_type_ids=st.booleans(), return_special_tokens_mask=st.booleans(), padding=st.booleans()),
                             optional=dict(truncation=st.just(True), max_length=st.integers(4, 20)))

@settings(max_examples=150, deadline=None)
@given(st.lists(bits, min_size=1, max_size=4), keys, st.sampled_from(['right', 'left']), st.booleans(), st.sampled_from([{}, dict(strip_accents=False), dict(do_lower_case=False), dict(tokenize_chinese_chars=False)]))
def test_looked_up_is_what_rust_says(texts, kwargs, side, pairs, options):
    fast = DistilBertTokenizerFast(vocab={t: i for i, t in enumerate(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 't', '##h', '##e', 'cafe', 'un', '##believable', '.', '日', 'x', '##x', 'e', '='])}, truncation_side=side, **options)
    fast.add_tokens(['<new>', AddedToken('<odd>', single_word=True)])
    rust = without_memory(fast)
    assert fast._memory is not None
    batch = list(zip(texts, texts[::-1])) if pairs else texts
    for _ in range(2):  # the second time from memory
        assert fast(batch, **kwargs).data == rust(batch, **kwargs).data
        if not pairs: assert fast(texts[0], **kwargs).data == rust(texts[0], **kwargs).data
        assert fast(texts, is_split_into_words=True, **kwargs).data == rust(texts, is_split_into_words=True, **kwargs).data

words = st.lists(st.one_of(st.text(max_size=8), st.sampled_from(['The', "don't", 'KELVIN\u212a', '\u2260', '=\u0338', 'x\x7fy', 'a\x0bb', '[mask]', '[MASK]x', '<NEW>', '\u037e', '`', 'unbelievable', '##e', '\u0130', 'd\u0327e'])), max_size=12).map(' '.join)

@settings(max_examples=300, deadline=None)
@given(st.lists(words, min_size=1, max_size=5), st.booleans(), st.booleans())
def test_any_text_is_what_rust_says(texts, lower, added):
    letters = [*'abcdefghijklmnopqrstuvwxyz', 'the', 'don', '##e', '##l', '##x', 'K', 'N', '[', ']', '=', ';', '`']
    fast = DistilBertTokenizerFast(vocab={t: i for i, t in enumerate(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', *letters])}, do_lower_case=lower)
    if added: fast.add_tokens(['<new>', 'ab', AddedToken('X', normalized=False)])
    rust = without_memory(fast)
    for _ in range(2): assert fast(texts).data == rust(texts).data

@pytest.mark.parametrize('name', SETTINGS)
def test_tricky_strings_from_memory(name): # one by one, and all of them at once
    fast = DistilBertTokenizerFast(vocab=VOCAB, **SETTINGS[name])
    rust, texts = without_memory(fast), [row["text"] for row in RECORD["rows"]]
    want = rust(texts).data
    assert fast(texts).data == want == {k: [fast(t).data[k] for t in texts] for k in want}

def test_a_plain_word_is_cut_here(): # negative control: with a mark that isn't cut, the ids are others
    make = lambda: DistilBertTokenizerFast(vocab=dict(zip(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '.'], range(7))))
    assert make().encode('a.a', add_special_tokens=False) == [5, 6, 5]
    with mock.patch('transformers_lite.tokenizer_fast.punctuation', '!'): assert make().encode('a.a', add_special_tokens=False) == [1]

def test_rust_has_no_plain_text_to_fold(): # only words, for its model to cut
    make = lambda: DistilBertTokenizerFast(vocab=dict(zip(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'un', '##do', "'", 'x'], range(10))))
    with mock.patch('transformers_lite.tokenizer_fast.AsksRust._encode_batch', side_effect=AssertionError('asked')):
        assert make()(["The 'undo'", 'the thy'])['input_ids'] == [[2, 5, 8, 6, 7, 8, 3], [2, 5, 1, 3]]
        for text in 'thé', 'x[MASK]', 'a\x7fb':
            with pytest.raises(AssertionError, match='asked'): make()(text)

def test_memory_is_given_up_where_it_could_be_wrong():
    make = lambda: DistilBertTokenizerFast(vocab=dict(zip(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'cafe', 'café'], range(8))))
    fast = make()
    assert fast.encode('The café', add_special_tokens=False) == [5, 6] and fast._memory.known
    fast.backend_tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=False, lowercase=False)
    assert fast.encode('The café', add_special_tokens=False) == [1, 7]  # what was remembered isn't used
    fast.add_tokens(['<a>'])
    assert fast._memory is None  # nor is it begun again: somebody has the object
    fast = make()
    fast.encode('The café')
    fast.add_tokens(['The', 'two words'])
    assert fast._memory is None and fast.encode('The two words café', add_special_tokens=False) == [8, 9, 6]
    fast = make()
    fast.add_tokens([AddedToken('<a>', lstrip=True)])
    assert fast._memory is None
    fast = make()
    fast.encode('The café')
    fast.cls_token = '[MASK]'
    assert fast.encode('The café') == [4, 5, 6, 3]
    assert fast.encode('x' * 300 + ' the') == [4, 1, 5, 3] and not any(len(w) > 100 for w in fast._memory.known)  # too long to be remembered

def test_copies_start_empty():
    fast = DistilBertTokenizerFast(vocab=dict(zip(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the'], range(6))))
    fast.encode('The cafe')
    for again in (pickle.loads(pickle.dumps(fast)), copy.deepcopy(fast)):
        assert fast._memory.known and again._memory.known == {} and again.encode('The cafe') == fast.encode('The cafe') and again._memory.known

def test_memory_has_an_end():
    fast = DistilBertTokenizerFast(vocab=dict(zip(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', '##b'], range(7))))
    fast._memory.limit = 10
    def looked_up(text): return fast._memory([text.split(' ')])
    for i in range(40): assert looked_up(f'a ab {i}') == [[5, 5, 6, 1]]
    assert len(fast._memory.known) <= 10 and looked_up(' '.join(map(str, range(20)))) is None
    assert fast.encode(' '.join(['ab'] * 3), add_special_tokens=False) == [5, 6] * 3 and len(fast._memory.known) <= 10

def test_a_stride_below_zero(tok):
    with pytest.raises(ValueError, match='stride=-1'): tok('a b c d e f', truncation=True, max_length=4, stride=-1, return_overflowing_tokens=True)

# ── a tokenizer of one's own ──────────────────────────────────────────────────────────────────────────────────────────
class OneMethod(PreTrainedTokenizer):
    "The smallest subclass: words between single spaces, and all else from the base class."
    def _split(self, text):
        starts = [i for i, c in enumerate(text) if c != ' ' and (i == 0 or text[i-1] == ' ')]
        spans = [(i, i + len(text[i:].split(' ')[0])) for i in starts]
        return self.convert_tokens_to_ids([text[a:b] for a, b in spans]), spans, [*range(len(spans))]

OWN = dict(unk_token='?', pad_token='_', cls_token='^', sep_token='$')
def own_tokenizer(**kwargs): return OneMethod({t: i for i, t in enumerate(['?', '_', '^', '$', 'a', 'bc', 'd'])}, **OWN, **kwargs)

def test_a_tokenizer_in_python_needs_one_method(tmp_path):
    assert {n for n in vars(OneMethod) if not n.startswith('__')} == {'_split'}
    said = ' '.join(''.join(c['source']) for c in json.loads((ROOT/'nbs'/'04a_tokenizer.ipynb').read_text(encoding='utf-8'))['cells'])
    assert 'eight are here, and `_encode_batch` asks for one method of a subclass. `_split` makes' in said
    t = own_tokenizer(padding_side='left')
    batch = t(['a bc x', 'd'], ['d', 'a'], padding=True, return_offsets_mapping=True, return_tensors='np')
    assert batch['input_ids'].tolist() == [[2, 4, 5, 0, 3, 6, 3], [1, 1, 2, 6, 3, 4, 3]] and batch['attention_mask'][1].tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert batch['offset_mapping'][0].tolist() == [*map(list, [(0, 0), (0, 1), (2, 4), (5, 6), (0, 0), (0, 1), (0, 0)])]
    assert batch.char_to_word(0, 3) == 1 and batch.word_to_tokens(0, 1) == (2, 3)
    assert t.decode(batch['input_ids'][0], skip_special_tokens=True) == 'a bc d' and t.encode('a') == [2, 4, 3] and t.tokenize('a y') == ['a', '?']
    rows = t('a bc d a', truncation=True, max_length=4, stride=1, return_overflowing_tokens=True)['input_ids']
    assert rows == [[2, 4, 5, 3], [2, 5, 6, 3], [2, 6, 4, 3]]
    t.add_tokens('new!')
    assert t('bc new!d')['input_ids'] == [2, 5, 7, 6, 3] and repr(t).startswith('OneMethod(')
    t.save_pretrained(tmp_path)
    for again in (OneMethod.from_pretrained(tmp_path), copy.deepcopy(t), pickle.loads(pickle.dumps(t))):
        assert again('bc new!d x')['input_ids'] == [2, 5, 7, 6, 0, 3] and again.padding_side == 'left' and again.special_tokens_map == OWN
    assert OneMethod.from_pretrained(tmp_path/'vocab.json', **OWN)('a')['input_ids'] == [2, 4, 3]

def test_and_not_none(): # negative control
    with pytest.raises(NotImplementedError, match='_split'): PreTrainedTokenizer({'a': 0})('a')

@pytest.mark.parametrize('content', ['{"a": 0, "b": 0}', '{"a": "0"}', '{"a": 0, "b": null}', '{"a": -1}', '{"a": true}', '{"a": [0]}'])
def test_a_vocabulary_that_is_none(content, tmp_path):
    (tmp_path/'vocab.json').write_text(content)
    with pytest.raises(ValueError, match='an id of its own'): OneMethod.from_pretrained(tmp_path)

def test_tokens_to_text_in_a_subclass():
    "The Python tokenizer's `decode` asks for it and the fast one's doesn't, as test_claims finds it in 4.57.6."
    def decoded(base):
        class Dashes(base):
            def convert_tokens_to_string(self, tokens): return '-'.join(tokens)
        return Dashes(vocab=VOCAB).decode([VOCAB['[CLS]'], VOCAB['[SEP]']])
    assert [decoded(c) for c in CLASSES] == ['[CLS]-[SEP]', '[CLS] [SEP]']

@pytest.mark.parametrize('cls', [DistilBertTokenizer, DistilBertTokenizerFast])
def test_a_token_with_a_role_is_special_whatever_its_flag_says(cls): # as in transformers
    t = cls({w: i for i, w in enumerate(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b'])})
    t.add_special_tokens({'cls_token': AddedToken('[X]', lstrip=True), 'additional_special_tokens': [AddedToken('[Y]')]})
    t.add_tokens([AddedToken('[W]')])
    ids = t.encode('[X] a [Y] b [W]', add_special_tokens=False)
    assert t.decode(ids, skip_special_tokens=True) == 'a b [W]'
    assert t.cls_token == '[X]' and t.added_tokens_decoder[t.cls_token_id].lstrip and AddedToken('[X]').special is False

NAMED = '''
from transformers import AutoTokenizer
t = AutoTokenizer.from_pretrained(args[0])
t.save_pretrained(args[1])
result = t.image_token, t.image_token_id'''

@both
def test_a_role_of_ones_own(cls, tmp_path): # as both releases of transformers have it
    import transformers
    t = cls(vocab=VOCAB, extra_special_tokens={'image_token': '<image>'}, additional_special_tokens=['<x>'])
    assert (t.image_token, t.image_token_id, t.additional_special_tokens) == ('<image>', t.get_vocab()['<image>'], ['<x>'])
    assert t('a <image> b')['input_ids'].count(t.image_token_id) == 1 and 'image_token' in t.SPECIAL_TOKENS_ATTRIBUTES
    assert pickle.loads(pickle.dumps(t)).image_token == copy.deepcopy(t).image_token == '<image>'
    want = t.image_token, t.image_token_id
    t.save_pretrained(tmp_path/'a')
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path/'a')
    theirs.save_pretrained(tmp_path/'b')
    assert (theirs.image_token, theirs.image_token_id) == (*run457(NAMED, str(tmp_path/'a'), str(tmp_path/'c')),) == want
    for folder in 'abc':
        back = cls.from_pretrained(tmp_path/folder)
        assert (back.image_token, back.image_token_id, back.additional_special_tokens) == (*want, ['<x>']), folder
    back.add_special_tokens({'image_token': '<picture>'})
    assert (back.image_token, back.image_token_id) == ('<picture>', len(back) - 1)
    back.image_token = '[MASK]'
    assert back.image_token_id == back.mask_token_id
    with pytest.raises(ValueError, match=r"add_special_tokens\({'image_token': '<new>'}\)"): back.image_token = '<new>'
    with pytest.raises(AttributeError, match='img_token'): back.img_token
    assert not hasattr(cls(vocab=VOCAB), 'image_token')

@both
def test_no_method_is_a_role(cls): # negative control: a name that is none stays a token without a name
    t = cls(vocab=VOCAB, extra_special_tokens={'decode': '<x>', 'hub_token': '<y>'})
    assert callable(t.decode) and t.additional_special_tokens == ['<x>', '<y>'] and 'hub_token' not in t.to_dict()

@both
def test_what_their_own_tests_ask(cls, tmp_path):
    t = cls(vocab=VOCAB, bos_token='<BOS>', add_bos_token=False)
    assert t.bos_token == '<BOS>' and t.backend == ('tokenizers' if t.is_fast else 'python')
    with pytest.raises(ValueError, match="did you mean 'pad_token'"): cls(vocab=VOCAB, padd_token='x') # negative control
    t.extra_special_tokens_ids = [5]
    assert (t.extra_special_tokens, t.extra_special_tokens_ids) == ([t.convert_ids_to_tokens(5)], [5])
    texts = ['a b a b a b a b']*2
    batch = t(texts, text_target=texts, max_length=3, max_target_length=6, truncation=True, src_lang='en_XX', return_tensors='np')
    assert (batch['input_ids'].shape, batch['labels'].shape) == ((2, 3), (2, 6))
    assert t(texts, text_target=texts, max_length=3, truncation=True, return_tensors='np')['labels'].shape == (2, 3)
    t.chat_template = {'default': 'a', 'other': 'b'}
    t.save_pretrained(tmp_path)
    assert json.loads((tmp_path/'tokenizer_config.json').read_text())['chat_template'] == [dict(name='default', template='a'), dict(name='other', template='b')]
    for name in '../other', '.ssh', 'a/b', '': # other programs make a file of a template's name
        t.chat_template = {'default': 'a', name: 'b'}
        with pytest.raises(ValueError, match=f"has the name '{name}'"): t.save_pretrained(tmp_path)
