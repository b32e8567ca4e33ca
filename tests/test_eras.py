"""Folders as they were written over the years, and by other tools: each loads in every class that may read it, agrees with
transformers 4.57.6 or 5.x wherever one of them loads it, and comes back the same after it was saved."""
import json

import numpy as np, pytest, transformers

import transformers_lite, transformers_lite.tokenizer, transformers_lite.tokenizer_fast
from helpers import run457

# ── what the folders hold ───────────────────────────────────────────────────────────────────────────────────────────
WORDS = ('[PAD] [UNK] [CLS] [SEP] [MASK] hello Hello un ##able cafe café . , world < x > <pad> <unk> <s> </s> <mask> '
         '日 ##本 [ ] never new').split()
N = len(WORDS)
ROLES = dict(unk_token='[UNK]', sep_token='[SEP]', pad_token='[PAD]', cls_token='[CLS]', mask_token='[MASK]')
ODD = dict(unk_token='<unk>', sep_token='</s>', pad_token='<pad>', cls_token='<s>', mask_token='<mask>')
HUGE = int(1e30)

def ids(words): return {w: i for i, w in enumerate(words)}
def config(**kw): return {'tokenizer_config.json': kw}
def roles(**kw): return {'special_tokens_map.json': kw}
def token(content, **flags): # as JSON holds it from 3.0 on; in tokenizer_config.json with its `__type`
    return dict(content=content, lstrip=False, normalized=True, rstrip=False, single_word=False) | flags
def dicts(d, **flags): return {k: token(v, **flags) for k, v in d.items()}
def decoder(*tokens): # of 4.34 and later
    new = iter(range(N, 99))
    return {str(WORDS.index(t) if t in WORDS else next(new)): token(t, normalized=False, special=True) for t in tokens}

TYPED = {'__type': 'AddedToken'}
AROUND = [{'SpecialToken': {'id': '[CLS]', 'type_id': 0}}, {'Sequence': {'id': 'A', 'type_id': 0}}, {'SpecialToken': {'id': '[SEP]', 'type_id': 0}}]
SECOND = [{'Sequence': {'id': 'B', 'type_id': 1}}, {'SpecialToken': {'id': '[SEP]', 'type_id': 1}}]
TEMPLATE = dict(type='TemplateProcessing', single=AROUND, pair=AROUND + SECOND,
                special_tokens={t: dict(id=t, ids=[i], tokens=[t]) for t, i in (('[CLS]', 2), ('[SEP]', 3))})

def rust(lower=True, added=(), typed=True, roles=ROLES, **parts):
    "A tokenizer.json; before tokenizers 0.10 its model didn't say of what type it is."
    def entry(i, t, special): return dict(id=i, special=special, content=t, single_word=False, lstrip=False, rstrip=False, normalized=not special)
    tokens = [entry(WORDS.index(t), t, True) for t in roles.values()] + [entry(N+i, t, s) for i, (t, s) in enumerate(added)]
    ends = {k: [roles[f'{k}_token'], WORDS.index(roles[f'{k}_token'])] for k in ('sep', 'cls')}
    d = dict(version='1.0', truncation=None, padding=None, added_tokens=tokens,
             normalizer=dict(type='BertNormalizer', clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lower),
             pre_tokenizer=dict(type='BertPreTokenizer'), post_processor=dict(type='BertProcessing', **ends),
             decoder=dict(type='WordPiece', prefix='##', cleanup=True),
             model=dict(unk_token=roles['unk_token'], continuing_subword_prefix='##', max_input_chars_per_word=100, vocab=ids(WORDS)))
    if typed: d['model']['type'] = 'WordPiece'
    return {'tokenizer.json': d | parts}

