"""All twenty blocks of the guide for PyTorch and without a framework, from the configuration to the processor, run in one session, and print what the guide prints.

`data/guide_blocks.py` has their code. The hub is a cache on disk, which holds a repository of the real shape: 66 M random numbers that
transformers wrote, the real vocabulary, and the settings as they stand on the hub."""
import json, re

import transformers
from safetensors import safe_open

from helpers import ROOT, bert_vocab, run_python

NAME = 'distilbert/distilbert-base-uncased'
BLOCKS = (ROOT/'tests'/'data'/'guide_blocks.py').read_text(encoding='utf-8').split('# %%\n')[1:]
DEFAULTS = dict(activation='gelu', attention_dropout=.1, dim=768, dropout=.1, hidden_dim=3072, initializer_range=.02, max_position_embeddings=512,
                model_type='distilbert', n_heads=12, n_layers=6, pad_token_id=0, qa_dropout=.1, seq_classif_dropout=.2, sinusoidal_pos_embds=False,
                transformers_version='4.16.2', vocab_size=30522)
ON_THE_HUB = {**DEFAULTS, 'architectures': ['DistilBertForMaskedLM'], 'tie_weights_': True, 'transformers_version': '4.10.0.dev0'}
TEXT = "Don't you ever Underestimate 東京's unaffordable cafés!"

def image(**changes): # keys in the guide's order
    d = dict(do_normalize=True, do_resize=True, image_processor_type='ViTImageProcessor', image_mean=[.5] * 3, image_std=[.5] * 3, resample=2, size=224)
    return f'ViTImageProcessor {json.dumps(d | changes, indent=2)}'
def sound(**changes):
    d = dict(do_normalize=True, feature_extractor_type='Wav2Vec2FeatureExtractor', feature_size=1, padding_side='right', padding_value=0., return_attention_mask=False, sampling_rate=16000)
    return f'Wav2Vec2FeatureExtractor {json.dumps(d | changes, indent=2)}'
PRINTED = image(), image(resample='PIL.Image.BOX', do_normalize=False, image_mean=[.3] * 3), sound(), sound(sampling_rate=8000, do_normalize=False)

SESSION = '''
import contextlib, io, json, sys
blocks, text = json.loads(sys.stdin.read())
names, report = {}, []
for block in blocks:
    with contextlib.redirect_stdout(io.StringIO()) as out: exec(block, names)
    state = dict(printed=out.getvalue())
    if 'my_config' in names: state['config'] = names['my_config'].to_dict()
    if 'model' in names:
        m = names['model']
        ffn, word = m.base_model.transformer.layer[0].ffn, m.base_model.embeddings.word_embeddings.weight
        state['model'] = dict(kind=type(m).__name__, training=m.training, size=m.num_parameters(), dtype=str(m.dtype), activation=type(ffn.activation).__name__,
                              dropout=m.config.attention_dropout, word=word[7592, :8].tolist(), ffn=ffn.lin2.weight[5, :8].tolist(), spread=word.std().item())
    for k in 'my_tokenizer', 'slow_tokenizer', 'fast_tokenizer':
        if k in names: state[k] = dict(kind=type(names[k]).__name__, fast=names[k].is_fast, size=len(names[k]), ids=names[k](text)['input_ids'],
                                       tokens=names[k].tokenize(text), padded=names[k]([text, 'hello'], padding=True)['input_ids'][1])
    report.append(state)
import numpy as np
out = names['processor'](np.sin(np.arange(900.)), text='hello A', sampling_rate=16000)
processor = dict(kinds=[type(names[k]).__name__ for k in ('processor', 'feature_extractor', 'tokenizer')], samples=out['input_values'][0].shape, labels=out['labels'],
                 parts=names['processor'].feature_extractor is names['feature_extractor'] and names['processor'].tokenizer is names['tokenizer'], fill=names['feature_extractor'].padding_value)
from transformers_lite import AutoTokenizer
tip = [type(AutoTokenizer.from_pretrained('distilbert/distilbert-base-uncased', **kw)).__name__ for kw in ({}, dict(use_fast=False))]
print(json.dumps(dict(blocks=report, tip=tip, processor=processor)))
'''

def repository(folder):
    "The files of the hub's repository."
    model = transformers.DistilBertForMaskedLM(transformers.DistilBertConfig()).half()
    model.save_pretrained(folder)
    transformers.DistilBertTokenizerFast(str(bert_vocab())).save_pretrained(folder)
    (folder/'vocab.txt').write_bytes(bert_vocab().read_bytes())
    (folder/'config.json').write_text(json.dumps(ON_THE_HUB))
    (folder/'tokenizer_config.json').write_text(json.dumps(dict(do_lower_case=True, model_max_length=512)))
    return folder

def without_version(settings): return {k: v for k, v in settings.items() if k != 'transformers_version'}

