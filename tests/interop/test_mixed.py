"A model of transformers that has one of ours as a part, a head of somebody's around our body; and one built from a configuration of ours."
import pytest, torch, transformers
from helpers import ROOT, run457, run_python

import transformers_lite
from transformers_lite import DistilBertConfig, DistilBertModel

SMALL = dict(vocab_size=30, dim=32, n_heads=4, n_layers=2, hidden_dim=64)

class Mixed(transformers.PreTrainedModel):
    config_class, base_model_prefix = transformers.DistilBertConfig, 'distilbert'

    def __init__(self, config):
        super().__init__(config)
        self.distilbert = DistilBertModel(DistilBertConfig(**SMALL))
        self.head = torch.nn.Linear(config.dim, 2)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module):
        if module is self.head: torch.nn.init.normal_(module.weight, std=3.)

    def forward(self, input_ids): return self.head(self.distilbert(input_ids).last_hidden_state[:, 0])

def made_and_loaded(folder):
    "Fresh weights are of their kinds; what was saved comes back; what a file lacks is filled, and what it has isn't."
    mixed, ids = Mixed(transformers.DistilBertConfig(**SMALL)).eval(), torch.tensor([[1, 2, 3]])
    assert .01 < mixed.distilbert.embeddings.word_embeddings.weight.std() < .03 and mixed.head.weight.std() > 2
    mixed.save_pretrained(f'{folder}/whole')
    again = Mixed.from_pretrained(f'{folder}/whole')
    mixed.distilbert.save_pretrained(f'{folder}/body')
    part, info = Mixed.from_pretrained(f'{folder}/body', output_loading_info=True)
    assert {*info['missing_keys']} == {'head.weight', 'head.bias'} and part.head.weight.std() > 2
    with torch.no_grad():
        assert torch.equal(mixed(ids), again(ids))
        assert torch.equal(mixed.distilbert(ids)[0], part.distilbert(ids)[0])
    return True

def test_a_part_of_ours(tmp_path): assert made_and_loaded(tmp_path)

def test_a_part_of_ours_in_457(tmp_path):
    assert run457('''import sys, warnings
warnings.simplefilter('ignore')
sys.path[:0] = [args[1], args[1] + '/interop']
from test_mixed import made_and_loaded
result = made_and_loaded(args[0])''', str(tmp_path), str(ROOT/'tests'))

def test_built_from_our_configuration_in_457(tmp_path):
    assert run457('''import torch, transformers_lite
config = transformers_lite.DistilBertConfig(vocab_size=30, dim=32, n_heads=4, n_layers=2, hidden_dim=64)
theirs, ids = transformers.DistilBertModel(config).eval(), torch.tensor([[1, 2, 3]])
theirs.save_pretrained(args[0])
ours, info = transformers_lite.DistilBertModel.from_pretrained(args[0], output_loading_info=True)
assert not any(info.values())
with torch.no_grad(): assert (theirs(ids)[0] - ours(ids)[0]).abs().max() < 1e-5
result = True''', str(tmp_path))

def test_built_from_our_configuration(): # 5.23 asks for names that ours lacks: transformers' class answers, with our settings
    small = dict(hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32)
    asked = [('DistilBert', 'Model', dict(dim=16, hidden_dim=32, n_layers=1, n_heads=2, vocab_size=30), dict(input_ids=torch.tensor([[1, 2, 3]]))), ('Llama', 'ForCausalLM', dict(small, vocab_size=30), dict(input_ids=torch.tensor([[1, 2, 3]]))),
        ('ViT', 'ForImageClassification', dict(small, image_size=8, patch_size=4), dict(pixel_values=torch.ones(1, 3, 8, 8))), ('Wav2Vec2', 'ForCTC', dict(small, vocab_size=30, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2), dict(input_values=torch.randn(1, 1000)))]
    for family, head, settings, x in asked:
        config = getattr(transformers_lite, family + 'Config')(**settings)
        theirs, ours = (getattr(m, family + head)(config).eval() for m in (transformers, transformers_lite))
        ours.load_state_dict(theirs.state_dict())
        with torch.no_grad(): assert (theirs(**x)[0] - ours(**x)[0]).abs().max() < 1e-5, family
    config = transformers_lite.LlamaConfig(**small)
    before = config.to_dict()
    assert len(config.per_layer_config) == 3 and config._experts_implementation is None and config.to_dict() == before == transformers_lite.LlamaConfig(**small).to_dict()
    with pytest.raises(AttributeError, match="did you mean 'hidden_size'"): config.hiden_size
    with pytest.raises(AttributeError, match='no .layers_of_mine'): config.layers_of_mine

def test_without_transformers_nothing_is_asked():
    assert run_python("""import sys
from transformers_lite import LlamaConfig
assert not hasattr(LlamaConfig(), 'base_model_fsdp_plan') and not hasattr(LlamaConfig(), '_experts_implementation') and 'transformers' not in sys.modules
import transformers
assert transformers.LlamaConfig().base_model_fsdp_plan == LlamaConfig().base_model_fsdp_plan
print('ok')""").strip().endswith('ok')
