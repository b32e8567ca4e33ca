"""Build the live page: the four shipped models, run by the reader's browser.

    python tools/live.py _live

The folder opens from any static server. The runtime comes from npm, as live/package-lock.json says;
the models are exported here, and what the JavaScript needs of their settings is written beside
them. Weights and runtime are packed by gzip here, since not every server does it."""
import argparse, gzip, io, json, re, shutil, subprocess, sys, warnings
from pathlib import Path

import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
SOURCES, MODULES = ROOT/'live', ROOT/'live'/'node_modules'
RUNTIME = MODULES/'onnxruntime-web'/'dist'
MOST = 4_000_000 # bytes of the runtime, packed

def folder(name): return ROOT/'transformers_lite'/'checkpoints'/name
def settings_of(name, file): return json.loads((folder(name)/file).read_text(encoding='utf-8'))

# -- Each model as the page asks it: one input, whole numbers of 32 bits where it is ids

class Asked(nn.Module):
    "A model of one input; `free` are the axes of its outputs that may be of any size."
    outputs, free = ['scores'], {}
    def __init__(self, model):
        super().__init__()
        self.model = model

class Reader(Asked):
    "Ids (1, n) to scores (1, labels) and attention (layers, heads, n, n)."
    outputs, free = ['scores', 'attention'], {'attention': {2: 'n', 3: 'n'}}
    def forward(self, ids):
        out = self.model(ids.long(), output_attentions=True)
        return out.logits, torch.cat(out.attentions)

class Seer(Asked):
    "Pixels (1, 3, size, size) to scores (1, labels)."
    def forward(self, pixels): return self.model(pixels).logits

class Listener(Asked):
    "Samples (1, n) to scores (1, frames, characters)."
    free = {'scores': {1: 'frames'}}
    def forward(self, samples): return self.model(samples).logits

class Writer(Asked):
    "Ids (1, n) to the scores (1, words) of what comes next."
    def forward(self, ids): return self.model(ids.long()).logits[:, -1]

def sentence():
    "The judge of sentences: (model, example, settings)."
    from transformers_lite import DistilBertForSequenceClassification
    name = 'distilbert-sentiment'
    model = DistilBertForSequenceClassification.from_pretrained(folder(name))
    said = settings_of(name, 'tokenizer_config.json')
    keys = 'do_lower_case', 'strip_accents', 'tokenize_chinese_chars'
    return Reader(model), torch.ones(1, 9, dtype=torch.int32), dict(
        vocab=(folder(name)/'vocab.txt').read_text(encoding='utf-8').split('\n')[:-1],
        special=[t['content'] for t in said['added_tokens_decoder'].values()],
        max_length=said['model_max_length'], labels=[*model.config.label2id],
        **{k: said[k] for k in keys})

def digit():
    "The reader of digits: the same."
    from PIL import Image
    from transformers_lite import ViTForImageClassification
    name = 'vit-digits'
    said, size = settings_of(name, 'preprocessor_config.json'), 8
    assert said['size'] == size and said['resample'] == Image.Resampling.BILINEAR
    samples = [dict(label=p.stem[-1], pixels=[*Image.open(p).convert('L').tobytes()])
               for p in sorted(folder(name).glob('sample-*.png'))]
    return (Seer(ViTForImageClassification.from_pretrained(folder(name))),
            torch.zeros(1, 3, size, size),
            {k: said[k] for k in ('size', 'image_mean', 'image_std')} | dict(samples=samples))

def morse():
    "The listener to Morse code: the same."
    from transformers_lite import Wav2Vec2ForCTC
    name = 'wav2vec2-morse'
    model, vocab = Wav2Vec2ForCTC.from_pretrained(folder(name)), settings_of(name, 'vocab.json')
    stride = 1
    for s in model.config.conv_stride: stride *= s
    return Listener(model), torch.randn(1, 8000), dict(
        rate=settings_of(name, 'preprocessor_config.json')['sampling_rate'], stride=stride,
        vocab=sorted(vocab, key=vocab.get))

def writer():
    "The small language model: the same."
    from transformers_lite import LlamaForCausalLM
    name = 'llama-reviews'
    model, bpe = LlamaForCausalLM.from_pretrained(folder(name)), settings_of(name, 'tokenizer.json')
    vocab = bpe['model']['vocab']
    return Writer(model), torch.ones(1, 9, dtype=torch.int32), dict(
        vocab=sorted(vocab, key=vocab.get), merges=[' '.join(m) for m in bpe['model']['merges']],
        special=[t['content'] for t in bpe['added_tokens']],
        max_length=model.config.max_position_embeddings)

MODELS = dict(sentence=sentence, digit=digit, morse=morse, writer=writer)

@torch.no_grad()
def as_onnx(
    model, # of one input
    example, # of it
): # bytes
    "A model as ONNX. Its input may have any length, unless it is a picture."
    axes = {'input': {1: 'n'}, **model.free} if example.ndim == 2 else {}
    names = dict(input_names=['input'], output_names=model.outputs, dynamic_axes=axes)
    file = io.BytesIO()
    with warnings.catch_warnings(action='ignore'):
        torch.onnx.export(model.eval(), (example,), file, dynamo=False,
                          do_constant_folding=False, **names)
    return file.getvalue()

# -- The folder

def packed(data:bytes)->bytes: return gzip.compress(data, 9, mtime=0)

def install():
    "Get what the lock file names, unless it is there."
    there, wanted = MODULES/'.package-lock.json', SOURCES/'package-lock.json'
    if there.exists() and there.stat().st_mtime >= wanted.stat().st_mtime: return
    if not shutil.which('npm'):
        sys.exit('The live page is built with npm, which is not installed: see nodejs.org, then '
                 'run this again.')
    subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=SOURCES,
                   check=True, stdout=subprocess.DEVNULL)

def page():
    "The page with its English words in it, for who reads it without JavaScript."
    words = json.loads((SOURCES/'words.json').read_text(encoding='utf-8'))['en']
    return re.sub(r'data-say="(\w+)"([^>]*)>', lambda m: m[0] + words[m[1]],
                  (SOURCES/'index.html').read_text(encoding='utf-8'))

def build(
    to:Path, # folder; what is in it is replaced
): # {file: bytes as it is sent}
    "Write the page and all that it needs."
    install()
    if to.exists(): shutil.rmtree(to)
    to.mkdir(parents=True)
    for name in 'prepare.js', 'run.js', 'live.js', 'live.css', 'words.json':
        shutil.copy(SOURCES/name, to/name)
    (to/'index.html').write_text(page(), encoding='utf-8')
    shutil.copy(ROOT/'nbs'/'favicon.svg', to/'favicon.svg')
    shutil.copy(RUNTIME/'ort.wasm.bundle.min.mjs', to/'ort.mjs')
    (to/'ort.wasm.bin').write_bytes(packed((RUNTIME/'ort-wasm-simd-threaded.wasm').read_bytes()))
    for name, make in MODELS.items():
        model, example, settings = make()
        (to/f'{name}.onnx.bin').write_bytes(packed(as_onnx(model, example)))
        (to/f'{name}.json').write_text(json.dumps(settings, ensure_ascii=False), encoding='utf-8')
    return {p.name: p.stat().st_size for p in sorted(to.iterdir())}

def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('to', type=Path, help='the folder to write')
    sizes = build(p.parse_args().to)
    for name, size in sizes.items(): print(f'{size:>10,}  {name}')
    runtime = sizes['ort.mjs'] + sizes['ort.wasm.bin']
    if runtime > MOST: sys.exit(f'The runtime has {runtime:,} bytes, but {MOST:,} is the most.')

if __name__ == '__main__': main()
