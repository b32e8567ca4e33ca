"""Byte-level BPE (the `tokenizer.json` of GPT-2, Qwen, Llama 3) and chat templates, as both releases of transformers have them. The
tokenizers are small, and trained here."""
import json, pickle, subprocess, sys

import numpy as np, pytest
from hypothesis import given, settings, strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import transformers
from helpers import run457
from transformers_lite import AutoTokenizer, PreTrainedTokenizerFast
from transformers_lite.messages import warn_once

WORDS = ["The café's waffles are unbelievable! They weren't cheap: 12345 won. ", 'def waffle(n):\n    return "한국 日本 😀" * n\n\n', "Llamas don't eat waffles, do they?  Two  spaces.\tAnd a tab. "]
SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

def split(): return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT), 'isolated'), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
def learn(t, special, size=400):
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(WORDS * 3, trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return t

def gpt2():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer, t.post_processor = pre_tokenizers.ByteLevel(add_prefix_space=False), processors.ByteLevel(trim_offsets=False)
    return learn(t, ['<|endoftext|>']), dict(bos_token='<|endoftext|>', eos_token='<|endoftext|>')

def qwen(): # tokens of a chat behind the vocabulary, two of them not special
    t = Tokenizer(models.BPE())
    t.normalizer, t.pre_tokenizer, t.post_processor = normalizers.NFC(), split(), processors.ByteLevel(trim_offsets=False)
    learn(t, [])
    t.add_special_tokens(['<|endoftext|>', '<|im_start|>', '<|im_end|>'])
    t.add_tokens([AddedToken('<tool_call>', normalized=False), AddedToken('</tool_call>', normalized=False)])
    return t, dict(eos_token='<|im_end|>', pad_token='<|endoftext|>', clean_up_tokenization_spaces=False)

def llama3(): # begins with a token, and has special ones without a role
    t = Tokenizer(models.BPE(ignore_merges=True))
    t.pre_tokenizer = split()
    learn(t, [])
    t.add_special_tokens(['<|begin_of_text|>', '<|end_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>', '<|reserved_special_token_0|>'])
    around = processors.TemplateProcessing(single='<|begin_of_text|> $A', pair='<|begin_of_text|> $A <|begin_of_text|> $B:1', special_tokens=[('<|begin_of_text|>', t.token_to_id('<|begin_of_text|>'))])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), around])
    return t, dict(bos_token='<|begin_of_text|>', eos_token='<|eot_id|>', model_max_length=512, clean_up_tokenization_spaces=True)

