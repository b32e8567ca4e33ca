from .attention import Context, Prunable
from .configuration import ViTConfig
from .heads import SequenceClassifierOutput
from .layers import Linear
from .model import ModelOutput, PreTrainedModel
from _typeshed import Incomplete
from dataclasses import dataclass
from torch import Tensor, nn

__all__ = ['ViTPatchEmbeddings', 'resize_grid', 'ViTEmbeddings', 'Dense', 'ViTSelfAttention', 'ViTAttention', 'ViTLayer', 'ViTEncoder', 'ViTPreTrainedModel', 'BaseModelOutputWithPooling', 'ViTPooler', 'ViTModel', 'ImageClassifierOutput', 'ViTForImageClassification']

class ViTPatchEmbeddings(nn.Module):
    image_size: Incomplete
    patch_size: Incomplete
    num_channels: Incomplete
    grid: Incomplete
    projection: nn.Conv2d
    def __init__(self, config: ViTConfig) -> None: ...
    def forward(self, pixel_values: Tensor, interpolate_pos_encoding: bool = False) -> Tensor: ...

def resize_grid(positions: Tensor, old: tuple, new: tuple) -> Tensor: ...

class ViTEmbeddings(nn.Module):
    patch_embeddings: ViTPatchEmbeddings
    cls_token: nn.Parameter
    mask_token: Incomplete
    position_embeddings: nn.Parameter
    dropout: nn.Dropout
    def __init__(self, config: ViTConfig, use_mask_token: bool = False) -> None: ...
    def hide(self, x: Tensor, where: Tensor) -> Tensor: ...
    def forward(self, pixel_values: Tensor, bool_masked_pos: Tensor | None = None, interpolate_pos_encoding: bool = False) -> Tensor: ...

class Dense(nn.Module):
    dense: Linear
    def __init__(self, d_in: int, d_out: int) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class ViTSelfAttention(nn.Module):
    n_heads: Incomplete
    p: Incomplete
    query: Linear
    key: Linear
    value: Linear
    def __init__(self, config: ViTConfig) -> None: ...
    def forward(self, x: Tensor, context: Context) -> Tensor: ...

class ViTAttention(Prunable, nn.Module):
    projections: Incomplete
    output_name: str
    head_dim: Incomplete
    attention: ViTSelfAttention
    output: Dense
    def __init__(self, config: ViTConfig) -> None: ...
    def forward(self, x: Tensor, context: Context) -> Tensor: ...

class ViTLayer(nn.Module):
    attention: ViTAttention
    intermediate: Dense
    output: Dense
    layernorm_before: nn.LayerNorm
    layernorm_after: nn.LayerNorm
    activation: Incomplete
    dropout: nn.Dropout
    def __init__(self, config: ViTConfig) -> None: ...
    def forward(self, x: Tensor, context: Context) -> Tensor: ...

class ViTEncoder(nn.Module):
    layer: nn.ModuleList
    def __init__(self, config: ViTConfig) -> None: ...

class ViTPreTrainedModel(PreTrainedModel):
    config_class = ViTConfig
    base_model_prefix: str
    main_input_name: str
    fills_all: bool
    def _init_weights(self, module) -> None: ...

@dataclass
class BaseModelOutputWithPooling(ModelOutput):
    last_hidden_state: Tensor | None = ...
    pooler_output: Tensor | None = ...
    hidden_states: tuple | None = ...
    attentions: tuple | None = ...

class ViTPooler(Dense):
    activation: Incomplete
    def __init__(self, config: ViTConfig) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class ViTModel(ViTPreTrainedModel):
    embeddings: ViTEmbeddings
    encoder: ViTEncoder
    layernorm: nn.LayerNorm
    pooler: Incomplete
    def __init__(self, config: ViTConfig, add_pooling_layer: bool = True, use_mask_token: bool = False) -> None: ...
    def get_input_embeddings(self) -> nn.Module: ...
    def forward(self, pixel_values: Tensor | None = None, bool_masked_pos: Tensor | None = None, head_mask: Tensor | None = None, interpolate_pos_encoding: bool | None = None, output_attentions: bool | None = None, output_hidden_states: bool | None = None, return_dict: bool | None = None) -> BaseModelOutputWithPooling | tuple: ...

@dataclass
class ImageClassifierOutput(SequenceClassifierOutput): ...

class ViTForImageClassification(ViTPreTrainedModel):
    vit: ViTModel
    classifier: nn.Identity
    def __init__(self, config: ViTConfig) -> None: ...
    def forward(self, pixel_values: Tensor | None = None, head_mask: Tensor | None = None, labels: Tensor | None = None, output_attentions: bool | None = None, output_hidden_states: bool | None = None, interpolate_pos_encoding: bool | None = None, return_dict: bool | None = None) -> ImageClassifierOutput | tuple: ...
