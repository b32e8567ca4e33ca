"""Every bad input that was tried on transformers, and what it gets here: one table, from settings over files and models to text, pictures and sound.

A row has the name of its case in `data/bad_inputs.json` (123 cases, with what transformers 4.57.6 and 5.23.0 do); a name that begins with "+" is a case of our own.
`raises`: an exception of this very type, whose message has these words. `warns`: the result is right, and a warning has these words. `right`: the result is right,
without a warning: the input is read as it is meant. `unknowable`: nothing in the input shows that something is wrong, so it is computed as given."""
import io, json, warnings
from pathlib import Path

import numpy as np, pytest, torch
from PIL import Image
from safetensors.torch import load_file, save_file

from transformers_lite import (AutoConfig, AutoImageProcessor, AutoModel, DistilBertConfig, DistilBertForMaskedLM, DistilBertForQuestionAnswering,
    DistilBertForSequenceClassification, DistilBertForTokenClassification, DistilBertModel, DistilBertTokenizer, DistilBertTokenizerFast, ViTConfig,
    ViTForImageClassification, ViTImageProcessor, ViTModel, Wav2Vec2Config, Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC, Wav2Vec2Model,
    Wav2Vec2Processor)
from transformers_lite.messages import warn_once
from transformers_lite.feature_extractor import load_audio

ROWS = []
def row(name, outcome, kind=None, words='', then=None):
    def add(f):
        ROWS.append(pytest.param(f, outcome, kind, words, then, id=name))
        return f
    return add
def raises(name, kind, words): return row(name, 'raises', kind, words)
def warns(name, words, then=lambda x: True): return row(name, 'warns', None, words, then)
def right(name, then=lambda x: True): return row(name, 'right', None, '', then)
def unknowable(name, then=lambda x: True): return row(name, 'unknowable', None, '', then)

# ---------------------------------------------------------------- what is spoilt

BERT = dict(vocab_size=120, max_position_embeddings=32, dim=16, n_heads=2, n_layers=2, hidden_dim=32)
VIT = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=16, patch_size=8)
W2V = dict(vocab_size=16, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, conv_dim=(16, 16), conv_kernel=(10, 3), conv_stride=(5, 2),
           num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, pad_token_id=0)
WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'hello', 'world', 'low', '##er']
LETTERS = ['<pad>', '<s>', '</s>', '<unk>', '|', *'ABCDEFGHIJK']
ids_of = lambda tokens: {t: i for i, t in enumerate(tokens)}
IDS = torch.tensor([[2, 8, 9, 3]])

def bert(**kw):
    torch.manual_seed(0)
    return DistilBertModel(DistilBertConfig(**{**BERT, **kw})).eval()
def head(cls, **kw):
    torch.manual_seed(0)
    base = VIT if 'ViT' in cls.__name__ else W2V if 'Wav2Vec2' in cls.__name__ else BERT
    return cls(cls.config_class(**{**base, **kw})).eval()
def saved(folder, model=None, **kw):
    (model or bert()).save_pretrained(folder, **kw)
    return folder
def config_file(folder, text, mode='w'):
    folder.mkdir(exist_ok=True)
    (folder/'config.json').write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
def reconfig(folder, **kw):
    d = json.loads((folder/'config.json').read_text())
    (folder/'config.json').write_text(json.dumps({**d, **kw}))
    return folder
def reweigh(folder, change):
    "Change the weights' file: `change` gets {name: tensor} and changes it, or returns another."
    w = load_file(folder/'model.safetensors')
    new = change(w)
    w = new if isinstance(new, dict) else w
    save_file({k: t.contiguous() for k, t in w.items()}, folder/'model.safetensors', metadata={'format': 'pt'})
    return folder
def rewrite(folder, change):
    p = folder/'model.safetensors'
    p.write_bytes(change(p.read_bytes()))
    return folder
def sharded(folder, change=lambda index: None):
    "A folder of shards; `change` gets the index, a dict, and changes it."
    saved(folder, max_shard_size='4KB')
    p = folder/'model.safetensors.index.json'
    index = json.loads(p.read_text())
    change(index)
    p.write_text(json.dumps(index))
    return folder
def lines(tmp, text, name='v.txt'):
    (tmp/name).write_bytes(text.encode())
    return tmp/name
def photo(h=20, w=30, c=3): return np.random.default_rng(0).integers(0, 256, (h, w, c), dtype=np.uint8)
def pixels(x, **kw): return ViTImageProcessor(size=8)(x, return_tensors='np', **kw)['pixel_values']
def tone(n=1600): return np.sin(np.arange(n) / 7).astype(np.float32)
def heard(x, **kw): return Wav2Vec2FeatureExtractor()(x, **{'sampling_rate': 16000, **kw})['input_values']
def ctc(**kw): return Wav2Vec2CTCTokenizer(vocab=ids_of(LETTERS), **kw)
def fast(**kw): return DistilBertTokenizerFast(vocab=ids_of(WORDS), **kw)
def slow(**kw): return DistilBertTokenizer(vocab=ids_of(WORDS), **kw)

# ---------------------------------------------------------------- settings

@raises('01 n_heads=3 dim=16 (not divisible)', ValueError, '3.*16')
def _(tmp): DistilBertConfig(**{**BERT, 'n_heads': 3})
@raises('01b n_heads=0', ValueError, 'n_heads=0')
def _(tmp): DistilBertConfig(**{**BERT, 'n_heads': 0})
@raises('01c n_heads=-2', ValueError, 'n_heads=-2')
def _(tmp): DistilBertConfig(**{**BERT, 'n_heads': -2})
@raises('vit hidden not divisible heads', ValueError, '16.*3|3.*16')
def _(tmp): ViTConfig(**{**VIT, 'num_attention_heads': 3})
@raises('02 unknown config kwarg (typo attention_droput)', ValueError, "attention_droput.*did you mean 'attention_dropout'")
def _(tmp): DistilBertConfig(attention_droput=.4)
@raises('03 unknown activation', KeyError, "foo.*gelu")
def _(tmp): DistilBertConfig(activation='foo')
@raises('04b n_layers=-1', ValueError, 'n_layers=-1')
def _(tmp): DistilBertConfig(n_layers=-1)
@raises('04c dim="16" str', ValueError, "dim.*'16'")
def _(tmp): DistilBertConfig(dim='16')
@raises('04g vocab_size=0', ValueError, 'vocab_size=0')
def _(tmp): DistilBertConfig(vocab_size=0)
@raises('04m id2label non-contiguous {5:x}', ValueError, 'id2label')
def _(tmp): DistilBertConfig(num_labels=3, id2label={5: 'x', 6: 'y', 7: 'z'})
@raises('cfg num_labels/id2label mismatch', ValueError, 'num_labels=3.*a.*b')
def _(tmp): DistilBertConfig(num_labels=3, id2label={0: 'a', 1: 'b'})
@raises('cfg json with both dim and hidden_size', ValueError, '16.*32|32.*16')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dim": 16, "hidden_size": 32}'))
@raises('cfg model_type wrong: DistilBertConfig on vit', ValueError, "vit.*distilbert|distilbert.*vit")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"model_type": "vit", "dim": 7}'))
@raises('+ NaN as a setting', ValueError, 'dropout=nan')
def _(tmp): DistilBertConfig(dropout=float('nan'))
@raises('+ probability above 1', ValueError, 'dropout=1.5')
def _(tmp): DistilBertConfig(dropout=1.5)
@raises('+ True as a number', ValueError, 'n_layers.*True')
def _(tmp): DistilBertConfig(n_layers=True)
@raises('+ a patch that does not fit the picture', ValueError, 'patch_size')
def _(tmp): ViTConfig(**{**VIT, 'patch_size': 17})
@raises('+ convolution lists of different lengths', ValueError, 'conv_')
def _(tmp): Wav2Vec2Config(**{**W2V, 'conv_stride': (5,)})

