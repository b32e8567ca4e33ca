from .pretrained import JsonMixin, PushToHubMixin
from _typeshed import Incomplete
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Self

__all__ = ['as_id', 'head_table', 'make_labels', 'LABELS', 'merge_labels', 'TRANSFORMERS_VERSION', 'COMMON', 'parameters_of', 'contradiction', 'KnowsNames', 'NoticesSlips', 'KeepsRules', 'ShowsSettings', 'SavesSettings', 'ComesFromDict', 'LoadsSettings', 'PretrainedConfig', 'PreTrainedConfig', 'DistilBertConfig', 'size_pair', 'ViTConfig', 'NoAdapter', 'Wav2Vec2Elsewhere', 'SpecAugmentConfig', 'Wav2Vec2Config']

def as_id(i: int | str) -> int: ...
def head_table(heads: dict) -> dict: ...
def make_labels(num_labels: int | None = None, id2label: dict | None = None, label2id: dict | None = None) -> tuple: ...

LABELS: Incomplete

def merge_labels(d: dict, new: dict) -> dict: ...

TRANSFORMERS_VERSION: str
COMMON: Incomplete

def parameters_of(f): ...
def contradiction(key: str, value, real: str, old) -> str: ...

class KnowsNames:
    attribute_map: Incomplete
    @classmethod
    def real_name(cls, key: str) -> str: ...
    @classmethod
    def constructors(cls) -> list: ...
    @classmethod
    def parameters(cls) -> dict: ...
    @classmethod
    def known_names(cls) -> dict: ...
    @classmethod
    def own_names(cls, d: dict) -> dict: ...

class NoticesSlips(KnowsNames):
    def set_extra(self, key: str, value, from_file: bool = False) -> None: ...
    def __getattr__(self, k): ...

class KeepsRules:
    divides: Incomplete
    def validate(self) -> None: ...
    def check(self, ok: bool, name: str, rule: str) -> None: ...

class ShowsSettings(JsonMixin):
    _hidden: Incomplete
    def to_dict(self) -> dict: ...
    def to_diff_dict(self) -> dict: ...
    def to_json_string(self, use_diff: bool = True) -> str: ...
    def _repr_html_(self): ...

class SavesSettings(PushToHubMixin):
    def to_json_file(self, json_file_path: str | Path, use_diff: bool = True) -> None: ...
    def save_pretrained(self, save_directory: str | Path, push_to_hub: bool = False, use_diff: bool = True, **kwargs) -> None: ...

class ComesFromDict:
    @classmethod
    def vet(cls, config_dict: dict, source: str | Path = 'the settings') -> dict: ...
    @classmethod
    def from_dict(cls, config_dict: dict, return_unused_kwargs: bool = False, **kwargs) -> Self: ...

class LoadsSettings(ComesFromDict):
    @classmethod
    def get_config_dict(cls, pretrained_model_name_or_path: str | Path, **kwargs) -> tuple: ...
    @classmethod
    def from_json_file(cls, json_file: str | Path) -> Self: ...
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs) -> Self: ...

class PretrainedConfig(NoticesSlips, KeepsRules, LoadsSettings, SavesSettings, ShowsSettings):
    model_type: str
    name_or_path: str
    _attn_implementation: str | None
    def __init__(self, *, num_labels: int | None = None, id2label: dict | None = None, label2id: dict | None = None, attn_implementation: str | None = None, **kwargs) -> None: ...
    def __setattr__(self, k, v) -> None: ...
    def update(self, config_dict: dict) -> None: ...
    @property
    def num_labels(self) -> int: ...
    @num_labels.setter
    def num_labels(self, n: int): ...
    @property
    def use_return_dict(self) -> bool: ...
    @property
    def attn_implementation(self) -> str | None: ...
    @attn_implementation.setter
    def attn_implementation(self, kind: str | None): ...
PreTrainedConfig = PretrainedConfig

class DistilBertConfig(PretrainedConfig):
    model_type: str
    attribute_map: Incomplete
    divides: Incomplete
    vocab_size: int
    max_position_embeddings: int
    sinusoidal_pos_embds: bool
    n_layers: int
    n_heads: int
    dim: int
    hidden_dim: int
    dropout: float
    attention_dropout: float
    activation: str | Callable
    initializer_range: float
    qa_dropout: float
    seq_classif_dropout: float
    pad_token_id: int | None
    def __init__(self, vocab_size: int = 30522, max_position_embeddings: int = 512, sinusoidal_pos_embds: bool = False, n_layers: int = 6, n_heads: int = 12, dim: int = 768, hidden_dim: int = ..., dropout: float = 0.1, attention_dropout: float = 0.1, activation: str | Callable = 'gelu', initializer_range: float = 0.02, qa_dropout: float = 0.1, seq_classif_dropout: float = 0.2, pad_token_id: int | None = 0, **kwargs) -> None: ...

def size_pair(size: int | Sequence) -> tuple: ...