def numbers(folder, name, row):
    with safe_open(folder/'model.safetensors', 'pt') as f: return f.get_slice(name)[row:row+1, :8][0].float().tolist()

def test_guide(tmp_path, hub_cache):
    (hub := tmp_path/'repository').mkdir()
    hub_cache(NAME, repository(hub))
    (desk := tmp_path/'desk').mkdir()
    (desk/'my_vocab_file.txt').write_text('\n'.join(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'Don', "'", 't', 'you', 'ever', 'Under', '##estimate', 'hello']) + '\n', encoding='utf-8')
    code = f"import io, sys; sys.stdin = io.StringIO({json.dumps([BLOCKS, TEXT])!r})\n" + SESSION
    got = json.loads(run_python(code, cwd=desk))
    blocks, tip = got['blocks'], got['tip']
    assert len(blocks) == len(BLOCKS) == 20

    # what the guide prints
    changed = dict(activation='relu', attention_dropout=.4)
    for i, settings in (0, DEFAULTS), (1, DEFAULTS | changed):
        expected = f'DistilBertConfig {json.dumps(settings, indent=2)}\n'
        assert re.sub(r'("transformers_version": ").*"', r'\g<1>4.16.2"', blocks[i]['printed']).rstrip('\n') == expected.rstrip('\n')
    for i, printed in zip(range(13, 17), PRINTED): assert blocks[i]['printed'].rstrip('\n') == printed
    assert not any(b['printed'] for i, b in enumerate(blocks) if i not in (0, 1, 13, 14, 15, 16))

    # configurations: taken from the hub with two changes, saved, loaded by the path of the file
    wanted = without_version(ON_THE_HUB | changed)
    assert all(without_version(b['config'])| wanted == without_version(b['config']) for b in blocks[2:])
    saved = json.loads((desk/'your_model_save_path'/'config.json').read_text())
    assert without_version(saved) == wanted

    # models: random, pretrained, pretrained with another configuration, with two heads
    word, ffn = numbers(hub, 'distilbert.embeddings.word_embeddings.weight', 7592), numbers(hub, 'distilbert.transformer.layer.0.ffn.lin2.weight', 5)
    fresh, *pretrained = models = [b['model'] for b in blocks[5:10]]
    assert [m['kind'] for m in models] == ['DistilBertModel'] * 3 + ['DistilBertForSequenceClassification', 'DistilBertForQuestionAnswering']
    assert [m['activation'] for m in models] == ['ReLU', 'GELU', 'ReLU', 'GELU', 'GELU']
    assert [m['dropout'] for m in models] == [.4, .1, .4, .1, .1]
    assert [m['size'] for m in models] == [66362880] * 3 + [66362880 + 768 * 768 + 768 + 2 * 769, 66362880 + 2 * 769]
    assert fresh['word'] != word and fresh['training'] and abs(fresh['spread'] - .02) < 1e-3
    for m in pretrained: assert m['word'] == word and m['ffn'] == ffn and not m['training'] and m['dtype'] == 'torch.float32'

    # tokenizers: one with a vocabulary of one's own, and two with the pretrained one, which agree with transformers
    mine, slow, fast = (blocks[-1][k] for k in ('my_tokenizer', 'slow_tokenizer', 'fast_tokenizer'))
    assert mine['size'] == 13 and mine['tokens'][:8] == ['Don', "'", 't', 'you', 'ever', 'Under', '##estimate', '[UNK]']
    assert mine['padded'][-3:] == [2, 12, 3] and set(mine['padded'][:-3]) == {0} and slow['padded'][:3] == fast['padded'][:3] == [101, 7592, 102]
    assert (slow['kind'], slow['fast'], fast['kind'], fast['fast']) == ('DistilBertTokenizer', False, 'DistilBertTokenizerFast', True)
    oracle = transformers.DistilBertTokenizerFast(str(bert_vocab()))
    assert slow['ids'] == fast['ids'] == oracle(TEXT)['input_ids'] and slow['size'] == fast['size'] == 30522
    assert tip == ['DistilBertTokenizerFast', 'DistilBertTokenizer']

    # processors: the guide's line-list vocabulary is that of the tokenizer above: 'hello' is a token in it, and takes its space along; letters are unknown
    p = got['processor']
    assert p['kinds'] == ['Wav2Vec2Processor', 'Wav2Vec2FeatureExtractor', 'Wav2Vec2CTCTokenizer'] and p['parts'] and p['fill'] == 1. and p['samples'] == [900]
    lines = (desk/'my_vocab_file.txt').read_text().split('\n')[:-1] + ['<s>', '</s>', '<unk>', '<pad>'] # ours adds the roles by itself
    (desk/'vocab.json').write_text(json.dumps({t: i for i, t in enumerate(lines)}))
    assert p['labels'] == transformers.Wav2Vec2CTCTokenizer(str(desk/'vocab.json'))('hello A')['input_ids'] == [12, 15]