# ---------------------------------------------------------------- configuration files

@raises('05 config.json corrupt', OSError, 'config.json.*not a valid JSON')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dim": 16,'))
@raises('05e config.json UTF-8 BOM', OSError, 'config.json.*BOM')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, b'\xef\xbb\xbf{"dim": 768}'))
@raises('05f config.json NaN/Infinity', OSError, 'config.json.*NaN is no JSON')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dropout": NaN}'))
@raises('05g config.json duplicate keys', OSError, "config.json.*'dim' stands there twice")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dim": 16, "dim": 32}'))
@raises('05i config.json dim "16"', ValueError, "dim.*'16'")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dim": "16"}'))
@raises('05j missing dir', OSError, "no folder or file '/nonexistent/x'")
def _(tmp): AutoConfig.from_pretrained('/nonexistent/x')
@raises('+ config.json is a list', OSError, 'holds a JSON list')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '[1]'))
@raises('+ config.json is empty', OSError, 'config.json.*not a valid JSON')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, ''))
@raises('+ config.json is Latin-1', OSError, 'config.json.*utf-8')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"name": "é"}'.encode('latin-1')))
@raises('+ config.json is UTF-16', OSError, 'config.json.*utf-8')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dim": 768}'.encode('utf-16')))
@raises('+ config.json is a million levels deep', OSError, 'config.json.*recursion')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"a":' * 10**6))
@raises('+ config.json is a million lists deep', OSError, 'config.json.*recursion')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"a":' + '[' * 10**6))
@raises('+ a number of ten thousand digits', OSError, 'config.json.*not a valid JSON')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dim": ' + '9' * 10**4 + '}'))
@raises('+ a number beyond all floats', OSError, 'config.json.*1e999')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"dropout": 1e999}'))
@right('+ a lone surrogate as a key and a value', lambda d: d['a\ud800'] == '\ud800')
def _(tmp):
    DistilBertConfig.from_pretrained(config_file(tmp, r'{"a\ud800": "\ud800"}')).save_pretrained(tmp)
    return DistilBertConfig.from_pretrained(tmp).to_dict()
@raises('+ config.json is a folder', OSError, "has no file 'config.json'")
def _(tmp):
    (tmp/'config.json').mkdir()
    DistilBertConfig.from_pretrained(tmp)
@raises('+ settings that are methods', ValueError, "to_dict")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"to_dict": 1}'))
@raises('+ settings with hidden names', ValueError, "__class__")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"__class__": "x"}'))
# the next three were found by fuzzing
@raises('+ pruned heads that are text', ValueError, "pruned_heads='loa4a'.*such as")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"pruned_heads": "loa4a"}'))
@raises('+ names of labels without their ids', ValueError, "id2label=.*'good'.*such as")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"id2label": ["bad", "good"]}'))
@raises('+ ids of labels that are none', ValueError, "label2id=.*such as")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"label2id": {"good": [1]}}'))
# what whole folders that were changed at random brought to light (tools/fuzz.py)
@raises('+ a spread beyond all numbers', ValueError, 'initializer_range=1000.*at most 1000000000')
def _(tmp): ViTConfig(initializer_range=10**30)
@raises('+ a billion layers', ValueError, 'n_layers=1000000000, but it must be at most 10000')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"n_layers": 1000000000}'))
@raises('+ a billion labels', ValueError, 'num_labels=1000000000, but it must be at most 1000000')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"num_labels": 1000000000}'))
@raises('+ more words than a computer can count', ValueError, 'vocab_size=.*a number that a computer can count to')
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"vocab_size": %d}' % 10**30))
@raises('+ names of labels of two kinds', ValueError, "id2label=.*such as")
def _(tmp): DistilBertConfig.from_pretrained(config_file(tmp, '{"id2label": {"0": 1, "1": "good"}}'))
@raises('+ padding beyond the vocabulary', ValueError, 'These settings make no model.*num_embeddings')
def _(tmp): DistilBertModel.from_pretrained(reconfig(saved(tmp), pad_token_id=10**6))
@raises('+ sizes whose product is too large', ValueError, 'These settings make no model')
def _(tmp): DistilBertModel.from_pretrained(reconfig(saved(tmp), vocab_size=2**62))
@raises('05l from_pretrained(save dir) w/o config.json', OSError, "has no file 'config.json'")
def _(tmp):
    (saved(tmp)/'config.json').unlink()
    DistilBertModel.from_pretrained(tmp)

# ---------------------------------------------------------------- weights' files

def load(folder, **kw): return DistilBertModel.from_pretrained(folder, **kw)
def header(d):
    "A safetensors file with this header and a little data."
    h = json.dumps(d).encode()
    return len(h).to_bytes(8, 'little') + h + bytes(64)

