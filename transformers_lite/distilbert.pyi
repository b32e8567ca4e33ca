from .attention import Context, Prunable
from .configuration import DistilBertConfig
from .layers import Embedding, Linear
from .model import BaseModelOutput, PreTrainedModel
from _typeshed import Incomplete
from torch import Tensor, nn

__all__ = ['sinusoids', 'Embeddings', 'MultiHeadSelfAttention', 'FFN', 'TransformerBlock', 'Transformer', 'DistilBertPreTrainedModel', 'DistilBertModel']

def sinusoids(n: int, d: int) -> Tensor: ...

class Embeddings(nn.Module):
    word_embeddings: Embedding
    position_embeddings: Embedding
    LayerNorm: nn.LayerNorm
    dropout: nn.Dropout
    def __init__(self, config: DistilBertConfig) -> None: ...
    def forward(self, input_ids: Tensor | None = None, inputs_embeds: Tensor | None = None) -> Tensor: ...

class MultiHeadSelfAttention(Prunable, nn.Module):
    projections: Incomplete
    output_name: Incomplete
    n_heads: Incomplete
    head_dim: Incomplete
    dropout: nn.Dropout
    q_lin: Linear
    k_lin: Linear
    v_lin: Linear
    out_lin: Linear
    def __init__(self, config: DistilBertConfig) -> None: ...
    def forward(self, x: Tensor, context: Context) -> Tensor: ...

class FFN(nn.Module):
    lin1: Linear
    lin2: Linear
    activation: Incomplete
    dropout: nn.Dropout
    def __init__(self, config: DistilBertConfig) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...

class TransformerBlock(nn.Module):
    attention: MultiHeadSelfAttention
    sa_layer_norm: nn.LayerNorm
    ffn: FFN
    output_layer_norm: nn.LayerNorm
    def __init__(self, config: DistilBertConfig) -> None: ...
    def forward(self, x: Tensor, context: Context) -> Tensor: ...

class Transformer(nn.Module):
    layer: nn.ModuleList
    def __init__(self, config: DistilBertConfig) -> None: ...

class DistilBertPreTrainedModel(PreTrainedModel):
    config_class = DistilBertConfig
    base_model_prefix: str
    fills_all: bool
    inputs: Incomplete
    def _init_weights(self, module) -> None: ...
    def get_position_embeddings(self) -> nn.Embedding: ...
    def resize_position_embeddings(self, new_num_position_embeddings: int) -> None: ...

class DistilBertModel(DistilBertPreTrainedModel):
    embeddings: Embeddings
    transformer: Transformer
    def __init__(self, config: DistilBertConfig) -> None: ...
    def get_input_embeddings(self) -> nn.Module: ...
    def set_input_embeddings(self, value: nn.Module) -> None: ...
    def forward(self, input_ids: Tensor | None = None, attention_mask: Tensor | None = None, head_mask: Tensor | None = None, inputs_embeds: Tensor | None = None, output_attentions: bool | None = None, output_hidden_states: bool | None = None, return_dict: bool | None = None, drop_padding: bool = True) -> BaseModelOutput | tuple: ...