V, MAP = {'vocab.txt': ''.join(f'{w}\n' for w in WORDS)}, roles(**ROLES)
PADDED = dict(strategy='BatchLongest', direction='Left', pad_to_multiple_of=None, pad_id=0, pad_type_id=0, pad_token='[PAD]')
WORDPIECE = dict(tokenize_chinese_chars=True, strip_accents=None)
BASIC = dict(do_basic_tokenize=True, never_split=None)
TEXT = {
    # pytorch-pretrained-bert, pytorch-transformers 1.x, transformers 2.x
    '0.6 a vocabulary alone': V,
    '1.0': V | MAP | {'added_tokens.json': {}},
    '1.2': V | MAP | {'added_tokens.json': {}} | config(do_lower_case=False, max_len=512, init_inputs=[]),
    '1.2 do_lower_case alone': V | config(do_lower_case=True),
    '2.0 added tokens': V | roles(**ROLES, additional_special_tokens=['<x>']) | {'added_tokens.json': {'<x>': N, 'newtok': N+1}} | config(max_len=512, init_inputs=[]),
    '2.0 added tokens alone': V | {'added_tokens.json': {'newtok': N, '<x>': N+1}},
    '2.3': V | MAP | config(do_lower_case=True, **BASIC, max_len=128, init_inputs=[]),
    '2.3 at spaces only': V | MAP | config(do_lower_case=False, do_basic_tokenize=False, never_split=None, max_len=128, init_inputs=[]),
    '2.11 fast': V | MAP | config(**ROLES, **WORDPIECE, do_lower_case=True, clean_text=True, wordpieces_prefix='##', add_special_tokens=True, model_max_length=512),
    # 3.x
    '3.0 dicts in the map': V | roles(**dicts(ROLES)) | config(do_lower_case=True, model_max_length=512, special_tokens_map_file=None, full_tokenizer_file=None),
    '3.0 one dict': V | roles(**ROLES | dict(mask_token=token('[MASK]', lstrip=True))),
    '3.0 dicts, other names': V | roles(**dicts(ODD)) | config(do_lower_case=False),
    '3.0 additional dicts': V | roles(**ROLES, additional_special_tokens=[token('<x>'), token('<x>'), '<y>']) | {'added_tokens.json': {'<x>': N, '<y>': N+1}},
    '3.0 a single word': V | roles(**ROLES | dict(sep_token=token('<x>', single_word=True))) | {'added_tokens.json': {'<x>': N}},
    '3.4 with tokenizer.json': V | roles(**dicts(ROLES)) | rust(typed=False) | config(do_lower_case=True, full_tokenizer_file=None, special_tokens_map_file=None),
    '3.4 cased': V | rust(lower=False, typed=False) | config(do_lower_case=False),
    # 4.0 to 4.33
    '4.0 dicts in the config': V | MAP | config(**dicts(ROLES, **TYPED), **BASIC, do_lower_case=True, tokenizer_file=None, special_tokens_map_file=None, name_or_path='bert-base-uncased'),
    '4.0 dicts in the config alone': V | config(**dicts(ODD, **TYPED), do_lower_case=False, model_max_length=64),
    '4.0 additional dicts': V | config(**ROLES, additional_special_tokens=[token('<x>', **TYPED), token('<y>', lstrip=True, **TYPED)]),
    '4.0 a mask that takes its space': V | config(**ROLES | dict(mask_token=token('[MASK]', lstrip=True, normalized=False, **TYPED))),
    '4.0 fast': V | MAP | rust(typed=False, lower=False, added=[('<x>', True), ('newtok', False)])
        | config(do_lower_case=False, unk_token='[UNK]', model_max_length=512, name_or_path='x', tokenizer_file='elsewhere/3fe.tokenizer.json'),
    '4.0 fast, dicts': rust() | roles(**dicts(ROLES)) | config(**dicts(ROLES, **TYPED)),
    '4.10': V | MAP | rust() | config(**ROLES, **WORDPIECE, do_lower_case=True, model_max_length=512, special_tokens_map_file=None, name_or_path='distilbert-base-uncased', tokenizer_class='DistilBertTokenizer'),
    '4.10 versions': V | rust() | config(**ROLES, fast_tokenizer_files=['tokenizer.json', 'tokenizer.4.0.json'], tokenizer_class='DistilBertTokenizer'),
    '4.20': V | MAP | rust(post_processor=TEMPLATE) | config(**ROLES, **BASIC, **WORDPIECE, do_lower_case=False, model_max_length=HUGE, special_tokens_map_file='run/special_tokens_map.json', name_or_path='run', tokenizer_class='BertTokenizer', tokenizer_file=None),
    '4.20 slow, dicts': V | roles(**dicts(ROLES)) | {'added_tokens.json': {'newtok': N}} | config(**dicts(ROLES, **TYPED), do_lower_case=True, model_max_length=512, additional_special_tokens=None, tokenizer_class='DistilBertTokenizer'),
    '4.20 the files disagree': V | roles(**ODD) | config(**ROLES),
    '4.20 each file says a part': V | roles(pad_token='<pad>') | config(cls_token='<s>', sep_token='</s>'),
    '4.20 newer added tokens': V | MAP | rust() | {'added_tokens.json': {'newtok': N}},
    '4.28': V | MAP | rust() | config(**ROLES, **WORDPIECE, clean_up_tokenization_spaces=True, do_lower_case=True, model_max_length=512, tokenizer_class='DistilBertTokenizer'),
    # 4.34 to 4.57
    '4.40': V | roles(**dicts(ROLES, normalized=False)) | rust(added=[('<x>', True)]) | config(**ROLES, **WORDPIECE, added_tokens_decoder=decoder(*ROLES.values(), '<x>'), additional_special_tokens=['<x>'],
        clean_up_tokenization_spaces=True, do_lower_case=True, model_max_length=512, tokenizer_class='DistilBertTokenizer'),
    '4.40 slow': V | MAP | {'added_tokens.json': {'<x>': N}} | config(**ROLES, **BASIC, **WORDPIECE, added_tokens_decoder=decoder(*ROLES.values(), '<x>'), additional_special_tokens=['<x>'],
        clean_up_tokenization_spaces=True, do_lower_case=True, model_max_length=512, tokenizer_class='DistilBertTokenizer'),
    '4.40 the files disagree': V | roles(**ODD) | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values())),
    '4.40 no role is said': V | roles(**ODD) | config(added_tokens_decoder=decoder(*ODD.values())),
    '4.40 a role of nobody': V | config(**ROLES | dict(mask_token=None)),
    '4.40 generic': rust(added=[('<x>', True)]) | MAP | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values(), '<x>'), additional_special_tokens=['<x>'], extra_special_tokens={}, model_max_length=512, tokenizer_class='PreTrainedTokenizerFast'),
    '4.46 a dict of extras': V | MAP | rust() | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values()), extra_special_tokens={}, clean_up_tokenization_spaces=False, do_lower_case=True, model_max_length=512, tokenizer_class='DistilBertTokenizer'),
    '4.46 extras by name': V | roles(**ROLES, image_token='<x>') | rust(added=[('<x>', True)]) | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values(), '<x>'), extra_special_tokens={'image_token': '<x>'}, image_token='<x>', tokenizer_class='DistilBertTokenizer'),
    # 5.x
    '5.0': rust(post_processor=TEMPLATE) | config(**ROLES, **WORDPIECE, backend='tokenizers', do_lower_case=True, is_local=False, model_max_length=512, tokenizer_class='BertTokenizer'),
    '5.0 a list of extras': rust(post_processor=TEMPLATE, added=[('<x>', True)]) | config(**ROLES, backend='tokenizers', extra_special_tokens=['<x>'], is_local=True, local_files_only=False, tokenizer_class='TokenizersBackend'),
    '5.0 extras by name': rust(post_processor=TEMPLATE, added=[('<x>', True)]) | config(**ROLES, backend='tokenizers', model_specific_special_tokens={'image_token': '<x>'}, is_local=True, tokenizer_class='BertTokenizer'),
    # other tools
    'sentence-transformers': V | roles(**dicts(ROLES, normalized=False)) | rust(truncation=dict(max_length=8, strategy='LongestFirst', stride=0, direction='Right'), padding=PADDED | dict(strategy={'Fixed': 8}, direction='Right'))
        | config(**ROLES, **BASIC, **WORDPIECE, added_tokens_decoder=decoder(*ROLES.values()), clean_up_tokenization_spaces=True, do_lower_case=True, max_length=128, model_max_length=256, pad_to_multiple_of=None, pad_token_type_id=0,
                 padding_side='right', stride=0, tokenizer_class='BertTokenizer', truncation_side='right', truncation_strategy='longest_first')
        | {'modules.json': {'idx': 0}, 'sentence_bert_config.json': dict(max_seq_length=256, do_lower_case=False)},
    'tokenizers': rust(),
    'tokenizers, left': rust(padding=PADDED),
    'tokenizers, no template': rust(post_processor=None),
    'optimum': V | MAP | rust() | config(**ROLES, do_lower_case=True, model_max_length=512, tokenizer_class='DistilBertTokenizer') | {'ort_config.json': {'opset': 14}},
    'transformers.js': rust() | config(**ROLES, do_lower_case=True, model_max_length=512, tokenizer_class='BertTokenizer') | {'config.json': dict(model_type='distilbert')},
    'peft': rust() | MAP | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values()), extra_special_tokens={}, do_lower_case=True, model_max_length=512, tokenizer_class='DistilBertTokenizer') | {'adapter_config.json': dict(peft_type='LORA', base_model_name_or_path='distilbert-base-uncased')},
    'llama-factory': V | roles(**dicts(ROLES, normalized=False)) | rust() | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values()), do_lower_case=True, padding_side='right', split_special_tokens=False, tokenizer_class='DistilBertTokenizer', model_max_length=512),
    'special tokens as any text': V | rust() | config(**ROLES, split_special_tokens=True, tokenizer_class='DistilBertTokenizer'),
    'trl': rust(added=[('<x>', True)]) | roles(**dicts(ROLES, normalized=False), additional_special_tokens=[token('<x>', normalized=False)]) | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values(), '<x>'), additional_special_tokens=['<x>'], chat_template=[dict(name='default', template='{{ messages }}')],
        padding_side='left', truncation_side='left', verbose=False, tokenizer_class='PreTrainedTokenizerFast') | {'chat_template.jinja': '{{ messages }}'},
    'spaCy': V | roles(**ROLES) | config(**ROLES, do_lower_case=True, do_basic_tokenize=True, never_split=None, tokenize_chinese_chars=True, strip_accents=None, model_max_length=512, vocab_file='transformer/model/vocab.txt', tokenizer_class='DistilBertTokenizer')
        | {'meta.json': dict(lang='en'), 'cfg': '{}'},
    'setfit': V | roles(**dicts(ROLES, normalized=False)) | rust(padding=PADDED | dict(direction='Right')) | config(**ROLES, added_tokens_decoder=decoder(*ROLES.values()), extra_special_tokens={}, do_lower_case=True, model_max_length=256, tokenizer_class='DistilBertTokenizer',
        max_length=256, pad_to_multiple_of=None, pad_token_type_id=0, padding_side='right', stride=0, truncation_side='right', truncation_strategy='longest_first') | {'model_head.pkl': '', 'config_setfit.json': dict(labels=None)},
    'numbers with a point': V | config(model_max_length=1e30, do_lower_case=True),
}
# neither release loads these, or both get them wrong; what is right follows from another layout
ALONE = {
    '4.0 dicts without a type': (V | config(**dicts(ODD)), V | config(**ODD)),
    '4.0 texts of dicts alone': (V | config(**{k: {'content': v} for k, v in ODD.items()}), V | config(**ODD)),
    'tokenizers, cased': (rust(lower=False, typed=False), rust(lower=False) | config(**ROLES, do_lower_case=False)),
    'tokenizers, other names': (rust(roles=ODD), rust(roles=ODD) | config(**ODD | dict(pad_token='[PAD]', mask_token='[MASK]'))),
}
SAYS = ['hello unable café Hello. 日本', 'newtok <x>hello [MASK] <mask>', 'hello [UNK] <unk> never', '', 'a <x> newtok <y>  [MASK]  x', 'hello[SEP]x<x>']

