"""Hugging Face's guide to custom architectures, built as notebooks you can read: the same names, the same files, the same numbers.

Modules:

- `transformers_lite.attention`: How the tokens of a text look at each other, as functions without weights.
- `transformers_lite.auto`: Name a checkpoint, and get the class that fits it.
- `transformers_lite.away`: The source of a class, with all that it uses: transformers loads it where this package isn't.
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
- `transformers_lite.speech`: A model learns from sound alone, tells voices apart, and takes on a language by a few small layers.
- `transformers_lite.steps`: What happens to an input on its way through a model, step by step, as the code runs it.
- `transformers_lite.store`: JSON that is read strictly, and a save that can't destroy what was there.
- `transformers_lite.tf`: The same model in a second framework: the same names, the same files, the same numbers.
- `transformers_lite.tokenizer`: From text to numbers and back: special tokens, pairs, padding, truncation, files, and batches of like length.
- `transformers_lite.tokenizer_fast`: The Rust library behind the same interface, byte-level BPE, a memory of words that makes it faster still, and where the two tokenizers differ.
- `transformers_lite.vit`: A picture is a sentence whose words are patches.
- `transformers_lite.wav2vec2`: Sound becomes frames, and frames are read like words.
- `transformers_lite.wordpiece`: Cut a sentence into pieces of a vocabulary, and remember which part of the text each piece came from."""

__version__ = "0.2.0"

import ast, re
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

# What users import. An editor reads it; at run time a name is imported when it is first used.
if TYPE_CHECKING:
    from .configuration import (
        PretrainedConfig, PreTrainedConfig, DistilBertConfig, ViTConfig, GenerationConfig, Wav2Vec2Config,
        SpecAugmentConfig, LlamaConfig)
    from .rules import Rule, Count, Depth, LayerCount, LabelCount, Share, Spread, Positive, Size, Activation
    from .attention import Context, DynamicCache, multi_head
    from .layers import Linear, Embedding
    from .model import (
        PreTrainedModel, ModelOutput, BaseModelOutput, ACT2FN, activation, text_inputs)
    from .distilbert import DistilBertPreTrainedModel, DistilBertModel
    from .heads import (
        SequenceClassifierOutput, TokenClassifierOutput, MaskedLMOutput,
        MultipleChoiceModelOutput, QuestionAnsweringModelOutput,
        DistilBertForSequenceClassification, DistilBertForTokenClassification,
        DistilBertForQuestionAnswering, DistilBertForMaskedLM, DistilBertForMultipleChoice)
    from .vit import (
        ViTPreTrainedModel, ViTModel, ViTForImageClassification, ViTForMaskedImageModeling,
        BaseModelOutputWithPooling, ImageClassifierOutput, MaskedImageModelingOutput)
    from .wav2vec2 import (
        Wav2Vec2PreTrainedModel, Wav2Vec2Model, Wav2Vec2ForCTC,
        Wav2Vec2ForSequenceClassification, Wav2Vec2BaseModelOutput, CausalLMOutput)
    from .speech import (
        Wav2Vec2ForPreTraining, Wav2Vec2ForXVector, Wav2Vec2ForAudioFrameClassification,
        Wav2Vec2ForPreTrainingOutput, XVectorOutput)
    from .llama import (
        LlamaPreTrainedModel, LlamaModel, LlamaForCausalLM, LlamaForSequenceClassification,
        BaseModelOutputWithPast, CausalLMOutputWithPast, SequenceClassifierOutputWithPast)
    from .generation import (
        generate, GenerationMixin, GenerateDecoderOnlyOutput, TextStreamer, TextIteratorStreamer)
    from .features import BatchFeature
    from .files import cached_file
    from .tokenizer import (
        AddedToken, BatchEncoding, CharSpan, TokenSpan, PreTrainedTokenizerBase, PreTrainedTokenizer,
        DistilBertTokenizer, BertTokenizer, length_bucketed, stream_bucketed)
    from .tokenizer_fast import PreTrainedTokenizerFast, DistilBertTokenizerFast, BertTokenizerFast
    from .image_processor import (
        ImageProcessingMixin, ViTImageProcessor, ViTImageProcessorFast, ViTFeatureExtractor)
    from .feature_extractor import (
        FeatureExtractionMixin, SequenceFeatureExtractor, Wav2Vec2FeatureExtractor,
        load_audio, split_clips)
    from .processor import ProcessorMixin, Wav2Vec2CTCTokenizer, Wav2Vec2Processor
    from .auto import (
        AutoConfig, AutoTokenizer, AutoImageProcessor, AutoFeatureExtractor, AutoProcessor,
        AutoModel, AutoModelForSequenceClassification, AutoModelForTokenClassification,
        AutoModelForQuestionAnswering, AutoModelForMaskedLM, AutoModelForMultipleChoice, AutoModelForCausalLM,
        AutoModelForImageClassification, AutoModelForMaskedImageModeling, AutoModelForCTC, AutoModelForAudioClassification,
        AutoModelForAudioFrameClassification, AutoModelForAudioXVector, AutoModelForPreTraining)
    from .pipelines import (
        pipeline, Pipeline, ChunkPipeline, TextClassificationPipeline,
        TokenClassificationPipeline, QuestionAnsweringPipeline, FillMaskPipeline,
        FeatureExtractionPipeline, ImageClassificationPipeline, AudioClassificationPipeline,
        AutomaticSpeechRecognitionPipeline, TextGenerationPipeline)
    from .steps import follow
    from .look import (
        show_tokens, heat_map, show_attention, show_sound, show_images, show_table,
        show_tree)
    from .tf import (
        TFPreTrainedModel, TFDistilBertModel, TFDistilBertForSequenceClassification,
        TFDistilBertForTokenClassification, TFDistilBertForQuestionAnswering,
        TFDistilBertForMaskedLM, TFDistilBertForMultipleChoice)

_here = Path(__file__)
_source = ast.walk(ast.parse(_here.read_text(encoding='utf-8')))
_lists = [n for n in _source if isinstance(n, ast.ImportFrom) and n.level]  # the lines above
_where = {a.name: n.module for n in _lists for a in n.names}
_modules = {f.stem for f in _here.parent.glob('[a-z]*.py')}

# TensorFlow is an extra: its names are there, but `import *` doesn't ask for them
__all__ = [name for name, module in _where.items() if module != 'tf']

@lru_cache(None)
def _others():
    "{name: module} of all other public names, which nbdev writes near the top of each module."
    listed = re.compile(r'^__all__ = (\[.*?\])', re.M | re.S)
    found = {m: listed.search((_here.parent/f'{m}.py').read_text(encoding='utf-8')) for m in sorted(_modules)}
    return {name: m for m, names in found.items() if names for name in ast.literal_eval(names[1])}

def __dir__(): return sorted({*globals(), *_where, *_modules})

def __getattr__(name):
    "Import the module that has `name`, or the module of that name (PEP 562)."
    if name in _modules: return import_module(f'{__name__}.{name}')
    if (module := _where.get(name) or _others().get(name)) is not None:
        return getattr(import_module(f'{__name__}.{module}'), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'; "
                         f"dir({__name__}) lists what it has", name=name)
