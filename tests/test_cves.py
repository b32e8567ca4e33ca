"What happened to transformers, and what happens here: SECURITY.md has the table, and each of its rows names its tests. Those that have no other home are here."
import json, re, socket, time, warnings

import pytest

import transformers_lite
from helpers import ROOT
from transformers_lite import (AutoConfig, AutoImageProcessor, AutoTokenizer, BertTokenizer, DistilBertConfig, DistilBertTokenizer, DistilBertTokenizerFast, GenerationConfig, PreTrainedTokenizerFast,
    Wav2Vec2CTCTokenizer, pipeline)
from transformers_lite.checkpoint import tf_to_torch
from transformers_lite.messages import masked
from transformers_lite.pretrained import leads_away, vetted
from transformers_lite.store import is_plain_name, write_text

SOURCES = {p.name: p.read_text(encoding='utf-8') for p in (ROOT/'transformers_lite').glob('*.py')}
ROWS = [[c.strip() for c in line.strip('| ').split(' | ')] for line in (ROOT/'SECURITY.md').read_text(encoding='utf-8').splitlines() if re.match(r'\| CVE-', line)]

def test_each_row_names_its_tests():
    defined = {p.stem: set(re.findall(r'^def (test_\w+)', p.read_text(encoding='utf-8'), re.M)) for p in (ROOT/'tests').glob('test_*.py')}
    assert len(ROWS) > 12
    for cve, release, what, here, tests in ROWS:
        named = re.findall(r'`(test_\w+)::(test_\w+)`', tests)
        assert named and re.search(r'\d', release) and what and here, cve
        for file, test in named: assert test in defined[file], (cve, file, test)
    every = [c for row in ROWS for c in re.findall(r'CVE-\d+-\d+', row[0])]
    assert len(every) == len({*every}) > 20

def test_pickles_are_read_in_one_place_and_as_plain_tensors():
    "No other file is unpickled, no text is run, and there are no scripts that convert what others made."
    found = {name: re.findall(r'torch\.load\((.*)', s) for name, s in SOURCES.items()}
    assert {n: calls for n, calls in found.items() if calls} == {'checkpoint.py': ["path, map_location='cpu', weights_only=True)"]}
    unsafe = r'pickle\.(load|loads|Unpickler)\b|joblib|cloudpickle|allow_pickle=True|yaml\.(load|unsafe)|(?<![.\w])(exec|eval)\(|os\.(system|popen)|subprocess|marshal'
    code = {n: re.sub(r'"[^"\n]*"|\'[^\'\n]*\'', "''", s) for n, s in SOURCES.items()} # without texts
    assert not {n: m[0] for n, s in code.items() if (m := re.search(unsafe, s))}
    assert not [n for n in SOURCES if 'convert' in n]

WORDS = {t: i for i, t in enumerate('[PAD] [UNK] [CLS] [SEP] [MASK] a ##a hello ##'.split())}
LETTERS = {t: i for i, t in enumerate(['<pad>', '<s>', '</s>', '<unk>', '|', *'ABC'])}
N = 10_000
SLOW = { # what kept the patterns of those releases busy, and relatives
    'Nougat': '**' * N, 'GPT-NeoX-Japanese': '0' * N + '円', 'Donut': '<s_' * N, 'EnglishNormalizer': '1' * N + ' ' + '$1,' * N, 'Marian': '>>' * N + ' <<', 'docstrings': '```py' + '\n' * N,
    'imports': 'try:' * N + 'except', 'spaces': ' ' * N + 'x' + '\t\n' * N, 'one word': 'a' * N + '!', 'marks': 'e' + '\u0301' * N, 'brackets': '[' * N + 'MASK]' * 99, 'quotes': "'s" * N, 'ideographs': '円' * N}

@pytest.mark.parametrize('text', SLOW.values(), ids=SLOW)
def test_no_text_keeps_a_tokenizer_busy(text):
    "Time grows with the length: a pattern that tries all ways would take hours here, and one that looks through a run of spaces at each of them took six seconds."
    start = time.process_time()
    for t in DistilBertTokenizer(vocab=WORDS), DistilBertTokenizerFast(vocab=WORDS), BertTokenizer(vocab=WORDS), Wav2Vec2CTCTokenizer(vocab=LETTERS):
        ids = t(text)['input_ids']
        assert isinstance(t.decode(ids), str) and t.tokenize(text) is not None
    assert time.process_time() - start < 4

@pytest.mark.parametrize('mark', ['/', '_', '.', 'a_', 'a/', 'layer_._', '-', 'file', 'hf_', 'https://a:', '@', '\\', 'kernel/'])
def test_no_name_keeps_a_reader_busy(mark, tmp_path):
    "Names of weights, keys and values of a file, and texts in messages."
    name, start = mark * N, time.process_time()
    tf_to_torch(name), leads_away(name, 'x'), leads_away('auto_map', name), leads_away('_name_or_path', name), masked(name), is_plain_name(name)
    with warnings.catch_warnings(action='ignore'):
        vetted({name: name, 'auto_map': {'x': name}, 'deep': [{name: name}]})
        (tmp_path/'config.json').write_text(json.dumps({'model_type': 'distilbert', name: name, 'note': [name] * 3}))
        AutoConfig.from_pretrained(tmp_path)
        GenerationConfig(**{'note_' + name: 1})
    assert time.process_time() - start < 5