LETTERS = ['<pad>', '<s>', '</s>', '<unk>', '|', *"EHLOWRDAB'"]
XLSR = [t for t in LETTERS if t not in ('<s>', '</s>')]
DIGRAPHS = ['<pad>', '<s>', '</s>', '<unk>', '|', *'CSAKEHLOB', 'CS', 'CSS', 'ss']
SOUNDS = ['ʈʰ', 'æ', 'æ̃', '˧', 'kʰ', '|', '[UNK]', '[PAD]']
CTC = dict(bos_token='<s>', eos_token='</s>', unk_token='<unk>', pad_token='<pad>')
C, X, NAMED = {'vocab.json': ids(LETTERS)}, {'vocab.json': ids(XLSR)}, dict(tokenizer_class='Wav2Vec2CTCTokenizer')
def wide(*tokens, **flags): return {str(i): token(t, lstrip=True, rstrip=True, normalized=False, special=False) | flags for i, t in tokens}
WIDE = wide(*enumerate(LETTERS[:4]))
SOUND = {
    'a vocabulary alone': C,
    '4.3': C | roles(**CTC) | config(**CTC, do_lower_case=False, return_attention_mask=False, do_normalize=True),
    '4.3 named': C | roles(**CTC) | config(**CTC, do_lower_case=False, return_attention_mask=True, do_normalize=True, word_delimiter_token='|', tokenizer_class='Wav2Vec2Tokenizer', model_max_length=9223372036854775807),
    '4.5 added tokens': X | {'added_tokens.json': {'<s>': len(XLSR), '</s>': len(XLSR)+1}} | roles(**CTC, additional_special_tokens=[token('<s>'), token('</s>')] * 2)
        | config(**CTC, **NAMED, do_lower_case=False, word_delimiter_token='|', special_tokens_map_file=None, tokenizer_file=None, name_or_path='./'),
    '4.5 dicts': C | roles(**dicts(CTC)) | config(**dicts(CTC, **TYPED), word_delimiter_token=token('|', **TYPED), do_lower_case=False),
    '4.5 dicts in the map': C | roles(**dicts(CTC)),
    '4.20': C | roles(**CTC) | config(**CTC, **NAMED, do_lower_case=True, word_delimiter_token='|', replace_word_delimiter_char=' ', special_tokens_map_file=None, tokenizer_file=None, name_or_path='run', processor_class='Wav2Vec2Processor'),
    '4.20 added words': C | {'added_tokens.json': {'WOR': len(LETTERS), 'hel': len(LETTERS)+1}} | config(**CTC, **NAMED),
    '4.30': C | config(**CTC, **NAMED, clean_up_tokenization_spaces=True, do_lower_case=False, model_max_length=HUGE, replace_word_delimiter_char=' ', target_lang=None, word_delimiter_token='|'),
    '4.40': X | {'added_tokens.json': {'<s>': len(XLSR), '</s>': len(XLSR)+1}} | roles(**CTC) | config(**CTC, **NAMED, clean_up_tokenization_spaces=True, do_lower_case=False, target_lang=None, word_delimiter_token='|',
        added_tokens_decoder=wide((0, '<pad>'), (1, '<unk>')) | wide((len(XLSR), '<s>'), (len(XLSR)+1, '</s>'), lstrip=False, rstrip=False, special=True)),
    '4.40 other flags': C | config(**CTC, **NAMED, added_tokens_decoder=wide(*enumerate(LETTERS[:4]), lstrip=False, rstrip=False, special=True)),
    '4.46': C | config(**CTC, **NAMED, added_tokens_decoder=WIDE, extra_special_tokens={}, clean_up_tokenization_spaces=False, do_lower_case=False, word_delimiter_token='|', processor_class='Wav2Vec2Processor'),
    '4.46 without a start': X | config(**CTC | dict(bos_token=None, eos_token=None), **NAMED, added_tokens_decoder=wide((0, '<pad>'), (1, '<unk>'))),
    '5.0': C | config(**CTC, **NAMED, added_tokens_decoder=WIDE, backend='custom', is_local=True, do_lower_case=False, replace_word_delimiter_char=' ', target_lang=None, word_delimiter_token='|', processor_class='Wav2Vec2Processor'),
    '5.0 a list of extras': C | config(**CTC, **NAMED, extra_special_tokens=['<x>'], added_tokens_decoder=WIDE | wide((len(LETTERS), '<x>'), lstrip=False, rstrip=False, special=True), backend='custom'),
    'languages': {'vocab.json': {'eng': ids(LETTERS), 'rus': ids(['<pad>', '<s>', '</s>', '<unk>', '|', 'Я', 'H', 'ХО'])}} | config(**CTC, **NAMED, target_lang='rus'),
    'digraphs': {'vocab.json': ids(DIGRAPHS)},
    'digraphs, lower case': {'vocab.json': ids(DIGRAPHS)} | config(**CTC, **NAMED, do_lower_case=True),
    'phonemes': {'vocab.json': ids(SOUNDS)} | config(unk_token='[UNK]', pad_token='[PAD]', bos_token=None, eos_token=None, **NAMED),
}
SAYS_SOUND = ['HELLO WORLD', 'hello', 'HE <s> L', 'H<unk>O |', ' CSAK  HCSE', '', 'CS A', 'hel WOR <x> lo', 'A  B', 'C S CS  CSS SCSCSSS', 'CS|CS ss S', '  CS  ', 'Я ХОH Я',
              'ʈʰ æ æ̃ ˧ kʰ', 'ʈʰæ æ̃˧kʰʈʰ', 'e\u0301 é']

