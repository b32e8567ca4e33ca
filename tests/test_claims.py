"""What the pages say of transformers, run in both releases that they name: 4.57.6 and 5.23.0.
A claim is words of a page and what each release does. It fails if either is not so any more."""
import inspect, json, re

import pytest

from helpers import ROOT, result_of, run457
import transformers_lite
from transformers_lite import DistilBertTokenizer, DistilBertTokenizerFast
from transformers_lite.tokenizer import Encoding, PreTrainedTokenizerBase

CODE = r'''
import json, logging, os, subprocess, sys, tempfile, warnings
from pathlib import Path
import numpy as np, torch, transformers
import transformers.models.distilbert.modeling_distilbert as distilbert
import transformers.models.vit.modeling_vit as vit
from PIL import Image
from transformers import (AutoConfig, AutoModel, AutoTokenizer, DistilBertConfig,
    DistilBertForQuestionAnswering, DistilBertForSequenceClassification,
    DistilBertForTokenClassification, DistilBertModel, DistilBertTokenizer,
    DistilBertTokenizerFast, PretrainedConfig, PreTrainedModel,
    ViTImageProcessor, Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC, Wav2Vec2Model, Wav2Vec2Processor)


home, result = Path(tempfile.mkdtemp()), {}
tiny = dict(vocab_size=20, dim=8, n_heads=2, n_layers=2, hidden_dim=16, max_position_embeddings=12)
def fresh(cls, **settings): return cls(DistilBertConfig(**tiny, **settings)).eval()

class Log(logging.Handler):
    def __init__(self):
        super().__init__()
        self.said = []
    def emit(self, record): self.said.append(record.getMessage())

def claim(f):
    "Keep what a function gives, or the kind of its error, and whether anything was said meanwhile."
    log, library = Log(), logging.getLogger('transformers')
    library.addHandler(log)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        try: value = f()
        except Exception as e: value = type(e).__name__
    library.removeHandler(log)
    result[f.__name__] = value, bool(log.said or [w for w in said if w.category is UserWarning])

# settings

@claim
def slips():
    typed = DistilBertConfig(atention_dropout=.4)
    return typed.attention_dropout, DistilBertConfig(n_heads=7).n_heads
@claim
def labels(): return DistilBertConfig(num_labels=3, id2label={0: 'bad', 1: 'good'}).id2label[0]
@claim
def secret_is_saved():
    DistilBertConfig(use_auth_token='hf_secret').save_pretrained(home/'secret')
    return 'hf_secret' in (home/'secret'/'config.json').read_text()
@claim
def activation_is_kept(): return DistilBertConfig(**tiny, activation='rleu').activation
@claim
def activation_fails_late(): return fresh(DistilBertModel, activation='rleu')
@claim
def two_names():
    c = DistilBertConfig(dim=16, hidden_size=8)
    return c.dim, c.hidden_size
@claim
def brings_torch():
    code = "import sys; from transformers import DistilBertConfig; print('torch' in sys.modules)"
    return subprocess.run([sys.executable, '-c', code], stdout=-1, text=True).stdout.strip()
@claim
def guess():
    (home/'my-opt-x').mkdir()
    (home/'my-opt-x'/'config.json').write_text('{"hidden_size": 8}')
    here = os.getcwd()
    os.chdir(home) # or it would look into the name of a temporary folder as well: tmpt… has mpt in it
    try: return type(AutoConfig.from_pretrained('my-opt-x')).__name__
    finally: os.chdir(here)
@claim
def called(): AutoConfig()
@claim
def half_a_file():
    (home/'config.json').write_text('{"dim": 8')
    DistilBertConfig.from_pretrained(home)
@claim
def empty_config():
    DistilBertConfig().save_pretrained(home/'stopped')
    class Stopped(DistilBertConfig):
        def to_json_string(self, use_diff=True): raise KeyboardInterrupt
    try: Stopped().to_json_file(home/'stopped'/'config.json')
    except KeyboardInterrupt: return (home/'stopped'/'config.json').read_text()

# models

class Forgetful(distilbert.DistilBertPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.distilbert, self.head = DistilBertModel(config), torch.nn.Linear(8, 2)
@claim
def no_post_init():
    Forgetful(DistilBertConfig(**tiny)).save_pretrained(home/'forgetful')
    return type(Forgetful.from_pretrained(home/'forgetful')).__name__

class Scaled(distilbert.DistilBertPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.distilbert = DistilBertModel(config)
        self.scale = torch.nn.Parameter(torch.full((3000,), 2.5))
        self.post_init()
@claim
def own_parameter():
    fresh(DistilBertModel).save_pretrained(home/'plain')
    return bool((Scaled.from_pretrained(home/'plain').scale == 2.5).all())
@claim
def printed(): return '(0-1): 2 x TransformerBlock' in repr(fresh(DistilBertModel))
@claim
def vit_classes():
    names = 'SelfAttention Attention Layer Encoder Pooler SelfOutput Intermediate Output'
    return ' '.join(n for n in names.split() if hasattr(vit, f'ViT{n}'))
@claim
def prunes(): return hasattr(PreTrainedModel, 'prune_heads')
@claim
def debugger():
    from transformers.model_debugging_utils import model_addition_debugger_context
@claim
def attentions():
    ids = torch.ones(1, 4, dtype=torch.long)
    return len(fresh(DistilBertModel)(ids, output_attentions=True).attentions)
@claim
def half_saved():
    model = fresh(DistilBertModel, qa_dropout=.1)
    model.save_pretrained(home/'half')
    model.config.qa_dropout = .9
    from unittest.mock import patch
    def full(*args, **kwargs): raise OSError(28, 'No space left on device')
    with patch('transformers.modeling_utils.safe_save_file', full):
        try: model.save_pretrained(home/'half')
        except OSError: pass
    return AutoModel.from_pretrained(home/'half').config.qa_dropout
@claim
def left():
    torch.manual_seed(0)
    model = fresh(DistilBertForSequenceClassification, initializer_range=1.)
    ids = torch.tensor([[0, 0, 3, 4], [5, 6, 7, 8]])
    padded, alone = model(ids, attention_mask=(ids != 0).long()).logits, model(ids[:1, 2:]).logits
    return (padded[0] - alone[0]).abs().max().item() > .1
@claim
def label_for_labels():
    model = fresh(DistilBertForSequenceClassification)
    return model(torch.tensor([[3, 4]]), label=torch.tensor([1])).loss
@claim
def half_the_heads():
    torch.manual_seed(0)
    model, ids = fresh(DistilBertForSequenceClassification, initializer_range=1.), torch.tensor([[3, 4, 5]])
    model.save_pretrained(home/'heads')
    half = DistilBertForSequenceClassification.from_pretrained(home/'heads', n_heads=1)
    return (half(ids).logits - model(ids).logits).abs().max().item() > .01
@claim
def padding_is_computed():
    ids = torch.tensor([[3, 4, 0]])
    padding = fresh(DistilBertModel)(ids, attention_mask=(ids != 0).long()).last_hidden_state[0, 2]
    return padding.abs().max().item() > .1
@claim
def nothing_counts():
    model = fresh(DistilBertForTokenClassification)
    return model(torch.tensor([[3, 4]]), labels=torch.tensor([[-100, -100]])).loss.isnan().item()
@claim
def padding_counts():
    model, ids = fresh(DistilBertForTokenClassification), torch.tensor([[3, 4, 0, 0]])
    mask = (ids != 0).long()
    def loss(*labels): return model(ids, attention_mask=mask, labels=torch.tensor([labels])).loss
    return (loss(0, 1, -100, -100) != loss(0, 1, 0, 0)).item()
@claim
def padding_in_span():
    torch.manual_seed(0)
    model, ids = fresh(DistilBertForQuestionAnswering, initializer_range=1.), torch.tensor([[3, 4, 0, 0]])
    place = dict(start_positions=torch.tensor([0]), end_positions=torch.tensor([1]))
    padded, alone = model(ids, attention_mask=(ids != 0).long(), **place).loss, model(ids[:, :2], **place).loss
    return (padded - alone).item() > .1
@claim
def problem_types():
    def kind(labels, n):
        model = fresh(DistilBertForSequenceClassification, num_labels=n)
        model(torch.tensor([[3, 4], [5, 6]]), labels=labels)
        return model.config.problem_type
    return [kind(torch.ones(2), 1), kind(torch.tensor([0, 1]), 2), kind(torch.ones(2, 2), 2)]
@claim
def sparse(): return transformers.ModernBertConfig().sparse_prediction
@claim
def minus_one():
    model, ids = fresh(DistilBertForQuestionAnswering), torch.tensor([[3, 4, 5, 6]])
    def loss(start):
        place = dict(start_positions=torch.tensor([start]), end_positions=torch.tensor([1]))
        return model(ids, **place).loss
    return (loss(-1) == loss(0)).item()

# families of one's own

def family(name):
    class Config(PretrainedConfig): model_type = name
    class Model(PreTrainedModel): config_class = Config
    AutoConfig.register(name, Config)
    AutoModel.register(Config, Model)
@claim
def registered_twice():
    family('boat')
    family('boat')
@claim
def theirs_registered(): AutoModel.register(DistilBertConfig, DistilBertModel)
class WideConfig(DistilBertConfig): pass
class WideModel(DistilBertModel): config_class = WideConfig
@claim
def inherited():
    AutoModel.register(WideConfig, WideModel)
    WideModel(WideConfig(**tiny)).save_pretrained(home/'wide')
    return type(AutoModel.from_pretrained(home/'wide')).__name__

# text

(home/'text').mkdir()
words = '[PAD] [UNK] [CLS] [SEP] [MASK] the waffle ##s'.split()
(home/'text'/'vocab.txt').write_text('\n'.join(words) + '\n')
(home/'text'/'config.json').write_text('{"model_type": "distilbert"}')
@claim
def vocab_file():
    return DistilBertTokenizer(vocab_file=str(home/'text'/'vocab.txt')).tokenize('the waffles')
@claim
def truncation():
    tokenizer = DistilBertTokenizerFast.from_pretrained(str(home/'text'))
    return len(tokenizer('the the the', truncation=True)['input_ids'])
@claim
def spaces_of_bpe():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    rust = Tokenizer(models.BPE({c: i for i, c in enumerate(letters)}, []))
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=rust, clean_up_tokenization_spaces=True)
    return tokenizer.decode(tokenizer('a .')['input_ids'])
@claim
def chats_are_dicts():
    from tokenizers import Tokenizer, models
    rust = Tokenizer(models.WordLevel({'a': 0}, unk_token='a'))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=rust, chat_template='a')
    found = tokenizer.apply_chat_template([dict(role='user', content='a')])
    return isinstance(found, list)
@claim
def saved_class():
    opened = AutoTokenizer.from_pretrained(str(home/'text'))
    alone = transformers.PreTrainedTokenizerFast(tokenizer_object=DistilBertTokenizerFast.from_pretrained(str(home/'text')).backend_tokenizer)
    for name, tokenizer in dict(opened=opened, alone=alone).items(): tokenizer.save_pretrained(home/name)
    return [json.loads((home/name/'tokenizer_config.json').read_text())['tokenizer_class'] for name in ('opened', 'alone')]
@claim
def python_tokenizer(): return DistilBertTokenizer.from_pretrained(str(home/'text')).is_fast
@claim
def python_places():
    tokenizer = DistilBertTokenizer.from_pretrained(str(home/'text'))
    return 'offsets' if tokenizer('the', return_offsets_mapping=True)['offset_mapping'] else None

@claim
def tokens_to_text():
    def dashes(base):
        class Dashes(base):
            def convert_tokens_to_string(self, tokens): return '-'.join(tokens)
        t = Dashes.from_pretrained(str(home/'text'))
        return t.decode(t.convert_tokens_to_ids(['[CLS]', '[SEP]']))
    return [dashes(c) for c in (DistilBertTokenizer, DistilBertTokenizerFast)]

@claim
def asked_for_python():
    return AutoTokenizer.from_pretrained(str(home/'text'), use_fast=False).is_fast
@claim
def one_class(): return DistilBertTokenizer is DistilBertTokenizerFast
@claim
def backends(): return [hasattr(transformers, n) for n in ('PythonBackend', 'TokenizersBackend')]
@claim
def answers():
    from transformers.pipelines import SUPPORTED_TASKS
    return 'question-answering' in SUPPORTED_TASKS

# pictures

picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8))
@claim
def floats(): # before the modes: 4.57 says it once
    x = (np.asarray(picture) / 255).astype(np.float32)
    return float(ViTImageProcessor()(x, return_tensors='np').pixel_values.max()) < -.99
@claim
def modes():
    deep, failed = Image.fromarray(np.asarray(picture.convert('L')).astype(np.uint16) * 257), []
    pictures = {m: picture.convert('L').convert(m) for m in ('L', 'P', '1', 'LA')}
    for m, image in {**pictures, 'RGBA': picture.convert('RGBA'), 'I;16': deep}.items():
        try: ViTImageProcessor()(image, return_tensors='np')
        except ValueError: failed.append(m)
    return failed
def resampled(name):
    return ViTImageProcessor(resample=name)(picture, return_tensors='np').pixel_values
@claim
def filters():
    ViTImageProcessor(resample='PIL.Image.BOX')
    return bool((resampled('PIL.Image.BOX') == resampled(2)).all())
@claim
def misspelt(): return bool((resampled('foo') == resampled(2)).all())

# sound

stereo = np.random.default_rng(0).standard_normal((4000, 2)).astype(np.float32)
extract = Wav2Vec2FeatureExtractor()
def ready(x, by=extract, **kwargs): return by(x, sampling_rate=16000, **kwargs)['input_values']
@claim
def two_channels(): return [len(ready(x)) for x in (stereo, stereo.T)]
@claim
def one_nan(): return bool(np.isnan(ready(np.r_[stereo[:, 0], np.nan])[0]).all())
@claim
def empty_clip(): return len(ready(np.zeros(0, np.float32))[0])
@claim
def padding_first():
    short, long = stereo[:1000, 0] + 3, stereo[:, 1]
    masked = Wav2Vec2FeatureExtractor(return_attention_mask=True)
    alone = ready(short)[0]
    both = [ready([short, long], by, padding=True)[0][:1000] for by in (extract, masked)]
    return [bool(abs(x - alone).max() < 1e-5) for x in both]

small = dict(vocab_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=32, conv_dim=(16, 16), conv_kernel=(10, 4), conv_stride=(5, 2),
    num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2)
def clips():
    torch.manual_seed(1)
    x, mask = torch.randn(2, 800), torch.ones(2, 800).long()
    x[1, 400:] = mask[1, 400:] = 0
    return x, mask
@claim
def group_norm():
    x, mask = clips()
    model = Wav2Vec2Model(Wav2Vec2Config(**small, feat_extract_norm='group')).eval()
    both, alone = model(x, attention_mask=mask)[0][1], model(x[1:, :400])[0][0]
    return (both[:len(alone)] - alone).abs().max().item() > .1
@claim
def letters_on_padding():
    x, mask = clips()
    layer = dict(feat_extract_norm='layer', do_stable_layer_norm=True)
    model = Wav2Vec2ForCTC(Wav2Vec2Config(**small, **layer, pad_token_id=0)).eval()
    model.lm_head.bias.data[5] = 9 # a letter that is heard everywhere
    return bool((model(x, attention_mask=mask).logits.argmax(-1)[1, 45:] == 5).all())

characters = ['<pad>', '<s>', '</s>', '<unk>', '|', *"ABCDEHLORW'"]
(home/'vocab.json').write_text(json.dumps({t: i for i, t in enumerate(characters)}))
ctc = Wav2Vec2CTCTokenizer(str(home/'vocab.json'))
frames = ctc.convert_tokens_to_ids('H H <pad> E L L <pad> L O | | W O R R L D <pad>'.split())
@claim
def skipped(): return ctc.decode(frames), ctc.decode(frames, skip_special_tokens=True)
@claim
def places_as_json(): return json.dumps(ctc.decode(frames, output_word_offsets=True).word_offsets)
@claim
def beside_special(): return ctc.tokenize('A <s> B')
@claim
def processor_files():
    Wav2Vec2Processor(extract, ctc).save_pretrained(home/'processor')
    return sorted(p.name for p in (home/'processor').glob('*processor_config.json'))
'''

