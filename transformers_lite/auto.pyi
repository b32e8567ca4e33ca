from .configuration import PretrainedConfig
from _typeshed import Incomplete
from pathlib import Path
from transformers_lite.model import PreTrainedModel
from transformers_lite.tokenizer import PreTrainedTokenizerBase

__all__ = ['FAMILIES', 'find_class', 'import_class', 'name_in', 'family_of', 'AutoClass', 'AutoConfig', 'AutoModel', 'AutoModelForSequenceClassification', 'AutoModelForTokenClassification', 'AutoModelForQuestionAnswering', 'AutoModelForMaskedLM', 'AutoModelForMultipleChoice', 'class_name', 'tokenizer_family', 'AutoTokenizer', 'named_classes', 'preprocessor_family', 'AutoImageProcessor', 'AutoFeatureExtractor', 'AutoProcessor', 'AutoModelForImageClassification', 'AutoModelForCTC', 'AutoModelForAudioClassification', 'register_class', 'family_for']

FAMILIES: Incomplete

def find_class(kind: str, family: str | None, source: str = '') -> type: ...
def import_class(entry) -> type: ...
def name_in(settings: dict, key: str) -> str: ...
def family_of(name: str | Path, **hub) -> tuple: ...

class AutoClass:
    makers: Incomplete
    def __init__(self) -> None: ...

class AutoConfig(AutoClass):
    @classmethod
    def for_model(cls, model_type: str, **kwargs) -> PretrainedConfig: ...
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs) -> PretrainedConfig: ...
    @classmethod
    def register(cls, model_type: str, config: type[PretrainedConfig], exist_ok: bool = True) -> None: ...

class AutoModel(AutoClass):
    kind: Incomplete
    makers: Incomplete
    @classmethod
    def from_config(cls, config: PretrainedConfig, **kwargs) -> PreTrainedModel: ...
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, *model_args, config: PretrainedConfig | None = None, **kwargs) -> PreTrainedModel: ...
    @classmethod
    def register(cls, config_class: type[PretrainedConfig], model_class: type, exist_ok: bool = True) -> None: ...

class AutoModelForSequenceClassification(AutoModel):
    kind: str

class AutoModelForTokenClassification(AutoModel):
    kind: str

class AutoModelForQuestionAnswering(AutoModel):
    kind: str

class AutoModelForMaskedLM(AutoModel):
    kind: str

class AutoModelForMultipleChoice(AutoModel):
    kind: str

def class_name(kind: str, family: str | None) -> str: ...
def tokenizer_family(name: str | Path, **hub) -> str | None: ...

class AutoTokenizer(AutoClass):
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, *inputs, use_fast: bool = True, **kwargs) -> PreTrainedTokenizerBase: ...
    @classmethod
    def register(cls, config_class: type[PretrainedConfig], slow_tokenizer_class: type | None = None, fast_tokenizer_class: type | None = None, exist_ok: bool = True) -> None: ...

def named_classes(kind: str, name: str | Path, **hub) -> list: ...
def preprocessor_family(kind: str, name: str | Path, **hub) -> str: ...

class AutoImageProcessor(AutoClass):
    kind: str
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs): ...
    @classmethod
    def register(cls, config_class: type[PretrainedConfig], preprocessor_class: type | None = None, exist_ok: bool = True, **by_name) -> None: ...

class AutoFeatureExtractor(AutoImageProcessor):
    kind: str

class AutoProcessor(AutoImageProcessor):
    kind: str
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs): ...

class AutoModelForImageClassification(AutoModel):
    kind: str

class AutoModelForCTC(AutoModel):
    kind: str

class AutoModelForAudioClassification(AutoModel):
    kind: str

def register_class(kind: str, family: str, cls: type, exist_ok: bool = True) -> None: ...
def family_for(config_class: type[PretrainedConfig]) -> str: ...