# ── what is asked of them ───────────────────────────────────────────────────────────────────────────────────────────
CLASSES = dict(text=['DistilBertTokenizer', 'DistilBertTokenizerFast', 'PreTrainedTokenizerFast', 'AutoTokenizer'], sound=['Wav2Vec2CTCTokenizer', 'AutoTokenizer'])
LAYOUTS = dict(text=TEXT | {k: v[0] for k, v in ALONE.items()}, sound=SOUND)
TELL = '''
ROLES = [f'{r}_token' for r in ('bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask')]
def tell(load, path, texts):
    "What a tokenizer does and is; or that it can't be loaded."
    try: t = load(path)
    except Exception as e: return f'{type(e).__name__}: {e}'
    try: rows = t(texts, padding=t.pad_token is not None)['input_ids']
    except TypeError as e: return f'{type(e).__name__}: {e}'
    special = {str(x) for x in t.all_special_tokens} - {'|'}  # 5.x counts the space of a CTC tokenizer among them
    return dict(ids=[[int(i) for i in r] for r in rows], n=len(t), length=min(t.model_max_length, 10**30), sides=[t.padding_side, t.truncation_side], special=sorted(special),
                roles={k: str(v) for k in ROLES if (v := getattr(t, k, None)) is not None}, text=[t.decode(r, clean_up_tokenization_spaces=True) for r in rows])
'''
exec(TELL)
TEXTS = dict(text=SAYS, sound=SAYS_SOUND)