CHATML = ("{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are kind.<|im_end|>\n' }}{% endif %}"
          "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
QWEN = """{%- if tools %}
    {{- '<|im_start|>system\\n# Tools\\n<tools>' }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- endif %}
{%- set ns = namespace(last=none) %}
{%- for message in messages %}
    {%- set ns.last = message.role %}
    {{- '<|im_start|>' + message.role }}
    {%- if message.content %}
        {{- '\\n' + message.content }}
    {%- endif %}
    {%- for tool_call in message.tool_calls or [] %}
        {{- '\\n<tool_call>\\n{"name": "' }}
        {{- tool_call.function.name }}
        {{- '", "arguments": ' }}
        {{- tool_call.function.arguments | tojson(indent=1) }}
        {{- '}\\n</tool_call>' }}
    {%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
{%- if messages[0].role == 'nobody' %}{{ raise_exception('Nobody speaks: ' + ns.last) }}{%- endif %}
"""
LLAMA3 = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%Y") %}
    {%- endif %}
{%- endif %}
{%- if documents %}
    {%- for d in documents %}
        {{- d.title ~ ': ' ~ d.text }}
    {%- endfor %}
{%- endif %}
{%- for message in messages %}
    {%- if loop.index0 > 8 %}
        {%- break %}
    {%- endif %}
    {%- if message.role == 'assistant' %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
        {% generation %}
        {{- message['content'] | trim + '<|eot_id|>' }}
        {% endgeneration %}
    {%- else %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
{{- date_string }}"""
KINDS = dict(gpt2=(gpt2, CHATML), qwen=(qwen, QWEN), llama3=(llama3, LLAMA3))

@pytest.fixture(scope='module', params=KINDS)
def both(request):
    "Ours and that of 5.x, made from one object of the Rust library."
    make, template = KINDS[request.param]
    t, settings = make()
    return tuple(c(tokenizer_object=t, chat_template=template, **settings) for c in (PreTrainedTokenizerFast, transformers.PreTrainedTokenizerFast))

def same(ours, theirs):
    names = [k for k in theirs if k != 'token_type_ids']
    assert {k: np.asarray(ours[k]).tolist() if not isinstance(ours[k], list) else ours[k] for k in names} == {k: np.asarray(theirs[k]).tolist() if not isinstance(theirs[k], list) else theirs[k] for k in names}
    for i in range(len(theirs.encodings)):
        a, b = ours[i], theirs[i]
        assert (a.ids, a.tokens, a.offsets, a.word_ids, a.sequence_ids, a.special_tokens_mask, a.attention_mask) == (b.ids, b.tokens, b.offsets, b.word_ids, b.sequence_ids, b.special_tokens_mask, b.attention_mask)

TEXTS = st.lists(st.text() | st.sampled_from([*WORDS, ' a', 'a  b', '<|im_end|> x', '\n\n', 'é', 'e\u0301', '', '<tool_call>', '\ud7a3 \U0001f600\u200d']), min_size=1, max_size=4)

# ── the call ────────────────────────────────────────────────────────────────────────────────────────────────────────
@settings(max_examples=60, deadline=None)
@given(TEXTS, st.booleans())
def test_any_text(both, texts, special):
    ours, theirs = both
    found = ours(texts, add_special_tokens=special, return_offsets_mapping=True)
    same(found, theirs(texts, add_special_tokens=special, return_offsets_mapping=True))
    for row in found['input_ids']:
        for skip in False, True: assert ours.decode(row, skip_special_tokens=skip) == theirs.decode(row, skip_special_tokens=skip)
        assert ours.convert_ids_to_tokens(row) == theirs.convert_ids_to_tokens(row)
    if ours.backend_tokenizer.normalizer is None and not special: # every text comes back, whatever is in it
        assert ours.batch_decode(found['input_ids']) == texts

@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(['left', 'right']), st.sampled_from([dict(padding=True), dict(padding='max_length', max_length=30, truncation=True), dict(padding=True, pad_to_multiple_of=8),
    dict(truncation=True, max_length=9, padding=True, return_overflowing_tokens=True, stride=2), dict(truncation='only_first', max_length=200)]))
def test_pairs_padding_and_truncation(both, a, b, side, options):
    ours, theirs = both
    n = min(len(a), len(b))
    for t in both: t.pad_token = t.eos_token
    for args in (a,), (a[:n], [x + ' waffle' for x in b[:n]]):
        if len(args) == 2 and 'stride' in options: continue
        same(ours(*args, padding_side=side, **options), theirs(*args, padding_side=side, **options))

def test_padding_needs_a_token(both):
    t = pickle.loads(pickle.dumps(both[0]))
    t.pad_token = None
    with pytest.raises(ValueError, match='Padding needs a padding token'): t(['a b', 'a'], padding=True)
    t.pad_token = t.eos_token
    t.padding_side = 'left'
    batch = t(['a b c', 'a'], padding=True, return_tensors='np', add_special_tokens=False)
    assert batch['input_ids'][1, 0] == t.eos_token_id and batch['attention_mask'][1].tolist()[-2:] == [0, 1] and 'token_type_ids' not in batch
    with pytest.raises(ValueError, match="did you mean|not in the vocabulary"): t.pad_token = '[PAD]'

def test_tokens_and_ids(both):
    ours, theirs = (pickle.loads(pickle.dumps(t)) for t in both)
    assert ours.convert_tokens_to_ids(['Ġ', 'a', 'no such token']) == theirs.convert_tokens_to_ids(['Ġ', 'a', 'no such token']) and ours.unk_token is None
    assert ours.tokenize(' waffle café') == theirs.tokenize(' waffle café') and ours.convert_tokens_to_string(['Ġa', 'Ã', '©']) == ' aé'
    for t in ours, theirs: assert (t.add_tokens(['waffle', AddedToken('<new one>', normalized=False)]), t.add_special_tokens({'pad_token': '<pad>'})) == (2, 1)
    same(ours(['a waffle <new one><pad>', 'a'], padding=True), theirs(['a waffle <new one><pad>', 'a'], padding=True))
    assert len(ours) == len(theirs) and ours.vocab_size == theirs.vocab_size and ours.get_added_vocab() == theirs.get_added_vocab()
    words = ['a', ' waffle', 'é']
    if ours.backend_tokenizer.to_str().find('"add_prefix_space":true') < 0: same(ours(words, is_split_into_words=True), theirs(words, is_split_into_words=True))
    with pytest.raises(IndexError, match='No token has the id'): ours.decode([len(ours)])

def test_special_tokens_without_a_role_are_skipped():
    t, roles = llama3()
    t = PreTrainedTokenizerFast(tokenizer_object=t, **roles)
    assert t.decode(t('<|reserved_special_token_0|>a b')['input_ids'], skip_special_tokens=True) == 'a b'

def test_spaces_stay(both):
    "4.57.6 takes spaces away that were there; 5.x and we don't, and say so."
    ours, theirs = both
    ids = ours('a , b .', add_special_tokens=False)['input_ids']
    warn_once.cache_clear()
    with pytest.warns(UserWarning, match='clean_up_tokenization_spaces does nothing'): text = ours.decode(ids, clean_up_tokenization_spaces=True)
    assert text == theirs.decode(ids, clean_up_tokenization_spaces=True) == 'a , b .'

def test_a_wrong_merge_would_show(both): # control
    d = json.loads(both[0].backend_tokenizer.to_str())
    d['model']['merges'] = d['model']['merges'][::-1]
    other = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(d)))
    text = 'cafélievaffles unwaffbelieve'
    assert other(text)['input_ids'] != both[1](text)['input_ids']

# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────
SAYS = [*WORDS, 'a <|im_end|> b', '<tool_call> é']
CHAT = [dict(role='system', content='Be brief.'), dict(role='user', content=' Waffles? '), dict(role='assistant', content=' Yes,  many. ')]
def told(t):
    return dict(ids=t(SAYS)['input_ids'], roles={k: v for k, v in t.special_tokens_map.items() if isinstance(v, str)}, size=len(t), back=t.batch_decode(t(SAYS)['input_ids'], skip_special_tokens=True, clean_up_tokenization_spaces=False),
                chat=t.apply_chat_template(CHAT, tokenize=False), ask=list(t.apply_chat_template(CHAT, add_generation_prompt=True, return_dict=False)), length=t.model_max_length if t.model_max_length < 1e20 else None, names=[n for n in t.model_input_names if n != 'token_type_ids'])
TOLD457 = '''
SAYS, CHAT, folders, out = args
def told(t):
    return dict(ids=t(SAYS)['input_ids'], roles={k: v for k, v in t.special_tokens_map.items() if isinstance(v, str)}, size=len(t), back=t.batch_decode(t(SAYS)['input_ids'], skip_special_tokens=True, clean_up_tokenization_spaces=False),
                chat=t.apply_chat_template(CHAT, tokenize=False), ask=t.apply_chat_template(CHAT, add_generation_prompt=True), length=t.model_max_length if t.model_max_length < 1e20 else None, names=[n for n in t.model_input_names if n != 'token_type_ids'])
result = []
for i, f in enumerate(folders):
    t = transformers.AutoTokenizer.from_pretrained(f)
    t.save_pretrained(f'{out}/{i}')
    result.append(told(t))
'''

def test_folders_both_ways(tmp_path):
    folders, want = [], []
    for name, (make, template) in KINDS.items():
        t, roles = make()
        ours = PreTrainedTokenizerFast(tokenizer_object=t, chat_template=template, padding_side='left', **roles)
        ours.save_pretrained(tmp_path/name)
        assert (tmp_path/name/'chat_template.jinja').read_text() == template and 'chat_template' not in json.loads((tmp_path/name/'tokenizer_config.json').read_text())
        folders.append(str(tmp_path/name)), want.append(told(ours))
    assert len({str(w) for w in want}) == 3
    assert run457(TOLD457, SAYS, CHAT, folders, str(tmp_path/'457')) == want
    for i, f in enumerate(folders):
        theirs = transformers.AutoTokenizer.from_pretrained(f)
        theirs.save_pretrained(tmp_path/f'5-{i}')
        assert told(theirs) == want[i] and theirs.padding_side == 'left'
        for d in f, tmp_path/'457'/str(i), tmp_path/f'5-{i}':
            for c in AutoTokenizer, PreTrainedTokenizerFast:
                back = c.from_pretrained(d)
                assert type(back) is PreTrainedTokenizerFast and told(back) == want[i] and back.padding_side == 'left', d
        (tmp_path/f'5-{i}'/'tokenizer_config.json').unlink() # the file alone
        assert PreTrainedTokenizerFast.from_pretrained(tmp_path/f'5-{i}')(SAYS)['input_ids'] == want[i]['ids']

@pytest.mark.parametrize('family, named', [('llama', 'PreTrainedTokenizerFast'), ('qwen2', 'Qwen2Tokenizer'), ('gpt2', 'GPT2TokenizerFast'), ('smollm3', 'TokenizersBackend')])
def test_auto_beside_a_model(family, named, tmp_path):
    "A folder of a family that has no tokenizer of its own."
    t, roles = qwen()
    ours = PreTrainedTokenizerFast(tokenizer_object=t, **roles)
    ours.save_pretrained(tmp_path)
    (tmp_path/'config.json').write_text(json.dumps(dict(model_type=family)))
    config = json.loads((tmp_path/'tokenizer_config.json').read_text())
    (tmp_path/'tokenizer_config.json').write_text(json.dumps({k: v for k, v in {**config, 'tokenizer_class': named}.items() if v}))
    back = AutoTokenizer.from_pretrained(tmp_path)
    assert type(back) is PreTrainedTokenizerFast and back(SAYS)['input_ids'] == ours(SAYS)['input_ids']

def test_templates_in_files(tmp_path):
    t, roles = gpt2()
    def at(name, **files):
        PreTrainedTokenizerFast(tokenizer_object=t, **roles).save_pretrained(tmp_path/name)
        for f, content in files.items():
            path = tmp_path/name/f.replace('__', '/')
            path.parent.mkdir(exist_ok=True)
            if f == 'config': path = tmp_path/name/'tokenizer_config.json'; content = json.dumps({**json.loads(path.read_text()), 'chat_template': content})
            path.write_text(content)
        return PreTrainedTokenizerFast.from_pretrained(tmp_path/name)
    named = [dict(name='default', template='D'), dict(name='tool_use', template='T')]
    assert at('old', config='OLD').chat_template == 'OLD' and at('both', config='OLD', **{'chat_template.jinja': 'NEW'}).chat_template == 'NEW'
    old = at('named', config=named)
    new = at('files', **{'chat_template.jinja': 'D', 'additional_chat_templates__tool_use.jinja': 'T', 'additional_chat_templates__.bad.jinja': 'X'})
    for x in old, new:
        assert x.chat_template == dict(default='D', tool_use='T') and x.get_chat_template() == 'D' and x.get_chat_template(tools=[{}]) == x.get_chat_template('tool_use') == 'T' and x.get_chat_template('{{ 1 }}') == '{{ 1 }}'
        x.save_pretrained(tmp_path/'again')
        for c in PreTrainedTokenizerFast, transformers.PreTrainedTokenizerFast: assert c.from_pretrained(tmp_path/'again').chat_template == x.chat_template
    old.chat_template = 'ONE'
    old.save_pretrained(tmp_path/'again')
    assert transformers.AutoTokenizer.from_pretrained(tmp_path/'again').chat_template == PreTrainedTokenizerFast.from_pretrained(tmp_path/'again').chat_template == 'ONE'
    new.save_pretrained(tmp_path/'again') # the file of before would win
    assert transformers.AutoTokenizer.from_pretrained(tmp_path/'again').chat_template == new.chat_template
    assert PreTrainedTokenizerFast.from_pretrained(tmp_path/'again', chat_template='MINE').chat_template == 'MINE'

def test_trained_anew(both):
    ours, theirs = both
    texts = ['tomorrow and tomorrow and tomorrow creeps in'] * 5
    a, b = (t.train_new_from_iterator(texts, vocab_size=290) for t in both)
    assert a.get_vocab() == b.get_vocab() and a.tokenize(' tomorrow') == b.tokenize(' tomorrow') == ['Ġtomorrow']
    assert a.decode(a('é 😀 never seen', add_special_tokens=False)['input_ids']) == 'é 😀 never seen'
    first = a('in', add_special_tokens=True)['input_ids'][0] # 4.57.6 and 5.x leave the old id in a Sequence
    assert first == (a.bos_token_id if len(ours('in')['input_ids']) > len(ours('in', add_special_tokens=False)['input_ids']) else a.convert_tokens_to_ids('in'))
    assert a.chat_template == ours.chat_template and a.model_input_names == ours.model_input_names and a.eos_token == ours.eos_token
    c = ours.train_new_from_iterator(texts, vocab_size=290, special_tokens_map={ours.eos_token: '<end>'}, new_special_tokens=['<more>'])
    assert c.eos_token == '<end>' and '<more>' in c.get_vocab() and c.decode(c('in<end>')['input_ids'], skip_special_tokens=True) == 'in'

# ── chats ───────────────────────────────────────────────────────────────────────────────────────────────────────────
TOOL = dict(type='function', function=dict(name='count', description='Counts <waffles> & "more"', parameters=dict(type='object', properties=dict(n=dict(type='integer')))))
CALLS = [dict(role='user', content='How many?'), dict(role='assistant', content=None, tool_calls=[dict(type='function', function=dict(name='count', arguments=dict(n=3, of='é')))]), dict(role='tool', content='3'), dict(role='assistant', content='Three.')]
OPTIONS = [dict(), dict(add_generation_prompt=True), dict(tools=[TOOL]), dict(documents=[dict(title='T', text='x')]), dict(continue_final_message=True), dict(add_generation_prompt=True, enable_thinking=False), dict(date_string='2020'), dict(bos_token='<s>'),
           dict(chat_template=CHATML), dict(chat_template="{{ messages[-1]['content'] }}{% if tools %}!{% endif %}\n  {% if true %}\n  y\n  {% endif %}\nz")]
CHATS = [CHAT, CHAT[1:], CALLS, [dict(role='user', content='hi <|im_end|> there\n'), dict(role='assistant', content='well ')]]

@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_chats(both, options):
    ours, theirs = both
    for chat in CHATS:
        if chat is CALLS and ('+ message' in ours.get_chat_template(options.get('chat_template')) and 'tool_calls' not in ours.get_chat_template(options.get('chat_template'))): continue # it needs text
        before = json.dumps(chat)
        text = theirs.apply_chat_template(chat, tokenize=False, **options)
        assert ours.apply_chat_template(chat, tokenize=False, **options) == text and len(text) > 1
        assert ours.apply_chat_template(chat, **options) == theirs.apply_chat_template(chat, return_dict=False, **options) == ours(text, add_special_tokens=False)['input_ids']
        assert ours.apply_chat_template(chat, return_dict=True, **options)['attention_mask'] == theirs.apply_chat_template(chat, **options)['attention_mask']
        assert json.dumps(chat) == before

@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(['user', 'assistant', 'system']), st.text()), min_size=1, max_size=4), st.booleans())
def test_any_chat(both, said, ask):
    chat = [dict(role=r, content=c) for r, c in said]
    a, b = (t.apply_chat_template(chat, add_generation_prompt=ask, tokenize=False) for t in both)
    assert a == b

def test_batches_and_tensors(both):
    ours, theirs = (pickle.loads(pickle.dumps(t)) for t in both)
    for t in ours, theirs: t.pad_token, t.padding_side = t.eos_token, 'left'
    chats = [CHAT, CHAT[1:2]]
    for options in dict(padding=True, return_tensors='pt'), dict(padding='max_length', max_length=80, truncation=True, return_tensors='np'), dict(truncation=True, max_length=5), dict(tokenizer_kwargs=dict(return_offsets_mapping=True)):
        same(ours.apply_chat_template(chats, return_dict=True, **options), theirs.apply_chat_template(chats, return_dict=True, **options))
    assert ours.apply_chat_template(CHAT, return_tensors='pt').shape[0] == 1 and ours.apply_chat_template(chats, tokenize=False) == theirs.apply_chat_template(chats, tokenize=False)

def test_masks_of_answers():
    t, roles = llama3()
    ours, theirs = (c(tokenizer_object=t, chat_template=LLAMA3, pad_token='<|end_of_text|>', **roles) for c in (PreTrainedTokenizerFast, transformers.PreTrainedTokenizerFast))
    chats = [CHAT + CHAT[1:], CHAT]
    for side in 'right', 'left':
        for c in ours, theirs: c.padding_side = side
        for chat, options in (CHAT, {}), (chats, {}), (chats, dict(padding=True, return_tensors='np')), (CHAT, dict(return_tensors='pt')), (chats, dict(truncation=True, max_length=25)):
            found, wanted = (c.apply_chat_template(chat, return_dict=True, return_assistant_tokens_mask=True, **options) for c in (ours, theirs))
            assert np.concatenate([*map(np.ravel, found['assistant_masks'])]).tolist() == np.concatenate([*map(np.ravel, wanted['assistant_masks'])]).tolist()
            assert len(found['input_ids']) == len(wanted['input_ids'])
    ids = np.array(ours.apply_chat_template(CHAT))
    mask = np.array(ours.apply_chat_template(CHAT, return_dict=True, return_assistant_tokens_mask=True)['assistant_masks'])
    assert ours.decode(ids[mask == 1]) == 'Yes,  many.<|eot_id|>\n'
    forged = [*CHAT[:2], dict(role='assistant', content='a\U000f0001b\U000f0000c\U000f0002')]
    assert ours.apply_chat_template(forged, tokenize=False) == ours.apply_chat_template([*CHAT[:2], dict(role='assistant', content='abc')], tokenize=False)

def test_continuing(both):
    ours, theirs = both
    parts = [dict(role='user', content='x'), dict(role='assistant', content=[dict(type='image'), dict(type='text', text='a b '), dict(type='image')])]
    template = "{% for m in messages %}{{ m.role }}:{% for p in m.content if m.content is not string %}{{ p.text }}{% endfor %}</s>{% endfor %}"
    assert ours.apply_chat_template(parts, tokenize=False, continue_final_message=True, chat_template=template) == theirs.apply_chat_template(parts, tokenize=False, continue_final_message=True, chat_template=template) == 'user:</s>assistant:a b '
    thought = [dict(role='assistant', content='c', reasoning_content='because')]
    template = "{{ messages[0].reasoning_content }}|{{ messages[0].content }}"
    assert ours.apply_chat_template(thought, tokenize=False, continue_final_message='reasoning_content', chat_template=template) == 'because'
    for bad, options, said in [(CHAT, dict(add_generation_prompt=True), 'choose one'), (CHAT, dict(return_assistant_tokens_mask=True, return_dict=True), 'choose one'), (CHAT, dict(chat_template='{{ messages[0].content }}'), "doesn't show the last message"),
                               ([dict(role='assistant')], {}, "no text in 'content'"), ([dict(role='user', content=[dict(type='image')])], {}, 'no text')]:
        with pytest.raises(ValueError, match=said): ours.apply_chat_template(bad, continue_final_message=True, **options)

HOSTILE = ["{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ messages.__class__.__base__ }}{{ messages.__init__.__globals__ }}", "{{ lipsum.__globals__['os'].popen('id').read() }}", "{{ cycler.__init__.__globals__.os }}", "{{ raise_exception.__globals__ }}x{{ raise_exception.__globals__['json'] }}",
           "{{ strftime_now.__code__.co_code }}", "{{ messages.append(1) }}", "{{ messages[0].update(role='system') }}", "{% set ns = namespace() %}{% set ns.__class__ = 1 %}{{ ns.__class__.__mro__ }}", "{{ dict.__base__.__subclasses__() }}", "{{ dict.mro()[1].__subclasses__() }}",
           "{{ namespace.__init__.__globals__['__builtins__'] }}", "{{ '{0.__class__.__mro__}'.format(messages) }}", "{{ self.__init__.__globals__ }}{{ self._TemplateReference__context.environment }}", "{{ range(99999999) | list }}"]
@pytest.mark.parametrize('template', HOSTILE)
def test_hostile_templates_get_nothing(both, template):
    import jinja2
    for t in both:
        try: text = t.apply_chat_template(CHAT, chat_template=template, tokenize=False)
        except (jinja2.TemplateError, OverflowError): continue
        assert 'class' not in text and 'object at' not in text and 'module' not in text and text in ('', 'x'), text

def test_an_open_template_would_show(): # control: without the sandbox the first is an open door
    import jinja2
    assert 'class' in jinja2.Environment().from_string(HOSTILE[0]).render()

def test_what_a_template_sees_is_json(both):
    class Boat:
        def write(self, *a): raise AssertionError('called')
    see = "{{ boat }}{{ boat.write('x') if boat.write is defined else '' }}{{ messages[0].n }}"
    for t in both: assert t.apply_chat_template([dict(role='user', content='x', n=(1, 2.5, True))], chat_template=see, boat=Boat(), tokenize=False) in ('<Boat>[1, 2.5, True]', '<Boat>(1, 2.5, True)')

def test_bad_chats(both):
    t = both[0]
    def fails(kind, said, chat=CHAT, **options):
        with pytest.raises(kind, match=said): t.apply_chat_template(chat, **options)
    fails(ValueError, 'empty', [])
    fails(ValueError, 'empty', [[], CHAT])
    fails(TypeError, 'must be a dict', ['hello'])
    fails(ValueError, 'needs return_dict=True', return_assistant_tokens_mask=True)
    fails(ValueError, 'JSON schema', tools=[len])
    fails(TypeError, "did you mean 'add_generation_prompt'", add_generation_promt=True)
    fails(ValueError, "can't be kept", sanitize_control_tokens=True)
    fails(ValueError, 'no chat template', chat_template=7)
    t = PreTrainedTokenizerFast(tokenizer_object=t.backend_tokenizer)
    with pytest.raises(ValueError, match='There is no chat template'): t.apply_chat_template(CHAT)
    import jinja2
    t, roles = qwen()
    with pytest.raises(jinja2.TemplateError, match='Nobody speaks: nobody'): PreTrainedTokenizerFast(tokenizer_object=t, chat_template=QWEN, **roles).apply_chat_template([dict(role='nobody', content='x')])

def test_jinja_is_asked_for_when_it_is_needed(tmp_path):
    t, roles = qwen()
    PreTrainedTokenizerFast(tokenizer_object=t, chat_template=QWEN, **roles).save_pretrained(tmp_path)
    code = f"""
import sys
from transformers_lite import AutoTokenizer
t = AutoTokenizer.from_pretrained({str(tmp_path)!r})
assert t('a') and t.chat_template and not sys.modules.keys() & {{'jinja2', 'torch'}}
sys.modules['jinja2'] = None
try: t.apply_chat_template([dict(role='user', content='x')])
except ImportError as e: print(e)
"""
    assert "pip install 'jinja2>=3.1.6'" in subprocess.run([sys.executable, '-c', code], text=True, capture_output=True, check=True).stdout

def test_an_old_jinja_is_refused(both, monkeypatch):
    import jinja2
    monkeypatch.setattr(jinja2, '__version__', '3.1.5')
    with pytest.raises(ImportError, match='3.1.5 is too old'): both[0].apply_chat_template(CHAT, chat_template='{{ 12345 }}')

@pytest.mark.parametrize('template, kind', [('{% break %}', 'jinja2'), ("{{ 'a' * 10**14 }}", ValueError), ('{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}', ValueError)], ids=str)
def test_templates_that_fail_as_python(both, template, kind): # SyntaxError, MemoryError and RecursionError, in transformers
    import jinja2
    with pytest.raises(jinja2.TemplateSyntaxError if kind == 'jinja2' else kind): both[0].apply_chat_template(CHAT, chat_template=template, tokenize=False)

def test_only_files_are_templates(tmp_path):
    t, roles = gpt2()
    PreTrainedTokenizerFast(tokenizer_object=t, **roles, chat_template=CHATML).save_pretrained(tmp_path)
    (tmp_path/'additional_chat_templates'/'folder.jinja').mkdir(parents=True)
    assert PreTrainedTokenizerFast.from_pretrained(tmp_path).chat_template == CHATML