def test_a_rule_of_a_tokenizer_that_gives_up(tmp_path):
    "A tokenizer.json may bring a pattern that tries all ways. The Rust library gives up after a while, by a panic that no `except Exception` catches; here it is a ValueError."
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    rust = Tokenizer(models.WordLevel({'[UNK]': 0}, unk_token='[UNK]'))
    rust.pre_tokenizer = pre_tokenizers.Split(Regex(r'(a+)+$'), 'isolated')
    rust.save(str(tmp_path/'tokenizer.json'))
    t, start = PreTrainedTokenizerFast.from_pretrained(tmp_path), time.process_time()
    with pytest.raises(ValueError, match='own rules give up'): t('a' * 2000 + '!')
    assert time.process_time() - start < 20 and t('b')['input_ids'] # and it works on
    with pytest.raises(BaseException) as e: rust.encode('a' * 2000 + '!') # negative control
    assert not isinstance(e.value, Exception)

ADDRESSES = ['https://www.youtube.com@evil.example/x.png', 'http://evil.example/x.wav', 'https://huggingface.co.evil.example/x', 'ftp://evil.example/x', 'file:///etc/passwd', 'data:image/png;base64,AAAA']

@pytest.mark.parametrize('address', ADDRESSES)
def test_no_address_is_fetched(address, monkeypatch):
    "A picture or a sound may be named by a path, never by an address."
    def called(*a, **k): raise AssertionError('the network is asked')
    for f in 'create_connection', 'getaddrinfo', 'socket': monkeypatch.setattr(socket, f, called)
    process, hear = AutoImageProcessor.from_pretrained('transformers-lite/vit-digits'), pipeline('automatic-speech-recognition')
    for read in process, hear:
        with pytest.raises((OSError, ValueError, TypeError)): read(address)

def test_names_of_hidden_files_cannot_be_guessed(tmp_path, monkeypatch):
    "Where a save is written before it is put in place: beside its goal, made by us alone, and by another name each time."
    made = []
    import os
    def spied(real): return lambda path, *a, **k: made.append(str(path)) or real(path, *a, **k)
    for f in 'mkdir', 'open': monkeypatch.setattr(os, f, spied(getattr(os, f)))
    for _ in range(3): DistilBertConfig().save_pretrained(tmp_path/'d')
    hidden = {p for p in made if re.search(r'[0-9a-f]{32}', p)}
    assert len(hidden) >= 3 and all(str(tmp_path) in p for p in hidden)
    assert [p.name for p in (tmp_path/'d').iterdir()] == ['config.json']
    write_text(tmp_path/'x', 'y')
    assert sorted(p.name for p in tmp_path.iterdir()) == ['d', 'x']

GENERATION = dict(_attn_implementation_internal='evil/kernel', auto_map={'AutoModel': 'evil/code--m.M'}, trust_remote_code=True, _name_or_path='../evil', token='hf_theirs', transformers_weights='evil/w', kernel_config={'x': 'evil/k'},
                  custom_pipelines={'m': {'impl': 'evil/code--p.P'}}, adapter_path='/evil', vocab_file='../evil')

def test_no_poison_is_passed_on_by_generation_config(tmp_path):
    (tmp_path/'generation_config.json').write_text(json.dumps({**GENERATION, 'top_k': 7, 'flag': 'black'}))
    with warnings.catch_warnings(action='ignore'): g = GenerationConfig.from_pretrained(tmp_path)
    g.save_pretrained(tmp_path/'out')
    text = (tmp_path/'out'/'generation_config.json').read_text()
    assert not re.search('evil|theirs', text + repr(vars(g))) and json.loads(text)['flag'] == 'black' and g.top_k == 7

def test_no_poison_is_passed_on_by_a_pipeline(tmp_path):
    "From files to a pipeline, and from that to files."
    t = DistilBertTokenizer(vocab=WORDS)
    folder = tmp_path/'in'
    transformers_lite.DistilBertForSequenceClassification(DistilBertConfig(vocab_size=len(WORDS), dim=8, n_heads=2, n_layers=1, hidden_dim=8)).save_pretrained(folder)
    t.save_pretrained(folder)
    for name in 'config.json', 'tokenizer_config.json', 'special_tokens_map.json':
        d = json.loads((folder/name).read_text())
        (folder/name).write_text(json.dumps({**d, **GENERATION, 'chat_template': [dict(name='../evil', template='x')]}))
    with warnings.catch_warnings(action='ignore'): p = pipeline('text-classification', str(folder))
    assert p('hello')
    p.save_pretrained(tmp_path/'out')
    assert not [f for f in (tmp_path/'out').rglob('*') if f.is_file() and re.search(rb'evil|theirs', f.read_bytes())]
    assert AutoTokenizer.from_pretrained(tmp_path/'out')('hello')