@raises('06 truncated safetensors (half)', OSError, 'model.safetensors.*not a whole safetensors.*again')
def _(tmp): load(rewrite(saved(tmp), lambda b: b[:len(b) // 2]))
@raises('06b empty safetensors', OSError, 'model.safetensors.*not a whole safetensors')
def _(tmp): load(rewrite(saved(tmp), lambda b: b''))
@raises('06c huge header length 2^40', OSError, 'model.safetensors.*not a whole safetensors')
def _(tmp): load(rewrite(saved(tmp), lambda b: (2**40).to_bytes(8, 'little') + b[8:]))
@raises('06f overlapping offsets', OSError, 'model.safetensors.*not a whole safetensors')
def _(tmp): load(rewrite(saved(tmp), lambda b: header({n: {'dtype': 'F32', 'shape': [4], 'data_offsets': [a, a + 16]} for n, a in (('a', 0), ('b', 8))})))
@raises('+ a header that is no JSON', OSError, 'model.safetensors.*not a whole safetensors')
def _(tmp): load(rewrite(saved(tmp), lambda b: b[:8] + b'x' * (len(b) - 8)))
@raises('+ a header that says less than the file holds', OSError, 'model.safetensors.*not a whole safetensors')
def _(tmp): load(rewrite(saved(tmp), lambda b: b + b'more'))
@raises('+ a page of HTML in the place of weights', OSError, 'model.safetensors.*not a whole safetensors')
def _(tmp): load(rewrite(saved(tmp), lambda b: b'<!doctype html><title>Sign in</title>'))
@raises('+ a pointer of Git LFS in the place of weights', OSError, 'model.safetensors.*git lfs pull')
def _(tmp): load(rewrite(saved(tmp), lambda b: b'version https://git-lfs.github.com/spec/v1\noid sha256:' + b'0' * 64 + b'\nsize 26\n'))
@raises('07 wrong shape tensor', RuntimeError, r'LayerNorm.bias: \(17,\) in the file, \(16,\) in the model')
def _(tmp): load(reweigh(saved(tmp), lambda w: w.update({'embeddings.LayerNorm.bias': torch.ones(17)})))
@unknowable('07c transposed square weight (q_lin)', lambda m: isinstance(m, DistilBertModel))
def _(tmp): return load(reweigh(saved(tmp), lambda w: w.update({'transformer.layer.0.attention.q_lin.weight': w['transformer.layer.0.attention.q_lin.weight'].T})))
@warns('07d NaN weights', "NaN or infinite numbers in embeddings.LayerNorm.weight .NOT expected", lambda m: m.embeddings.LayerNorm.weight.isnan().all())
def _(tmp): return load(reweigh(saved(tmp), lambda w: w['embeddings.LayerNorm.weight'].fill_(float('nan'))))
@warns('+ infinite weights', "infinite numbers in embeddings.LayerNorm.weight")
def _(tmp): return load(reweigh(saved(tmp), lambda w: w['embeddings.LayerNorm.weight'].fill_(float('inf'))))
@raises('07e int64 dtype tensor', RuntimeError, "embeddings.LayerNorm.bias.*int64.*float32")
def _(tmp): load(reweigh(saved(tmp), lambda w: w.update({'embeddings.LayerNorm.bias': torch.ones(16, dtype=torch.int64)})))
@warns('07f missing one tensor', 'fresh weights for embeddings.LayerNorm .NOT expected', lambda m: (m.embeddings.LayerNorm.weight == 1).all())
def _(tmp): return load(reweigh(saved(tmp), lambda w: {k: t for k, t in w.items() if k != 'embeddings.LayerNorm.weight'}))
@raises('07g all names wrong prefix "model."', ValueError, "none of its .* weights.*model.embeddings.*wanted is 'embeddings")
def _(tmp): load(reweigh(saved(tmp), lambda w: {f'model.{k}': t for k, t in w.items()}))
@raises('+ a checkpoint of BERT', ValueError, "looks like a BERT checkpoint")
def _(tmp): load(reweigh(saved(tmp), lambda w: {f'bert.{k.replace("transformer.layer", "encoder.layer").replace("q_lin", "self.query")}': t for k, t in w.items()}))
@warns('+ NaN deep inside a large table', 'DistilBertModel gives NaN or infinite numbers, which come from embeddings.word_embeddings.weight', lambda x: x.isnan().any())
def _(tmp): return load(reweigh(saved(tmp), lambda w: w['embeddings.word_embeddings.weight'][9].fill_(float('nan'))))(IDS)[0]
@warns('+ numbers too large for float16', 'gives NaN or infinite numbers, though all weights are finite.*float32')
def _(tmp): return bert(initializer_range=2.).half()(inputs_embeds=torch.full((1, 2, 16), 6e4).half() * torch.tensor([1., 9.]).half()[:, None])[0]
@raises('+ a checkpoint of ViT', ValueError, "looks like a ViT checkpoint")
def _(tmp):
    saved(tmp/'vit', head(ViTForImageClassification))
    saved(tmp/'bert')
    (tmp/'vit'/'model.safetensors').replace(tmp/'bert'/'model.safetensors')
    load(tmp/'bert')
@raises('+ a file without one tensor', OSError, 'model.safetensors.*holds no weights')
def _(tmp): load(rewrite(saved(tmp), lambda b: (2).to_bytes(8, 'little') + b'{}'))
def without(cls, *names):
    def call(tmp):
        saved(tmp, head(cls))
        return cls.from_pretrained(reweigh(tmp, lambda w: {k: t for k, t in w.items() if not any(n in k for n in names)}))
    return call
warns('masked_spec missing 0', r'fresh weights for wav2vec2.masked_spec_embed', lambda m: (0 <= m.wav2vec2.masked_spec_embed).all() and (m.wav2vec2.masked_spec_embed < 1).all())(
    without(Wav2Vec2ForCTC, 'masked_spec_embed'))
warns('pos_conv missing 0', 'fresh weights for wav2vec2.encoder.pos_conv_embed', lambda m: all(p.isfinite().all() and p.abs().max() > 1e-3 for p in m.wav2vec2.encoder.pos_conv_embed.conv.parametrizations.parameters()))(
    without(Wav2Vec2ForCTC, 'pos_conv_embed.conv.parametrizations'))
@right('mlm only projector', lambda m: m.vocab_projector.weight is m.distilbert.embeddings.word_embeddings.weight and m.vocab_projector.weight.device.type == 'cpu')
def _(tmp):
    def move(w): w['vocab_projector.weight'] = w.pop('distilbert.embeddings.word_embeddings.weight')
    return DistilBertForMaskedLM.from_pretrained(reweigh(saved(tmp, head(DistilBertForMaskedLM)), move))
@right('fp32 file cfg dtype float16', lambda m: m.dtype == torch.float32)
def _(tmp): return load(reconfig(saved(tmp), dtype='float16'))
@right('meta empty dict', lambda m: torch.equal(m.embeddings.word_embeddings.weight, bert().embeddings.word_embeddings.weight))
def _(tmp):
    save_file(load_file(saved(tmp)/'model.safetensors'), tmp/'model.safetensors', metadata={})
    return load(tmp)
@warns('config obj fewer layers', 'left out transformer.layer.1.*NOT expected', lambda m: len(m.transformer.layer) == 1)
def _(tmp): return load(saved(tmp), config=DistilBertConfig(**{**BERT, 'n_layers': 1}))
@raises('08 no weights file', OSError, 'has no model.safetensors or pytorch_model.bin')
def _(tmp):
    (saved(tmp)/'model.safetensors').unlink()
    load(tmp)
@unknowable('08e n_heads in config changed 2->4 (silently different)', lambda m: m.config.n_heads == 4)
def _(tmp): return load(reconfig(saved(tmp), n_heads=4))
@unknowable('08f activation changed in config', lambda m: m.config.activation == 'relu')
def _(tmp): return load(reconfig(saved(tmp), activation='relu'))

def first_shard(index, name):
    first = min(index['weight_map'].values())
    index['weight_map'] = {k: name if v == first else v for k, v in index['weight_map'].items()}
    return first
def outside(tmp, name, wanted):
    (tmp/'in').mkdir()
    sharded(tmp/'in', lambda index: (tmp/'in'/first_shard(index, name)).rename(tmp/wanted))
    return tmp/'in'
@raises('09 sharded path traversal "../outside.safetensors"', OSError, "index.json.*'../outside.safetensors', which is outside its folder")
def _(tmp): load(outside(tmp, '../outside.safetensors', 'outside.safetensors'))
@raises('09b sharded absolute path', OSError, 'index.json.*which is outside its folder')
def _(tmp): load(outside(tmp, str(tmp/'outside.safetensors'), 'outside.safetensors'))
@raises('+ a shard behind a Windows separator', OSError, 'which is outside its folder')
def _(tmp): load(outside(tmp, '..\\outside.safetensors', 'outside.safetensors'))
@raises('+ a shard that is a link out of the folder', OSError, 'is a link to .*outside the checkpoint')
def _(tmp):
    folder = outside(tmp, 'linked.safetensors', 'outside.safetensors')
    (folder/'linked.safetensors').symlink_to(tmp/'outside.safetensors')
    load(folder)
@raises('09c sharded missing shard file', FileNotFoundError, "model-00099-of-00099.safetensors.*It holds")
def _(tmp): load(sharded(tmp, lambda index: first_shard(index, 'model-00099-of-00099.safetensors')))
@raises('09d index weight_map has missing keys (file has all)', OSError, "index.json.*disagree: 'embeddings.LayerNorm.bias' is a weight that the index does not list there")
def _(tmp):
    def forget(index): index['weight_map'] = {k: v for k, v in index['weight_map'].items() if 'embeddings.LayerNorm' not in k}
    load(sharded(tmp, forget))
@raises('09e index lists key in wrong file', OSError, "index.json.*disagree: 'embeddings.LayerNorm.bias'.*again")
def _(tmp):
    def swap(index): index['weight_map']['embeddings.LayerNorm.bias'] = max(index['weight_map'].values())
    load(sharded(tmp, swap))
@raises('+ the index lists a weight that no shard has', OSError, "index.json.*disagree: 'embeddings.extra.weight' is a weight that the index lists there, and it isn")
def _(tmp):
    def add(index): index['weight_map']['embeddings.extra.weight'] = max(index['weight_map'].values())
    load(sharded(tmp, add))
@raises('+ two shards have one weight', OSError, "disagree: 'embeddings.LayerNorm.bias'")
def _(tmp):
    names = sorted({*json.loads((sharded(tmp)/'model.safetensors.index.json').read_text())['weight_map'].values()})
    for n in names[-2:]:
        save_file({**load_file(tmp/n), 'embeddings.LayerNorm.bias': torch.ones(16)}, tmp/n)
    load(tmp)
@raises('09f index no weight_map', OSError, "index.json.*no 'weight_map'")
def _(tmp): load(sharded(tmp, lambda index: index.pop('weight_map')))
@warns('09h both single and index: which wins', 'holds two checkpoints.*model.safetensors counts', lambda m: (m.embeddings.LayerNorm.weight == 5).all())
def _(tmp):
    m = bert()
    m.embeddings.LayerNorm.weight.data.fill_(5)
    saved(tmp/'other', m)
    sharded(tmp/'x')
    (tmp/'other'/'model.safetensors').rename(tmp/'x'/'model.safetensors')
    return load(tmp/'x')

class Trap:
    "Runs code when it is unpickled."
    def __init__(self, path): self.path = str(path)
    def __reduce__(self): return (Path.mkdir, (Path(self.path),))
def trapped(tmp):
    (saved(tmp)/'model.safetensors').unlink()
    torch.save({'embeddings.LayerNorm.weight': Trap(tmp/'sprung')}, tmp/'pytorch_model.bin')
    return tmp
@raises('10c torch.save with code', OSError, 'pytorch_model.bin.*more than plain tensors')
def _(tmp): load(trapped(tmp))
@raises('10e weights_only=False pickle', OSError, 'pytorch_model.bin.*more than plain tensors')
def _(tmp): load(trapped(tmp), weights_only=False) # there is no switch that allows it
@raises('+ use_safetensors=True without such a file', OSError, 'model.safetensors')
def _(tmp):
    weights = load_file(saved(tmp)/'model.safetensors')
    (tmp/'model.safetensors').unlink()
    torch.save(weights, tmp/'pytorch_model.bin')
    load(tmp, use_safetensors=True)
@raises('+ a pytorch_model.bin that is text', OSError, 'pytorch_model.bin.*not a whole bin file')
def _(tmp):
    (saved(tmp)/'model.safetensors').unlink()
    (tmp/'pytorch_model.bin').write_text('<html>')
    load(tmp)
@raises('+ save as a pickle', ValueError, 'safe_serialization=False.*can run code')
def _(tmp): bert().save_pretrained(tmp, safe_serialization=False)

# ---------------------------------------------------------------- calling a text model

@raises('11 token id >= vocab', IndexError, r'input_ids\[0, 1\] is 120, but the model knows ids 0 to 119.*resize_token_embeddings')
def _(tmp): bert()(torch.tensor([[2, 120]]))
@raises('11b negative id', IndexError, r'input_ids\[0, 1\] is -1')
def _(tmp): bert()(torch.tensor([[2, -1]]))
@raises('11f 1-D ids', RuntimeError, r'shape \(2,\).*input_ids\[None\]')
def _(tmp): bert()(torch.tensor([2, 3]))
@raises('11h numpy ids', TypeError, "ndarray.*return_tensors='pt'")
def _(tmp): bert()(np.array([[2, 3]]))
@raises('11j empty seq (1,0)', RuntimeError, r'shape \(1, 0\)')
def _(tmp): bert()(torch.zeros(1, 0, dtype=torch.long))
@raises('12 too long 33>32', RuntimeError, '33 tokens.*positions for 32.*truncation=True, max_length=32')
def _(tmp): bert()(torch.ones(1, 33, dtype=torch.long))
@raises('+ ids that are floats', RuntimeError, 'float32.*whole numbers')
def _(tmp): bert()(torch.ones(1, 4))
@raises('+ embeddings of another width', RuntimeError, r'\(1, 4, 15\).*16')
def _(tmp): bert()(inputs_embeds=torch.ones(1, 4, 15))
@raises('+ neither ids nor embeddings', ValueError, 'input_ids or inputs_embeds')
def _(tmp): bert()()
@raises('13 mask shape mismatch (1,3) vs 4', ValueError, r'\(1, 3\).*\(1, 4\)')
def _(tmp): bert()(IDS, attention_mask=torch.ones(1, 3))
@raises('13b mask batch mismatch (2,4) vs (1,4)', ValueError, r'\(2, 4\).*\(1, 4\)')
def _(tmp): bert()(IDS, attention_mask=torch.ones(2, 4))
@raises('13g additive mask (0/-inf) passed 2D', ValueError, 'negative entries.*1 for a token and 0 for padding')
def _(tmp): bert()(IDS, attention_mask=torch.tensor([[0, 0, 0, float('-inf')]]))
@right('mask with value 2', lambda xs: torch.equal(*xs)) # as in 5.x: what isn't 0 is looked at
def _(tmp): return [bert()(IDS, attention_mask=torch.tensor([[1, 1, k, 0]]))[0] for k in (1, 2)]
@raises('+ a mask that leaves nothing', ValueError, '0 everywhere')
def _(tmp): bert()(IDS, attention_mask=torch.zeros(1, 4))
@raises('+ an unknown argument of forward', TypeError, 'attn_mask')
def _(tmp): bert()(IDS, attn_mask=torch.ones(1, 4))
@raises('seqcls all -100', ValueError, '-100')
def _(tmp): head(DistilBertForSequenceClassification)(IDS, labels=torch.tensor([-100]))
@raises('seqcls problem_type invalid str', ValueError, "problem_type='foo'.*single_label_classification")
def _(tmp): head(DistilBertForSequenceClassification, problem_type='foo')
@raises('seqcls problem_type is sticky', ValueError, "problem_type is 'single_label_classification'.*config.problem_type")
def _(tmp):
    m = head(DistilBertForSequenceClassification, num_labels=3)
    m(IDS, labels=torch.tensor([1]))
    m(IDS, labels=torch.tensor([[0., 1, 1]]))
@right('seqcls num_labels=3 int32 labels', lambda l: l.isfinite())
def _(tmp): return head(DistilBertForSequenceClassification, num_labels=3)(IDS, labels=torch.tensor([1], dtype=torch.int32)).loss
@raises('+ a label beyond the last', IndexError, '3.*0 to 2')
def _(tmp): head(DistilBertForSequenceClassification, num_labels=3)(IDS, labels=torch.tensor([3]))
@warns('tok loss (mask 0 positions with label>=0 counted?)', 'Give padding the label -100', lambda l: l.isfinite())
def _(tmp): return head(DistilBertForTokenClassification)(IDS, attention_mask=torch.tensor([[1, 1, 1, 0]]), labels=torch.tensor([[0, 1, 0, 1]])).loss
@raises('+ a negative position of an answer', ValueError, 'start_positions holds -1')
def _(tmp): head(DistilBertForQuestionAnswering)(IDS, start_positions=torch.tensor([-1]), end_positions=torch.tensor([2]))
@raises('+ no answer is in the text', ValueError, 'must not be so for all')
def _(tmp): head(DistilBertForQuestionAnswering)(IDS, start_positions=torch.tensor([4]), end_positions=torch.tensor([9]))
@raises('+ question answering with three labels', ValueError, 'num_labels=3')
def _(tmp): head(DistilBertForQuestionAnswering, num_labels=3)

# ---------------------------------------------------------------- calling models of pictures and sound

@raises('+ NaN in the pixels', ValueError, 'pixel_values have NaN')
def _(tmp): head(ViTModel)(torch.full((1, 3, 16, 16), float('nan')))
@raises('+ a picture of another size', ValueError, r'16.*interpolate_pos_encoding=True|interpolate_pos_encoding')
def _(tmp): head(ViTModel)(torch.zeros(1, 3, 24, 24))
@raises('+ a picture with its colours last', ValueError, r'\(1, 16, 16, 3\)')
def _(tmp): head(ViTModel)(torch.zeros(1, 16, 16, 3))
@warns('ctc label longer than frames zero_inf False', 'ctc_zero_infinity=True', lambda l: l.isinf())
def _(tmp): return head(Wav2Vec2ForCTC)(torch.zeros(1, 60), labels=torch.randint(5, 15, (1, 12))).loss
@raises('+ a character that the head lacks', ValueError, 'vocab_size: 16, but 16')
def _(tmp): head(Wav2Vec2ForCTC)(torch.randn(1, 400), labels=torch.tensor([[16]]))
@raises('+ two clips and one text', ValueError, '1 texts.*2 clips')
def _(tmp): head(Wav2Vec2ForCTC)(torch.randn(2, 400), labels=torch.tensor([[5, 6]]))
@raises('w2v mask shape mismatch', ValueError, r'\(2, 300\).*\(2, 400\)')
def _(tmp): head(Wav2Vec2Model)(torch.randn(2, 400), attention_mask=torch.ones(2, 300))
@raises('w2v NaN input', ValueError, 'input_values have NaN')
def _(tmp): head(Wav2Vec2Model)(torch.full((1, 400), float('nan')))
@warns('w2v attention_mask padding effect (group norm)', "feat_extract_norm='group'.*depends on", lambda x: x.isfinite().all())
def _(tmp): return head(Wav2Vec2Model)(torch.randn(2, 400), attention_mask=(torch.arange(400) < torch.tensor([[400], [200]])).long())[0]
@raises('w2v too short input 5 samples', RuntimeError, '5 samples are too short.*at least')
def _(tmp): head(Wav2Vec2Model)(torch.randn(1, 5))

# ---------------------------------------------------------------- tokenizers

@raises('05r tokenizer hub id offline', OSError, "distilbert/distilbert-base-uncased.*cache.*download it once")
def _(tmp): DistilBertTokenizer.from_pretrained('distilbert/distilbert-base-uncased', cache_dir=tmp)
@raises('05t tokenizer from empty dir', OSError, 'has no vocabulary')
def _(tmp): DistilBertTokenizerFast.from_pretrained(tmp)
@right('kw vocab_file', lambda ids: ids == [2, 5, 6, 3])
def _(tmp): return DistilBertTokenizerFast(vocab_file=lines(tmp, '\n'.join(WORDS)))('hello world')['input_ids']
@raises('vocab_file missing', ValueError, "no vocabulary file 'nope.txt'")
def _(tmp): DistilBertTokenizerFast(vocab_file='nope.txt')
@raises('+ a list in the place of a vocabulary', TypeError, 'dict of token to id.*list')
def _(tmp): DistilBertTokenizer(vocab=WORDS)
@raises('v01 [slow] missing [UNK]', ValueError, r"no unknown token '\[UNK\]'")
def _(tmp): DistilBertTokenizer(vocab_file=lines(tmp, '[PAD]\n[CLS]\n[SEP]\nhello'))
@raises('v01 [fast] missing [UNK]', ValueError, r"no unknown token '\[UNK\]'")
def _(tmp): DistilBertTokenizerFast(vocab_file=lines(tmp, '[PAD]\n[CLS]\n[SEP]\nhello'))
@raises('v02 [fast] duplicate lines', ValueError, "line 10: 'hello' stands in line 6")
def _(tmp): DistilBertTokenizerFast(vocab_file=lines(tmp, '\n'.join([*WORDS, 'hello'])))
@raises('v05 [fast] blank line in middle', ValueError, 'line 6 is blank')
def _(tmp): DistilBertTokenizerFast(vocab_file=lines(tmp, '\n'.join([*WORDS[:5], '', *WORDS[5:]])))
@right('v06 [fast] trailing spaces', lambda ids: ids == [2, 5, 6, 3])
def _(tmp): return DistilBertTokenizerFast(vocab_file=lines(tmp, '\n'.join(t + '  ' for t in WORDS)))('hello world')['input_ids']
@right('v07 [fast] BOM', lambda ids: ids == [2, 5, 6, 3])
def _(tmp): return DistilBertTokenizerFast(vocab_file=lines(tmp, '\ufeff' + '\n'.join(WORDS)))('hello world')['input_ids']
@raises('+ a vocabulary that is not UTF-8', ValueError, "v.txt.*UTF-8")
def _(tmp):
    (tmp/'v.txt').write_bytes('\n'.join([*WORDS, 'é']).encode('latin-1'))
    DistilBertTokenizer(vocab_file=tmp/'v.txt')
@raises('+ an empty vocabulary', ValueError, 'v.txt.*blank|empty')
def _(tmp): DistilBertTokenizer(vocab_file=lines(tmp, ''))
@raises('+ a tokenizer.json of another kind', ValueError, 'BPE tokenizer, not WordPiece')
def _(tmp): DistilBertTokenizerFast(tokenizer_file=lines(tmp, '{"model": {"type": "BPE", "vocab": {}, "merges": []}}', 'tokenizer.json'))
@raises('+ a tokenizer.json with an id of a billion', OSError, 'an id above 16777216')
def _(tmp): DistilBertTokenizerFast(tokenizer_file=lines(tmp, '{"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {"[UNK]": 1000000000}}}', 'tokenizer.json'))
@raises('+ a tokenizer.json that puts an id around a text that no token has', OSError, 'puts the id 2000000000 around a text')
def _(tmp):
    d = json.loads(fast()._tokenizer.to_str())
    d['post_processor']['special_tokens']['[CLS]']['ids'] = [2_000_000_000]
    DistilBertTokenizerFast(tokenizer_file=lines(tmp, json.dumps(d), 'tokenizer.json'))
@raises('+ a tokenizer.json of nonsense', OSError, 'is not a tokenizer.json')
def _(tmp): DistilBertTokenizerFast(tokenizer_file=lines(tmp, '{"model": 3}', 'tokenizer.json'))
@raises('v14f tokenizer_config added_tokens_decoder gap id 500', ValueError, "'far' is to have the id 500")
def _(tmp): fast(added_tokens_decoder={'500': dict(content='far', special=False)})
@raises('trunc max_length 2 [slow]', ValueError, 'max_length=1.*smaller than the 2 special')
def _(tmp): slow()('hello world low', truncation=True, max_length=1)
@right('+ room for the special tokens only', lambda ids: ids == [[2, 3], [2, 3]])
def _(tmp): return [t('hello world low', truncation=True, max_length=2)['input_ids'] for t in (slow(), fast())]
@raises('trunc max_length 1 [fast]', ValueError, 'max_length=1.*smaller than the 2 special')
def _(tmp): fast()('hello world low', truncation=True, max_length=1)
@raises('+ trunc max_length 0', ValueError, 'max_length=0')
def _(tmp): fast()('hello world low', truncation=True, max_length=0)
@raises('+ trunc max_length -1', ValueError, 'max_length=-1')
def _(tmp): slow()('hello world low', truncation=True, max_length=-1)
@raises('decode out of range [fast]', IndexError, '900.*the vocabulary has 9 tokens')
def _(tmp): fast().decode([5, 900])
@raises('unknown call kw [fast]', TypeError, "no argument 'foo'")
def _(tmp): fast()('hello', foo=1)
@raises('+ None as a text', ValueError, 'text')
def _(tmp): fast()([None])
@raises('+ bytes as a text', ValueError, 'bytes|text')
def _(tmp): fast()(b'hello')
@raises('+ a lone surrogate', ValueError, 'surrogate')
def _(tmp): fast()('hello\ud800')

def tokenizer_config(tmp, **kw):
    slow().save_pretrained(tmp)
    d = json.loads((tmp/'tokenizer_config.json').read_text())
    (tmp/'tokenizer_config.json').write_text(json.dumps({**d, **kw}))
    return tmp
@raises('+ tokenizer_config.json with a number for a token', ValueError, r"test_bad_input.*: 7 is no token.*content")
def _(tmp): DistilBertTokenizer.from_pretrained(tokenizer_config(tmp, pad_token=7))
@raises('+ tokenizer_config.json with an empty token', ValueError, "'' is no token")
def _(tmp): DistilBertTokenizerFast.from_pretrained(tokenizer_config(tmp, cls_token=''))
@raises('+ tokenizer_config.json with a length that is text', ValueError, "model_max_length='long'.*number of tokens")
def _(tmp): DistilBertTokenizerFast.from_pretrained(tokenizer_config(tmp, model_max_length='long'))
@raises('+ tokenizer_config.json with added tokens in a list', ValueError, 'added_tokens_decoder=.*dict of id to token')
def _(tmp): DistilBertTokenizer.from_pretrained(tokenizer_config(tmp, added_tokens_decoder=['[X]']))
@raises('+ tokenizer_config.json that is broken', OSError, 'tokenizer_config.json.*not a valid JSON')
def _(tmp):
    (tokenizer_config(tmp)/'tokenizer_config.json').write_text('{"pad_token": ')
    DistilBertTokenizer.from_pretrained(tmp)
@raises('+ tokenizer.json that is half', OSError, 'tokenizer.json.*is not a tokenizer.json')
def _(tmp):
    (tokenizer_config(tmp)/'tokenizer.json').write_text('{"version": "1.0", "trunc')
    DistilBertTokenizerFast.from_pretrained(tmp)
@raises('+ do_lower_case as text', ValueError, "do_lower_case='no'.*True or False")
def _(tmp): slow(do_lower_case='no')

# ---------------------------------------------------------------- pictures

@right('i02 PIL L (grayscale)', lambda x: (x[0, 0] == x[0, 2]).all())
def _(tmp): return pixels(Image.fromarray(photo()).convert('L'))
@right('i03 PIL RGBA', lambda x: np.array_equal(x, pixels(photo())))
def _(tmp): return pixels(Image.fromarray(photo()).convert('RGBA'))
@right('i04 PIL P (palette)', lambda x: x.shape == (1, 3, 8, 8))
def _(tmp): return pixels(Image.fromarray(photo()).convert('P'))
@right('i07 PIL I;16', lambda x: np.allclose(x, pixels(photo(c=1)), atol=.02))
def _(tmp): return pixels(Image.fromarray(photo(c=1)[..., 0].astype(np.uint16) * 257))
@right('i07b I;16 do_convert_rgb', lambda x: np.allclose(x, pixels(photo(c=1)), atol=.02))
def _(tmp): return pixels(Image.fromarray(photo(c=1)[..., 0].astype(np.uint16) * 257), do_convert_rgb=True)
@right('+ a dark picture of 16 bits, the other byte first', lambda x: (x < -.99).all())
def _(tmp): return pixels(Image.frombytes('I;16B', (30, 20), (np.arange(600) % 200).astype('>u2').tobytes()))
@right('+ a dark array of 16 bits', lambda x: (x < -.99).all())
def _(tmp): return pixels((np.arange(600) % 200).astype('>u2').reshape(20, 30))
@warns('i10b np float 0..1', 'do_rescale=False', lambda x: x.max() < -.98)
def _(tmp): return pixels(photo() / 255)
@raises('i10d float -1..1', ValueError, 'pixels go from -1 to 1')
def _(tmp): pixels(photo() / 127.5 - 1)
@right('i10h bool np', lambda x: {*np.unique(x)} <= {-1., 1.})
def _(tmp): return pixels(photo() > 127, resample=0)
@right('i11 1xN image (1x50 HWC)', lambda x: x.shape == (1, 3, 8, 8))
def _(tmp): return pixels(photo(1, 50), input_data_format='channels_last')
@warns('+ an array with two axes for the colours', "input_data_format='channels_last'")
def _(tmp): return pixels(photo(3, 50))
@right('i11d PIL 50x1', lambda x: x.shape == (1, 3, 8, 8))
def _(tmp): return pixels(Image.fromarray(photo(1, 50)))
@right('i11h 3 px high PIL 10x3', lambda x: np.array_equal(x, pixels(photo(3, 10), input_data_format='channels_last')))
def _(tmp): return pixels(Image.fromarray(photo(3, 10)))
@raises('i12 empty array 0x0x3', ValueError, r'\(0, 0, 3\) is empty')
def _(tmp): pixels(np.zeros((0, 0, 3), np.uint8))
def png(tmp, cut=None):
    b = io.BytesIO()
    Image.fromarray(photo(200, 200)).save(b, 'PNG')
    (tmp/'x.png').write_bytes(b.getvalue()[:cut])
    return tmp/'x.png'
@raises('i13 PIL truncated PNG (lazy open)', OSError, 'truncated')
def _(tmp): pixels(Image.open(png(tmp, 3000)))
@raises('+ the path of a truncated PNG', OSError, 'x.png.*truncated')
def _(tmp): pixels(png(tmp, 3000))
@raises('+ the path of no picture', OSError, "x.txt.*can't be read as a picture")
def _(tmp): pixels(lines(tmp, 'hello', 'x.txt'))
@raises('+ the path of nothing', FileNotFoundError, 'There is no picture')
def _(tmp): pixels(str(tmp/'none.png'))
@raises('+ an address', ValueError, 'nothing is downloaded')
def _(tmp): pixels('https://example.com/x.png')
@right('i14 EXIF orientation honoured? (PIL in, do_resize False)', lambda x: x.shape == (1, 3, 30, 20))
def _(tmp):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(20, 30)).save(tmp/'x.jpg', exif=exif)
    return pixels(Image.open(tmp/'x.jpg'), do_resize=False)
@right('i17 guide resample="PIL.Image.BOX" used', lambda x: np.array_equal(x, pixels(photo(), resample=4)) and not np.array_equal(x, pixels(photo())))
def _(tmp): return ViTImageProcessor(size=8, resample='PIL.Image.BOX')(photo(), return_tensors='np')['pixel_values']
@raises('+ an unknown filter', ValueError, "resample='foo', but it must be a filter of Pillow")
def _(tmp): ViTImageProcessor(resample='foo')
@raises('i18c image_std zero', ValueError, 'image_std=.*above 0, as a standard deviation is')
def _(tmp): ViTImageProcessor(image_std=[.5, 0, .5])
@raises('i19 unknown ctor kw', ValueError, "did you mean 'do_resize'")
def _(tmp): ViTImageProcessor(do_resiz=False)
@raises('i19c do_resize="false" str', ValueError, "do_resize='false'.*True or False")
def _(tmp): ViTImageProcessor(do_resize='false')
@right('i20 data_format channels_last', lambda x: x.shape == (1, 8, 8, 3))
def _(tmp): return pixels(photo(), data_format='channels_last')
def sound_settings(tmp):
    Wav2Vec2FeatureExtractor().save_pretrained(tmp)
    return tmp
@raises('i22d ViTImageProcessor from Wav2Vec2 preprocessor_config', ValueError, 'preprocessor_config.json.*Wav2Vec2FeatureExtractor.*ViTImageProcessor')
def _(tmp): ViTImageProcessor.from_pretrained(sound_settings(tmp))
@raises('+ Wav2Vec2FeatureExtractor from ViT preprocessor_config', ValueError, 'preprocessor_config.json.*ViTImageProcessor.*Wav2Vec2FeatureExtractor')
def _(tmp):
    ViTImageProcessor().save_pretrained(tmp)
    Wav2Vec2FeatureExtractor.from_pretrained(tmp)
@raises('+ an unknown argument of a call', TypeError, 'do_resiz')
def _(tmp): pixels(photo(), do_resiz=True)
@raises('+ a picture beyond all shades', ValueError, 'beyond 1e30')
def _(tmp): pixels(np.full((3, 3), 1.7e38), do_resize=False, do_rescale=False) # found by hypothesis
@raises('+ NaN in a picture', ValueError, "aren't finite")
def _(tmp): pixels(np.full((9, 9, 3), np.nan))
@raises('+ a bomb of pixels', OSError, "can't be read as a picture.*decompression bomb")
def _(tmp):
    import struct, zlib
    chunk = lambda kind, d: struct.pack('>I', len(d)) + kind + d + struct.pack('>I', zlib.crc32(kind + d))
    (tmp/'x.png').write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(b'')) + chunk(b'IEND', b''))
    pixels(tmp/'x.png')