def lay_out(folder, files):
    folder.mkdir(parents=True)
    for name, d in files.items(): (folder/name).write_text(d if isinstance(d, str) else json.dumps(d, ensure_ascii=False), encoding='utf-8')
    return folder

@pytest.fixture(scope='module')
def told(tmp_path_factory):
    "{(kind, layout, class): {who: what is told}}: of us, of both releases, and of all three from what we saved again."
    root, res = tmp_path_factory.mktemp('eras'), {}
    for kind, layouts in LAYOUTS.items():
        for layout, files in layouts.items():
            lay_out(root/kind/layout, files)
            for c in CLASSES[kind]:
                path, again, ours = root/kind/layout, root/'again'/kind/layout/c, getattr(transformers_lite, c)
                res[kind, layout, c] = one = dict(us=tell(ours.from_pretrained, path, TEXTS[kind]), five=tell(getattr(transformers, c).from_pretrained, path, TEXTS[kind]))
                if isinstance(one['us'], str): continue
                ours.from_pretrained(path).save_pretrained(again)
                one['us again'] = tell(ours.from_pretrained, again, TEXTS[kind])
                one['five again'] = tell(getattr(transformers, c).from_pretrained, again, TEXTS[kind])
    want = run457(TELL + '''
import os
root, keys, texts = args
transformers.logging.set_verbosity(50)
result = [[tell(getattr(transformers, c).from_pretrained, os.path.join(root, *where, kind, layout, *([c] if where else [])), texts[kind]) for where in ([], ['again'])] for kind, layout, c in keys]
''', str(root), list(res), TEXTS)
    for key, (first, again) in zip(res, want): res[key] |= {'4.57': first} | ({'4.57 again': again} if 'us again' in res[key] else {})
    return res