SILENT, SAYS = False, True
# name: pages and words on them, what 4.57.6 gives and whether it says anything, the same of 5.23.0
CLAIMS = dict(
    slips=(
        {'configuration': 'transformers takes both as they are',
         'coming_from_transformers': ('it becomes an attribute that nothing reads', 'keeps it, and nothing reads it'),
         'when_things_go_wrong': 'Silent in transformers** 4.57.6 and 5.23.0: the name becomes an attribute'},
        ([0.1, 7], SILENT), ([0.1, 7], SILENT)),
    labels=(
        {'configuration': 'transformers 4 believes the names, transformers 5 throws them away',
         'coming_from_transformers': ('one of the two is dropped, with a line in the log', '5.x throws the names away')},
        ('bad', SAYS), ('LABEL_0', SAYS)),
    secret_is_saved=(
        {'configuration': 'the next save writes it into `config.json`, for all to read'},
        (True, SILENT), (True, SILENT)),
    activation_is_kept=(
        {},
        ('rleu', SILENT), ('rleu', SILENT)),
    activation_fails_late=(
        {'rules': 'transformers looks the name up when the model is built'},
        ('KeyError', SILENT), ('KeyError', SILENT)),
    two_names=(
        {'pretrained': 'transformers lets one win silently'},
        ([8, 8], SILENT), ([8, 8], SILENT)),
    brings_torch=(
        {'coming_from_transformers': '`from transformers import DistilBertConfig` | brings PyTorch along'},
        ('True', SILENT), ('True', SILENT)),
    guess=(
        {'auto': 'transformers 4 guesses'},
        ('OPTConfig', SILENT), ('ValueError', SILENT)),
    called=(
        {'auto': 'Calling one raises `OSError`, as in transformers',
         'when_things_go_wrong': 'as in transformers, about an Auto class that is called'},
        ('OSError', SILENT), ('OSError', SILENT)),
    half_a_file=(
        {'store': 'this file is of no use. transformers does the same'},
        ('OSError', SILENT), ('OSError', SILENT)),
    empty_config=(
        {'store': 'can leave an empty `config.json`'},
        ('', SILENT), ('', SILENT)),
    no_post_init=(
        {'model': "In version 5, whoever forgets it gets a model that saves but can't be loaded"},
        ('Forgetful', SILENT), ('AttributeError', SILENT)),
    own_parameter=(
        {'checkpoint': 'a parameter of your own is raw memory then',
         'coming_from_transformers': ('it holds whatever was in the memory', 'a parameter of yours | raw memory')},
        (False, SAYS), (False, SAYS)),
    printed=(
        {'look': 'makes one line of equal layers'},
        (True, SILENT), (True, SILENT)),
    vit_classes=(
        {'vit': 'the same in 4.x; 5.x has fewer classes'},
        ('SelfAttention Attention Layer Encoder Pooler SelfOutput Intermediate Output', SILENT),
        ('Attention Layer Pooler', SILENT)),
    prunes=(
        {'checkpoint': 'the same in 4.x; gone in 5.x',
         'vit': 'and no pruning'},
        (True, SILENT), (False, SILENT)),
    debugger=(
        {'steps': 'model_addition_debugger_context',
         'coming_from_transformers': 'model_addition_debugger_context'},
        (None, SILENT), (None, SILENT)),
    attentions=(
        {'coming_from_transformers': 'There, since version 5, the quick way gives none'},
        (2, SAYS), (0, SAYS)),
    half_saved=(
        {'coming_from_transformers': 'the new settings stand beside the old weights'},
        (0.9, SILENT), (0.9, SILENT)),
    left=(
        {'heads': 'transformers gives the same numbers without a word',
         'coming_from_transformers': 'scores that depend on the padding',
         'when_things_go_wrong': 'Silent in transformers** 4.57.6 and 5.23.0: the same numbers'},
        (True, SILENT), (True, SILENT)),
    label_for_labels=(
        {'when_things_go_wrong': 'it takes any argument, and the loss is `None`. 4.57.6 raises the same `TypeError`'},
        ('TypeError', SILENT), (None, SILENT)),
    half_the_heads=(
        {'when_things_go_wrong': 'In transformers 4.57.6 and 5.23.0 it loads without a word, too'},
        (True, SILENT), (True, SILENT)),
    padding_is_computed=(
        {'coming_from_transformers': 'a padded batch on a CPU | computes the padding'},
        (True, SILENT), (True, SILENT)),
    nothing_counts=(
        {'heads': 'all left out is `nan` there',
         'coming_from_transformers': 'labels that are all -100; an answer at position -1 | a loss of `nan`',
         'when_things_go_wrong': 'transformers 4.57.6 and 5.23.0 give a loss of `nan` without a word'},
        (True, SILENT), (True, SILENT)),
    padding_counts=(
        {'heads': 'transformers counts them in the loss'},
        (True, SILENT), (True, SILENT)),
    padding_in_span=(
        {'heads': 'transformers lets padding take part'},
        (True, SILENT), (True, SILENT)),
    problem_types=(
        {'heads': "by transformers' rule: one label is **regression**"},
        (['regression', 'single_label_classification', 'multi_label_classification'], SILENT),
        (['regression', 'single_label_classification', 'multi_label_classification'], SILENT)),
    sparse=(
        {'heads': "transformers' ModernBERT has a setting for it, `sparse_prediction`"},
        (False, SILENT), (False, SILENT)),
    minus_one=(
        {'heads': 'transformers takes it for 0',
         'coming_from_transformers': 'the model learns to answer `[CLS]`'},
        (True, SILENT), (True, SILENT)),
    registered_twice=(
        {'auto': 'So it is in transformers, too, for a family of yours'},
        (None, SILENT), (None, SILENT)),
    theirs_registered=(
        {'auto': 'for one of its own it raises'},
        ('ValueError', SILENT), ('ValueError', SILENT)),
    inherited=(
        {'coming_from_transformers': 'opens as a model of that family'},
        ('DistilBertModel', SILENT), ('DistilBertModel', SILENT)),
    vocab_file=(
        {'tokenizer': 'transformers 5 takes `vocab_file=` without a word',
         'coming_from_transformers': '5.x ignores the file'},
        (['the', 'waffle', '##s'], SILENT), (['[UNK]', '[UNK]'], SILENT)),
    truncation=(
        {'tokenizer': 'transformers 5 says nothing, 4.57 writes it into its log',
         'when_things_go_wrong': '`truncation=True` cuts nothing and says nothing (4.57.6 writes a line into its log)'},
        (5, SAYS), (5, SILENT)),
    spaces_of_bpe=(
        {'tokenizer_fast': "If the settings ask for it, 4.57 does so all the same, and 5.x doesn't."},
        ('a.', SILENT), ('a .', SAYS)),
    chats_are_dicts=(
        {'chat': 'the ids, as in 4.57; 5.x gives a dict'},
        (True, SILENT), (False, SILENT)),
    saved_class=(
        {'auto': "`BertTokenizer` for DistilBERT's as well, if `AutoTokenizer` opened it"},
        (['DistilBertTokenizer', 'PreTrainedTokenizerFast'], SILENT), (['BertTokenizer', 'TokenizersBackend'], SILENT)),
    python_tokenizer=(
        {'tokenizer': 'gone in 5.x'},
        (False, SILENT), (True, SILENT)),
    python_places=(
        {'tokenizer': 'in Python, with places | the same in 4.x, without places',
         'coming_from_transformers': ('offsets and word ids from a Python tokenizer | none', 'the Python one of version 4 raises when it is asked for offsets')},
        ('NotImplementedError', SILENT), ('offsets', SILENT)),
    tokens_to_text=(
        {'tokenizer_fast': 'As in transformers 4.57, `decode` asks `convert_tokens_to_string` of a'},
        (['[CLS]-[SEP]', '[CLS] [SEP]'], SAYS), (['[CLS] [SEP]', '[CLS] [SEP]'], SILENT)), # a log of the class's name
    asked_for_python=(
        {'auto': '5.x ignores `use_fast`'},
        (False, SILENT), (True, SILENT)),
    one_class=(
        {'tokenizer_fast': 'in Rust | the same; an alias in 5.x',
         'coming_from_transformers': 'version 5 has the Rust tokenizer alone, under both names'},
        (False, SILENT), (True, SILENT)),
    backends=(
        {'tokenizer': '`PythonBackend` in 5.x',
         'tokenizer_fast': '`TokenizersBackend` in 5.x'},
        ([False, False], SILENT), ([True, True], SILENT)),
    answers=(
        {'coming_from_transformers': '`question-answering` is gone from transformers 5'},
        (True, SILENT), (False, SILENT)),
    modes=(
        {'image_processor': 'transformers fails at most of them',
         'coming_from_transformers': 'a grey, transparent, palette or 16-bit picture | raises'},
        (['L', 'P', '1', 'LA', 'RGBA', 'I;16'], SILENT),
        (['L', 'P', '1', 'LA', 'RGBA', 'I;16'], SILENT)),
    filters=(
        {'image_processor': 'fails later, at the first picture',
         'coming_from_transformers': '4 fails at the first picture, 5 takes *bilinear*'},
        ('ValueError', SILENT), (True, SILENT)),
    misspelt=(
        {'image_processor': 'transformers 5 takes any name, even a misspelt one'},
        ('ValueError', SILENT), (True, SILENT)),
    floats=(
        {'image_processor': 'Version 5 does so without a word (version 4 warns)'},
        (True, SAYS), (True, SILENT)),
    two_channels=(
        {'coming_from_transformers': ('two channels become a batch of two, or of thousands', 'a batch of two or of thousands')},
        ([4000, 2], SILENT), ([4000, 2], SILENT)),
    one_nan=(
        {'coming_from_transformers': 'a spoilt clip'},
        (True, SILENT), (True, SILENT)),
    empty_clip=(
        {'coming_from_transformers': 'a spoilt clip, an empty one'},
        (0, SILENT), (0, SILENT)),
    padding_first=(
        {'feature_extractor': 'transformers pads first and then normalises'},
        ([False, True], SILENT), ([False, True], SILENT)),
    group_norm=(
        {'wav2vec2': 'transformers does the same, but says nothing'},
        (True, SILENT), (True, SILENT)),
    letters_on_padding=(
        {'wav2vec2': 'In transformers it gets whatever comes out',
         'coming_from_transformers': 'what it says on padding is in the text'},
        (True, SILENT), (True, SILENT)),
    skipped=(
        {'processor': 'it drops the blanks first, and *hello* becomes *helo*',
         'coming_from_transformers': 'double letters become one'},
        (['HELLO WORLD', 'HELO WORLD'], SILENT), (['HELLO WORLD', 'HELO WORLD'], SILENT)),
    places_as_json=(
        {'processor': "with numpy's integers; no times"},
        ('TypeError', SILENT), ('TypeError', SILENT)),
    beside_special=(
        {'processor': 'belong to it, as in transformers'},
        (['A', '<s>', 'B'], SILENT), (['A', '<s>', 'B'], SILENT)),
    processor_files=(
        {'processor': 'transformers 5 wants them in one file',
         'pretrained': 'transformers 5 puts them one level deeper'},
        (['preprocessor_config.json'], SILENT), (['processor_config.json'], SILENT)))