# ---------------------------------------------------------------- sound

@warns('a01b no sampling_rate', 'sampling_rate=16000', lambda x: x[0].dtype == np.float32)
def _(tmp): return heard(tone(), sampling_rate=None)
@raises('a02 wrong sampling rate', ValueError, 'sampling_rate=8000.*16000.*Resample')
def _(tmp): heard(tone(), sampling_rate=8000)
@right('a03 stereo (2,N)', lambda x: len(x) == 2 and x[0].shape == (1600,))
def _(tmp): return heard(np.stack([tone(), tone()]))
@raises('a03b stereo (N,2) soundfile layout', ValueError, r'\(1600, 2\) looks like 2 channels')
def _(tmp): heard(np.stack([tone(), tone()], 1))
@raises('a03e list of stereo arrays', ValueError, r'clip 0 has shape \(2, 1600\)')
def _(tmp): heard([np.stack([tone(), tone()])])
@raises('+ stereo as lists of pairs', ValueError, 'looks like 2 channels')
def _(tmp): heard([[a, a] for a in tone(100).tolist()])
@right('+ a short batch of short clips', lambda x: [len(c) for c in x] == [2, 2, 2])
def _(tmp): return heard([tone(2), tone(2), tone(2)])
@right('a04 int16', lambda x: x[0].dtype == np.float32 and np.allclose(x[0], heard(tone())[0], atol=1e-3))
def _(tmp): return heard((tone() * 32767).astype(np.int16))
@raises('a04b int16 do_normalize False', ValueError, 'whole numbers.*Divide samples of int16 by 32768')
def _(tmp): Wav2Vec2FeatureExtractor(do_normalize=False)((tone() * 32767).astype(np.int16), sampling_rate=16000)
@raises('a05 NaN', ValueError, "clip 0 has values that aren't finite, the first at sample 7")
def _(tmp): heard(np.where(np.arange(1600) == 7, np.nan, tone()))
@raises('a06 empty', ValueError, 'empty')
def _(tmp): heard(np.zeros(0))
@right('a06f torch 2D', lambda x: len(x) == 1 and x[0].shape == (1600,))
def _(tmp): return heard(torch.tensor(tone())[None])
@warns('a07e padded values after normalise (padding_value=1.0)', 'normalize_before_padding=True')
def _(tmp): return Wav2Vec2FeatureExtractor(padding_value=1.)([tone(800), tone()], sampling_rate=16000, padding=True)
@raises('a09b call unknown kw', TypeError, 'foo')
def _(tmp): heard(tone(), foo=1)
@raises('+ sound that is one number', ValueError, r'shape \(\)')
def _(tmp): heard(np.array(3.)) # found by hypothesis
@raises('+ an object array', ValueError, 'numbers')
def _(tmp): heard(np.array([.5, 'x', None], dtype=object))
@raises('+ an object array of numbers', ValueError, 'object')
def _(tmp): heard(np.array([.5, .25], dtype=object))
@raises('+ complex numbers', ValueError, 'complex')
def _(tmp): heard(tone() * 1j)
@raises('+ text in the place of sound', ValueError, 'load_audio')
def _(tmp): heard('speech.wav')
@raises('+ truncation to nothing', ValueError, 'max_length=0')
def _(tmp): heard(tone(), truncation=True, max_length=0)
@raises('+ padding to a negative length', ValueError, 'max_length=-5')
def _(tmp): heard(tone(), padding='max_length', max_length=-5)
@raises('+ a multiple of nothing', ValueError, 'pad_to_multiple_of=-2')
def _(tmp): heard(tone(), padding=True, pad_to_multiple_of=-2)
@raises('+ load_audio at no rate', ValueError, 'sampling_rate=0')
def _(tmp): load_audio(wav(tmp), sampling_rate=0)
@raises('+ load_audio at a negative rate', ValueError, 'sampling_rate=-8000')
def _(tmp): load_audio(wav(tmp), sampling_rate=-8000)
@raises('+ load_audio of a number', ValueError, '3 is no sound: give a path')
def _(tmp): load_audio(3) # soundfile would take it for an open file, and close it
@raises('+ load_audio of text', ValueError, "x.wav.*can't be read as sound")
def _(tmp): load_audio(lines(tmp, 'hello', 'x.wav'))
@raises('+ load_audio of half a file', ValueError, "x.flac.*can't be read as sound")
def _(tmp):
    import soundfile
    soundfile.write(tmp/'x.flac', tone(), 16000)
    (tmp/'x.flac').write_bytes((tmp/'x.flac').read_bytes()[:60])
    load_audio(tmp/'x.flac')
