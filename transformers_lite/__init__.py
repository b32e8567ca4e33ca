"""Hugging Face's guide to custom architectures, built as notebooks you can read: the same names, the same files, the same numbers.

Modules:

- `transformers_lite.attention`: How the tokens of a text look at each other, as functions without weights.
- `transformers_lite.auto`: Name a checkpoint, and get the class that fits it.
- `transformers_lite.checkpoint`: From a folder of files to a model that knows something, and back, so that nothing is lost and nothing is made up.
- `transformers_lite.configuration`: The numbers and names that say what a model is: read them, change them, save them.
- `transformers_lite.distilbert`: A real model, built from the names in its checkpoint: embeddings, a stack of blocks, and nothing else.
- `transformers_lite.feature_extractor`: From a sound in a file to the numbers that a model of sound reads.
- `transformers_lite.features`: Lists of numbers become tensors, and a dict that knows its device.
- `transformers_lite.files`: A checkpoint's name stands for a folder, a repository or what ships with this package: here is its file.
- `transformers_lite.heads`: The last few layers that turn a model's vectors into an answer, and the losses that train them.
- `transformers_lite.image_processor`: From a picture in any form to the numbers that a model of pictures reads.
- `transformers_lite.layers`: Where the time of a model goes, and how to spend less of it: the product, the memory and the random numbers of a linear layer.
- `transformers_lite.look`: A thing that you can see is half understood: tables, trees, tokens in colour, heat maps, waves and pictures.
- `transformers_lite.messages`: The name that was meant, a warning that comes once, and no secret in any of them.
- `transformers_lite.model`: Blocks in a row, and a base class that gives any model a configuration, masks, fresh weights and names for its answers.
- `transformers_lite.pipelines`: One line from a text, a picture or a sound to an answer.
- `transformers_lite.pretrained`: Settings that show, save, push and check themselves, and what a file from a stranger may not say.
- `transformers_lite.processor`: Sound in, text out: one object that knows both sides.
- `transformers_lite.rules`: What may stand in a setting is said once, beside the setting, by its type.
- `transformers_lite.steps`: What happens to an input on its way through a model, step by step, as the code runs it.
- `transformers_lite.store`: JSON that is read strictly, and a save that can't destroy what was there.
- `transformers_lite.tf`: The same model in a second framework: the same names, the same files, the same numbers.
- `transformers_lite.tokenizer`: From text to numbers and back: special tokens, pairs, padding, truncation, files, and batches of like length.
- `transformers_lite.tokenizer_fast`: The Rust library behind the same interface, a memory of words that makes it faster still, and where the two tokenizers differ.
- `transformers_lite.vit`: A picture is a sentence whose words are patches.
- `transformers_lite.wav2vec2`: Sound becomes frames, and frames are read like words.
- `transformers_lite.wordpiece`: Cut a sentence into pieces of a vocabulary, and remember which part of the text each piece came from."""

__version__ = "0.1.0"

import ast, re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING: # for editors and type checkers; at run time a module is imported when one of its names is first used
    from .messages import *
    from .store import *
    from .files import *
    from .pretrained import *
    from .features import *
    from .rules import *
    from .look import *
    from .configuration import *
    from .attention import *
    from .layers import *
    from .model import *
    from .distilbert import *
    from .checkpoint import *
    from .steps import *
    from .heads import *
    from .vit import *
    from .wav2vec2 import *
    from .wordpiece import *
    from .tokenizer import *
    from .tokenizer_fast import *
    from .image_processor import *
    from .feature_extractor import *
    from .processor import *
    from .auto import *
    from .pipelines import *
    from .tf import *

_all = re.compile(r'^__all__ = (\[.*?\])', re.M | re.S) # nbdev writes it near the top of each module
_modules = {f.stem: ast.literal_eval(m[1]) for f in sorted(Path(__file__).parent.glob('[a-z]*.py'))
            if (m := _all.search(f.read_text(encoding='utf-8')))}
_where = {name: module for module, names in _modules.items() for name in names}

__all__ = [name for name, module in _where.items() if module != 'tf']  # TensorFlow is an extra: its names are there, but `import *` doesn't ask for them

def __dir__(): return sorted({*globals(), *_where, *_modules})

def __getattr__(name):
    "Import the module that has `name`, or the module of that name (PEP 562)."
    if name in _where: return getattr(import_module(f'{__name__}.{_where[name]}'), name)
    if name in _modules: return import_module(f'{__name__}.{name}')
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'; dir({__name__}) lists what it has", name=name)