def nobody_can(kind, layout, c): # what lacks the file that a class needs, or names no class for AutoTokenizer
    files = LAYOUTS[kind][layout]
    if c == 'PreTrainedTokenizerFast': return 'tokenizer.json' not in files
    named = files.get('tokenizer_config.json', {}).get('tokenizer_class') or 'config.json' in files
    return c == 'AutoTokenizer' and not named and 'tokenizer.json' not in files

EACH = [(kind, layout, c) for kind, layouts in LAYOUTS.items() for layout in layouts for c in CLASSES[kind]]
@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('kind, layout, c', EACH, ids=str)
def test_loads(told, kind, layout, c):
    "As one of the releases at least, if one of them can; and the same when it was saved, to us and to both."
    one = told[kind, layout, c]
    if nobody_can(kind, layout, c): assert all(isinstance(v, str) for v in one.values()), one
    else:
        assert not isinstance(one['us'], str), one['us']
        if layout not in ALONE:
            theirs = [one[k] for k in ('4.57', 'five') if not isinstance(one[k], str)]
            assert not theirs or one['us'] in theirs, theirs
        assert one['us again'] == one['us']
        for k in '4.57', 'five': # what we saved is to them what it is to us, or what the old folder was to them
            as_before = [v['ids'] for v in (one['us'], one[k]) if not isinstance(v, str)]
            assert one[f'{k} again']['ids'] in as_before and one[f'{k} again']['roles'] == one['us']['roles'], k