def wav(tmp):
    import soundfile
    soundfile.write(tmp/'x.wav', tone(), 16000)
    return tmp/'x.wav'

# ---------------------------------------------------------------- processors

@warns('c01b lower input upper vocab', r'text.upper\(\)', lambda ids: ids == [3, 3, 3])
def _(tmp): return ctc()('abc')['input_ids']
@right('c03b txt vocab', lambda ids: ids == [5, 6])
def _(tmp): return Wav2Vec2CTCTokenizer(vocab_file=lines(tmp, '\n'.join(LETTERS)))('AB')['input_ids']
@raises('+ a vocab.json that is half', ValueError, "vocab.json.*begins like JSON")
def _(tmp): Wav2Vec2CTCTokenizer(vocab_file=lines(tmp, '{"A": 1,', 'vocab.json'))
@raises('+ a vocab.json with one token twice', ValueError, "vocab.json.*'A' stands there twice")
def _(tmp): Wav2Vec2CTCTokenizer(vocab_file=lines(tmp, '{"A": 0, "B": 1, "A": 2}', 'vocab.json'))
@raises('+ a vocab.json a million levels deep', ValueError, "vocab.json.*recursion")
def _(tmp): Wav2Vec2CTCTokenizer(vocab_file=lines(tmp, '{"A":' * 10**6, 'vocab.json'))
@raises('c03d missing <unk>', ValueError, "lacks 'Z'.*unk_token")
def _(tmp): Wav2Vec2CTCTokenizer(vocab={'<pad>': 0, '|': 1, 'A': 2}, unk_token=None, bos_token=None, eos_token=None)('AZ')
@raises('c03f duplicate ids', ValueError, 'one id stands there twice')
def _(tmp): Wav2Vec2CTCTokenizer(vocab={'<pad>': 0, 'A': 4, 'B': 4})
@raises('c03i negative id', ValueError, "'A' has -3")
def _(tmp): Wav2Vec2CTCTokenizer(vocab={'<pad>': 0, 'A': -3})
@raises('c03l nested lang no target', ValueError, 'target_lang, one of eng, deu')
def _(tmp): Wav2Vec2CTCTokenizer(vocab={'eng': ids_of(LETTERS), 'deu': ids_of(LETTERS)})
@raises('+ no word delimiter', ValueError, 'word_delimiter_token=None')
def _(tmp): ctc(word_delimiter_token=None)
@raises('+ a word as the word delimiter', ValueError, "word_delimiter_token=7")
def _(tmp): ctc(word_delimiter_token=7)
@raises('p02e WordPiece tokenizer', TypeError, 'Wav2Vec2CTCTokenizer.*Tokenizer')
def _(tmp): Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), slow())
@raises('+ the parts in the wrong order', TypeError, 'feature_extractor')
def _(tmp): Wav2Vec2Processor(ctc(), Wav2Vec2FeatureExtractor())
@right('p04c labels padding value (not -100)', lambda l: l.isfinite()) # the head leaves the padding token out of the loss
def _(tmp):
    labels = torch.tensor(ctc().pad({'input_ids': [[5, 6, 7], [8]]}, padding=True)['input_ids'])
    m, x = head(Wav2Vec2ForCTC), torch.randn(2, 400)
    assert torch.equal(m(x, labels=labels).loss, m(x, labels=labels.masked_fill(labels == 0, -100)).loss)
    return m(x, labels=labels).loss
