from .attention import Context
from .configuration import Wav2Vec2Config
from .layers import Linear
from .model import ModelOutput, PreTrainedModel
from _typeshed import Incomplete
from dataclasses import dataclass
from torch import Tensor, nn

__all__ = ['TimeConv1d', 'TimeNorm', 'Wav2Vec2ConvLayer', 'Wav2Vec2FeatureEncoder', 'Wav2Vec2FeatureProjection', 'WeightNorm', 'NormedConv1d', 'Wav2Vec2PositionalConvEmbedding', 'Wav2Vec2Attention', 'Wav2Vec2FeedForward', 'Wav2Vec2EncoderLayer', 'Wav2Vec2Encoder', 'mask_spans', 'Freezes', 'Frames', 'Hears', 'Wav2Vec2PreTrainedModel', 'Wav2Vec2BaseModelOutput', 'Hides', 'Wav2Vec2Model']

class TimeConv1d(nn.Conv1d):
    def forward(self, x: Tensor) -> Tensor: ...

class TimeNorm(nn.GroupNorm):
    def forward(self, x: Tensor) -> Tensor: ...

class Wav2Vec2ConvLayer(nn.Module):
    conv: TimeConv1d
    layer_norm: Incomplete
    activation: Incomplete
    def __init__(self, config: Wav2Vec2Config, i: int) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class Wav2Vec2FeatureEncoder(nn.Module):
    conv_layers: nn.ModuleList
    def __init__(self, config: Wav2Vec2Config) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class Wav2Vec2FeatureProjection(nn.Module):
    layer_norm: nn.LayerNorm
    projection: Linear
    dropout: nn.Dropout
    def __init__(self, config: Wav2Vec2Config) -> None: ...
    def forward(self, x: Tensor) -> tuple: ...

class WeightNorm(nn.Module):
    original0: nn.Parameter
    original1: nn.Parameter
    def __init__(self, weight: Tensor) -> None: ...
    def forward(self) -> Tensor: ...

class NormedConv1d(nn.Module):
    bias: Incomplete
    groups: int
    padding: Incomplete
    parametrizations: nn.ModuleDict
    def __init__(self, d: int, k: int, groups: int) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class Wav2Vec2PositionalConvEmbedding(nn.Module):
    conv: NormedConv1d
    activation: Incomplete
    def __init__(self, config: Wav2Vec2Config) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class Wav2Vec2Attention(nn.Module):
    n_heads: Incomplete
    p: Incomplete
    k_proj: Linear
    v_proj: Linear
    q_proj: Linear
    out_proj: Linear
    def __init__(self, config: Wav2Vec2Config) -> None: ...
    def forward(self, x: Tensor, context: Context) -> Tensor: ...

class Wav2Vec2FeedForward(nn.Module):
    intermediate_dense: Linear
    output_dense: Linear
    activation: Incomplete
    inner: nn.Dropout
    outer: nn.Dropout
    def __init__(self, config: Wav2Vec2Config) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class Wav2Vec2EncoderLayer(nn.Module):
    stable: Incomplete
    layerdrop: Incomplete
    attention: Wav2Vec2Attention
    dropout: nn.Dropout
    layer_norm: nn.LayerNorm
    feed_forward: Wav2Vec2FeedForward
    final_layer_norm: nn.LayerNorm
    def __init__(self, config: Wav2Vec2Config) -> None: ...
    def forward(self, x: Tensor, context: Context) -> Tensor: ...

class Wav2Vec2Encoder(nn.Module):
    pos_conv_embed: Wav2Vec2PositionalConvEmbedding
    dropout: nn.Dropout
    layer_norm: nn.LayerNorm
    layers: nn.ModuleList
    def __init__(self, config: Wav2Vec2Config) -> None: ...

def mask_spans(lengths: Tensor | list, size: int, prob: float, span: int, min_masks: int = 0) -> Tensor: ...

class Freezes:
    def freeze_feature_encoder(self) -> None: ...
    def freeze_feature_extractor(self) -> None: ...
    def freeze_base_model(self) -> None: ...

class Frames:
    def _get_feat_extract_output_lengths(self, input_lengths): ...
    def frame_mask(self, attention_mask: Tensor | None, frames: int) -> Tensor | None: ...
    def samples_of_a_frame(self) -> int: ...

class Hears(Frames):
    def check_sound(self, input_values: Tensor, attention_mask: Tensor | None = None) -> None: ...

class Wav2Vec2PreTrainedModel(Hears, Freezes, PreTrainedModel):
    config_class = Wav2Vec2Config
    base_model_prefix: str
    main_input_name: str
    fills_all: bool
    def _init_weights(self, module) -> None: ...

@dataclass
class Wav2Vec2BaseModelOutput(ModelOutput):
    last_hidden_state: Tensor | None = ...
    extract_features: Tensor | None = ...
    hidden_states: tuple | None = ...
    attentions: tuple | None = ...

class Hides:
    def hide(self, x: Tensor, mask_time_indices: Tensor | None = None, keep: Tensor | None = None) -> Tensor: ...
    def hide_frames(self, x: Tensor, where: Tensor) -> Tensor: ...

class Wav2Vec2Model(Hides, Wav2Vec2PreTrainedModel):
    feature_extractor: Wav2Vec2FeatureEncoder
    feature_projection: Wav2Vec2FeatureProjection
    masked_spec_embed: Incomplete
    encoder: Wav2Vec2Encoder
    def __init__(self, config: Wav2Vec2Config) -> None: ...
    def forward(self, input_values: Tensor | None = None, attention_mask: Tensor | None = None, mask_time_indices: Tensor | None = None, output_attentions: bool | None = None, output_hidden_states: bool | None = None, return_dict: bool | None = None) -> Wav2Vec2BaseModelOutput | tuple: ...