@pytest.fixture(scope='module')
def done():
    "What each release gives."
    return run457(CODE), result_of(CODE)

@pytest.mark.parametrize('name', CLAIMS)
def test_claim(done, name):
    pages, *wanted = CLAIMS[name]
    assert [done[0][name], done[1][name]] == [list(w) for w in wanted]
    for page, words in pages.items():
        path, = (p for p in (ROOT/'nbs').glob('*.ipynb') if re.sub(r'^\d+[a-z]?_', '', p.stem) == page)
        cells = json.loads(path.read_text(encoding='utf-8'))['cells']
        text = '\n'.join(''.join(c['source']) for c in cells if c['cell_type'] == 'markdown')
        for said in (words,) if isinstance(words, str) else words:
            assert said in re.sub(r'\s+', ' ', text), f'{path.stem} no longer says {said!r}'

ELSEWHERE = {'transcribe a long sound in pieces': ('test_pipelines', 'test_a_sound_in_pieces_has_no_letter_too_many'),
             'ask a long text': ('test_pipelines', 'test_an_answer_in_two_windows_is_one')}

def rows_of_the_list():
    "What differs on purpose, as the chapter for those who come from transformers lists it: each row without its third column."
    cells = json.loads((ROOT/'nbs'/'26_coming_from_transformers.ipynb').read_text(encoding='utf-8'))['cells']
    text, = (t for c in cells if '| you do | transformers | transformers_lite |' in (t := ''.join(c['source'])))
    return re.findall(r'^\| (.+ \| .+) \| [^|]+ \|$', text.split('| you do |')[1].split('|---|---|---|')[1], re.M)