@raises('+ two clips and one text for the processor', ValueError, '2 clips.*1 text')
def _(tmp): Wav2Vec2Processor(Wav2Vec2FeatureExtractor(), ctc())(audio=[tone(), tone()], text=['AB'], sampling_rate=16000)
@raises('+ the image processor of a folder of sound', ValueError, 'Wav2Vec2FeatureExtractor|image')
def _(tmp): AutoImageProcessor.from_pretrained(sound_settings(tmp))
@raises('+ a family that is unknown', ValueError, "model_type.*'opt'|opt")
def _(tmp): AutoModel.from_pretrained(config_file(tmp, '{"model_type": "opt"}'))
@raises('+ a configuration without a family', ValueError, 'model_type')
def _(tmp): AutoConfig.from_pretrained(config_file(tmp, '{}'))

# ---------------------------------------------------------------- the test

@pytest.mark.parametrize('call, outcome, kind, words, then', ROWS)
def test_bad_input(call, outcome, kind, words, then, tmp_path):
    warn_once.cache_clear()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        if outcome == 'raises':
            with pytest.raises(kind, match='(?s)' + words) as e: call(tmp_path)
            assert e.type is kind or issubclass(e.type, OSError) and issubclass(e.type, kind), e.type
            assert len(str(e.value)) > 30 or kind is OSError and str(e.value) == 'image file is truncated' # a sentence, not a word; the last is Pillow's own
            return
        res = call(tmp_path)
    said = [str(w.message) for w in said if 'transformers_lite' in w.filename or w.category is UserWarning]
    if outcome == 'warns':
        import re
        assert any(re.search('(?s)' + words, m) for m in said), said
        assert len({*said}) == len(said) # once
    else: assert not said, said
    assert then(res)

