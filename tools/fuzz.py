"""Folders that a stranger may have made, as many as you like. None may hang, fill the memory, write
elsewhere, read what a setting names, or fail otherwise than by an error that says why.

    python tools/fuzz.py 100000 --seed 0           # what is done before a release
    python tools/fuzz.py 1 --seed 0 --first 4711   # one folder again, with its whole traceback

A folder of each kind is made once. Then one or two of its files are changed (`CHANGES`), all that
reads them is called (`READERS`), and they are put back. Folder number i depends on the seed and on
i alone. tests/test_fuzz.py runs a few hundred, and shows that each fault would be told; what was
found is a row of tests/test_bad_inputs.py, or a test of its room."""
import argparse, collections, json, os, random, resource, shutil, signal, string
import sys, tempfile, time, traceback, warnings
from pathlib import Path

for name in 'OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'RAYON_NUM_THREADS': os.environ[name] = '1'
os.environ.update(HF_HUB_OFFLINE='1', TOKENIZERS_PARALLELISM='false')

import jinja2, numpy as np, torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import transformers_lite as lite
from transformers_lite.checkpoint import load_state_dict, weight_files
from transformers_lite.gguf_file import gguf_names, gguf_tokenizer, load_gguf

SECONDS, MEGABYTES = 10, 700 # for one folder

# ── one folder of each kind ───────────────────────────────────────────────────────────────────
WORDS = '[PAD] [UNK] [CLS] [SEP] [MASK] a b c d e f g h hello ##lo wor ##ld !'.split()
LETTERS = ['<pad>', '<s>', '</s>', '<unk>', '|', *string.ascii_uppercase]
TEXT = dict(vocab_size=len(WORDS), dim=8, n_heads=2, n_layers=1, hidden_dim=8, num_labels=3,
            max_position_embeddings=16)
PICTURE = dict(image_size=8, patch_size=4, hidden_size=8, num_hidden_layers=1, num_labels=3,
               num_attention_heads=2, intermediate_size=8)