@pytest.mark.parametrize('row', rows_of_the_list())
def test_each_difference_is_a_claim(row):
    where = [test for words, test in ELSEWHERE.items() if words in row]
    said = [w for pages, *_ in CLAIMS.values() if (words := pages.get('coming_from_transformers')) for w in ((words,) if isinstance(words, str) else words)]
    assert where or any(w in row for w in said), f'no claim says: {row}'
    for file, test in where: assert f'def {test}(' in (ROOT/'tests'/f'{file}.py').read_text(encoding='utf-8')

def test_nothing_is_left_out(done): assert done[0].keys() == done[1].keys() == CLAIMS.keys()

# What they say of ours

METHODS = [f'{cls}.{method}' for cls, methods in {
    'DistilBertConfig': '__init__', 'DistilBertModel': 'forward', 'ViTModel': 'forward', 'ViTForImageClassification': 'forward',
    'Wav2Vec2Model': 'forward', 'Wav2Vec2ForCTC': 'forward', 'Wav2Vec2ForSequenceClassification': 'forward',
    'DistilBertTokenizer': '__init__ decode pad', 'DistilBertTokenizerFast': '__init__', 'Wav2Vec2CTCTokenizer': '__init__ decode',
    'ViTImageProcessor': '__init__ __call__', 'Wav2Vec2FeatureExtractor': '__init__ __call__', 'Wav2Vec2Processor': '__init__',
    'BatchEncoding': '__init__', 'AutoConfig': 'from_pretrained register', 'AutoModel': 'from_pretrained register',
    'AutoTokenizer': 'from_pretrained register'}.items() for method in methods.split()]