CASES = {c['case']: c for c in json.loads((Path(__file__).parent/'data'/'bad_inputs.json').read_text(encoding='utf-8'))}

def test_the_table_is_complete():
    "Each of the 123 cases has its row; others are marked as ours; three are beyond what can be known."
    names = [p.id for p in ROWS]
    assert len({*names}) == len(names) and {n for n in names if not n.startswith('+ ')} == {*CASES} and len(CASES) == 123
    assert [p.id[:3] for p in ROWS if p.values[1] == 'unknowable'] == ['07c', '08e', '08f']

def test_exceptions_are_transformers_own():
    "Where transformers 5.23.0 or 4.57.6 answers with a clear error, ours is of the same type, or what users of Python expect in its place."
    ours_for = {'StrictDataclassFieldValidationError': ValueError, 'SafetensorError': OSError, 'UnpicklingError': OSError, 'Exception': ValueError}
    kinds = {p.id: p.values[2] for p in ROWS}
    import builtins
    for name, c in CASES.items():
        for version in '5.23.0', '4.57.6':
            if c[f'transformers {version}'].startswith('E') and f'error {version}' in c and kinds[name]:
                theirs = c[f'error {version}']
                want = ours_for.get(theirs) or getattr(builtins, theirs)
                assert issubclass(kinds[name], want) or issubclass(want, kinds[name]), (name, theirs, kinds[name])
                break