@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('layout', ALONE)
def test_loads_where_no_release_does(told, tmp_path, layout):
    other = lay_out(tmp_path/'other', ALONE[layout][1])
    for c in CLASSES['text'][:2]:
        one, right = told['text', layout, c], tell(getattr(transformers_lite, c).from_pretrained, other, SAYS)
        assert one['us'] == right and one['us'] not in (one['4.57'], one['five'])

def test_most_are_compared(told): # the releases do load them, and the layouts differ
    seen = [v for k, v in told.items() if not isinstance(v['us'], str) and k[1] not in ALONE]
    assert sum(v['us'] == v['4.57'] for v in seen) > 130 and sum(v['us'] == v['five'] for v in seen) > 110 and len(seen) > 170
    assert len({json.dumps(v['us']) for v in seen}) > 30

@pytest.mark.parametrize('spoil', ['RENAMED', 'EXTRA', 'read_added', 'backend_sides'])
def test_a_rule_left_out_would_show(told, tmp_path, monkeypatch, spoil): # negative control
    "Without the old names, the names of extras, added_tokens.json, or the sides of a tokenizer.json, some layout differs."
    left_out = dict(RENAMED={}, EXTRA={}, read_added=lambda path, special: {}, backend_sides=lambda t: {})[spoil]
    for module in transformers_lite.tokenizer, transformers_lite.tokenizer_fast: monkeypatch.setattr(module, spoil, left_out, raising=module is transformers_lite.tokenizer)
    differ = [k for k in TEXT if tell(transformers_lite.DistilBertTokenizerFast.from_pretrained, lay_out(tmp_path/k, TEXT[k]), SAYS) != told['text', k, 'DistilBertTokenizerFast']['us']]
    assert dict(RENAMED='1.2', EXTRA='4.40', read_added='2.0 added tokens', backend_sides='tokenizers, left')[spoil] in differ and len(differ) < len(TEXT)

def test_subfolders_and_single_files(tmp_path): # sentence-transformers before 2.0, and what `tokenizers` saves with a prefix
    lay_out(tmp_path/'st', {'modules.json': '[]'})
    lay_out(tmp_path/'st'/'0_Transformer', TEXT['2.3'])
    lay_out(tmp_path/'tok', {'mine-vocab.txt': V['vocab.txt']})
    want = transformers_lite.DistilBertTokenizer.from_pretrained(lay_out(tmp_path/'v', V))(SAYS)['input_ids']
    for c in transformers_lite.DistilBertTokenizer, transformers_lite.DistilBertTokenizerFast:
        for t in c.from_pretrained(tmp_path/'st', subfolder='0_Transformer'), c.from_pretrained(tmp_path/'st'/'0_Transformer'), c.from_pretrained(tmp_path/'tok'/'mine-vocab.txt'):
            assert t(SAYS)['input_ids'] == want

def test_a_length_with_a_point(tmp_path):
    t = transformers_lite.DistilBertTokenizer.from_pretrained(lay_out(tmp_path/'v', V | config(model_max_length=4.)))
    assert t('hello hello hello hello', truncation=True)['input_ids'] == [2, 5, 5, 3] and type(t.model_max_length) is int

# ── processors ──────────────────────────────────────────────────────────────────────────────────────────────────────
EAR = dict(do_normalize=True, feature_size=1, padding_side='right', padding_value=0., return_attention_mask=False, sampling_rate=16000)
TYPE, PROCESSOR, W2V = dict(feature_extractor_type='Wav2Vec2FeatureExtractor'), dict(processor_class='Wav2Vec2Processor'), {'config.json': dict(model_type='wav2vec2')}
def ear(**kw): return {'preprocessor_config.json': EAR | kw}
HEARS = {
    '4.3': SOUND['4.3'] | W2V | ear(),
    '4.5': SOUND['4.5 added tokens'] | W2V | ear(**TYPE),
    '4.20': SOUND['4.20'] | ear(**TYPE, **PROCESSOR),
    '4.46': SOUND['4.46'] | ear(**TYPE, **PROCESSOR) | {'processor_config.json': PROCESSOR},
    '5.0': SOUND['5.0'] | {'processor_config.json': PROCESSOR | dict(feature_extractor=EAR | TYPE)},
}
MEAN = dict(do_normalize=True, do_resize=True, image_mean=[.5] * 3, image_std=[.5] * 3, resample=2)
SCALED = MEAN | dict(do_rescale=True, rescale_factor=1/255, size=dict(height=8, width=8))
SEES = {
    '4.3': MEAN | dict(size=8),
    '4.10': MEAN | dict(size=8, feature_extractor_type='ViTFeatureExtractor'),
    '4.26': SCALED | dict(image_processor_type='ViTFeatureExtractor', feature_extractor_type='ViTFeatureExtractor'),
    '4.40': SCALED | dict(image_processor_type='ViTImageProcessor', _valid_processor_keys=['images', 'do_resize']),
    '4.50': SCALED | dict(image_processor_type='ViTImageProcessorFast', data_format='channels_first', default_to_square=True, device=None, do_center_crop=None, do_convert_rgb=None, input_data_format=None, return_tensors=None),
    '5.0': SCALED | dict(image_processor_type='ViTImageProcessor', data_format='channels_first'),
}