SOUND = dict(vocab_size=len(LETTERS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
             intermediate_size=8, conv_dim=[4, 4], conv_stride=[4, 2], conv_kernel=[8, 4],
             num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2)
CHAT = ("{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] | trim }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}")
TALK = [dict(role='user', content=' hello '), dict(role='assistant', content='world')]

def byte_level():
    "A small byte-level BPE."
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(['hello world'] * 3, trainers.BpeTrainer(
        vocab_size=270, special_tokens=['<|end|>'], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t

def write_gguf(path, model, tokens, merges):
    "A Llama as a file of llama.cpp."
    from gguf import GGUFWriter
    c, w = model.config, GGUFWriter(path, 'llama')
    w.add_context_length(c.max_position_embeddings); w.add_embedding_length(c.hidden_size)
    w.add_feed_forward_length(c.intermediate_size); w.add_block_count(c.num_hidden_layers)
    w.add_head_count(c.num_attention_heads); w.add_head_count_kv(c.num_key_value_heads)
    w.add_layer_norm_rms_eps(c.rms_norm_eps); w.add_rope_dimension_count(c.head_dim)
    w.add_rope_freq_base(c.rope_theta); w.add_tokenizer_model('gpt2')
    w.add_tokenizer_pre('smollm'); w.add_token_list(tokens); w.add_token_merges(merges)
    w.add_token_types([3] + [1] * (len(tokens) - 1)); w.add_chat_template(CHAT)
    w.add_bos_token_id(0); w.add_eos_token_id(0); w.add_pad_token_id(0)
    for theirs, ours in gguf_names(c).items():
        w.add_tensor(theirs, model.state_dict()[ours].numpy())
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()

def lay_out(home):
    "A folder of each kind."
    torch.manual_seed(0)
    bert = lite.DistilBertTokenizerFast(vocab={w: i for i, w in enumerate(WORDS)},
                                        chat_template=CHAT)
    bert.add_tokens(['<new>'])
    text = lite.DistilBertForSequenceClassification(lite.DistilBertConfig(**TEXT))
    for kind in 'text', 'shards', 'pickle', 'h5':
        text.save_pretrained(home/kind, max_shard_size='1KB' if kind == 'shards' else '1GB')
    for kind in 'text', 'words': bert.save_pretrained(home/kind)
    lite.DistilBertTokenizer.from_pretrained(home/'words').save_pretrained(home/'words')
    (home/'words'/'tokenizer.json').unlink()
    (home/'words'/'added_tokens.json').write_text(json.dumps({'<new>': len(WORDS)}))
    torch.save(text.state_dict(), home/'pickle'/'pytorch_model.bin')
    for kind in 'pickle', 'h5': (home/kind/'model.safetensors').unlink()
    import h5py
    with h5py.File(home/'h5'/'tf_model.h5', 'w') as f:
        for k, v in text.state_dict().items(): f['a/tf_x/' + k.replace('.', '/') + ':0'] = v.numpy()

    lite.ViTForImageClassification(lite.ViTConfig(**PICTURE)).save_pretrained(home/'pictures')
    lite.ViTImageProcessor(size=8).save_pretrained(home/'pictures')
    lite.Wav2Vec2ForCTC(lite.Wav2Vec2Config(**SOUND)).save_pretrained(home/'sound')
    lite.Wav2Vec2Processor(
        lite.Wav2Vec2FeatureExtractor(), lite.Wav2Vec2CTCTokenizer(
            vocab={t: i for i, t in enumerate(LETTERS)})).save_pretrained(home/'sound')
    rust = byte_level()
    llama = lite.LlamaForCausalLM(lite.LlamaConfig(
        vocab_size=rust.get_vocab_size(), hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32))
    llama.generation_config = lite.GenerationConfig(max_new_tokens=2, eos_token_id=0)
    llama.save_pretrained(home/'chat')
    lite.PreTrainedTokenizerFast(
        tokenizer_object=rust, eos_token='<|end|>', pad_token='<|end|>',
        chat_template=dict(default=CHAT, tool_use=CHAT)).save_pretrained(home/'chat')
    (home/'chat'/'additional_chat_templates').mkdir()
    for name in 'chat_template', 'additional_chat_templates/tool_use':
        (home/'chat'/f'{name}.jinja').write_text(CHAT)
    (home/'gguf').mkdir()
    tokens = sorted(rust.get_vocab(), key=rust.get_vocab().get)
    merges = [' '.join(m) for m in json.loads(rust.to_str())['model']['merges']]
    write_gguf(home/'gguf'/'model.gguf', llama, tokens, merges)
    (home/'bait').mkdir() # what no setting may lead to
    for name in 'vocab.txt', 'vocab.json', 'x.json', 'config.json':
        (home/'bait'/name).write_text(json.dumps({'secret': 0}))
    save_file({'secret': torch.ones(1)}, home/'bait'/'model.safetensors')

# ── changes ───────────────────────────────────────────────────────────────────────────────────
def atoms(r, home):
    "A value of any kind."
    n = r.choice([0, 1, -1, 2, 7, 255, 256, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**9,
                  10**30, -2**63, r.randrange(100), -r.randrange(100)])
    bait = str(home/'bait'/r.choice(['vocab.txt', 'x.json', 'model.safetensors', 'vocab.json']))
    word = r.choice(['', ' ', 'x', 'x' * 5000, '\0', '\ud800', 'é\u0301', '\u202e', '[PAD]', '../x',
                     bait, '../bait/x.json', 'bait', '.', '..', '/', 'a\nb', 'vocab.txt', 'None',
                     'evil/repo--mod.Class', 'https://evil.example/x', 'hf_' + 'Ab3' * 12,
                     '{{ 1 }}',
                     '__class__', '%s', '{0.__class__}', '(a+)+$', 'gelu', 'cuda:9', 'float16',
                     'DistilBertModel', 'os.system', 'torch.load', 'llama', 'vit', 'wav2vec2'])
    x = r.choice([.5, -.5, 1e-300, 1e308, -1e308, 0., r.random()])
    return r.choice([n, n, n, word, word, x, None, True, False, [], {}])

def value(r, home, depth=2):
    "A value, perhaps with others in it."
    if depth == 0 or r.random() < .7: return atoms(r, home)
    n = r.choice([1, 1, 2, 2, 3, 5, 300])
    if r.random() < .5: return [value(r, home, depth - 1 if n < 9 else 0) for _ in range(n)]
    return {str(atoms(r, home)): value(r, home, depth - 1) for _ in range(min(n, 9))}

KEYS = [*'''
    _attn_implementation_internal _experts_implementation_internal auto_map model_type
    vocab_file architectures tokenizer_class processor_class image_processor_type
    feature_extractor_type __class__ tokenizer_file name_or_path _name_or_path chat_template
    added_tokens_decoder extra_special_tokens additional_special_tokens model_max_length
    num_labels id2label label2id pruned_heads torch_dtype dtype quantization_config
    attn_implementation rope_scaling rope_parameters text_config to_dict save_pretrained
    attribute_map filename outer kind kernel_config transformers_weights token proxies
    never_split auto_class custom_pipelines vocab special_tokens_map_file init_inputs
    do_lower_case size crop_size image_mean image_std resample do_resize sampling_rate
    padding_value padding_side target_lang word_delimiter_token return_attention_mask
    problem_type tie_word_embeddings is_decoder generation_config max_new_tokens eos_token_id
    bos_token_id pad_token_id suppress_tokens bad_words_ids hidden_act activation
    initializer_range num_hidden_layers n_layers adapter_attn_dim add_adapter use_cache head_dim
    backend image_processor feature_extractor tokenizer metadata weight_map total_size
    output_attentions return_dict gradient_checkpointing chunk_size_feed_forward normalizer
    pre_tokenizer post_processor decoder model truncation padding version added_tokens type
    pattern
    '''
    .split()]

def places(d, at=()):
    "Where in a JSON value something stands: tuples of keys."
    items = d.items() if isinstance(d, dict) else enumerate(d) if isinstance(d, list) else ()
    for k, v in items:
        yield (*at, k)
        yield from places(v, (*at, k))

def change_json(r, d, home):
    "One to three changes in the tree of a JSON file."
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        if not isinstance(d, dict): return value(r, home)
        here = [*places(d)]
        top = [p for p in here if len(p) == 1]
        what = r.randrange(8)
        if what == 0 or not here: d[r.choice(KEYS)] = value(r, home)
        elif what == 1 and r.random() < .2: return value(r, home)
        else:
            *way, last = r.choice(top if r.random() < .5 else here)
            inner = d
            for k in way: inner = inner[k]
            if what == 2: del inner[last]
            elif what == 3 and isinstance(inner, dict): inner[r.choice(KEYS)] = inner.pop(last)
            elif what == 4 and isinstance(inner, list): inner.append(inner[last])
            elif what == 5:
                *w2, l2 = r.choice(here)
                try:
                    other = d
                    for k in w2: other = other[k]
                    inner[last], other[l2] = other[l2], inner[last]
                    json.dumps(d)
                except (KeyError, IndexError, TypeError, ValueError): return {}
            elif what == 6 and type(inner[last]) in (int, float):
                inner[last] = r.choice([lambda x: -x, lambda x: x + 1, lambda x: x * 2,
                                        lambda x: str(x), lambda x: [x], lambda x: float(x),
                                        lambda x: x * 10**9])(inner[last])
            else: inner[last] = value(r, home)
    return d

def as_json(r, data, home):
    "A JSON file with its tree changed."
    d = change_json(r, json.loads(data), home)
    text = json.dumps(d)
    if r.random() < .03: text = text.replace('{', '{"a": NaN, ', 1)
    if r.random() < .03: text = text.replace('{', '{' + r.choice([
        '"model_type": "vit", ', '"a": ' + '[' * 10**5, '"a": 1e999, ', '"a": ' + '9' * 5000 + ', ',
        '"a": ' + '{"a":' * 900 + '1' + '}' * 900 + ', ']), 1)
    return text.encode('utf-8', 'surrogatepass')

def as_bytes(r, data, home, head=10**9):
    "A file with bytes changed, cut out, doubled, or put in."
    b = bytearray(data)
    for _ in range(r.choice([1, 1, 2, 4, 16])):
        i = r.randrange(max(1, min(len(b), head)))
        what, n = r.randrange(6), r.choice([1, 1, 2, 4, 8, 100])
        if what == 0: b[i:i + 1] = bytes([r.randrange(256)])
        if what == 1: del b[i:i + n]
        if what == 2: b[i:i] = b[i:i + n]
        if what == 3:
            b[i:i] = r.choice([b'\0', b'\xff\xff', b'\xef\xbb\xbf', b'\r', b'\xed\xa0\x80',
                                         b'\x85', b'\xe2\x80\xa8', r.randbytes(n)])
        if what == 4:
            n = r.choice([2**63 - 1, 2**64 - 1, 0, 10**9, 2**31])
            b[i:i + 8] = n.to_bytes(8, 'little')
        if what == 5 and r.random() < .3: del b[i:]
    return bytes(b)

def as_text(r, data, home):
    "A file of lines with lines changed."
    lines = data.decode('utf-8', 'replace').split('\n')
    for _ in range(r.choice([1, 2, 5])):
        i = r.randrange(len(lines) + 1)
        lines[i:i + r.choice([0, 1, 3])] = [str(atoms(r, home)) for _ in range(r.choice([0, 1, 2]))]
    return '\n'.join(lines).encode('utf-8', 'surrogatepass')

# Loops that don't end are left out: a template is a program, and may compute as long as it likes.
PIECES = """\
{% if x %}|{% endif %}|{% for i in range(99) %}|{% endfor %}|{{ messages }}|{{ x * 10**9 }}
{{ messages.__class__.__mro__ }}|{{ 'a' * 10**10 }}|{{ range(10**9) @ list }}|{{ 9**999 }}
{% generation %}|{% endgeneration %}|{% include '../bait/x.json' %}|{% import 'os' as o %}
{% macro f() %}|{{ f() }}|{% endmacro %}|{% set x = messages %}|{{ raise_exception('no') }}
{{ ''.join(messages) }}|{{ (|{{ messages @ tojson(indent=10**9) }}
{{ '%999999999d' @ format(1) }}|{{ 'x' @ center(10**9) }}|{% break %}
{{ strftime_now('%Y' * 999) }}|{{ cycler.__init__.__globals__.os }}|{# #}|{% raw %}
{{ messages @ batch(1) }}|{{ 'a' @ indent(10**9) }}
{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}|{{ [1] * 10**9 }}
{{ dict(a=1) @ xmlattr }}|{{ messages @ map(attribute='__class__') @ list }}
{{ messages @ random }}|{{ 1 / 0 }}|{{ none + 1 }}"""
PIECES = [p.replace('@', '|') for line in PIECES.splitlines() for p in line.split('|')]

def as_template(r, data, home):
    "A chat template with parts that are hostile, or cut."
    text = data.decode()
    for _ in range(r.choice([1, 1, 2, 3])):
        i = r.randrange(len(text) + 1)
        piece = r.choice(PIECES) if r.random() < .7 else ''
        text = text[:i] + piece + text[i + r.choice([0, 0, 1, 9]):]
    return text.encode()

def as_safetensors(r, data, home):
    "A safetensors file with its header changed."
    n = int.from_bytes(data[:8], 'little')
    header, rest = json.loads(data[8:8 + n]), data[8 + n:]
    for _ in range(r.choice([1, 1, 2])):
        k = r.choice([*header])
        d = header[k] if isinstance(header[k], dict) else {}
        what = r.randrange(7)
        if what == 0:
            header[r.choice(['', 'x', 'classifier.weight', 'a/b:0', '__metadata__', k + 'x',
                             'distilbert.embeddings.word_embeddings.weight'])] = header.pop(k)
        elif what == 1:
            d['dtype'] = r.choice(['F16', 'BF16', 'I64', 'BOOL', 'U8', 'F64', 'F8_E4M3', 'C64', 'X',
                                   7, None])
        elif what == 2:
            turned = d.get('shape', [1])
            turned = turned[::-1] if isinstance(turned, list) else [1]
            d['shape'] = r.choice([[], [0], [2**62], [-1], [2**32, 2**32], 'x', turned])
        elif what == 3:
            d['data_offsets'] = r.choice([[0, 0], [0, 2**63], [8, 4], [-4, 4], [0], 'x',
                                          [0, len(rest)]])
        elif what == 4: header.pop(k) if len(header) > 1 else None
        elif what == 5: header['__metadata__'] = value(r, home)
        else: change_json(r, header, home)
        if not isinstance(header, dict) or not header: break
    h = json.dumps(header).encode()
    if r.random() < .1: h += b' ' * r.choice([1, 7, 100])
    size = len(h) if r.random() < .95 else r.choice([0, 2, 2**63, 10**8, len(h) + 1])
    return size.to_bytes(8, 'little') + h + rest

CHANGES = { # by the end of a file's name: each is drawn as often as it stands here
    '.json': [as_json] * 8 + [as_bytes], '.txt': [as_text, as_bytes],
    '.jinja': [as_template] * 4 + [as_bytes], '.safetensors': [as_safetensors] * 5 + [as_bytes],
    '.gguf': [lambda *a: as_bytes(*a, head=4000)] * 3 + [as_bytes],
    '.bin': [as_bytes], '.h5': [as_bytes]}

def change(r, path, home):
    "Change a file, or put something else in its place."
    data = path.read_bytes()
    odd = r.random()
    if odd < .02: path.unlink()
    elif odd < .03: path.write_bytes(b'')
    elif odd < .035: path.unlink(); path.mkdir()
    elif odd < .04: path.unlink(); path.symlink_to(home/'bait'/path.name)
    elif odd < .045: path.unlink(); os.mkfifo(path)
    elif odd < .05:
        other = r.choice(sorted(p for p in path.parent.iterdir() if p.is_file()))
        path.write_bytes(other.read_bytes())
    else: path.write_bytes(r.choice(CHANGES[path.suffix])(r, data, home))

# ── what reads a folder ───────────────────────────────────────────────────────────────────────
def again(o, home):
    "Save what was loaded, and load that."
    o.save_pretrained(home/'out')
    type(o).from_pretrained(home/'out')

def tokenizers(*classes):
    def read(d, home, deep):
        for c in classes:
            t = c.from_pretrained(d)
            batch = t(['hello world!', 'HELLO'], padding=bool(t.pad_token), truncation=True,
                      max_length=9)
            t.decode(batch.get('input_ids', [[0]])[0])
            repr(t)
            if deep: again(t, home)
    return read

def chats(d, home, deep):
    t = lite.PreTrainedTokenizerFast.from_pretrained(d)
    if not t.chat_template: return
    try: t.apply_chat_template(TALK, tokenize=False, add_generation_prompt=True)
    except jinja2.TemplateError: pass
    except Exception as e: # what the program in the template raises, as any program may
        if '<template>' not in {f.filename for f in traceback.extract_tb(e.__traceback__)}: raise

def settings(*classes):
    def read(d, home, deep):
        for c in classes:
            o = c.from_pretrained(d)
            repr(o)
            if deep: again(o, home)
    return read

def model(auto):
    def read(d, home, deep):
        m = auto.from_pretrained(d)
        assert not any(p.is_meta for p in m.parameters())
        if deep: again(m, home)
    return read

def parts(auto, inputs):
    def read(d, home, deep):
        p = auto.from_pretrained(d)
        p(**inputs)
        if deep: again(p, home)
    return read

def gguf(d, home, deep):
    load_gguf(d/'model.gguf')
    gguf_tokenizer(d/'model.gguf')('hello')

def h5(d, home, deep):
    paths, _, _ = weight_files(d, readable=('tf_model.h5',))
    load_state_dict(*paths)

IMAGE, CLIP = np.zeros((9, 9, 3), np.uint8), np.ones(400, np.float32)
CONFIG, WEIGHTS = 'config.json', 'model.safetensors'
TOKENIZER, PREPROCESSOR = 'tokenizer_config.json', 'preprocessor_config.json'
RUST, SPECIAL = 'tokenizer.json', 'special_tokens_map.json'
WORD_FILES = RUST, TOKENIZER, SPECIAL, 'vocab.txt', 'added_tokens.json'
SOUND_FILES = TOKENIZER, 'vocab.json', SPECIAL, CONFIG
PYTHON, FAST = lite.DistilBertTokenizer, lite.DistilBertTokenizerFast
ANY, AUTO = lite.PreTrainedTokenizerFast, lite.AutoTokenizer
TEXT_MODEL = model(lite.AutoModelForSequenceClassification)
READERS = { # kind: [(what reads, the files that it reads)]
    'text': [(settings(lite.AutoConfig, lite.DistilBertConfig), [CONFIG]),
             (TEXT_MODEL, [CONFIG, WEIGHTS]),
             (tokenizers(AUTO, FAST, PYTHON, ANY), WORD_FILES),
             (tokenizers(AUTO), [CONFIG])],
    'words': [(tokenizers(AUTO, PYTHON, FAST), WORD_FILES)],
    'shards': [(TEXT_MODEL, [CONFIG, 'model.safetensors.index.json',
                             *(f'model-0000{i}-of-00005.safetensors' for i in (1, 2))])],
    'pickle': [(TEXT_MODEL, ['pytorch_model.bin'])],
    'h5': [(h5, ['tf_model.h5'])],
    'pictures': [(model(lite.AutoModelForImageClassification), [CONFIG, WEIGHTS]),
                 (parts(lite.AutoImageProcessor, dict(images=IMAGE)), [PREPROCESSOR, CONFIG]),
                 (parts(lite.ViTImageProcessor, dict(images=IMAGE)), [PREPROCESSOR])],
    'sound': [(model(lite.AutoModelForCTC), [CONFIG, WEIGHTS]),
              (parts(lite.AutoFeatureExtractor, dict(raw_speech=CLIP, sampling_rate=16000)),
               [PREPROCESSOR]),
              (parts(lite.AutoProcessor, dict(audio=CLIP, sampling_rate=16000)),
               [PREPROCESSOR, 'processor_config.json', *SOUND_FILES]),
              (tokenizers(AUTO, lite.Wav2Vec2CTCTokenizer), SOUND_FILES)],
    'chat': [(model(lite.AutoModelForCausalLM), [CONFIG, WEIGHTS, 'generation_config.json']),
             (settings(lite.GenerationConfig), ['generation_config.json']),
             (tokenizers(AUTO, ANY), [RUST, TOKENIZER, SPECIAL, CONFIG]),
             (chats, [TOKENIZER, *(f'{x}.jinja' for x in (
                 'chat_template', 'additional_chat_templates/tool_use'))])],
    'gguf': [(gguf, ['model.gguf'])]}

# ── one folder, watched ───────────────────────────────────────────────────────────────────────
class Hang(BaseException): "More than `SECONDS` for one folder."

class Watch:
    "What Python opens, moves, starts and asks the network for: `seen` is what it shouldn't."
    WRITES = ('os.remove os.rename os.mkdir os.rmdir os.link os.symlink os.truncate os.chmod '
              'shutil.move shutil.rmtree shutil.copyfile').split()
    NEVER = ('subprocess.Popen os.system os.exec os.posix_spawn os.fork socket.connect '
             'socket.getaddrinfo ctypes.dlopen pickle.find_class').split()

    def __init__(self, home):
        self.home, self.seen, self.on = str(home), [], False
        known = sys.prefix, sys.base_prefix, Path(lite.__file__).parents[1], *map(Path, sys.path)
        self.fine = tuple(f'{p}/' for p in {*map(str, known)} if p not in ('', '.')) + (
            '/proc/', '/dev/null', '/dev/urandom', '/usr/lib', '/usr/share/zoneinfo')
        sys.addaudithook(self)

    def __call__(self, event, args):
        if not self.on: return
        if event == 'open':
            path, mode, flags = args
            if not isinstance(path, (str, bytes, Path)): return
            path = os.path.abspath(os.fsdecode(path))
            inside = path.startswith(f'{self.home}/')
            writes = mode and set(mode) & set('wax+') or flags and flags & (os.O_WRONLY | os.O_RDWR)
            if writes and not inside: self.seen.append(f'writes {path}')
            elif f'{self.home}/bait' in path: self.seen.append(f'reads {path}')
            elif not inside and not path.startswith(self.fine): self.seen.append(f'reads {path}')
        elif event in self.WRITES:
            names = [os.fsdecode(a) for a in args if isinstance(a, (str, bytes, Path))]
            if event.startswith('os.') and {*args[1:]} & {*range(100)}: return # in an open folder
            names = [*map(os.path.abspath, names)]
            if bad := [p for p in names if p[0] == '/' and not p.startswith(f'{self.home}/')]:
                self.seen.append(f'{event} {bad}')
        elif event in self.NEVER: self.seen.append(f'{event} {args!r:.200}')

def fault(e, folder):
    "What is wrong with an exception, if it isn't one that a reader may raise."
    kinds = OSError, ValueError, KeyError, RuntimeError, TypeError, ImportError
    last = traceback.extract_tb(e.__traceback__)[-1]
    if not isinstance(e, kinds) or isinstance(e, (RecursionError, NotImplementedError)):
        return f'{type(e).__name__}: {e!s:.200}'
    if isinstance(e, OSError) and e.filename: return # the system's own, which names the file
    if Path(last.filename).parent != Path(lite.__file__).parent:
        return f'not ours, {type(e).__name__}: {e!s:.200}'
    if len(str(e)) < 20: return f'says too little, {type(e).__name__}: {e!s:.200}'

def stamp(path):
    "What changes when a file does: its kind, size, number and times."
    s = os.lstat(path)
    return s.st_mode, s.st_size, s.st_ino, s.st_mtime_ns, s.st_ctime_ns

class Fuzz:
    "The folders of one seed."
    def __init__(self, home, seed):
        self.home, self.seed, self.watch = Path(home), seed, Watch(home)
        lay_out(self.home)
        self.kinds = [*READERS, *(k for k in READERS if k != 'gguf')] # slow, so half as often
        here = [*self.home.rglob('*')]
        self.files = {str(p): (p.read_bytes(), stamp(p)) for p in here if p.is_file()}
        self.dirs = {str(p) for p in here if p.is_dir()}
        for kind in READERS: # what is unchanged loads, and what is imported late is there
            for read, files in READERS[kind]:
                assert all((self.home/kind/f).exists() for f in files if f not in WORD_FILES)
                read(self.home/kind, self.home, True)
        self.tidy()

    def tidy(self):
        "Put everything back; what was left elsewhere in the home."
        shutil.rmtree(self.home/'out', ignore_errors=True)
        left, found = [], set()
        for where, dirs, names in os.walk(self.home):
            for name in [*dirs, *names]:
                path = f'{where}/{name}'
                if path in self.dirs: continue
                if path in self.files and stamp(path) == self.files[path][1]: found.add(path)
                else:
                    if path not in self.files: left.append(path.removeprefix(f'{self.home}/'))
                    if os.path.isdir(path) and not os.path.islink(path): shutil.rmtree(path)
                    else: os.unlink(path)
        for path in self.files.keys() - found: self.put(path, self.files[path][0])
        return left

    def put(self, path, data):
        "Write a file as it was, and remember how the system describes it."
        Path(path).write_bytes(data)
        self.files[path] = data, stamp(path)

    def one(self, i, whole=False):
        "Folder number i: its kind, [(what is wrong, the files that were changed, our last line)]."
        r = random.Random(f'{self.seed}/{i}')
        kind = r.choice(self.kinds)
        names = sorted({f for _, fs in READERS[kind] for f in fs if (self.home/kind/f).is_file()})
        changed = r.sample(names, min(len(names), r.choice([1, 1, 1, 1, 2])))
        for f in changed: change(r, self.home/kind/f, self.home)
        found, deep = [], r.random() < .15
        for read, files in READERS[kind]:
            if not {*files} & {*changed}: continue
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            self.watch.seen, self.watch.on = [], True
            said = None
            try: read(self.home/kind, self.home, deep)
            except (KeyboardInterrupt, SystemExit): raise
            except BaseException as e:
                self.watch.on = False
                said = fault(e, self.home/kind)
                if said and whole: traceback.print_exc()
                lines = traceback.extract_tb(e.__traceback__)
                ours = [f for f in lines if 'transformers_lite/' in f.filename]
                where = f'{Path(ours[-1].filename).name}:{ours[-1].lineno}' if ours else ''
            finally:
                self.watch.on = False
                signal.setitimer(signal.ITIMER_PROF, 0)
            if said: found.append((said, changed, where))
            found += [(s, changed, '') for s in self.watch.seen]
        found += [(f'left behind: {p}', changed, '') for p in self.tidy()]
        return kind, found

    def many(self, first, last, note):
        "Folders one after another, in a process of its own, within a limit of memory."
        def alarm(*_): raise Hang(f'more than {SECONDS} s')
        signal.signal(signal.SIGPROF, alarm)
        warnings.simplefilter('ignore')
        size = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEGABYTES * 2**20, -1))
        for i in range(first, last):
            note(f'{i}\n')
            kind, found = self.one(i)
            for said, changed, where in found:
                note(json.dumps([i, kind, said.replace(str(self.home), ''), changed, where]) + '\n')

def apart(f, progress):
    "Run it in a copy of this process, which is killed if its progress stands still; how it ended."
    sys.stdout.flush()
    if not (pid := os.fork()):
        code = 70
        try:
            f()
            code = 0
        except BaseException: traceback.print_exc()
        finally: os._exit(code) # whatever happens, also here
    last, since = None, time.time()
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done: return os.waitstatus_to_exitcode(status)
        if (now := progress.stat().st_size) != last: last, since = now, time.time()
        if time.time() - since > 20 * SECONDS: os.kill(pid, signal.SIGKILL)
        time.sleep(.05)

def main(argv=None):
    ps = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ps.add_argument('n', type=int, help='how many folders')
    ps.add_argument('--seed', type=int, default=0)
    ps.add_argument('--first', type=int, default=0, help='the number of the first')
    ps.add_argument('--log', help='a file for what is found, a line each')
    args = ps.parse_args(argv)
    warnings.simplefilter('ignore')
    with tempfile.TemporaryDirectory() as home:
        home = Path(home).resolve()
        (home/'f').mkdir()
        fuzz, began = Fuzz(home/'f', args.seed), time.time()
        if args.n == 1:
            signal.signal(signal.SIGPROF, lambda *_: (_ for _ in ()).throw(Hang()))
            kind, found = fuzz.one(args.first, whole=True)
            print(kind, *found, sep='\n')
            return len(found)
        log, at, end, rows = home/'log', args.first, args.first + args.n, []
        while at < end:
            log.write_text('')
            def work():
                with log.open('a') as f:
                    fuzz.many(at, min(at + 500, end), lambda s: (f.write(s), f.flush()))
            code = apart(work, log)
            lines = log.read_text().splitlines()
            new = [json.loads(line) for line in lines if line[0] == '[']
            last = max([int(line) for line in lines if line[0] != '['], default=at)
            if code:
                new.append([last, '?', f'the process ended with {code}', [], ''])
                fuzz.tidy()
            rows += new
            if args.log:
                with open(args.log, 'a') as f: f.writelines(json.dumps(row) + '\n' for row in new)
            at = last + 1
    kinds = collections.Counter((kind, where, said[:60]) for _, kind, said, _, where in rows)
    for k, n in kinds.most_common(): print(n, *k, sep='\t')
    print(f'{args.n} folders of seed {args.seed}, {len(rows)} faults, {time.time() - began:.0f} s')
    return len(rows)

if __name__ == '__main__': sys.exit(bool(main()))