def lacking(theirs):
    "What ours don't take, of the arguments of these methods; `kwargs` isn't one."
    for name, wanted in theirs.items():
        cls, method = name.split('.')
        takes = inspect.signature(getattr(getattr(transformers_lite, cls), method)).parameters
        yield from (f'{name}: {p}' for p in wanted if p not in takes and p not in ('kwargs', 'args'))

def test_the_arguments_of_457_are_taken():
    "Coming from transformers says so; a tokenizer's call takes them as options (test_tokenizer_parity), and the heads are in test_heads."
    theirs = run457("""import inspect
result = {n: list(inspect.signature(getattr(getattr(transformers, n.split('.')[0]), n.split('.')[1])).parameters) for n in args}""", *METHODS)
    assert [*lacking(theirs)] == [] and len(theirs) == len(METHODS)
    assert [*lacking({'AutoModel.register': ['boat']})] == ['AutoModel.register: boat'] # the control

PARTS = {'_encode_batch', 'get_vocab', 'vocab_size', '_token_to_id', '_id_to_token', '_add',
         'added_tokens_decoder', 'convert_tokens_to_string', 'save_vocabulary'}

class Letters(PreTrainedTokenizerBase):
    "A tokenizer with the nine parts that the chapter names, and no more: a letter is a token."
    def __init__(self, **kwargs):
        self.ids, self.added = dict(a=0, b=1), {}
        super().__init__(unk_token='?', pad_token='_', **kwargs)
    def get_vocab(self): return dict(self.ids)
    @property
    def vocab_size(self): return 2
    def _token_to_id(self, token): return self.ids.get(token)
    def _id_to_token(self, i): return next((t for t, j in self.ids.items() if i == j), None)
    def _add(self, tokens):
        for t in tokens: self.added[self.ids.setdefault(t.content, len(self.ids))] = t
        return len(tokens)
    @property
    def added_tokens_decoder(self): return dict(self.added)
    def _encode_batch(self, samples, special, split, limits, full=True):
        def row(text):
            n = len(text)
            return Encoding(ids=[self.ids.get(c, self.ids['?']) for c in text], tokens=[*text],
                offsets=[(i, i + 1) for i in range(n)], word_ids=[0]*n, sequence_ids=[0]*n,
                type_ids=[0]*n, special_tokens_mask=[0]*n, attention_mask=[1]*n)
        return [row(text) for text, _ in samples]
    def convert_tokens_to_string(self, tokens): return ''.join(tokens)
    def save_vocabulary(self, save_directory, filename_prefix=None): return ()