class ViTConfig(PretrainedConfig):
    model_type: str
    divides: Incomplete
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    hidden_act: str | Callable
    hidden_dropout_prob: float
    attention_probs_dropout_prob: float
    initializer_range: float
    layer_norm_eps: float
    image_size: int | Sequence
    patch_size: int | Sequence
    num_channels: int
    qkv_bias: bool
    encoder_stride: Incomplete
    pooler_output_size: int | None
    pooler_act: str | Callable
    def __init__(self, hidden_size: int = 768, num_hidden_layers: int = 12, num_attention_heads: int = 12, intermediate_size: int = 3072, hidden_act: str | Callable = 'gelu', hidden_dropout_prob: float = 0.0, attention_probs_dropout_prob: float = 0.0, initializer_range: float = 0.02, layer_norm_eps: float = 1e-12, image_size: int | Sequence = 224, patch_size: int | Sequence = 16, num_channels: int = 3, qkv_bias: bool = True, encoder_stride: int = 16, pooler_output_size: int | None = None, pooler_act: str | Callable = 'tanh', **kwargs) -> None: ...
    def validate(self) -> None: ...

NoAdapter: Incomplete

class Wav2Vec2Elsewhere(PretrainedConfig):
    feat_quantizer_dropout: float
    num_codevectors_per_group: Incomplete
    num_codevector_groups: Incomplete
    contrastive_logits_temperature: Incomplete
    num_negatives: Incomplete
    codevector_dim: Incomplete
    proj_codevector_dim: Incomplete
    diversity_loss_weight: Incomplete
    add_adapter: bool | int | None
    adapter_kernel_size: Incomplete
    adapter_stride: Incomplete
    num_adapter_layers: Incomplete
    output_hidden_size: Incomplete
    adapter_attn_dim: bool | int | None
    num_feat_extract_layers: Incomplete
    tdnn_dim: Incomplete
    tdnn_kernel: Incomplete
    tdnn_dilation: Incomplete
    xvector_output_dim: Incomplete
    def __init__(self, feat_quantizer_dropout: float = 0.0, num_codevectors_per_group: int = 320, num_codevector_groups: int = 2, contrastive_logits_temperature: float = 0.1, num_negatives: int = 100, codevector_dim: int = 256, proj_codevector_dim: int = 256, diversity_loss_weight: float = 0.1, add_adapter: bool | int | None = False, adapter_kernel_size: int = 3, adapter_stride: int = 2, num_adapter_layers: int = 3, output_hidden_size=None, adapter_attn_dim: bool | int | None = None, num_feat_extract_layers=None, tdnn_dim=(512, 512, 512, 512, 1500), tdnn_kernel=(5, 3, 3, 1, 1), tdnn_dilation=(1, 2, 3, 1, 1), xvector_output_dim: int = 512, **kwargs) -> None: ...

class SpecAugmentConfig(Wav2Vec2Elsewhere):
    apply_spec_augment: bool
    mask_time_prob: float
    mask_time_length: int
    mask_time_min_masks: int
    mask_feature_prob: float
    mask_feature_length: int
    mask_feature_min_masks: int
    def __init__(self, apply_spec_augment: bool = True, mask_time_prob: float = 0.05, mask_time_length: int = 10, mask_time_min_masks: int = 2, mask_feature_prob: float = 0.0, mask_feature_length: int = 10, mask_feature_min_masks: int = 0, **kwargs) -> None: ...

class Wav2Vec2Config(SpecAugmentConfig):
    model_type: str
    divides: Incomplete
    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    hidden_act: str | Callable
    hidden_dropout: float
    activation_dropout: float
    attention_dropout: float
    feat_proj_dropout: float
    final_dropout: float
    layerdrop: float
    initializer_range: float
    layer_norm_eps: float
    feat_extract_norm: Literal['group', 'layer']
    feat_extract_activation: str | Callable
    conv_dim: Sequence[int]
    conv_stride: Sequence[int]
    conv_kernel: Sequence[int]
    conv_bias: bool
    num_conv_pos_embeddings: int
    num_conv_pos_embedding_groups: int
    do_stable_layer_norm: bool
    ctc_loss_reduction: Literal['sum', 'mean']
    ctc_zero_infinity: bool
    use_weighted_layer_sum: bool
    classifier_proj_size: int
    pad_token_id: int | None
    bos_token_id: int | None
    eos_token_id: int | None
    def __init__(self, vocab_size: int = 32, hidden_size: int = 768, num_hidden_layers: int = 12, num_attention_heads: int = 12, intermediate_size: int = 3072, hidden_act: str | Callable = 'gelu', hidden_dropout: float = 0.1, activation_dropout: float = 0.1, attention_dropout: float = 0.1, feat_proj_dropout: float = 0.0, final_dropout: float = 0.1, layerdrop: float = 0.1, initializer_range: float = 0.02, layer_norm_eps: float = 1e-05, feat_extract_norm: Literal['group', 'layer'] = 'group', feat_extract_activation: str | Callable = 'gelu', conv_dim: Sequence[int] = (512, 512, 512, 512, 512, 512, 512), conv_stride: Sequence[int] = (5, 2, 2, 2, 2, 2, 2), conv_kernel: Sequence[int] = (10, 3, 3, 3, 3, 2, 2), conv_bias: bool = False, num_conv_pos_embeddings: int = 128, num_conv_pos_embedding_groups: int = 16, do_stable_layer_norm: bool = False, ctc_loss_reduction: Literal['sum', 'mean'] = 'sum', ctc_zero_infinity: bool = False, use_weighted_layer_sum: bool = False, classifier_proj_size: int = 256, pad_token_id: int | None = 0, bos_token_id: int | None = 1, eos_token_id: int | None = 2, **kwargs) -> None: ...
    def validate(self) -> None: ...
    @property
    def inputs_to_logits_ratio(self) -> int: ...