def heard(p): return dict(x=p([np.arange(9.), np.ones(4)], sampling_rate=16000, padding=True, return_tensors='np')['input_values'].round(5).tolist(), ids=[p(text=t)['input_ids'] for t in SAYS_SOUND])

@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('layout', HEARS)
def test_processors(tmp_path, layout):
    folder = lay_out(tmp_path/'p', HEARS[layout])
    want = heard(transformers.Wav2Vec2Processor.from_pretrained(folder))
    for c in transformers_lite.AutoProcessor, transformers_lite.Wav2Vec2Processor:
        p = c.from_pretrained(folder)
        assert type(p) is transformers_lite.Wav2Vec2Processor and heard(p) == want
        p.save_pretrained(tmp_path/c.__name__)
        assert heard(c.from_pretrained(tmp_path/c.__name__)) == heard(transformers.AutoProcessor.from_pretrained(tmp_path/c.__name__)) == want

@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('layout', SEES)
def test_pictures(tmp_path, layout):
    folder = lay_out(tmp_path/'p', {'preprocessor_config.json': SEES[layout], 'config.json': dict(model_type='vit')})
    picture = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    want = transformers.ViTImageProcessor.from_pretrained(folder)(picture, return_tensors='np')['pixel_values']
    for c in transformers_lite.AutoImageProcessor, transformers_lite.AutoProcessor, transformers_lite.ViTImageProcessor:
        assert np.abs(c.from_pretrained(folder)(picture, return_tensors='np')['pixel_values'] - want).max() < (1.01 / 127.5 if layout == '4.50' and c is not transformers_lite.ViTImageProcessor else 1e-6) # the fast class resizes by torch: one step

# ── tokens of several characters ────────────────────────────────────────────────────────────────────────────────────
def test_whole_tokens(tmp_path):
    "As in the report; a digraph is found before its letters, in decoding too; a change of language brings its own, and only these."
    t = transformers_lite.Wav2Vec2CTCTokenizer(vocab=ids(SOUNDS), unk_token='[UNK]', pad_token='[PAD]', bos_token=None, eos_token=None)
    assert t('ʈʰ æ æ̃ ˧ kʰ')['input_ids'] == [0, 1, 2, 3, 4] and len(t) == 8 and t.decode([0, 0, 7, 1, 4]) == 'ʈʰækʰ'
    b = t('ʈʰæ kʰ', return_offsets_mapping=True)
    assert b['offset_mapping'] == [(0, 2), (2, 3), (3, 6)]
    both = {'a': ids(['<pad>', '<unk>', '|', 'C', 'S', 'CS']), 'b': ids(['<pad>', '<unk>', '|', 'C', 'S', 'SC'])}
    t = transformers_lite.Wav2Vec2CTCTokenizer(vocab=both, target_lang='a', bos_token=None, eos_token=None)
    assert t('CSC')['input_ids'] == [5, 3]
    t.set_target_lang('b')
    assert t('CSC')['input_ids'] == [3, 5] and t.get_vocab() == both['b']
    t.set_target_lang('a')
    assert t('CSC')['input_ids'] == [5, 3]

def test_an_added_token_stays_one_when_saved(tmp_path): # vocab.json holds the vocabulary alone, as in both releases
    t = transformers_lite.Wav2Vec2CTCTokenizer(vocab=ids(LETTERS))
    t.add_tokens(['WOR'])
    t.save_pretrained(tmp_path)
    assert json.loads((tmp_path/'vocab.json').read_text()) == ids(LETTERS)
    for again in transformers_lite.Wav2Vec2CTCTokenizer.from_pretrained(tmp_path), transformers.Wav2Vec2CTCTokenizer.from_pretrained(tmp_path):
        assert again('A WOR B')['input_ids'] == t('A WOR B')['input_ids'] and len(again) == len(t)