def works(cls, folder):
    tokenizer = cls()
    batch = tokenizer(['ab', 'c'], padding=True)
    assert batch['input_ids'] == [[0, 1], [2, 3]] and batch['attention_mask'] == [[1, 1], [1, 0]]
    assert tokenizer.decode([0, 1]) == 'ab' and cls.__name__ in repr(tokenizer)
    assert len(tokenizer) == 4
    tokenizer.save_pretrained(folder)

def test_a_tokenizer_needs_nine_things(tmp_path):
    works(Letters, tmp_path)
    assert {n for n in vars(Letters) if not n.startswith('__')} == PARTS
    cells = json.loads((ROOT/'nbs'/'04a_tokenizer.ipynb').read_text(encoding='utf-8'))['cells']
    said, = (t for c in cells if 'It needs nine things' in (t := ''.join(c['source'])))
    assert {*re.findall(r'`(\w+)`', said.split('nine things')[1].split('\n\n')[0])} == PARTS

@pytest.mark.parametrize('part', sorted(PARTS))
def test_and_no_fewer(part, tmp_path):
    rest = {k: v for k, v in vars(Letters).items() if k not in (part, '__dict__', '__weakref__')}
    fewer = type('Fewer', (PreTrainedTokenizerBase,), rest)
    def init(self):
        self.ids, self.added = dict(a=0, b=1), {}
        PreTrainedTokenizerBase.__init__(self, unk_token='?', pad_token='_')
    fewer.__init__ = init
    with pytest.raises((AttributeError, NotImplementedError, TypeError)): works(fewer, tmp_path)

def test_whoever_changes_the_row_changes_both():
    def row(base):
        class Other(base):
            def build_inputs_with_special_tokens(self, token_ids_0, token_ids_1=None):
                return [self.mask_token_id, *token_ids_0]
        vocab = {t: i for i, t in enumerate('[PAD] [UNK] [CLS] [SEP] [MASK] a'.split())}
        return Other(vocab=vocab)('a')['input_ids']
    assert [row(c) for c in (DistilBertTokenizer, DistilBertTokenizerFast)] == [[4, 5], [4, 5]]
